"""How fast time passes in the toy world: minutes of waiting can be squeezed, the rules stay the same."""

import asyncio
from dataclasses import dataclass


@dataclass
class Pace:
    """``scale`` 1.0 is real time; 0.01 makes a minute of retry delay last 0.6 s. Deadlines of 3 s and 10 s stay real."""

    scale: float = 1.0

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.scale)
