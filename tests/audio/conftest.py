"""The room as the bot has it, with worker processes of its own for each test."""

import pytest

from bot.audio import AudioRoom, Limits
from tests.audio.terms import TAKES


@pytest.fixture
def room() -> AudioRoom:
    return AudioRoom(TAKES, limits=Limits(look_s=60.0))
