"""Linq's official Node client works against the local Linq unchanged."""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from tests.conftest import cannot

pytestmark = pytest.mark.node

SDK = "@linqapp/sdk@0.28.2"
SCRIPT = Path(__file__).parent / "node_client.mjs"


async def run(*command: str, **variables: str) -> tuple[int | None, str, str]:
    """(exit code, stdout, stderr)"""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **variables},
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 90)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def node_packages() -> str:
    """A folder outside the repository that holds the pinned client; installed once, then reused."""
    if not shutil.which("node") or not shutil.which("npm"):
        cannot("node and npm are not installed")
    folder = platformdirs.user_cache_path("memobridge") / "node" / SDK.replace("/", "-").lstrip("@")
    if not (folder / "node_modules" / "@linqapp" / "sdk" / "package.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        options = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", str(folder))
        code, _, err = await run("npm", "install", *options, SDK)
        if code != 0:
            cannot(f"npm could not install {SDK}: {err[-300:]}")
    return str(folder)


async def test_official_node_client_works(linq: LinqServer, node_packages: str) -> None:
    code, out, err = await run(
        "node",
        str(SCRIPT),
        LINQ_API_V3_BASE_URL=linq.base_url,
        LINQ_API_V3_API_KEY=linq.api_key,
        NODE_PACKAGES=node_packages,
        CHAT=Chats.ANN,
    )

    assert (code, err) == (0, "")
    told: dict[str, Any] = json.loads(out)
    [memo] = linq.memos(Chats.ANN)
    assert (told["stored"], told["memo"], told["listed"]) == (200, memo.id, [memo.id])
    assert told["attachment"] == [memo.attachment_id, memo.attachment_id]
    assert told["events"] == [{"type": f"message.{kind}", "id": memo.id} for kind in ("sent", "delivered", "read")]
    assert told["chats"] == len(linq.account.chats) - 1  # one more was created afterwards
    assert told["conversation"] == {
        "repeated": True,
        "media": "node.m4a",
        "edited": "see you at 6",
        "reactions": [["love", True]],
        "link": "https://example.com/",
        "refused": 400,
    }
    assert told["refused"] == [404, 2001]
