"""The composition root: settings → clients → relay → doors → server. Starts, stops and drains; decides nothing else."""

from bot.app.rooms import Around, Rooms, migrate_database, offline
from bot.app.running import Bot, Role

__all__ = ["Around", "Bot", "Role", "Rooms", "migrate_database", "offline"]
