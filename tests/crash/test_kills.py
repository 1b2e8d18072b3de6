"""Killed at every boundary, in every mode: nothing lost, nothing twice, nothing out of order, no notice left behind.

The long form of this is ``python -m tests.crash``.
"""

import asyncio

import pytest

from tests.crash.blows import WIRES, Blow
from tests.crash.boundaries import BOUNDARIES, BY_NAME, Boundary
from tests.crash.campaigns import run
from tests.crash.tally import Tally

pytestmark = [pytest.mark.crash, pytest.mark.timeout(400)]

COMMON = [boundary for boundary in BOUNDARIES if boundary.provocation == "drop"]
RARE = [boundary for boundary in BOUNDARIES if boundary.provocation != "drop"]


def at(*boundaries: Boundary) -> list[Blow]:
    return [Blow(at=boundary) for boundary in boundaries]


def held(*tallies: Tally) -> bool:
    assert [tally.faults() for tally in tallies if not tally.holds] == []
    return True


async def test_a_bot_killed_at_every_boundary_loses_nothing_and_repeats_nothing() -> None:
    half = len(COMMON) // 2
    embedded, shared, rare = await asyncio.gather(
        run("embedded", "short", chosen=at(*COMMON[:half])),
        run("shared", "short", chosen=at(*COMMON[half:]) + [Blow(wire=wire) for wire in WIRES[:4]]),
        run("socket", "short", chosen=at(*RARE)),
    )
    assert held(embedded, shared, rare)
    hit = {name.removesuffix(" while starting") for tally in (embedded, shared, rare) for name in tally.kills}
    assert len(hit & set(BY_NAME)) >= 0.8 * len(BY_NAME)
    assert max(embedded.resumed_s + shared.resumed_s + rare.resumed_s) <= 10.0


async def test_what_a_dead_sleeping_or_cut_off_process_held_is_finished_by_another() -> None:
    pair, frozen, revived, drained = await asyncio.gather(
        run(
            "pair",
            "short",
            chosen=[*at(BY_NAME["deliveries.claim:after"], BY_NAME["linq.send:after"]), Blow(delay_s=1)],
        ),
        run("frozen", "short", chosen=at(BY_NAME["deliveries.intend:after"])),
        run("revived", "short", chosen=[Blow(delay_s=1)] * 2),
        run("drain", "short", chosen=[Blow(delay_s=1)] * 3),
    )
    assert held(pair, frozen, revived, drained)
    assert max(pair.taken_over_s, default=0.0) <= 15.0
    assert max(drained.drained_s) <= 10.0
    assert drained.exit_codes == [0] * len(drained.exit_codes)
