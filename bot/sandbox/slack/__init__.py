"""A local Slack: Web API, file host, signed events and Socket Mode, with everything it is known to do wrong."""
