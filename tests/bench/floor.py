"""The wire floor: the least program that makes the bot's HTTP calls. No framework, no database, no signature, no care.

It keeps nothing, tries nothing twice and trusts everybody. What the bot takes on top is the price of its promise.
``python -m tests.bench.floor`` reads the bot's own environment and says on stdout, as one JSON line, when it is ready.
"""

import asyncio
import json
import os
import signal
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

CHUNK_BYTES = 256 * 1024
AT_ONCE = 32  # as many clips as the bot works on at once unless told otherwise
WORDS = {"message.sent": "sent", "message.delivered": "delivered", "message.read": "read"}

Body = dict[str, Any]


class Floor:
    """``notices`` finds the task that posts a clip's notice by the id of its attachment."""

    def __init__(self, environment: "os._Environ[str]", session: aiohttp.ClientSession) -> None:
        self._slack, self._linq = environment["SLACK_API_URL"], environment["LINQ_API_V3_BASE_URL"]
        self._slack_auth = {"Authorization": f"Bearer {environment['SLACK_BOT_TOKEN']}"}
        self._linq_auth = {"Authorization": f"Bearer {environment['LINQ_API_V3_API_KEY']}"}
        links = tomllib.loads(Path(environment["LINKS_FILE"]).read_text("utf-8"))["link"]
        self._chats = {link["channel"]: link["chat"] for link in links}
        self._session = session
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._running: set[asyncio.Task[Any]] = set()
        self._notices: dict[str, asyncio.Task[Body]] = {}

    def application(self) -> web.Application:
        application = web.Application(client_max_size=CHUNK_BYTES)
        application.router.add_post("/slack/events", self.hear_slack)
        application.router.add_post("/linq/webhooks", self.hear_linq)
        return application

    async def hear_slack(self, request: web.Request) -> web.Response:
        event = json.loads(await request.read()).get("event", {})
        if event.get("subtype") == "file_share" and event["channel"] in self._chats:
            self._start(self._carry(event, event["files"][0]))
        return web.Response()

    async def hear_linq(self, request: web.Request) -> web.Response:
        told = json.loads(await request.read())
        notice = self._notices.get(told["data"]["parts"][0]["id"]) if told["event_type"] in WORDS else None
        if notice is not None:
            self._start(self._edit(notice, WORDS[told["event_type"]]))
        return web.Response()

    def _start(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _carry(self, event: Body, file: Body) -> None:
        async with self._turn:
            notice = self._start(self._post(event, file["name"]))
            async with self._session.get(file["url_private_download"], headers=self._slack_auth) as download:
                made = await self._create(file["name"], int(download.headers["Content-Length"]))
                self._notices[made["attachment_id"]] = notice
                await self._put(made, download)
            await self._send(self._chats[event["channel"]], made["attachment_id"])

    async def _create(self, name: str, size_bytes: int) -> Body:
        asked = {"filename": name, "content_type": "audio/x-m4a", "size_bytes": size_bytes}
        return await self._call(f"{self._linq}/v3/attachments", self._linq_auth, asked)

    async def _put(self, made: Body, download: aiohttp.ClientResponse) -> None:
        body = _chunks(download)
        async with self._session.put(made["upload_url"], data=body, headers=made["required_headers"]) as answer:
            answer.raise_for_status()

    async def _send(self, chat: str, attachment: str) -> None:
        await self._call(f"{self._linq}/v3/chats/{chat}/voicememo", self._linq_auth, {"attachment_id": attachment})

    async def _post(self, event: Body, name: str) -> Body:
        said = {"channel": event["channel"], "thread_ts": event["ts"], **_shown(name, "queued")}
        posted = await self._call(f"{self._slack}chat.postMessage", self._slack_auth, said)
        return {"channel": posted["channel"], "ts": posted["ts"], "name": name}

    async def _edit(self, posting: asyncio.Task[Body], word: str) -> None:
        notice = await posting
        said = {"channel": notice["channel"], "ts": notice["ts"], **_shown(notice["name"], word)}
        await self._call(f"{self._slack}chat.update", self._slack_auth, said)

    async def _call(self, url: str, auth: dict[str, str], body: Body) -> Body:
        async with self._session.post(url, json=body, headers=auth) as answer:
            answer.raise_for_status()
            told: Body = await answer.json()
            return told


def _shown(name: str, word: str) -> Body:
    text = f"{name}: {word}"
    return {"text": text, "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}


async def _chunks(download: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async for chunk in download.content.iter_chunked(CHUNK_BYTES):
        yield chunk


async def main() -> None:
    leaving = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leaving.set)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        runner = web.AppRunner(Floor(os.environ, session).application(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
        print(json.dumps({"event": "ready", "port": runner.addresses[0][1]}), flush=True)
        await leaving.wait()
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
