"""Recordings of an exact size, each with bytes of its own: M4A as Slack records it, AAC at about 98 kbit/s.

That rate is of a clip seen in Slack: 171 020 bytes for 13.98 s. So 1 MiB lasts a minute and a half.
"""

from __future__ import annotations  # PyAV's packets are generic for the type checker only

import itertools
import random
import struct
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream

from tests.audio.sounds import record, speech

MIB = 1024 * 1024
RATE, BITS_PER_S = 48_000, 98_000
SECONDS_ENCODED = 20.0
BOX_HEAD_BYTES = 8


class Recording:
    """One M4A of ``size_bytes``, which ``copies`` gives under any number of names with any number of contents."""

    def __init__(self, size_bytes: int) -> None:
        with tempfile.TemporaryDirectory(prefix="memobridge-") as place:
            self._sound = _recorded(Path(place), size_bytes).read_bytes()
        self._room = size_bytes - len(self._sound) - BOX_HEAD_BYTES

    def copy(self, number: int) -> bytes:
        """The sound, and behind it a box that players skip: it fills the size and makes the bytes this copy's own."""
        filling = random.Random(number).randbytes(self._room)
        return self._sound + struct.pack(">I4s", BOX_HEAD_BYTES + self._room, b"free") + filling


def _recorded(place: Path, size_bytes: int) -> Path:
    """The longest recording that leaves a little of the size."""
    piece = place / "piece.m4a"
    record(
        piece,
        "ipod",
        "aac",
        sound=speech(SECONDS_ENCODED, RATE),
        source_rate=RATE,
        bit_rate=BITS_PER_S,
        codec_options={"aac_coder": "fast"},
    )
    whole = place / "whole.m4a"
    with av.open(str(piece)) as source, av.open(str(whole), "w", format="ipod") as target:
        stream = source.streams.audio[0]
        copied = target.add_stream_from_template(stream)
        packets = [bytes(packet) for packet in source.demux(stream) if packet.size]
        for packet in _endless(packets, copied, size_bytes * 98 // 100):
            target.mux(packet)
    return whole


def _endless(packets: list[bytes], stream: AudioStream, most_bytes: int) -> Iterator[Packet[Stream]]:
    """The same packets over and over, their times going on, until so many bytes are full (tables included)."""
    had = 0
    for number, content in enumerate(itertools.cycle(packets)):
        had += len(content) + 4
        if had > most_bytes:
            return
        packet: Packet[Stream] = Packet(content)
        packet.stream, packet.time_base = stream, Fraction(1, RATE)
        packet.pts = packet.dts = number * 1024
        packet.duration = 1024
        yield packet
