"""To Slack: its Web API within its limits, and the relay's ports made of it."""
