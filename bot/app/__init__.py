"""The composition root: settings → clients → relay → doors → server. Starts, stops and drains; decides nothing else."""

from bot.app.bootstrap import PortDecorator, Services, links_kept, migrate_database, offline
from bot.app.service import Bot, Role
from bot.app.shutdown import LEAVE_S, leave_within

__all__ = [
    "LEAVE_S",
    "Bot",
    "PortDecorator",
    "Role",
    "Services",
    "leave_within",
    "links_kept",
    "migrate_database",
    "offline",
]
