"""``memobridge deliveries``: what an operator reads of the recent ones, and sends again."""

from datetime import timedelta

import pytest

from bot.relay.ids import DeliveryId, MessageId
from bot.relay.model import DeliveryState, ReceiptKind
from bot.relay.parts import Text
from bot.relay.rooms import Link
from bot.store.database import Database
from tests.cli.shell import Shell
from tests.fakes import BASE, CHANNEL, CHAT, CONTACT
from tests.store.rows import claimed, close, delivery, elsewhere, receipt, record, sending

SAID = "What a contact said to us"


async def fail(database: Database, name: str) -> None:
    await database.deliveries.accept([delivery(name)])
    assert await close(database, await claimed(database))


async def test_list_has_both_directions_newest_first_without_words(shell: Shell, database: Database) -> None:
    await database.deliveries.accept([delivery("d1")])
    reply = {"origin": CHAT, "target": CHANNEL, "sender": CONTACT, "notice_room": None, "source": MessageId("chat:x#1")}
    await database.deliveries.accept([delivery("d2", parts=(Text("text", SAID),), **reply)])
    ran = await shell.run("deliveries")
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split() for line in ran.out.splitlines()[1:]]
    assert [(line[0], *line[3:]) for line in lines] == [
        ("d2", CHAT, CHANNEL, "text", "queued"),
        ("d1", CHANNEL, CHAT, "d1.m4a", "queued"),
    ]


async def test_list_is_as_long_as_asked(shell: Shell, database: Database) -> None:
    await database.deliveries.accept([delivery("d1")])
    await database.deliveries.accept([elsewhere("d2")])
    ran = await shell.run("deliveries", "--limit", "1")
    assert [line.split()[0] for line in ran.out.splitlines()] == ["id", "d2"]
    assert (await shell.run("deliveries", "--limit", "0")).code == 2


async def test_empty_list_says_what_to_do(shell: Shell) -> None:
    ran = await shell.run("deliveries")
    assert (ran.code, ran.out, ran.err) == (0, "No delivery yet. Drop audio in a linked channel.\n", "")


async def test_time_line_is_in_order_and_ends_with_the_last_receipt(shell: Shell, database: Database) -> None:
    await sending(database, "d1", attachment="A1")
    assert await record(database, "d1", "M1")
    later = [(ReceiptKind.READ, 9), (ReceiptKind.SENT, 3), (ReceiptKind.DELIVERED, 6)]
    message = MessageId("chat:default#M1")
    moments = {kind: BASE + timedelta(days=9000, seconds=s) for kind, s in later}
    await database.receipts.add([receipt(kind, kind, at=at, message=message) for kind, at in moments.items()])
    ran = await shell.run("deliveries", "show", "d1")
    head, *lines = ran.out.splitlines()
    assert (ran.code, head) == (0, f"d1.m4a → {CHAT}: read")
    assert [line.split("UTC  ")[1].split()[0] for line in lines] == ["accepted", "sent", "sent", "delivered", "read"]
    assert "sent with chat:default!A1" in ran.out


async def test_reason_of_a_failure_ends_its_time_line(shell: Shell, database: Database) -> None:
    await fail(database, "d1")
    ran = await shell.run("deliveries", "show", "d1")
    assert ran.out.splitlines()[-1].endswith("UTC  failed: No. 4001")


async def test_failed_delivery_is_sent_again_once(shell: Shell, database: Database) -> None:
    await database.links.save(Link(CHANNEL, CHAT, "Ann", "test"))
    await fail(database, "d1")
    ran, again = [await shell.run("deliveries", "resend", "d1") for _ in range(2)]
    assert (ran.code, ran.err) == (0, "")
    name = ran.out.removeprefix("Sent again as ").partition(";")[0]
    assert again.out == ran.out
    found = await database.deliveries.find(DeliveryId(name))
    assert found is not None
    assert (found.delivery.replaces, found.delivery.state) == ("d1", DeliveryState.WAITING)
    assert len(await database.deliveries.recent(9)) == 2


@pytest.mark.parametrize(
    ("is_linked", "is_failed", "reason"),
    [(True, False, "It is queued: sending it again would make two."), (False, True, "is not linked to anybody")],
)
async def test_what_must_not_be_sent_again_is_one_line(
    shell: Shell, database: Database, *, is_linked: bool, is_failed: bool, reason: str
) -> None:
    if is_linked:
        await database.links.save(Link(CHANNEL, CHAT, "Ann", "test"))
    await (fail(database, "d1") if is_failed else database.deliveries.accept([delivery("d1")]))
    ran = await shell.run("deliveries", "resend", "d1")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert reason in ran.err
    assert len(await database.deliveries.recent(9)) == 1
