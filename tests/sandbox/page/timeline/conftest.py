"""A sandbox with a scripted bot, to which nothing happens by itself."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from linq import AsyncLinqAPIV3
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.sandbox import Sandbox
from tests.sandbox.linq.clients import Caller
from tests.sandbox.page.timeline.scripted_bot import ScriptedBot


@pytest.fixture
async def bot(http: aiohttp.ClientSession) -> AsyncIterator[ScriptedBot]:
    async with Sandbox() as sandbox:
        sandbox.linq.switches.progresses_automatically = False
        sandbox.slack.switches.subscribed = set()
        slack = AsyncWebClient(token=sandbox.slack.bot_token, base_url=sandbox.slack.api_url, retry_handlers=[])
        linq = AsyncLinqAPIV3(api_key=sandbox.linq.api_key, base_url=sandbox.linq.base_url, max_retries=0)
        async with linq:
            yield ScriptedBot(sandbox, slack, Caller(linq, http))
