"""How fast time passes in the sandbox: long waits can be shortened, the rules stay the same."""

import asyncio
from dataclasses import dataclass


@dataclass
class TimeScale:
    """``scale`` 1.0 is real time; with 0.01 a minute of retry delay lasts 0.6 s. Answer deadlines are never scaled."""

    scale: float = 1.0

    async def sleep(self, seconds: float) -> None:
        """Sleep for that many seconds of sandbox time."""
        await asyncio.sleep(seconds * self.scale)
