"""What contacts say, on its way into Slack: trials of the bot alone, against the calls that nobody can do without.

The times are the sandbox's own: a message's way begins when the phone sends it, and ends when Slack has what shows it.
"""

import asyncio
import base64
import json
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from tests.bench.contestants import Contest
from tests.bench.recordings import MIB
from tests.bench.sandbox_process import Body, SandboxProcess
from tests.bench.scene import CHANNELS, Scene, recorded, scene
from tests.bench.trials import CLIPS, FAR_S, FAR_SINGLES, IN_FLIGHT, QUIET_S, Figures

WARM_UP = 5
INBOXES, NEW_CONTACTS = 4, 50
PATIENCE_S = 120.0
POSTED, ATTACHED = "chat.postMessage", "chat.update"


class Crossings:
    """When calls of one name were answered well, in their order; seconds since 1970."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self.sent_at: list[float] = []
        self.refused = 0
        self._news = asyncio.Event()

    def take(self, entry: Body, name: str) -> None:
        if entry["side"] == "linq" and entry["direction"] == "person":
            self.sent_at.append(entry["at"])
        elif entry["what"] == name and entry["status"] == 429:
            self.refused += 1
        elif entry["what"] == name and entry["status"] == 200 and "error" not in entry["facts"]:
            self.at.append(entry["at"])
        else:
            return
        self._news.set()

    async def until(self, count: int) -> None:
        """Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.at) < count:
                await self._news.wait()
                self._news.clear()


@asynccontextmanager
async def crossings(sandbox: SandboxProcess, name: str) -> AsyncIterator[Crossings]:
    """Those from now on."""
    found, begun = Crossings(), time.time()

    async def watch() -> None:
        async for entry in sandbox.entries():
            if entry["at"] >= begun:
                found.take(entry, name)

    watching = asyncio.create_task(watch())
    try:
        yield found
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def text(contest: Contest) -> Figures:
    """One text at a time, with 80 ms added to every call; in times of one call of Slack."""
    async with scene(contest, 0, latency_s=FAR_S) as stage:
        ways_s = await _one_by_one(stage, POSTED, "Great to hear your voice!", [])
        call_s = await _median_s(lambda: _post(stage, stage.channels[0]))
        return {"p50_ms": ways_s * 1000, "times_call": ways_s / call_s}


async def memo(contest: Contest) -> Figures:
    """One voice memo of 1 MiB at a time, until it can be played in Slack; in times of the six calls that takes."""
    file = {
        "base64": base64.b64encode(recorded(MIB).copy(0)).decode(),
        "content_type": "audio/x-m4a",
        "name": "memo.m4a",
    }
    async with scene(contest, 0, latency_s=FAR_S) as stage:
        await stage.sandbox.tell("/linq/switches", "PATCH", keep_bytes=True)
        ways_s = await _one_by_one(stage, ATTACHED, None, [file])
        told = await _say(stage, next(iter(stage.links.values())), None, [file])
        await asyncio.sleep(QUIET_S)  # so that nobody else is at work when the calls are timed
        calls_s = await _median_s(lambda: _six_calls(stage, told["parts"][0]["url"]))
        return {"p50_ms": ways_s * 1000, "times_calls": ways_s / calls_s}


async def burst(contest: Contest) -> Figures:
    """Texts over all chats, so many of them under way at any time, while Slack keeps its limits."""
    async with scene(contest, 0) as stage:
        chats = list(stage.links.values())
        async with crossings(stage.sandbox, POSTED) as posts:
            await asyncio.gather(*(_say(stage, chat, "warm") for chat in chats[:WARM_UP]))
            await posts.until(WARM_UP)
        await asyncio.sleep(QUIET_S)
        await stage.sandbox.tell("/slack/switches", "PATCH", rate_limits=True)
        family = stage.contestant.family
        before_mib = family.memory_mib()
        async with crossings(stage.sandbox, POSTED) as posts:
            turns = asyncio.Semaphore(IN_FLIGHT)

            async def say(number: int) -> None:
                async with turns:
                    await _say(stage, chats[number % CHANNELS], f"message {number}")

            await asyncio.gather(*(say(number) for number in range(CLIPS)))
            await posts.until(CLIPS)
        if posts.refused:
            raise RuntimeError(f"Slack refused {posts.refused} posts: its pace was not kept")
        lasted_s = posts.at[-1] - posts.sent_at[0]
        return {"lasted_s": lasted_s, "memory_mib": family.memory_mib() - before_mib}


