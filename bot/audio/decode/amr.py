"""Telephone sound (AMR, AMR-WB) with its pauses."""

from __future__ import annotations

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream

_DECODERS = {"amr_nb": "libopencore_amrnb", "amr_wb": "libopencore_amrwb"}
_NEVER_SENT = {"amr_nb": range(9, 15), "amr_wb": range(10, 14)}
"""Frame types that no recorder writes (3GPP TS 26.101 and 26.201, table 1a). The decoder would play them as noise."""

_PADDING = 0b1000_0011
"""Bits that are 0 in the head of a frame (RFC 4867 §5.3). A stretch of 0xFF would pass for so many empty frames."""


class InvalidFrameError(Exception):
    """The packet does not begin as an AMR frame does."""


class AmrDecoder:
    """Decodes AMR with OpenCORE, which is in PyAV's wheel.

    A phone sends a few bytes, or none, for a frame in which nobody speaks. FFmpeg's own decoders take these for damage.
    """

    def __init__(self, codec: str, stream: AudioStream) -> None:
        decoder = av.CodecContext.create(_DECODERS[codec], "r")
        assert isinstance(decoder, AudioCodecContext)
        decoder.sample_rate, decoder.layout = stream.codec_context.sample_rate, "mono"
        self._decoder = decoder
        self._never_sent = _NEVER_SENT[codec]

    def decode(self, packet: Packet[Stream] | Packet[AudioStream]) -> list[AudioFrame]:
        """Raises FFmpegError or InvalidFrameError for what is no frame."""
        if packet.size:
            self._require_frame(memoryview(packet)[0], packet.size)
        return self._decoder.decode(packet)

    def _require_frame(self, first_byte: int, size_bytes: int) -> None:
        is_empty = size_bytes == 1
        if first_byte >> 3 & 15 in self._never_sent or (is_empty and first_byte & _PADDING):
            raise InvalidFrameError


def is_amr(codec: str) -> bool:
    return codec in _DECODERS
