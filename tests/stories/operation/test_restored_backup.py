"""A back-up of an hour ago is restored: nothing that was carried since is carried twice, in either direction."""

from pathlib import Path

from bot.cli.child import BotProcess
from bot.sandbox.linq.fixtures import Chats
from bot.store.embedded import Embedded
from tests.store.backups import back_up, restore
from tests.stories.system import System, said_in, system_with

QUICK = {"BACKFILL_INTERVAL_SECONDS": "5", "SEND_CONFIRM_SECONDS": "5"}


async def test_nothing_is_carried_twice_after_an_older_database_was_restored(
    embedded: Embedded, database_url: str, tmp_path: Path
) -> None:
    async with system_with(database_url, socket_mode=False, **QUICK) as system:
        await system.until_shown(await system.drop(), "read")
        backup = back_up(database_url, tmp_path)
        dropped = await system.drop()
        await system.until_shown(dropped, "read")
        system.phone.send(Chats.ANN, "Since then")
        await system.until_posted("Since then")
        await system.bot.stop()

        system.phone.send(Chats.ANN, "While nobody listened")
        restored = system.settings | {"DATABASE_URL": restore(embedded, backup)}
        async with BotProcess(restored) as bot:
            again = System(system.sandbox, bot, settings=restored)
            await again.connect()
            await again.until(lambda: again.notice(dropped).count("unconfirmed") == 1)
            await again.until(lambda: "While nobody listened" in map(said_in, again.posts()))
            after = await again.drop()
            await again.until_shown(after, "read")
            await again.until_posted("Since then", "While nobody listened")
            assert len(again.memos()) == 3
            assert len(again.notices(dropped)) == 1
