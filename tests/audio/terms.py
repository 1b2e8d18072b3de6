"""What Linq takes, as the tests say it: written out here, so that a change of the bot's own table shows."""

from bot.audio import Takes


def _pcm(*kinds: str) -> frozenset[str]:
    return frozenset(f"pcm_{kind}" for kind in kinds)


TAKES = {
    "mp3": Takes("audio/mpeg", ("mp3",), frozenset({"mp3"})),
    "m4a": Takes("audio/x-m4a", ("m4a",), frozenset({"aac", "alac"})),
    "aac": Takes("audio/aac", ("aac",), frozenset({"aac"})),
    "caf": Takes(
        "audio/x-caf", ("caf",), frozenset({"aac", "alac", "opus"}) | _pcm("s16le", "s16be", "s24le", "f32le")
    ),
    "wav": Takes("audio/x-wav", ("wav",), _pcm("u8", "s16le", "s24le", "s32le", "f32le")),
    "aiff": Takes("audio/x-aiff", ("aiff", "aif"), _pcm("s8", "s16be", "s16le", "s24be", "s32be", "f32be")),
    "amr": Takes("audio/amr", ("amr",), frozenset({"amr_nb"})),
}
