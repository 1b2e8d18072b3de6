"""Answering people in time: at once where the work is quick, else through the response_url when it is done."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import aiohttp

from bot.relay.errors import RelayError
from bot.slack.actions.replies import SORRY, Reply, problem
from bot.slack.background import BackgroundTasks

log = logging.getLogger("memobridge.slack")

WITHIN_S = 2.0  # Slack shows an error after three

POST_TIMEOUT = aiohttp.ClientTimeout(total=10.0)


class Responder:
    def __init__(self, session: aiohttp.ClientSession, *, within_s: float = WITHIN_S) -> None:
        self._session = session
        self._within_s = within_s
        self._tasks = BackgroundTasks()

    async def within(
        self, work: Coroutine[Any, Any, Reply | None], url: str, *, unfinished: Reply | None = None
    ) -> Reply | None:
        """What there is to say now. ``unfinished`` while the work goes on: its answer then comes through ``url``.

        An error that is none of the relay's three is raised if it comes in time.
        """
        task = self._tasks.start(_in_words(work))
        done, _ = await asyncio.wait({task}, timeout=self._within_s)
        if done:
            return task.result()
        self._tasks.start(self._follow(task, url))
        return unfinished

    def send(self, reply: Reply, url: str) -> None:
        """Say it through a response_url, in the background."""
        self._tasks.start(self._post(reply, url))

    async def drain(self, timeout_s: float) -> None:
        """Wait for what is still to be said; what takes longer is broken off."""
        await self._tasks.drain(timeout_s)

    async def _follow(self, task: "asyncio.Task[Reply | None]", url: str) -> None:
        try:
            reply = await task
        except Exception:
            log.exception("slack.interaction_failed")
            reply = SORRY
        if reply is not None:
            await self._post(reply, url)

    async def _post(self, reply: Reply, url: str) -> None:
        if not url:
            return
        try:
            async with self._session.post(url, json=reply.body(), timeout=POST_TIMEOUT) as response:
                status = response.status
        except (aiohttp.ClientError, OSError, ValueError) as error:
            log.warning("slack.reply_failed", extra={"reason": type(error).__name__})
            return
        if status != 200:
            log.warning("slack.reply_failed", extra={"reason": f"Slack answered {status}."})


async def _in_words(work: Coroutine[Any, Any, Reply | None]) -> Reply | None:
    try:
        return await work
    except RelayError as error:
        return problem(error)
