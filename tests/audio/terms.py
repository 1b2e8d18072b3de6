"""What Linq takes, as the bot's own table has it."""

from bot.audio import Takes
from bot.linq.limits import CONTAINERS

TAKES = {name: Takes(known.content_type, known.extensions, known.codecs) for name, known in CONTAINERS.items()}
