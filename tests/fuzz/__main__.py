"""``python -m tests.fuzz``: a running bot under 100 000 mutated payloads and 2 000 mutated media of contacts.

Exits 1 if anything was answered with 5xx, if an unsigned payload was taken, if a message got lost, if an exception of
our own was logged, or if the memory of the bot grew by more than ``GROWTH_MIB`` after the first tenth. The same seed
sends the same.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import psycopg

from bot.sandbox.slack.state.models import Upload
from bot.store.embedded import Embedded
from tests.fuzz import media
from tests.fuzz.requests import Answers, RequestMaker, send_many
from tests.stories.system import SOUND, System, is_unexpected, uninspected_system

GROWTH_MIB = 16.0
PARTS = 10
CHATS = 20
A_FILE_TAKES_S = 3.0


async def fuzz(database_url: str, payloads: int, files: int, seed: int) -> bool:
    """Whether all went well."""
    async with uninspected_system(database_url, {}) as system:
        system.slack.switches.rate_limits = False
        is_well = await _fuzz_payloads(system, payloads, seed) if payloads else True
        is_well = (await _fuzz_media(system, database_url, files, seed) if files else True) and is_well
        broken = Counter(str(line["places"][-1:]) for line in system.bot.log if is_unexpected(line))
        print(f"exceptions of our own: {dict(broken)}", flush=True)
        await _see_both_sides_through(await _linked_chat(system, "after"))
        return is_well and not broken


async def _fuzz_payloads(system: System, times: int, seed: int) -> bool:
    requests, started = RequestMaker(system, seed).requests(), time.monotonic()
    parts, memory = [], [_resident_mib(system)]
    for _ in range(PARTS):
        parts.append(await send_many(system.bot.url, requests, times // PARTS))
        memory.append(_resident_mib(system))
    _print_answers(parts)
    wrong = [each for part in parts for each in part.wrong]
    print(f"{sum(part.total for part in parts)} in {time.monotonic() - started:.0f} s; {len(wrong)} answered wrongly")
    print(f"memory of the bot, MiB: {', '.join(f'{each:.0f}' for each in memory)}", flush=True)
    for status, request in wrong[:5]:
        print(status, request.kind, request.body[:2000])
    return not wrong and memory[-1] - memory[1] <= GROWTH_MIB


def _resident_mib(system: System) -> float:
    return float(psutil.Process(system.bot.pid).memory_info().rss / 2**20)


def _print_answers(parts: list[Answers]) -> None:
    counts: Counter[tuple[str, str, bool, int]] = sum((part.counts for part in parts), Counter())
    print(f"{'path':<16}{'payload':<13}{'signed':<8}{'answer':>6}{'times':>9}")
    for (path, kind, signed, status), times in sorted(counts.items()):
        print(f"{path:<16}{kind:<13}{'yes' if signed else 'no':<8}{status:>6}{times:>9}")


async def _fuzz_media(system: System, database_url: str, times: int, seed: int) -> bool:
    chats = [await _linked_chat(system, f"media-{number}") for number in range(CHATS)]
    started = time.monotonic()
    timeout_s = 60 + times * A_FILE_TAKES_S
    outcomes = await media.send_many(chats, media.files(seed), times, timeout_s, partial(_late, database_url))
    print(f"{times} media in {time.monotonic() - started:.0f} s: {dict(outcomes.counts)}")
    print(f"lost or doubled: {outcomes.missing or 'none'}; out of order: {outcomes.disordered or 'none'}")
    print(f"stepped aside, and passed by how many: {outcomes.aside or 'none'}", flush=True)
    return not outcomes.missing and not outcomes.disordered


def _late(database_url: str) -> set[str]:
    """The ids at Linq of messages that stepped aside."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT source FROM deliveries WHERE is_late").fetchall()
    return {source.partition("#")[2] for (source,) in found}


async def _linked_chat(system: System, name: str) -> System:
    channel = system.slack.new_channel(name)
    chat = system.sandbox.linq.add_chat(f"+1202557{len(system.sandbox.linq.account.chats):04}")
    own = replace(system, channel=channel, chat=chat.id)
    await own.link(channel, chat.id)
    return own


async def _see_both_sides_through(system: System) -> None:
    """Raises TimeoutError where nothing gets through any more."""
    message = await system.drop(Upload("after.m4a", SOUND))
    await system.until_shown(message, "read")
    system.phone.send(system.chat, "Still there?")
    await system.until(lambda: bool(system.posts()))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--payloads", type=int, default=100_000)
    parser.add_argument("--media", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="memobridge-", ignore_cleanup_errors=True) as folder:
        server = Embedded.start(Path(folder))
        try:
            return 0 if asyncio.run(fuzz(server.url, asked.payloads, asked.media, asked.seed)) else 1
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
