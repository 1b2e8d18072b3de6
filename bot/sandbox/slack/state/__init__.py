"""What a Slack workspace holds, and how it looks as JSON. No wire comes in here."""
