"""``memobridge deliveries export`` and ``memobridge audit``: everything, written row by row to standard output."""

import csv
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TextIO

from bot.app import Services, open_services
from bot.cli.common import run_or_exit, settings_or_exit
from bot.relay.receipts import status_of
from bot.store.tables.export import ExportedDelivery
from bot.store.tables.rows import Row

Field = str | bool | list[str] | Mapping[str, object] | None
Fields = Mapping[str, Field]

DELIVERY = ("id", "accepted_at", "origin", "target", "sender", "kinds", "is_explicit", "approved_by", "replaces")
STATUS = ("status", "status_at", "code", "reason", "sent_as")
AUDIT = ("at", "act", "actor", "delivery", "room", "peer", "detail")


def export_deliveries(since: datetime | None, form: str) -> None:
    run_or_exit(_write(lambda services: _deliveries(services, _utc(since)), (*DELIVERY, *STATUS), form))


def export_audit(since: datetime | None, form: str) -> None:
    run_or_exit(_write(lambda services: _audit(services, _utc(since)), AUDIT, form))


async def _deliveries(services: Services, since: datetime) -> AsyncIterator[Fields]:
    async for exported in services.database.export.deliveries(since):
        yield _delivery(exported)


async def _audit(services: Services, since: datetime) -> AsyncIterator[Fields]:
    async for row in services.database.audit.since(since):
        yield _entry(row)


def _delivery(exported: ExportedDelivery) -> Fields:
    delivery, report = exported.told.delivery, status_of(exported.told)
    values = {name: getattr(delivery, name) for name in ("id", "origin", "target", "sender", "replaces", "sent_as")}
    return values | {
        "accepted_at": _moment(delivery.accepted_at),
        "kinds": [part.kind for part in delivery.parts],
        "is_explicit": delivery.is_explicit,
        "approved_by": exported.approved_by,
        "status": report.status.value,
        "status_at": _moment(report.at),
        "code": report.code,
        "reason": report.reason,
    }


def _entry(row: Row) -> Fields:
    return {name: row[name] for name in AUDIT if name != "at"} | {"at": _moment(row["at"])}


async def _write(rows: Callable[[Services], AsyncIterator[Fields]], names: Sequence[str], form: str) -> None:
    writer = _csv(sys.stdout, names) if form == "csv" else _json_lines(sys.stdout, names)
    try:
        async with open_services(settings_or_exit()) as services:
            async for row in rows(services):
                writer(row)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has enough, like head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _csv(out: TextIO, names: Sequence[str]) -> Callable[[Fields], object]:
    writer = csv.writer(out)
    writer.writerow(names)
    return lambda row: writer.writerow([_cell(row[name]) for name in names])


def _json_lines(out: TextIO, names: Sequence[str]) -> Callable[[Fields], object]:
    return lambda row: out.write(json.dumps({name: row[name] for name in names}, ensure_ascii=False) + "\n")


def _cell(value: Field) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else str(value)


def _utc(since: datetime | None) -> datetime:
    """What names no time zone is UTC."""
    moment = since or datetime(1970, 1, 1, tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds") if at else None
