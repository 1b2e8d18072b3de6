"""Alerts: one message when a problem has lasted, one when it has passed, and no flood in between."""

import pytest

from bot.app.alerts import Alerts
from bot.relay.errors import OutcomeUnknown, RelayError, RetryLater


class Scene:
    """Dependencies whose problems are set, a clock that goes when told to, and a channel that may be closed."""

    def __init__(self) -> None:
        self.now = 0.0
        self.reasons: dict[str, str] = {"slack": "", "linq": ""}
        self.said: list[str] = []
        self.error: RelayError | None = None
        self.alerts = Alerts(self.read, self.say, clock=lambda: self.now, after_s=60)

    async def read(self) -> dict[str, str]:
        return self.reasons

    async def say(self, sentence: str) -> None:
        if self.error:
            raise self.error
        self.said.append(sentence)

    async def pass_by(self, seconds: float, **reasons: str) -> None:
        """Seconds in which the alerts check every 15, with these problems."""
        self.reasons |= reasons
        for _ in range(int(seconds // 15)):
            await self.alerts.check()
            self.now += 15


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_incident_is_told_once_whatever_its_reason_and_its_end_once(scene: Scene) -> None:
    await scene.pass_by(600, linq="The key is refused.")
    await scene.pass_by(600, linq="A delivery has been due for 600 s.")
    await scene.pass_by(600, linq="")
    assert scene.said == [
        "memobridge: linq fails: The key is refused.",
        "memobridge: recovered: linq (down 20 min).",
    ]


async def test_short_problem_is_not_told(scene: Scene) -> None:
    for _ in range(10):
        await scene.pass_by(45, slack="no answer within 3 s")
        await scene.pass_by(45, slack="")
    assert scene.said == []


async def test_problem_that_comes_and_goes_is_one_incident(scene: Scene) -> None:
    await scene.pass_by(120, slack="The token was revoked.")
    for _ in range(10):
        await scene.pass_by(45, slack="")
        await scene.pass_by(45, slack="The token was revoked.")
    assert len(scene.said) == 1
    await scene.pass_by(120, slack="")
    assert scene.said[1:] == ["memobridge: recovered: slack (down 17 min)."]


async def test_incident_is_told_with_its_present_reason(scene: Scene) -> None:
    await scene.pass_by(45, linq="The key is refused.")
    await scene.pass_by(45, linq="Linq could not be reached.")
    assert scene.said == ["memobridge: linq fails: Linq could not be reached."]


async def test_problem_after_a_recovery_is_a_new_incident(scene: Scene) -> None:
    for _ in range(2):
        await scene.pass_by(120, linq="gone")
        await scene.pass_by(120, linq="")
    assert len(scene.said) == 4


async def test_each_dependency_has_its_own_incident(scene: Scene) -> None:
    await scene.pass_by(120, linq="gone", slack="gone")
    assert len(scene.said) == 2


async def test_alert_that_could_not_be_said_is_said_later_even_after_the_end(scene: Scene) -> None:
    scene.error = RetryLater("Slack cannot be reached.")
    await scene.pass_by(120, slack="Slack cannot be reached.")
    scene.error = None
    await scene.pass_by(120, slack="")
    assert scene.said == [
        "memobridge: slack failed: Slack cannot be reached.",
        "memobridge: recovered: slack (down 2 min).",
    ]


async def test_alert_that_was_perhaps_said_is_not_said_again(scene: Scene) -> None:
    scene.error = OutcomeUnknown("The answer was lost.")
    await scene.pass_by(120, linq="gone")
    scene.error = None
    await scene.pass_by(120)
    assert scene.said == []
