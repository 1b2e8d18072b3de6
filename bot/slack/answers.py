"""Answering people in time: at once where the work is quick, else through the response_url when it is done."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import aiohttp

from bot.relay.errors import RelayError
from bot.slack.cards import SORRY, Card, problem

log = logging.getLogger("memobridge.slack")

WITHIN_S = 2.0  # Slack shows an error after three
T = TypeVar("T")

POST_TIMEOUT = aiohttp.ClientTimeout(total=10.0)


class Answers:
    def __init__(self, session: aiohttp.ClientSession, *, within_s: float = WITHIN_S) -> None:
        self._session = session
        self._within_s = within_s
        self._tasks: set[asyncio.Task[Any]] = set()

    async def within(self, work: Coroutine[Any, Any, Card | None], url: str) -> Card | None:
        """What there is to say now. None while the work goes on: its answer then comes through ``url``.

        An error that is none of the relay's three is raised if it comes in time.
        """
        task = self._start(_in_words(work))
        done, _ = await asyncio.wait({task}, timeout=self._within_s)
        if done:
            return task.result()
        self._start(self._follow(task, url))
        return None

    def send(self, card: Card, url: str) -> None:
        """Say it through a response_url, in the background."""
        self._start(self._post(card, url))

    async def drain(self, timeout_s: float) -> None:
        """Wait for what is still to be said, but not for ever: what takes longer is broken off."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._tasks:
                    await asyncio.wait(self._tasks)
        broken_off = [*self._tasks]
        for task in broken_off:
            task.cancel()
        await asyncio.gather(*broken_off, return_exceptions=True)

    async def _follow(self, task: "asyncio.Task[Card | None]", url: str) -> None:
        try:
            card = await task
        except Exception:
            log.exception("answer failed")
            card = SORRY
        if card is not None:
            await self._post(card, url)

    async def _post(self, card: Card, url: str) -> None:
        if not url:
            return
        try:
            async with self._session.post(url, json=card.body(), timeout=POST_TIMEOUT) as response:
                status = response.status
        except (aiohttp.ClientError, OSError, ValueError) as error:
            log.warning("answer lost", extra={"error": type(error).__name__})
            return
        if status != 200:
            log.warning("answer refused", extra={"status": status})

    def _start(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _in_words(work: Coroutine[Any, Any, Card | None]) -> Card | None:
    try:
        return await work
    except RelayError as error:
        return problem(error)
