"""The page's controller in the demo: runs the bot's process, and plays stories on it."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from bot.cli.child import ChildError
from bot.cli.demo.stories import STORIES, Scene, Story, StoryError
from bot.cli.demo.supervisor import BotSupervisor
from bot.cli.demo.workspace import add_workspace, set_up
from bot.sandbox.page.faults.fault_table import reset_faults
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import CLIPS
from bot.sandbox.slack.state.models import Upload

READING_S, READING_S_A_LETTER = 1.2, 0.035


class StoryPlayback:
    """A story as the page shows it: the current sentence, and how it ended."""

    def __init__(self, story: Story) -> None:
        self.story, self.sentence, self.end = story, "", ""
        self.proved: list[str] = []
        self.playing = True

    def shown(self) -> dict[str, Any]:
        title = {"": "Story", "kept": "As promised", "broken": "Not as promised"}[self.end]
        words = {"title": f"{title}: {self.story.title}", "sentence": self.sentence, "proved": self.proved}
        return words | {"name": self.story.name, "playing": self.playing, "end": self.end}


class DemoController:
    """Implements ``bot.sandbox.page.controller.Controller``. ``open`` starts the bot; ``close`` leaves nothing running.

    ``database_ready`` ends when the database lies in the folder.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, database_ready: "asyncio.Future[None]") -> None:
        self._sandbox, self._database_ready = sandbox, database_ready
        self._workspace = add_workspace(sandbox)
        self._bot = BotSupervisor(sandbox, folder, at_first=partial(set_up, sandbox, self._workspace))
        self._playback: StoryPlayback | None = None
        self._playing: asyncio.Task[None] | None = None
        self._closing = False

    def sections(self) -> dict[str, Any]:
        stories = [{"name": s.name, "title": s.title, "about": s.about} for s in STORIES.values()]
        return {
            "bot": self._bot.shown(),
            "demo": self._workspace.shown(),
            "stories": {"stories": stories},
            "story": self._playback.shown() if self._playback else {},
        }

    async def open(self) -> None:
        """Raises ChildError when the bot does not start."""
        await asyncio.shield(self._database_ready)
        await self._bot.start()

    async def close(self) -> None:
        self._closing = True
        await self.stop_story()
        await asyncio.wait([self._database_ready])
        await self._bot.stop()

    async def kill(self) -> None:
        await self._bot.kill()

    async def stop_bot(self) -> None:
        await self._bot.stop()

    async def restart(self, *, socket_mode: bool) -> None:
        try:
            await self._bot.restart(socket_mode=socket_mode)
        except ChildError as error:
            raise ValueError(str(error)) from error

    async def play(self, story: str) -> None:
        if self._playing and not self._playing.done():
            raise ValueError("a story is playing; stop it first")
        self._playback = StoryPlayback(STORIES[story])
        self._playing = asyncio.create_task(self._play(self._playback))

    async def drop(self, upload: Upload) -> None:
        """Drop a file in the channel that is linked to Ann."""
        await self._sandbox.slack.drop(CLIPS, upload, user=self._workspace.maya)

    async def stop_story(self) -> None:
        if self._playing and not self._playing.done():
            self._playing.cancel()
            await asyncio.wait([self._playing])
        self._playback = None

    async def _play(self, playback: StoryPlayback) -> None:
        async def narrate(sentence: str) -> None:
            playback.sentence = sentence
            await asyncio.sleep(READING_S + READING_S_A_LETTER * len(sentence))

        reset_faults(self._sandbox)
        scene = Scene(self._sandbox, self._bot, self._workspace, narrate)
        try:
            await playback.story.play(scene)
            playback.end, playback.proved = "kept", scene.proved
        except (StoryError, ChildError) as error:
            playback.end, playback.sentence = "broken", str(error)
        finally:
            playback.playing = False
            reset_faults(self._sandbox)
            if not self._closing:
                await scene.leave()
