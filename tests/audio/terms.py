"""What Linq takes, as the bot's own table has it."""

from bot.linq.limits import CONTAINERS

TAKES = CONTAINERS
