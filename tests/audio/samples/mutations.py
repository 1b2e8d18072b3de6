"""Ways in which a file gets broken: bits flip, ends go missing, pieces move. The same seed gives the same damage."""

import random
from collections.abc import Callable

_HEADER = 512


def _flip(dice: random.Random, content: bytearray, end: int) -> bytearray:
    for _ in range(dice.choice((1, 1, 4, 16, 64, 256))):
        content[dice.randrange(end)] ^= 1 << dice.randrange(8)
    return content


def flip_bits(dice: random.Random, content: bytearray, other: bytes) -> bytearray:
    return _flip(dice, content, len(content))


def flip_header_bits(dice: random.Random, content: bytearray, other: bytes) -> bytearray:
    return _flip(dice, content, min(_HEADER, len(content)))


def cut(dice: random.Random, content: bytearray, other: bytes) -> bytearray:
    return content[: dice.randrange(len(content))]


def lose_the_beginning(dice: random.Random, content: bytearray, other: bytes) -> bytearray:
    return content[dice.randrange(min(len(content), 8192)) :]


def lose_a_piece(dice: random.Random, content: bytearray, other: bytes) -> bytearray:
    start, length = _piece(dice, content)
    del content[start : start + length]
    return content


def repeat_a_piece(dice: random.Random, content: bytearray, other: bytes) -> bytearray:
    start, length = _piece(dice, content)
    content[start:start] = content[start : start + length]
    return content


def blank_a_piece(dice: random.Random, content: bytearray, other: bytes) -> bytearray:
    start, length = _piece(dice, content)
    content[start : start + length] = dice.choice((b"\x00", b"\xff")) * len(content[start : start + length])
    return content


def scramble_a_piece(dice: random.Random, content: bytearray, other: bytes) -> bytearray:
    start, length = _piece(dice, content)
    content[start : start + length] = dice.randbytes(len(content[start : start + length]))
    return content


def splice(dice: random.Random, content: bytearray, other: bytes) -> bytearray:
    """The beginning of one file, the rest of another."""
    return content[: dice.randrange(len(content))] + other[dice.randrange(len(other)) :]


def _piece(dice: random.Random, content: bytearray) -> tuple[int, int]:
    return dice.randrange(len(content)), dice.randint(1, max(len(content) // 4, 1))


MUTATIONS: tuple[Callable[[random.Random, bytearray, bytes], bytearray], ...] = (
    flip_bits,
    flip_header_bits,
    cut,
    lose_the_beginning,
    lose_a_piece,
    repeat_a_piece,
    blank_a_piece,
    scramble_a_piece,
    splice,
)


def mutated(number: int, sounds: list[bytes]) -> tuple[str, bytes]:
    """The damaged file of this number: what was done, and its content. Sounds and damages take turns."""
    dice = random.Random(number)
    mutation = MUTATIONS[number % len(MUTATIONS)]
    source = number // len(MUTATIONS) % len(sounds)
    content = mutation(dice, bytearray(sounds[source]), dice.choice(sounds))
    return f"{mutation.__name__} of {source}", bytes(content)
