"""Events: what happens to messages, who is told of it, and how it reaches the bot over HTTP or Socket Mode."""
