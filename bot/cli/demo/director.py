"""What stands behind the page: the bot's life, and the stories that play on it."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from bot.cli.child import ChildError
from bot.cli.demo.cast import gather, link_channels
from bot.cli.demo.life import BotLife
from bot.cli.demo.stories import STORIES, Scene, Story, StoryError
from bot.sandbox.page.faults.fault_table import calm
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.state.files import Upload
from bot.sandbox.slack.state.workspace import CLIPS

READING_S, READING_S_A_LETTER = 1.2, 0.035


class Showing:
    """A story as the page shows it: the sentence that is being told, and how it ended."""

    def __init__(self, story: Story) -> None:
        self.story, self.sentence, self.end = story, "", ""
        self.playing = True

    def shown(self) -> dict[str, Any]:
        title = {"": "Story", "kept": "As promised", "broken": "Not as promised"}[self.end]
        words = {"title": f"{title}: {self.story.title}", "sentence": self.sentence}
        return words | {"name": self.story.name, "playing": self.playing, "end": self.end}


class DemoDirector:
    """The page's ``Director``. ``open`` brings the bot up; ``close`` leaves nothing running."""

    def __init__(self, sandbox: Sandbox, folder: Path, furnished: "asyncio.Future[None]") -> None:
        """``furnished``: the database lies in the folder."""
        self._sandbox = sandbox
        self._cast = gather(sandbox)
        self._life = BotLife(sandbox, folder, at_first=partial(link_channels, sandbox, self._cast))
        self._showing: Showing | None = None
        self._playing: asyncio.Task[None] | None = None
        self._furnished = furnished
        self._closing = False

    def sections(self) -> dict[str, Any]:
        stories = [{"name": s.name, "title": s.title, "about": s.about} for s in STORIES.values()]
        return {
            "bot": self._life.shown(),
            "cast": self._cast.shown(),
            "stories": {"stories": stories},
            "story": self._showing.shown() if self._showing else {},
        }

    async def open(self) -> None:
        """Raises ChildError when the bot does not come up."""
        await asyncio.shield(self._furnished)
        await self._life.start()

    async def close(self) -> None:
        self._closing = True
        await self.stop_story()
        await asyncio.wait([self._furnished])
        await self._life.stop()

    async def kill(self) -> None:
        await self._life.kill()

    async def restart(self, *, socket_mode: bool) -> None:
        try:
            await self._life.restart(socket_mode=socket_mode)
        except ChildError as error:
            raise ValueError(str(error)) from error

    async def play(self, story: str) -> None:
        if self._playing and not self._playing.done():
            raise ValueError("a story is playing; stop it first")
        self._showing = Showing(STORIES[story])
        self._playing = asyncio.create_task(self._play(self._showing))

    async def drop(self, upload: Upload) -> None:
        """Where Ann hears it."""
        await self._sandbox.slack.drop(CLIPS, upload, user=self._cast.maya)

    async def stop_story(self) -> None:
        if self._playing and not self._playing.done():
            self._playing.cancel()
            await asyncio.wait([self._playing])
        self._showing = None

    async def _play(self, showing: Showing) -> None:
        async def tell(sentence: str) -> None:
            showing.sentence = sentence
            await asyncio.sleep(READING_S + READING_S_A_LETTER * len(sentence))

        calm(self._sandbox)
        try:
            await showing.story.play(Scene(self._sandbox, self._life, self._cast, tell))
            showing.end = "kept"
        except (StoryError, ChildError) as error:
            showing.end, showing.sentence = "broken", str(error)
        finally:
            showing.playing = False
            calm(self._sandbox)
            if self._life.state == "killed" and not self._closing:
                await self._life.start()
