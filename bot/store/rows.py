"""Rows into the relay's values and back. SQL stays with its tables."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.relay.model import AudioInfo, Clip, Delivery, DeliveryState, Link, Post, Receipt, ReceiptKind

Row = Mapping[str, Any]

CAUSE = ("id", "asked_at", "chat", "position", "twin", "replaces")
COURSE = ("fence", "attempts", "attachment", "memo", "trace_id")
TIMES = ("accepted_at", "sending_since", "due_at", "fetched_at")
REASON = ("reason", "code")
CLIP = ("file_id", "name", "url", "size_bytes", "mimetype", "given_url")
POST = ("team", "channel", "message_ts", "root_ts")
RECEIPT = ("id", "memo", "delivery", "trace_id", "service", "is_group", "reason", "code")


def to_delivery(row: Row) -> Delivery:
    times: dict[str, Any] = {name: moment(row[name]) for name in TIMES}
    return Delivery(
        post=Post(user=row["user_id"], **_part(row, POST)),
        clip=Clip(**_part(row, CLIP)),
        step=DeliveryState(row["step"]),
        sound=to_sound(row["sound"]),
        **times,
        **_part(row, CAUSE + COURSE + REASON),
    )


def moment(at: datetime | str | None) -> datetime | None:
    """A time as the database gives it; inside JSON that is text."""
    return datetime.fromisoformat(at) if isinstance(at, str) else at


def to_sound(kept: Row | None) -> AudioInfo | None:
    return AudioInfo(**{**kept, "waveform": tuple(kept["waveform"])}) if kept else None


def to_receipt(row: Row) -> Receipt:
    """From a row that came as JSON."""
    at, kind = datetime.fromisoformat(row["at"]), ReceiptKind(row["kind"])
    return Receipt(kind=kind, at=at, attachments=tuple(row["attachments"]), **_part(row, RECEIPT))


def to_link(row: Row) -> Link:
    return Link(row["channel"], row["chat"], row["label"], row["made_by"], row["made_at"])


def deliveries_json(deliveries: Sequence[Delivery]) -> str:
    """The part of each delivery that is known before it is accepted, for ``json_to_recordset``."""
    return json.dumps([_clean(_accepted(delivery)) for delivery in deliveries])


def _accepted(delivery: Delivery) -> dict[str, object]:
    asked = {name: getattr(delivery, name) for name in ("id", "notice", "chat", "asked_at", "position", "twin")}
    post = dict(vars(delivery.post))
    post["user_id"] = post.pop("user")
    return {**asked, **post, **vars(delivery.clip), "replaces": delivery.replaces}


def receipts_json(receipts: Sequence[Receipt]) -> str:
    return json.dumps([_clean({**vars(receipt), "at": receipt.at.isoformat()}) for receipt in receipts])


def sound_json(sound: AudioInfo | None) -> str | None:
    return json.dumps(asdict(sound)) if sound else None


def storable(text: str) -> str:
    """PostgreSQL has no room for a NUL nor for half a surrogate pair, and file names bring both."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _clean(row: Row) -> dict[str, object]:
    return {name: storable(value) if isinstance(value, str) else value for name, value in row.items()}


def _part(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}