async def new_contacts(contest: Contest) -> Figures:
    """Fifty contacts in each of four inboxes write for the first time at once; one writes in a quiet channel meanwhile.

    Raises RuntimeError where an inbox shows its contacts in another order than that in which they wrote.
    """
    async with scene(contest, 0, inboxes=INBOXES) as stage:
        await stage.sandbox.tell("/slack/switches", "PATCH", rate_limits=True)
        async with crossings(stage.sandbox, POSTED) as posts:
            await asyncio.gather(*(_write(stage, line) for line in stage.inboxes.values()))
            quiet_channel, quiet_chat = next(iter(stage.links.items()))
            said_at = time.time()
            await _say(stage, quiet_chat, "a reply in a quiet channel")
            await posts.until(INBOXES * NEW_CONTACTS + 1)
            if posts.refused:
                raise RuntimeError(f"Slack refused {posts.refused} posts: its pace was not kept")
            lasted_s = posts.at[-1] - posts.sent_at[0]
        for channel in stage.inboxes:
            texts = [each["text"] for each in await _posts(stage, channel)]
            if [text.partition("\n")[0] for text in texts] != [f"contact {number}" for number in range(NEW_CONTACTS)]:
                raise RuntimeError(f"not in the order in which they wrote: {texts}")
        [reply] = await _posts(stage, quiet_channel)
        return {"lasted_s": lasted_s, "quiet_s": float(reply["ts"]) - said_at}


async def _posts(stage: Scene, channel: str) -> list[Body]:
    """What the bot said at a channel's root, oldest first."""
    async with stage.sandbox.session.get("/slack/history", params={"channel": channel}) as answer:
        return [each for each in (await answer.json())["messages"] if each.get("bot_id")]


async def _write(stage: Scene, line: str) -> None:
    for number in range(NEW_CONTACTS):
        sender = f"+1202558{line[-1]}{number:03}"
        await stage.sandbox.tell("/linq/write_to_line", sender=sender, text=f"contact {number}", line=line)


async def _one_by_one(stage: Scene, name: str, text: str | None, files: Sequence[Body]) -> float:
    """The median way in seconds, in chats that go on: the first message of each also makes its sender known."""
    chats = list(stage.links.values())[:WARM_UP]
    async with crossings(stage.sandbox, name) as found:
        for number in range(WARM_UP + FAR_SINGLES):
            await _say(stage, chats[number % WARM_UP], text, files)
            await found.until(number + 1)
            await asyncio.sleep(0.3)
        ways = [shown - sent for sent, shown in zip(found.sent_at, found.at, strict=True)]
        return statistics.median(ways[WARM_UP:])


async def _say(stage: Scene, chat: str, text: str | None, files: Sequence[Body] = ()) -> Body:
    return await stage.sandbox.tell("/linq/send", chat_id=chat, text=text, files=list(files))


async def _median_s(act: Callable[[], Awaitable[object]], times: int = 10) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await act()
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:])  # the first one opens its connections


async def _post(stage: Scene, channel: str) -> Body:
    return await _slack(stage, "chat.postMessage", {"channel": channel, "text": "memo.m4a"})


async def _six_calls(stage: Scene, media_url: str) -> None:
    """Fetch it, ask where to put it, put it there, complete it, post, attach: nothing between them."""
    channel, session = stage.channels[0], stage.sandbox.session
    async with session.get(media_url) as answer:
        content = await answer.read()
    place = await _slack(stage, "files.getUploadURLExternal", {"filename": "memo.m4a", "length": len(content)})
    async with session.post(place["upload_url"], data=content) as answer:
        answer.raise_for_status()
    file = place["file_id"]
    await _slack(stage, "files.completeUploadExternal", {"files": json.dumps([{"id": file, "title": "memo.m4a"}])})
    posted = await _post(stage, channel)
    said = {"channel": channel, "ts": posted["ts"], "text": "memo.m4a", "file_ids": json.dumps([file])}
    await _slack(stage, "chat.update", said)


async def _slack(stage: Scene, method: str, form: Body) -> Body:
    environment = stage.sandbox.environment
    auth = {"Authorization": f"Bearer {environment['SLACK_BOT_TOKEN']}"}
    url = environment["SLACK_API_URL"] + method
    async with stage.sandbox.session.post(url, data=form, headers=auth) as answer:
        told: Body = await answer.json()
        if not told["ok"]:
            raise RuntimeError(f"{method}: {told['error']}")
        return told
