"""What runs the bot behind the page and plays stories. The sandbox itself knows no bot."""

from typing import Protocol

from bot.sandbox.json_types import Json


class Controller(Protocol):
    """A wish that cannot be met raises ValueError or LookupError with a sentence for the person at the page."""

    def sections(self) -> Json:
        """Return what the page shows of it: ``bot`` (state, mode, pid, words), ``stories``, ``story``, ``demo``."""
        ...

    async def kill(self) -> None:
        """Kill the bot as a crash would: kill -9."""
        ...

    async def stop_bot(self) -> None:
        """Stop the bot in order; it stays away until it is restarted."""
        ...

    async def restart(self, *, socket_mode: bool) -> None:
        """Stop the bot if it runs, and start it so that Slack reaches it this way."""
        ...

    async def play(self, story: str) -> None:
        """Begin a story; it goes on after this returns."""
        ...

    async def stop_story(self) -> None: ...
