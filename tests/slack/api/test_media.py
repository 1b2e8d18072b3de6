"""Files out of Slack and into it: the token stays at home, a login page is never taken for a file, and a lost answer
leaves at most a private file."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from bot.relay.errors import Refused, Remedy, RetryLater
from bot.relay.parts import Voice
from bot.slack.adapter import SlackAdapter
from bot.slack.api.downloads import DownloadLimits, Downloads
from bot.slack.files import voice_of
from bot.slack.ids import file_of, media_ref
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import BOT_TOKEN, TEAM, Fault
from tests.slack.times import NOON

SOUND = bytes(range(256)) * 1000


def recording(
    slack: FakeSlack, download: str = "ok", *, times: int = 1_000_000, content: bytes = SOUND, **fields: Any
) -> Voice:
    file = slack.add_file(content=content, **fields)
    file.download, file.times = download, times
    return voice_of(slack.file_object(file), TEAM)


async def fetch(adapter: SlackAdapter, part: Voice) -> bytes:
    async with adapter.media.open(part) as download:
        return b"".join([chunk async for chunk in download.chunks()])


async def exhaust(downloads: Downloads, url: str) -> None:
    async with downloads.open(url) as download:
        async for _ in download.chunks():
            pass


# out


async def test_the_bytes_come_whole_and_their_number_is_known(slack: FakeSlack, adapter: SlackAdapter) -> None:
    async with adapter.media.open(recording(slack)) as download:
        assert download.size_bytes == len(SOUND)
        assert b"".join([chunk async for chunk in download.chunks()]) == SOUND


async def test_a_part_without_an_address_is_asked_for(slack: FakeSlack, adapter: SlackAdapter) -> None:
    assert await fetch(adapter, replace(recording(slack), media_hint="")) == SOUND


async def test_every_address_is_tried_before_slack_is_asked(slack: FakeSlack, adapter: SlackAdapter) -> None:
    part, copy = recording(slack), slack.add_file(content=b"x")
    copy.download = "not_ready"
    broken = f"{slack.url}/files/{copy.id}/aac.m4a"
    assert await fetch(adapter, replace(part, media_hint=f"{broken}\n{part.media_hint}")) == SOUND
    assert slack.named("files.info") == []


async def test_of_the_addresses_slack_gives_anew_each_is_tried(slack: FakeSlack, adapter: SlackAdapter) -> None:
    good, bad = slack.add_file(content=SOUND), slack.add_file(content=b"x")
    bad.download = "login"
    urls = {"aac": f"{slack.url}/files/{bad.id}/a", "url_private": f"{slack.url}/files/{good.id}/b"}
    bad.fields = urls | {"url_private_download": ""}
    part = replace(voice_of(slack.file_object(bad), TEAM), media_hint="")
    assert await fetch(adapter, part) == SOUND


async def test_an_address_with_letters_beyond_ascii_is_fetched(slack: FakeSlack, adapter: SlackAdapter) -> None:
    file = slack.add_file(content=SOUND)
    odd = f"{slack.url}/files/{file.id}/mémo {{1}} 音声.m4a"
    assert await fetch(adapter, Voice("F", "m", media_ref(TEAM, file.id), odd)) == SOUND
    assert slack.named("files.info") == []


@pytest.mark.parametrize("kind", ["login", "redirect"])
async def test_a_login_page_says_what_to_do(slack: FakeSlack, adapter: SlackAdapter, kind: str) -> None:
    with pytest.raises(Refused, match=r"files:read.*reinstall"):
        await fetch(adapter, recording(slack, kind))


async def test_a_login_page_shown_once_is_only_a_stale_address(slack: FakeSlack, adapter: SlackAdapter) -> None:
    assert await fetch(adapter, recording(slack, "login", times=1)) == SOUND


@pytest.mark.parametrize("kind", ["login", "redirect"])
async def test_a_login_page_instead_of_a_new_file_is_tried_again_later(
    slack: FakeSlack, adapter: SlackAdapter, kind: str
) -> None:
    """So Slack answers while it processes the file. It told us of the file, so it accepts the token."""
    with pytest.raises(RetryLater, match="not done with the file"):
        await fetch(adapter, recording(slack, kind, created=int(NOON.timestamp()) - 50))
    with pytest.raises(Refused, match="login page"):
        await fetch(adapter, recording(slack, kind, created=int(NOON.timestamp()) - 70))


async def test_a_missing_scope_says_so(slack: FakeSlack, adapter: SlackAdapter) -> None:
    slack.scopes.remove("files:read")
    with pytest.raises(Refused, match="files:read"):
        await fetch(adapter, recording(slack, "login"))


async def test_the_token_follows_no_redirect(slack: FakeSlack, adapter: SlackAdapter) -> None:
    with pytest.raises(Refused):
        await fetch(adapter, recording(slack, "foreign"))


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
    slack: FakeSlack, session: aiohttp.ClientSession, url: str
) -> None:
    with pytest.raises(Refused) as no:
        async with Downloads("xoxb-secret", session, slack.api_url, DownloadLimits()).open(url):
            pass
    assert no.value.remedy is Remedy.SEND_FILE_AGAIN


async def test_a_file_that_is_not_ready_is_tried_again_later(slack: FakeSlack, adapter: SlackAdapter) -> None:
    with pytest.raises(RetryLater, match="not done"):
        await fetch(adapter, recording(slack, "not_ready"))
    assert await fetch(adapter, recording(slack, "not_ready", times=1)) == SOUND


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"mode": "hidden_by_limit"}, "history limit"),
        ({"mode": "tombstone"}, "deleted"),
    ],
)
async def test_a_file_without_addresses_says_why(
    slack: FakeSlack, adapter: SlackAdapter, fields: dict[str, Any], words: str
) -> None:
    part = recording(slack, url_private="", url_private_download="", **fields)
    with pytest.raises(Refused, match=words) as no:
        await fetch(adapter, part)
    assert no.value.remedy is Remedy.SEND_FILE_AGAIN


@pytest.mark.parametrize("error", ["file_deleted", "file_not_found"])
async def test_a_deleted_file_is_gone(slack: FakeSlack, adapter: SlackAdapter, error: str) -> None:
    file = slack.add_file()
    file.download, file.info_error = "not_ready", error
    with pytest.raises(Refused, match="deleted"):
        await fetch(adapter, voice_of(slack.file_object(file), TEAM))


async def test_a_download_that_breaks_off_is_tried_again_later(slack: FakeSlack, adapter: SlackAdapter) -> None:
    with pytest.raises(RetryLater):
        await fetch(adapter, recording(slack, "truncated"))


@pytest.mark.parametrize("limits", [DownloadLimits(idle_s=0.02), DownloadLimits(total_s=0.3)], ids=["idle", "total"])
async def test_a_download_that_stalls_is_tried_again_later(
    slack: FakeSlack, session: aiohttp.ClientSession, limits: DownloadLimits
) -> None:
    part = recording(slack, "slow")
    with pytest.raises(RetryLater):
        await exhaust(Downloads(BOT_TOKEN, session, slack.api_url, limits), part.media_hint)


async def test_a_file_that_is_too_big_is_refused_before_it_comes(slack: FakeSlack, adapter: SlackAdapter) -> None:
    with pytest.raises(Refused, match=r"1\.0 MB; 1 MB is the most.*in parts"):
        await fetch(adapter, recording(slack, content=bytes(1024 * 1024 + 1)))


async def test_a_file_without_an_end_is_refused(slack: FakeSlack, adapter: SlackAdapter) -> None:
    with pytest.raises(Refused, match=r"more; 1 MB is the most.*in parts"):
        await fetch(adapter, recording(slack, "endless"))


async def test_an_empty_file_is_told_as_such(slack: FakeSlack, adapter: SlackAdapter) -> None:
    with pytest.raises(Refused, match=r"empty \(0 bytes\)") as no:
        await fetch(adapter, recording(slack, content=b""))
    assert no.value.remedy is Remedy.SEND_FILE_AGAIN


async def test_errors_of_the_one_who_reads_pass_through(slack: FakeSlack, adapter: SlackAdapter) -> None:
    with pytest.raises(TimeoutError):
        async with adapter.media.open(recording(slack)):
            raise TimeoutError


# in


async def chunks(content: bytes = SOUND) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 100_000):
        yield content[start : start + 100_000]


async def store(adapter: SlackAdapter, content: bytes = SOUND, name: str = "memo.m4a") -> str:
    upload = await adapter.store.create_upload(name, "audio/mp4", len(content))
    await adapter.store.upload(upload, chunks(content))
    return file_of(upload.media)


async def test_an_upload_is_a_private_file_under_its_name(slack: FakeSlack, adapter: SlackAdapter) -> None:
    file = slack.files[await store(adapter, name="mémo {1}.m4a")]
    assert (file.name, file.content, file.is_complete) == ("mémo {1}.m4a", SOUND, True)
    assert slack.root("C0CLIPS") == []


async def test_the_token_is_not_sent_with_the_bytes(slack: FakeSlack, adapter: SlackAdapter) -> None:
    await store(adapter)
    [posted] = slack.named("upload")
    assert "Authorization" not in posted.headers
    assert posted.headers["Content-Length"] == str(len(SOUND))


@pytest.mark.parametrize("step", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"])
async def test_a_lost_answer_at_any_step_is_for_later_and_leaves_a_private_file(
    slack: FakeSlack, adapter: SlackAdapter, step: str
) -> None:
    slack.faults[step] = Fault(drop=True, done=True, times=1)
    with pytest.raises(RetryLater):
        await store(adapter)
    file_id = await store(adapter)
    assert slack.files[file_id].is_complete
    assert slack.root("C0CLIPS") == []


async def test_bytes_that_do_not_come_whole_complete_nothing(slack: FakeSlack, adapter: SlackAdapter) -> None:
    upload = await adapter.store.create_upload("memo.m4a", "audio/mp4", len(SOUND) + 5)
    with pytest.raises(RetryLater):
        await adapter.store.upload(upload, chunks())
    assert slack.named("files.completeUploadExternal") == []


async def test_source_that_fails_raises_its_own_error(slack: FakeSlack, adapter: SlackAdapter) -> None:
    async def gone() -> AsyncIterator[bytes]:
        yield SOUND[:5]
        raise Refused("The file was deleted.")

    upload = await adapter.store.create_upload("memo.m4a", "audio/mp4", len(SOUND))
    with pytest.raises(Refused, match="was deleted"):
        await adapter.store.upload(upload, gone())


@pytest.mark.parametrize(
    ("code", "words"), [("file_type_not_allowed", "of this type"), ("file_uploads_disabled", "does not allow files")]
)
async def test_a_file_that_slack_refuses_says_why(
    slack: FakeSlack, adapter: SlackAdapter, code: str, words: str
) -> None:
    slack.faults["files.completeUploadExternal"] = Fault(error=code)
    with pytest.raises(Refused, match=words):
        await store(adapter)


async def test_what_is_too_large_for_the_upload_server_is_refused(slack: FakeSlack, adapter: SlackAdapter) -> None:
    slack.faults["upload"] = Fault(status=413)
    with pytest.raises(Refused, match="larger than Slack allows"):
        await store(adapter)


async def test_without_the_scope_an_upload_names_it(slack: FakeSlack, adapter: SlackAdapter) -> None:
    slack.scopes.remove("files:write")
    with pytest.raises(Refused, match="files:write"):
        await store(adapter)


async def test_bytes_go_to_slacks_own_hosts_only(slack: FakeSlack, adapter: SlackAdapter) -> None:
    answer = {"ok": True, "upload_url": "https://evil.example/upload", "file_id": "F1"}
    slack.faults["files.getUploadURLExternal"] = Fault(body=json.dumps(answer).encode())
    with pytest.raises(Refused):
        await store(adapter)
