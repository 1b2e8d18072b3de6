"""Fetching files from the toy Slack: the token stays at home, and a login page is never taken for a file."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import aiohttp
import pytest

from bot.audio.refusals import empty
from bot.relay.errors import Refused, RetryLater
from bot.relay.model import Clip
from bot.sandbox.slack.fixtures import CLIPS
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Shape, Upload
from bot.sandbox.slack.switches import Download, DownloadKind
from bot.sandbox.wire import Wire
from bot.slack.client import Client
from bot.slack.downloads import Bounds, Downloads
from bot.slack.files import clip_of
from tests.slack.conftest import NOON

SOUND = bytes(range(256)) * 1000


async def drop(
    slack: SlackServer,
    shape: Shape = "plain",
    content: bytes = SOUND,
    trouble: Download | None = None,
    declared: Mapping[str, Any] = MappingProxyType({}),
) -> Clip:
    message = await slack.drop(CLIPS, Upload("memo.m4a", content, shape, declared, download=trouble))
    return clip_of(message.files[0].in_message())


async def fetch(client: Client, clip: Clip) -> bytes:
    async with client.download(clip) as download:
        return b"".join([chunk async for chunk in download.chunks()])


async def exhaust(downloads: Downloads, url: str) -> None:
    async with downloads.open(url) as download:
        async for _ in download.chunks():
            pass


async def test_the_bytes_come_whole_and_their_number_is_known(slack: SlackServer, client: Client) -> None:
    clip = await drop(slack)
    async with client.download(clip) as download:
        assert download.size_bytes == len(SOUND)
        assert b"".join([chunk async for chunk in download.chunks()]) == SOUND


async def test_a_clip_without_an_address_is_asked_for(slack: SlackServer, client: Client) -> None:
    clip = await drop(slack)
    assert await fetch(client, Clip(clip.file_id, clip.name)) == SOUND


async def test_the_copy_is_fetched_where_there_is_one(slack: SlackServer, client: Client) -> None:
    message = await slack.drop(CLIPS, Upload("audio_message.webm", b"webm", "web_clip", copy=b"aac"))
    assert await fetch(client, clip_of(message.files[0].in_message())) == b"aac"


@pytest.mark.parametrize("kind", ["login", "redirect"])
async def test_a_login_page_says_what_to_do(slack: SlackServer, client: Client, kind: DownloadKind) -> None:
    clip = await drop(slack, trouble=Download(kind))
    with pytest.raises(Refused, match=r"files:read.*reinstall"):
        await fetch(client, clip)


async def test_a_login_page_shown_once_is_only_a_stale_address(slack: SlackServer, client: Client) -> None:
    assert await fetch(client, await drop(slack, trouble=Download("login", times=1))) == SOUND


@pytest.mark.parametrize("kind", ["login", "redirect"])
async def test_a_login_page_instead_of_a_file_a_few_seconds_old_is_tried_again_later(
    slack: SlackServer, client: Client, kind: DownloadKind
) -> None:
    """So Slack answers while it works on the file. It told us of the file, so it takes the token."""
    new = {"created": int(NOON.timestamp()) - 50}
    with pytest.raises(RetryLater, match="not done with the file"):
        await fetch(client, await drop(slack, trouble=Download(kind), declared=new))
    old = {"created": int(NOON.timestamp()) - 70}
    with pytest.raises(Refused, match="login page"):
        await fetch(client, await drop(slack, trouble=Download(kind), declared=old))


async def test_a_missing_scope_says_so(slack: SlackServer, client: Client) -> None:
    clip = await drop(slack)
    slack.switches.scopes.remove("files:read")
    with pytest.raises(Refused, match="files:read"):
        await fetch(client, clip)


async def test_the_token_follows_no_redirect(slack: SlackServer, client: Client, wire: Wire) -> None:
    clip = await drop(slack, trouble=Download("foreign"))
    with pytest.raises(Refused):
        await fetch(client, clip)
    assert wire.named("foreign download") == []


async def test_a_file_kept_elsewhere_is_refused_without_a_call(slack: SlackServer, client: Client, wire: Wire) -> None:
    clip = await drop(slack, "remote")
    with pytest.raises(Refused, match="outside Slack"):
        await fetch(client, clip)
    assert wire.named("foreign download") == []


@pytest.mark.parametrize(
    "url",
    [
        "http://files.slack.com/x",
        "https://files.slack.com.evil.example/x",
        "https://evilslack.com/x",
        "https://files.slack.com:8443/x",
        "https://files.slack.com@evil.example/x",
        "https://evil.example/files.slack.com",
        "ftp://files.slack.com/x",
        "//files.slack.com/x",
        "files.slack.com",
        "https://[files.slack.com/x",
    ],
)
async def test_the_token_goes_to_slacks_own_hosts_only(
    slack: SlackServer, session: aiohttp.ClientSession, url: str
) -> None:
    with pytest.raises(Refused):
        async with Downloads("xoxb-secret", session, slack.api_url, Bounds()).open(url):
            pass


async def test_a_file_that_is_not_ready_is_tried_again_later(slack: SlackServer, client: Client, wire: Wire) -> None:
    clip = await drop(slack, trouble=Download("not_ready"))
    with pytest.raises(RetryLater):
        await fetch(client, clip)
    assert len(wire.named("files.info")) == 1
    assert await fetch(client, await drop(slack, trouble=Download("not_ready", times=1))) == SOUND


async def test_a_deleted_file_is_gone(slack: SlackServer, client: Client) -> None:
    clip = await drop(slack)
    await slack.delete_file(clip.file_id)
    with pytest.raises(Refused, match=r"deleted.*upload it again"):
        await fetch(client, clip)


async def test_a_hidden_file_says_why(slack: SlackServer, client: Client) -> None:
    clip = await drop(slack, "hidden_by_limit")
    with pytest.raises(Refused, match=r"history limit.*upload it again"):
        await fetch(client, clip)


async def test_a_download_that_breaks_off_is_tried_again_later(slack: SlackServer, client: Client) -> None:
    with pytest.raises(RetryLater):
        await fetch(client, await drop(slack, trouble=Download("truncated")))


async def test_a_download_that_stalls_is_tried_again_later(slack: SlackServer, session: aiohttp.ClientSession) -> None:
    clip = await drop(slack, trouble=Download("slow"))
    impatient = Downloads(slack.bot_token, session, slack.api_url, Bounds(idle_s=0.02))
    with pytest.raises(RetryLater):
        await exhaust(impatient, clip.url)


async def test_a_download_that_takes_too_long_is_tried_again_later(
    slack: SlackServer, session: aiohttp.ClientSession
) -> None:
    clip = await drop(slack, trouble=Download("slow"))
    impatient = Downloads(slack.bot_token, session, slack.api_url, Bounds(total_s=0.3))
    with pytest.raises(RetryLater):
        await exhaust(impatient, clip.url)


async def test_a_file_that_is_too_big_is_refused_before_it_comes(slack: SlackServer, client: Client) -> None:
    clip = await drop(slack, content=bytes(1024 * 1024 + 1))
    with pytest.raises(Refused, match=r"1\.0 MB; 1 MB is the most.*in parts"):
        await fetch(client, clip)


async def test_a_file_without_an_end_is_refused(slack: SlackServer, client: Client) -> None:
    with pytest.raises(Refused, match=r"more; 1 MB is the most.*in parts"):
        await fetch(client, await drop(slack, trouble=Download("endless")))


async def test_an_empty_file_is_no_clip(slack: SlackServer, client: Client) -> None:
    """And is told of in the words of the formats table, whoever sees it first."""
    with pytest.raises(Refused, match=re.escape(empty().reason)):
        await fetch(client, await drop(slack, content=b""))


async def test_a_slack_that_is_away_is_tried_again_later(slack: SlackServer, client: Client) -> None:
    clip = await drop(slack)
    slack.switches.down = "refused"
    with pytest.raises(RetryLater):
        await fetch(client, clip)


async def test_errors_of_the_one_who_reads_pass_through_untouched(slack: SlackServer, client: Client) -> None:
    clip = await drop(slack)
    with pytest.raises(TimeoutError):
        async with client.download(clip):
            raise TimeoutError
