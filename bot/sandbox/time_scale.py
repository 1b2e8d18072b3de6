"""How fast time passes in the toy world: minutes of waiting can be squeezed, the rules stay the same."""

import asyncio
from dataclasses import dataclass


@dataclass
class TimeScale:
    """``scale`` 1.0 is real time; with 0.01 a minute of retry delay lasts 0.6 s. Deadlines for answers stay real."""

    scale: float = 1.0

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.scale)
