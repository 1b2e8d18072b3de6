"""The script: what somebody would write in an afternoon with slack-bolt, linq-python and one shared httpx client.

It keeps nothing, looks into no audio, and holds each clip in memory; it posts once the memo is sent, and edits nothing.
``python -m tests.bench.script`` reads the bot's own environment and says on stdout, as one JSON line, when it is ready.
"""

import asyncio
import json
import os
import signal
import tomllib
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web
from linq import AsyncLinqAPIV3
from slack_bolt.async_app import AsyncApp, AsyncSay
from slack_sdk.web.async_client import AsyncWebClient

LINKS = tomllib.loads(Path(os.environ["LINKS_FILE"]).read_text("utf-8"))["link"]
CHATS = {link["channel"]: link["chat"] for link in LINKS}
TOKEN = os.environ["SLACK_BOT_TOKEN"]

shared = httpx.AsyncClient(timeout=60.0, limits=httpx.Limits(max_connections=None))
linq = AsyncLinqAPIV3(http_client=shared)
app = AsyncApp(
    client=AsyncWebClient(TOKEN, base_url=os.environ["SLACK_API_URL"]),
    signing_secret=os.environ["SLACK_SIGNING_SECRET"],
)


@app.event("message")
async def carry(event: dict[str, Any], say: AsyncSay) -> None:
    if event.get("subtype") != "file_share" or event["channel"] not in CHATS:
        return
    file = event["files"][0]
    download = await shared.get(file["url_private_download"], headers={"Authorization": f"Bearer {TOKEN}"})
    download.raise_for_status()
    attachment = await linq.attachments.create(
        filename=file["name"], content_type="audio/x-m4a", size_bytes=len(download.content)
    )
    upload = await shared.put(attachment.upload_url, content=download.content, headers=attachment.required_headers)
    upload.raise_for_status()
    await linq.chats.send_voicememo(CHATS[event["channel"]], attachment_id=attachment.attachment_id)
    await say(f"{file['name']}: sent", thread_ts=event["ts"])


async def pass_over(_: web.Request) -> web.Response:
    """Linq's webhooks: what became of a memo is nothing to the script."""
    return web.Response()


async def main() -> None:
    leaving = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leaving.set)
    application = app.web_app(path="/slack/events")
    application.router.add_post("/linq/webhooks", pass_over)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    print(json.dumps({"event": "ready", "port": runner.addresses[0][1]}), flush=True)
    await leaving.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
