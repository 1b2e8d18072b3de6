"""A sample of the campaigns: killed in both directions, in every mode, nothing is lost, doubled or out of order.

``python -m tests.crash`` kills at every boundary, and many times.
"""

import asyncio

import pytest

from tests.crash.boundaries import BY_NAME, Kill, kill_at
from tests.crash.campaigns import run
from tests.crash.report import Result

pytestmark = [pytest.mark.crash, pytest.mark.timeout(400)]


def kills(*boundaries: str) -> list[Kill]:
    return [kill_at(BY_NAME[name]) for name in boundaries]


def faults(*results: Result) -> list[str]:
    return [result.faults() for result in results if not result.is_clean]


async def test_a_killed_bot_loses_nothing_and_repeats_nothing() -> None:
    to_linq, to_slack, by_socket = await asyncio.gather(
        run(
            "embedded",
            "to linq",
            chosen=kills(
                "deliveries.mark_sending:after (to linq)",
                "linq.sender.send:after (voice)",
                "slack.board.post:after",
            ),
        ),
        run(
            "shared",
            "to slack",
            chosen=[
                *kills("slack.media.upload:amid", "slack.sender.send:after (media)"),
                Kill(held="chat.postMessage", act="contact text"),
            ],
        ),
        run("socket", "history", chosen=kills("linq.history.read:after")),
    )
    assert faults(to_linq, to_slack, by_socket) == []


async def test_another_process_finishes_what_a_dead_or_frozen_one_held() -> None:
    pair, frozen, drained = await asyncio.gather(
        run("pair", "short", chosen=kills("slack.sender.send:after (text)")),
        run("frozen", "short", chosen=kills("deliveries.mark_sending:after (to linq)")),
        run("drained", "short", chosen=[Kill(delay_s=1)]),
    )
    assert faults(pair, frozen, drained) == []
    assert max(drained.drained_s) <= 10.0


async def test_conversations_and_holds_survive_kills() -> None:
    """One root for each contact, and nothing leaves before somebody has approved it."""
    inbox, holds = await asyncio.gather(
        run("inbox", "short", chosen=kills("slack.sender.send:after (root)", "conversations.take:after")),
        run("holds", "short", chosen=kills("deliveries.approve:after")),
    )
    assert faults(inbox, holds) == []
