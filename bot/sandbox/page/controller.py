"""Who stands behind the page: starts and stops the bot and plays stories. The sandbox itself knows no bot."""

from typing import Any, Protocol

Json = dict[str, Any]


class Director(Protocol):
    """A wish that cannot be met raises ValueError or LookupError with a sentence for the person at the page."""

    def sections(self) -> Json:
        """What the page shows of it: ``bot`` (state, mode, pid, words), ``stories``, ``story``, ``cast``."""
        ...

    async def kill(self) -> None:
        """As a crash would: kill -9."""
        ...

    async def restart(self, *, socket_mode: bool) -> None:
        """Stop the bot if it runs, and start it so that Slack reaches it this way."""
        ...

    async def play(self, story: str) -> None:
        """Begin a story; it goes on after this returns."""
        ...

    async def stop_story(self) -> None: ...
