"""The workspace's secrets. They are constant, so that a bot's environment outlives a restart of the sandbox."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Credentials:
    bot_token: str = "xoxb-sandbox-bot"
    app_token: str = "xapp-sandbox-app"
    signing_secret: str = "sandbox-signing-secret"
    verification_token: str = "sandbox-verification"
