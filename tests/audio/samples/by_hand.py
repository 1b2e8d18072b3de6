"""Audio that no encoder at hand can write, put together byte by byte: its frames hold noise, its shape is true."""

import random
import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from tests.audio.sounds import speech

_OGG_POLYNOMIAL = 0x04C11DB7


def amr_wb(seconds: float = 2.0) -> bytes:
    """RFC 4867 §5: frames of 20 ms at 12.65 kbit/s, one byte of header and 32 of speech each."""
    dice = random.Random(2)
    frames = b"".join(b"\x14" + dice.randbytes(32) for _ in range(round(seconds * 50)))
    return b"#!AMR-WB\n" + frames


def amr(types: Iterable[int], *, wide: bool = False) -> bytes:
    """Frames of 20 ms of these types, right in size (3GPP TS 26.101 and 26.201): 7 or 2 is speech, 8 or 9 the noise of
    a pause, 15 nothing."""
    dice = random.Random(5)
    sizes = {2: 32, 9: 5} if wide else {7: 31, 8: 5}
    frames = b"".join(bytes([kind << 3 | 4]) + dice.randbytes(sizes.get(kind, 0)) for kind in types)
    return (b"#!AMR-WB\n" if wide else b"#!AMR\n") + frames


def gsm_wav(seconds: float = 2.0) -> bytes:
    """GSM 6.10 the Microsoft way: 65 bytes for 320 samples at 8 kHz."""
    data = random.Random(3).randbytes(65 * round(seconds * 25))
    return wav(data, code=0x31, rate=8_000, block=65, bits=0, extra=struct.pack("<HH", 2, 320))


def wav(
    data: bytes,
    *,
    code: int = 1,
    channels: int = 1,
    rate: int = 8_000,
    block: int = 2,
    bits: int = 16,
    extra: bytes = b"",
) -> bytes:
    """Any RIFF header in front of any bytes."""
    layout = struct.pack("<HHIIHH", code, channels, rate, rate * block & 0xFFFFFFFF, block, bits) + extra
    chunks = _chunk(b"fmt ", layout) + _chunk(b"data", data)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\x00" * (len(content) % 2)


def caf(codec: str, *, seconds: float = 2.0) -> bytes:
    """Packets of AAC or Opus in Apple's container, which FFmpeg reads but does not write (Apple, CAF 1.0)."""
    rate, samples = (48_000, 960) if codec == "opus" else (24_000, 1024)
    packets, cookie = _packets("libopus" if codec == "opus" else codec, rate, seconds)
    name = b"opus" if codec == "opus" else b"aac "
    table = struct.pack(">qqii", len(packets), round(seconds * rate), 0, 0)
    table += b"".join(_packet_size(len(packet)) for packet in packets)
    return b"caff\x00\x01\x00\x00" + b"".join(
        (
            _caf_chunk(b"desc", struct.pack(">d4sIIIII", rate, name, 0, 0, samples, 1, 0)),
            _caf_chunk(b"kuki", cookie if codec == "opus" else _elementary(cookie)),
            _caf_chunk(b"pakt", table),
            _caf_chunk(b"data", bytes(4) + b"".join(packets)),
        )
    )


def _packets(encoder: str, rate: int, seconds: float) -> tuple[list[bytes], bytes]:
    context = av.CodecContext.create(encoder, "w")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate, context.layout, context.bit_rate = rate, "mono", 48_000
    context.format, context.time_base = "s16" if encoder == "libopus" else "fltp", Fraction(1, rate)
    frame = AudioFrame(format="s16", layout="mono", samples=round(seconds * rate))
    frame.planes[0].update(speech(seconds, rate).tobytes())
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    packets = [bytes(packet) for given in (frame, None) for packet in context.encode(given)]
    return packets, bytes(context.extradata or b"")


def _caf_chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack(">q", len(content)) + content


def _packet_size(size: int) -> bytes:
    return bytes([0x80 | size >> 7, size & 0x7F]) if size > 127 else bytes([size])


def _elementary(config: bytes) -> bytes:
    """MPEG-4's wrapping of a decoder's configuration (ISO 14496-1 §7.2.6): descriptors 3, 4 and 5 in each other."""
    decoder = b"\x04" + bytes([15 + len(config)]) + b"\x40\x15" + bytes(11) + b"\x05" + bytes([len(config)]) + config
    return bytes(4) + b"\x03" + bytes([3 + len(decoder)]) + bytes(3) + decoder  # version and flags come first


def speex(seconds: float = 2.0) -> bytes:
    """Ogg Speex, narrow band: 20 ms of the vocoder mode in each packet, 43 bits and a terminator."""
    dice = random.Random(4)
    header = struct.pack("<8s20s13i", b"Speex   ", b"1.2", 1, 80, 8_000, 0, 4, 1, -1, 160, 0, 1, 0, 0, 0)
    comments = struct.pack("<I4sI", 4, b"test", 0)
    packets = [_vocoder_frame(dice) for _ in range(round(seconds * 50))]
    return b"".join(_ogg([header, comments, *packets], samples=160))


def _vocoder_frame(dice: random.Random) -> bytes:
    bits = "0" + "0001" + f"{dice.getrandbits(38):038b}" + "01111" + "011111" + "11"
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _ogg(packets: list[bytes], samples: int) -> Iterator[bytes]:
    """One packet a page (RFC 3533 §6); the first two are headers."""
    for number, packet in enumerate(packets):
        flags = 2 if number == 0 else 4 if number == len(packets) - 1 else 0
        page = struct.pack("<4sBBqIII", b"OggS", 0, flags, max(number - 1, 0) * samples, 1, number, 0)
        page += bytes([len(packet) // 255 + 1]) + b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) + packet
        yield page[:22] + struct.pack("<I", _ogg_checksum(page)) + page[26:]


def _ogg_checksum(page: bytes) -> int:
    register = 0
    for byte in page:
        register ^= byte << 24
        for _ in range(8):
            register = register << 1 ^ (_OGG_POLYNOMIAL if register & 0x80000000 else 0)
    return register & 0xFFFFFFFF
