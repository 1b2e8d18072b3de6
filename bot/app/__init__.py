"""The composition root: settings → clients → relay → adapters → server. Starts, stops and drains, no more."""

from bot.app.bootstrap import PortDecorator, Services, migrate_database, open_services
from bot.app.file_links import SENDERS, load_file_links, read_file_links
from bot.app.service import Role, Service
from bot.app.shutdown import EXIT_AFTER_S, exit_within

__all__ = [
    "EXIT_AFTER_S",
    "SENDERS",
    "PortDecorator",
    "Role",
    "Service",
    "Services",
    "exit_within",
    "load_file_links",
    "migrate_database",
    "open_services",
    "read_file_links",
]
