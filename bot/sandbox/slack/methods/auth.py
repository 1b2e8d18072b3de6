"""auth.test and apps.connections.open: who the app is, and a way in for its socket."""

from bot.sandbox.json_types import Json
from bot.sandbox.slack.api.arguments import Arguments
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.fixtures import BOT, BOT_ID, DOMAIN, TEAM


def test_auth(context: ApiContext, arguments: Arguments) -> Json:
    return {
        "url": f"https://{DOMAIN}.slack.com/",
        "team": "Toy World",
        "user": context.workspace.users[BOT].name,
        "team_id": TEAM,
        "user_id": BOT,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def open_connection(context: ApiContext, arguments: Arguments) -> Json:
    return {"url": context.sockets.ticket_url()}
