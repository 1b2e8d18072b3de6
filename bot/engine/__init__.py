"""The engine: brings every errand to the process that does it, in order, again and again until it is done."""

from bot.engine.engine import Engine
from bot.engine.tempo import Tempo

__all__ = ["Engine", "Tempo"]
