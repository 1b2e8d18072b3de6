"""A connection that was down for long leaves a gap, in which what was said was told to nobody."""

from bot.app.connection_gap import ConnectionGap
from bot.relay.errors import RetryLater


class Scene:
    """A connection that is up or down, and gaps that may fail to be opened."""

    def __init__(self) -> None:
        self.now = 0.0
        self.connected = True
        self.gaps = 0
        self.trouble: RetryLater | None = None
        self.gap = ConnectionGap(self.is_up, self.on_gap, clock=lambda: self.now, longer_than_s=30)

    async def is_up(self) -> bool:
        return self.connected

    async def on_gap(self) -> None:
        if self.trouble:
            raise self.trouble
        self.gaps += 1

    async def pass_by(self, seconds: int, *, connected: bool) -> None:
        self.connected = connected
        for _ in range(seconds // 5):
            await self.gap.check()
            self.now += 5


async def test_gap_is_opened_once_when_the_connection_is_back() -> None:
    scene = Scene()
    await scene.pass_by(60, connected=False)
    assert scene.gaps == 0
    await scene.pass_by(60, connected=True)
    assert scene.gaps == 1


async def test_renewed_connection_is_no_gap() -> None:
    scene = Scene()
    for _ in range(3):
        await scene.pass_by(20, connected=False)
        await scene.pass_by(20, connected=True)
    assert scene.gaps == 0


async def test_gap_that_could_not_be_opened_is_opened_later() -> None:
    scene = Scene()
    await scene.pass_by(60, connected=False)
    scene.connected, scene.trouble = True, RetryLater("The database cannot be reached.")
    try:
        await scene.gap.check()
    except RetryLater:
        scene.trouble = None
    await scene.gap.check()
    assert scene.gaps == 1
