"""The alarm: one message when a trouble has lasted, one when it is over, and no flood in between."""

import pytest

from bot.app.alerts import Alerts
from bot.relay.errors import OutcomeUnknown, RelayError, RetryLater


class Scene:
    """Neighbours whose troubles are set, a clock that goes when told to, and a channel that may be shut."""

    def __init__(self) -> None:
        self.now = 0.0
        self.why: dict[str, str] = {"slack": "", "linq": ""}
        self.said: list[str] = []
        self.shut: RelayError | None = None
        self.alarm = Alerts(self.reasons, self.say, clock=lambda: self.now, lasts_s=60)

    async def reasons(self) -> dict[str, str]:
        return self.why

    async def say(self, sentence: str) -> None:
        if self.shut:
            raise self.shut
        self.said.append(sentence)

    async def pass_by(self, seconds: float, **why: str) -> None:
        """Seconds in which the alarm looks every 15, with these troubles."""
        self.why |= why
        for _ in range(int(seconds // 15)):
            await self.alarm.look()
            self.now += 15


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_trouble_is_told_once_whatever_its_words_and_its_end_once(scene: Scene) -> None:
    await scene.pass_by(600, linq="The key is refused.")
    await scene.pass_by(600, linq="A delivery has been due for 600 s.")
    await scene.pass_by(600, linq="")
    assert scene.said == [
        "memobridge has trouble with linq: The key is refused.",
        "memobridge is well again with linq, after 20 min.",
    ]


async def test_what_passes_quickly_is_not_told(scene: Scene) -> None:
    for _ in range(10):
        await scene.pass_by(45, slack="no answer within 3 s")
        await scene.pass_by(45, slack="")
    assert scene.said == []


async def test_a_trouble_that_comes_and_goes_is_one_trouble(scene: Scene) -> None:
    await scene.pass_by(120, slack="The token was revoked.")
    for _ in range(10):
        await scene.pass_by(45, slack="")
        await scene.pass_by(45, slack="The token was revoked.")
    assert len(scene.said) == 1
    await scene.pass_by(120, slack="")
    assert scene.said[1:] == ["memobridge is well again with slack, after 17 min."]


async def test_a_trouble_is_told_in_the_words_it_has_by_then(scene: Scene) -> None:
    await scene.pass_by(45, linq="The key is refused.")
    await scene.pass_by(45, linq="Linq could not be reached.")
    assert scene.said == ["memobridge has trouble with linq: Linq could not be reached."]


async def test_the_same_trouble_is_told_again_after_it_was_over(scene: Scene) -> None:
    for _ in range(2):
        await scene.pass_by(120, linq="gone")
        await scene.pass_by(120, linq="")
    assert len(scene.said) == 4


async def test_each_neighbour_has_its_own_troubles(scene: Scene) -> None:
    await scene.pass_by(120, linq="gone", slack="gone")
    assert len(scene.said) == 2


async def test_what_could_not_be_said_is_said_later_even_after_it(scene: Scene) -> None:
    scene.shut = RetryLater("Slack cannot be reached.")
    await scene.pass_by(120, slack="Slack cannot be reached.")
    scene.shut = None
    await scene.pass_by(120, slack="")
    assert scene.said == [
        "memobridge had trouble with slack: Slack cannot be reached.",
        "memobridge is well again with slack, after 2 min.",
    ]


async def test_what_was_perhaps_said_is_not_said_again(scene: Scene) -> None:
    scene.shut = OutcomeUnknown("The answer was lost.")
    await scene.pass_by(120, linq="gone")
    scene.shut = None
    await scene.pass_by(120)
    assert scene.said == []
