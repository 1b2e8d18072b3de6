"""What an operator can show afterwards: numbers, who did what, and uploads that are gone when they should be."""

import asyncio
import re

from tests.store.rows import ask
from tests.stories.system import System, get, system_with


async def test_metrics_show_what_was_sent_and_how_long_it_took(database_url: str) -> None:
    async with system_with(database_url, ALERT_AFTER_SECONDS="0.4") as system:
        await system.until_shown(await system.drop(), "read")
        async with asyncio.timeout(60):
            shown = ""
            while 'memobridge_dependency_up{dependency="worker"}' not in shown:
                await asyncio.sleep(0.1)
                _, shown = await get(system, "/metrics")
    assert 'memobridge_dependency_up{dependency="worker"} 1.0' in shown
    assert 'memobridge_until_sent_seconds_count{network="linq"} 1.0' in shown
    [seconds] = re.findall(r'memobridge_until_sent_seconds_sum\{network="linq"\} (\S+)', shown)
    assert 0 <= float(seconds) < 60
    assert 'memobridge_deliveries{code="",status="failed"} 0.0' in shown


async def test_audit_tells_the_way_of_a_memo_from_the_link_to_the_reading(system: System, database_url: str) -> None:
    message = await system.drop()
    await system.until_shown(message, "read")
    rows = ask(database_url, "SELECT act, actor, delivery, detail FROM audit ORDER BY id")
    assert [row["act"] for row in rows if row["act"] != "delivered"] == ["link", "accepted", "sent", "read"]
    link, accepted, *rest = rows
    assert link["actor"].startswith("slack:")
    assert accepted["actor"].endswith(f"@{message.user}")
    assert accepted["detail"] == {"kinds": ["voice"]}
    assert {row["delivery"] for row in rest} == {accepted["delivery"]}
    [upload] = ask(database_url, "SELECT * FROM uploads")
    assert upload["delivery"] == accepted["delivery"]
