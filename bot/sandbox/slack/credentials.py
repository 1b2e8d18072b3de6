"""The workspace's secrets. They are constant, so that a bot's environment outlives a restart of the sandbox."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Credentials:
    bot_token: str = "xoxb-toy-world-bot"
    app_token: str = "xapp-toy-world-app"
    signing_secret: str = "toy-world-signing-secret"
    verification_token: str = "toy-world-verification"
