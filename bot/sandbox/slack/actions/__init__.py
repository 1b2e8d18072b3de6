"""What people and admins do in the local Slack, for tests, the demo, the page and the control port."""
