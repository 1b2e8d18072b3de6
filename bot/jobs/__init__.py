"""The engine: brings every errand to the process that does it, in order, again and again until it is done."""

from bot.jobs.intervals import Intervals
from bot.jobs.runner import Engine

__all__ = ["Engine", "Intervals"]
