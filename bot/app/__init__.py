"""The composition root: settings → clients → relay → doors → server. Starts, stops and drains; decides nothing else."""

from bot.app.leaving import LEAVE_S, leave_within
from bot.app.rooms import Around, Rooms, links_kept, migrate_database, offline
from bot.app.running import Bot, Role

__all__ = ["LEAVE_S", "Around", "Bot", "Role", "Rooms", "leave_within", "links_kept", "migrate_database", "offline"]
