"""A local Slack and a local Linq over HTTP, for tests, the demo and people without accounts. Knows no bot."""
