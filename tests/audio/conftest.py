"""The audio workers as the bot has them, with processes of their own for each test."""

from collections.abc import AsyncIterator

import pytest

from bot.audio import AudioWorkers, Limits, VoiceConverter
from bot.linq.api.limits import VOICE_FORMATS as CONTAINERS

PATIENT = Limits(inspect_s=60.0)
"""A machine that is busy with other tests needs longer."""


@pytest.fixture
async def workers() -> AsyncIterator[AudioWorkers]:
    workers = AudioWorkers(2, PATIENT)
    yield workers
    await workers.close()


@pytest.fixture
def converter(workers: AudioWorkers) -> VoiceConverter:
    """The one that serves Linq."""
    return VoiceConverter(workers, CONTAINERS)
