"""Events at the door and nothing else: signed in advance, sent over plain sockets, timed until the answer is there.

A client library would cost more than the answer, on a machine that the bot has to share with it.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.events.http_transport import signature_headers
from bot.sandbox.slack.state.serializers import event_callback


@dataclass(frozen=True)
class Knock:
    """One answered event: the status and the seconds from the last byte written to the last byte read."""

    status: int
    seconds: float


def written(message: Mapping[str, Any], number: int, secret: str) -> bytes:
    """The whole HTTP request of a message event, as Slack sends it."""
    event = dict(message) | {"event_ts": message["ts"], "channel_type": "channel"}
    body = json.dumps(event_callback(event, f"Ev{number:010}", int(time.time()), "", ext_shared=False)).encode()
    head = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **signature_headers(secret.encode(), body, int(time.time())),
    }
    lines = ["POST /slack/events HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    return "\r\n".join(lines).encode() + body


async def knock(port: int, requests: Sequence[bytes], connections: int) -> list[Knock]:
    """Send them over so many connections, opened before; each waits for an answer before its next request."""
    callers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    shares = [requests[place::connections] for place in range(connections)]
    try:
        answered = await asyncio.gather(*(_call(*caller, share) for caller, share in zip(callers, shares, strict=True)))
    finally:
        for _, writer in callers:
            writer.close()
    return [knock for share in answered for knock in share]


async def _call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, requests: Sequence[bytes]) -> list[Knock]:
    knocks = []
    for request in requests:
        writer.write(request)
        started = time.perf_counter()
        status = await _status(reader)
        knocks.append(Knock(status, time.perf_counter() - started))
    return knocks


async def _status(reader: asyncio.StreamReader) -> int:
    """Read one answer to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    _, _, length = head.partition("content-length:")
    await reader.readexactly(int(length.split("\r\n")[0] or 0))
    return int(head.split()[1])
