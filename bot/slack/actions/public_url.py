"""Public addresses of audio that people name: judged by their text alone, nobody looks them up. Pure."""

import re
from urllib.parse import unquote, urlsplit

from bot.relay.errors import Refused, Remedy
from bot.relay.ids import WEB, MediaRef
from bot.relay.parts import Voice
from bot.slack.fields import one_line
from bot.slack.files import NAME_MOST
from bot.slack.inbound.parse import URL_KEY

URL_MOST = 2000

# A name of ASCII labels; underscores stand in some that are real, such as those of buckets. Its last one is no number
# in any notation, so that no address of a machine passes for a name; signs that some clients read as the end of the
# host (a backslash, an escaped slash) stand in none.
_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?!0x)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_INTERNAL = {"local", "localhost", "localdomain", "internal", "intranet", "private", "lan", "home", "corp"}
_INTERNAL |= {"onion", "arpa", "test", "invalid"}


def voice_at(url: str) -> Voice:
    """The recording at a public https address, which is forwarded as it stands. Refused for any other address."""
    host = _public_host(url)
    if host == "slack.com" or host.endswith(".slack.com"):
        raise Refused("Files in Slack are private, so that link cannot be fetched.", remedy=Remedy.USE_MESSAGE_ACTION)
    name = one_line(unquote(urlsplit(url).path).rpartition("/")[2], NAME_MOST)
    return Voice(key=URL_KEY, name=name or host, media=MediaRef(f"{WEB}:{url}"))


def _public_host(url: str) -> str:
    """The host name. Refused unless the address is one that anybody on the internet could fetch safely."""
    try:
        split = urlsplit(url)
        host, port = (split.hostname or "").removesuffix("."), split.port
    except ValueError:
        host, port, split = "", None, urlsplit("")
    if split.scheme != "https" or not url.isprintable() or " " in url or len(url) > URL_MOST:
        raise Refused("Give the https address of an audio file, like https://example.com/memo.m4a.")
    if not host.isascii():
        raise Refused("That name has letters beyond a–z: give it in the form that begins xn--, as browsers copy it.")
    is_internal = host.rpartition(".")[2] in _INTERNAL
    if "@" in split.netloc or port == 0 or is_internal or not _NAME.fullmatch(host):
        raise Refused("That address is not on the public internet, so nobody could fetch it.")
    return host
