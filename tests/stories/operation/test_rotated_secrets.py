"""Secrets that are rotated while people talk: what comes while the bot has the former ones is carried all the same."""

import base64

from bot.cli.child import BotProcess
from tests.stories.system import System, get, said_in, system_with

QUICK = {"BACKFILL_INTERVAL_SECONDS": "5"}
FORMER = {
    "SLACK_SIGNING_SECRET": "former",
    "LINQ_WEBHOOK_SECRET": "whsec_" + base64.b64encode(b"former secret of a subscription").decode(),
}
FORMER_KEYS = {"SLACK_BOT_TOKEN": "xoxb-former", "LINQ_API_V3_API_KEY": "former"}


async def test_no_event_is_lost_while_the_bot_has_the_former_secrets(database_url: str) -> None:
    async with system_with(database_url, socket_mode=False, **QUICK) as system:
        await system.bot.stop()
        async with BotProcess(system.settings | FORMER) as bot:
            behind = System(system.sandbox, bot, settings=system.settings)
            await behind.connect()
            dropped = await behind.drop()
            behind.phone.send(behind.chat, "Are you there?")
            await behind.until_shown(dropped, "read")
            await behind.until(lambda: [said_in(post) for post in behind.posts()] == ["Are you there?"])
            _, shown = await get(behind, "/metrics")
            assert 'event="slack.signature_refused"' in shown
        await system.start_again()
        await system.until_shown(await system.drop(), "read")
        assert len(system.memos()) == 2
        await system.until_posted("Are you there?")


async def test_no_message_is_lost_while_the_bot_has_a_former_token_and_key(database_url: str) -> None:
    """As the handbook has it: the new ones are put in, and the bot is restarted with them."""
    async with system_with(database_url, socket_mode=False, **QUICK) as system:
        await system.bot.stop()
        async with BotProcess(system.settings | FORMER_KEYS) as bot:
            behind = System(system.sandbox, bot, settings=system.settings)
            await behind.connect()
            dropped = await behind.drop()
            behind.phone.send(behind.chat, "Are you there?")
            await behind.until(lambda: bool(behind.sandbox.wire.named("event message")))
            _, ready = await get(behind, "/readyz")
            assert "LINQ_API_V3_API_KEY" in ready
            assert "SLACK_BOT_TOKEN" in ready
            assert behind.memos() == []
        await system.start_again()
        await system.until_shown(dropped, "read")
        await system.until_posted("Are you there?")
        assert len(system.memos()) == 1
