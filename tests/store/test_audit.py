"""The audit: what is added by itself, that nothing is changed or taken out, and that it says nothing it should not."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from bot.relay.ids import DeliveryId
from bot.relay.model import DeliveryState, HeldFor, Receipt, ReceiptKind
from bot.relay.parts import Media, Text
from bot.relay.ports.audit import AuditEntry
from bot.relay.rooms import Link, LinkSettings, Mode
from bot.relay.routing.links import FROM_FILE
from bot.store.database import Database
from bot.store.tables import audit as audit_table
from tests.fakes import ANN, CHANNEL, CHAT, OTHER_CHAT
from tests.store.rows import ask, claimed, close, delivery, message, receipt, record, sending, uploaded, voice

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


async def entries(database: Database) -> list[Mapping[str, Any]]:
    return [dict(row) async for row in database.audit.since(ALWAYS)]


async def acts(database: Database) -> list[str]:
    return [row["act"] for row in await entries(database)]


async def test_accepted_delivery_says_who_sent_what_kind_to_whom(database: Database) -> None:
    parts = (Text("t", "Our secret"), Media("m", "plan.pdf", voice("a").media))
    await database.deliveries.accept([delivery("a", parts=parts)])
    [entry] = await entries(database)
    assert (entry["act"], entry["actor"], entry["delivery"]) == ("accepted", ANN, "a")
    assert (entry["room"], entry["peer"]) == (CHANNEL, CHAT)
    assert entry["detail"] == {"kinds": ["text", "media"], "is_explicit": True}


async def test_repeated_delivery_is_no_second_entry(database: Database) -> None:
    for _ in range(2):
        await database.deliveries.accept([delivery("a")])
    assert await acts(database) == ["accepted"]


async def test_sent_and_read_delivery_has_every_step_once(database: Database) -> None:
    await sending(database, "a")
    await record(database, "a", "M1")
    for _ in range(2):
        await database.receipts.add([receipt("r1", ReceiptKind.READ, message=message("M1"))])
    assert await acts(database) == ["accepted", "sent", "read"]
    assert {row["delivery"] for row in await entries(database)} == {"a"}


async def test_failure_is_there_with_its_code(database: Database) -> None:
    await close(database, await sending(database, "a"))
    last = (await entries(database))[-1]
    assert (last["act"], last["detail"]) == ("failed", {"code": "4001"})


async def test_waiting_and_trying_again_are_no_entries(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    held = await claimed(database)
    await database.deliveries.mark_sending(held.id, held.fence, uploaded("A1"))
    assert await acts(database) == ["accepted"]


async def test_cancelled_by_its_deleted_message(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    await database.deliveries.withdraw(delivery("a").source, [CHANNEL], [])
    assert await acts(database) == ["accepted", "cancelled"]


async def test_receipt_of_another_ones_message_is_kept_by_its_id(database: Database) -> None:
    await database.receipts.add([receipt("r1", ReceiptKind.DELIVERED, message=message("M9"))])
    [entry] = await entries(database)
    assert (entry["delivery"], entry["detail"]) == (None, {"message": message("M9")})


async def test_links_file_has_its_changes_and_no_others_in_the_audit(database: Database) -> None:
    link = Link(CHANNEL, CHAT, "Ann", FROM_FILE)
    for links in ([link], [link], [Link(CHANNEL, CHAT, "Ann", FROM_FILE, LinkSettings(mode=Mode.CONVERSATION))], []):
        await database.links.replace_file_links(links)
    assert await acts(database) == ["link", "set_link", "unlink"]
    assert {row["actor"] for row in await entries(database)} == {"LINKS_FILE"}


async def test_act_of_a_person_is_kept_as_given(database: Database) -> None:
    given = AuditEntry("set_link", ANN, room=CHANNEL, peer=OTHER_CHAT, detail={"mode": ["conversation"]})
    await database.audit.add(given)
    [entry] = await entries(database)
    assert (entry["act"], entry["actor"], entry["room"], entry["peer"]) == ("set_link", ANN, CHANNEL, OTHER_CHAT)
    assert entry["detail"] == {"mode": ["conversation"]}


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_audit_is_append_only(database: Database, database_url: str, change: str) -> None:
    await database.audit.add(AuditEntry("link", ANN))
    with pytest.raises(psycopg.errors.RaiseException, match="neither changed nor deleted"):
        ask(database_url, change)
    assert await acts(database) == ["link"]


async def test_audit_holds_no_word_and_no_file_name(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a", parts=(Text("t", "Our secret"), voice("plan")))])
    held = await claimed(database)
    await database.deliveries.close(
        held.id,
        held.fence,
        DeliveryState.FAILED,
        reason="There is no chat with +12025550123.",
        code="1",
        remedy="",  # type: ignore[arg-type]
    )
    await database.receipts.add([Receipt(**vars(receipt("r1", ReceiptKind.FAILED)) | {"reason": "secret"})])
    [row] = ask(database_url, "SELECT string_agg(audit::text, ' ') AS dump FROM audit")
    assert [word for word in ("secret", "plan", "+1202") if word in row["dump"]] == []


async def test_audit_outlives_the_deliveries_it_tells_of(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a")])
    ask(database_url, "DELETE FROM deliveries")
    assert await acts(database) == ["accepted"]


async def test_old_entries_go_in_batches_and_the_others_stay_protected(database: Database, database_url: str) -> None:
    old = "INSERT INTO audit (act, at) SELECT 'link', now() - interval '2 years' FROM generate_series(1, 1200)"
    ask(database_url, old)
    await database.audit.add(AuditEntry("unlink", ANN))
    assert await database.retention.delete_audit_older_than(YEAR) == 1200
    assert await acts(database) == ["unlink"]
    with pytest.raises(psycopg.errors.RaiseException):
        ask(database_url, "DELETE FROM audit")


async def test_entries_are_read_in_batches_all_and_in_order(database: Database, database_url: str) -> None:
    """Several have the same time, more than a batch holds."""
    many = audit_table.BATCH * 2 + 1
    ask(database_url, f"INSERT INTO audit (act, delivery) SELECT 'sent', n FROM generate_series(1, {many}) AS n")
    await database.audit.add(AuditEntry("resend", ANN, DeliveryId("last")))
    read = [row["delivery"] for row in await entries(database)]
    assert read == [*(str(n) for n in range(1, many + 1)), "last"]


async def test_only_entries_since_a_time_are_read(database: Database, database_url: str) -> None:
    ask(database_url, "INSERT INTO audit (act, at) VALUES ('link', '2020-01-01'), ('unlink', '2021-01-01')")
    since = datetime(2020, 6, 1, tzinfo=UTC)
    assert [row["act"] async for row in database.audit.since(since)] == ["unlink"]


async def test_delivery_that_was_refused_at_once_has_its_end(database: Database) -> None:
    await database.deliveries.accept([delivery("a", state=DeliveryState.FAILED, reason="They opted out.")])
    await database.deliveries.accept([delivery("b", awaits_approval=True, held_for=HeldFor.APPROVAL)])
    assert await acts(database) == ["accepted", "failed", "accepted"]
    assert (await entries(database))[-1]["detail"]["held_for"] == "approval"
