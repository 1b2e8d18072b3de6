"""A Slack and a Linq in small, over HTTP, for tests, the demo and anyone without accounts. Knows nothing of the bot."""
