"""What a contact says appears once, in order, in the right place, under the right name, as plain words."""

import hashlib
import io
from pathlib import Path

import av
import psycopg
import pytest
from PIL import Image
from pillow_heif import from_pillow

from bot.linq.ids import shown_handle
from bot.sandbox.linq.phone import PhoneFile
from bot.sandbox.slack.state.models import Message, Upload
from tests.audio.samples import by_hand
from tests.audio.sounds import record
from tests.stories.system import SOUND, System, said_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETTINGS = {"BACKFILL_INTERVAL_SECONDS": "5"}


def picture(format_: str) -> bytes:
    buffer = io.BytesIO()
    image = Image.new("RGB", (64, 48), (200, 30, 60))
    if format_ == "HEIC":
        from_pillow(image).save(buffer)
    else:
        image.save(buffer, format_)
    return buffer.getvalue()


def contents(post: Message) -> list[tuple[str, bytes]]:
    return [(file.upload.name, file.upload.content) for file in post.files]


def quiet_lines(linked: System) -> list[str]:
    return [post.text for post in linked.posts() if not any(block["type"] == "rich_text" for block in post.blocks)]


# text


async def test_a_text_appears_once_under_the_contacts_name(linked: System) -> None:
    [handle] = linked.sandbox.linq.account.chats[linked.chat].addresses
    linked.sandbox.linq.switches.webhook_copies = 3
    linked.phone.send(linked.chat, "Hello there")
    [first] = await linked.until_posted("Hello there")
    assert (first.username, first.thread_ts) == (handle, None)
    linked.phone.share_contact(handle, "Maya", "Ortiz", picture=picture("JPEG"))
    await linked.until(lambda: bool(linked.sandbox.wire.named("webhook contact_card.received")))
    linked.phone.send(linked.chat, "It is me")
    _, second = await linked.until_posted("Hello there", "It is me")
    assert second.username == "Maya Ortiz"
    assert linked.sandbox.linq.base_url.rpartition("/api")[0] not in str(second.icons)


async def test_texts_keep_their_order_when_a_webhook_never_comes(linked: System) -> None:
    """Linq replays nothing: what was missed is found in the chat's list, and carried once."""
    linked.phone.send(linked.chat, "said first")
    linked.sandbox.linq.switches.lose_webhooks = 2
    linked.phone.send(linked.chat, "the second")
    linked.phone.send(linked.chat, "the third")
    await linked.until_posted("said first", "the second", "the third")
    linked.phone.send(linked.chat, "the fourth")
    await linked.until_posted("said first", "the second", "the third", "the fourth")


async def test_late_and_shuffled_webhooks_tell_each_text_once(linked: System) -> None:
    linked.sandbox.linq.switches.webhooks_withheld = True
    texts = [f"withheld {number}" for number in range(5)]
    for text in texts:
        linked.phone.send(linked.chat, text)
    linked.sandbox.linq.switches.webhooks_withheld = False
    linked.sandbox.linq.admin.release_webhooks("shuffled")
    linked.phone.send(linked.chat, "said last")
    await linked.until(lambda: "said last" in [said_in(post) for post in linked.posts()])
    await linked.until(lambda: len(linked.posts()) >= len(texts) + 1)
    assert sorted(said_in(post) for post in linked.posts()) == ["said last", *texts]


async def test_a_text_found_late_is_carried(linked: System) -> None:
    """Linq itself finds some messages late: they stand in the middle of the list, with an old time."""
    linked.phone.send(linked.chat, "on time")
    await linked.until_posted("on time")
    with psycopg.connect(linked.settings["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("UPDATE links SET made_at = made_at - interval '1 hour'")
    linked.sandbox.linq.switches.lose_webhooks = 1
    linked.phone.send(linked.chat, "recovered later", recovered_after_s=120.0)
    await linked.until(lambda: "recovered later" in [said_in(post) for post in linked.posts()])
    assert len(linked.posts()) == 2


ODD_TEXTS = [
    "\x00NUL in front",
    "\ufffc",
    "half \ud83d of a pair",
    "line\r\nbreak and\ttab",
    "e\u0301 \u202e right to left",
    "   ",
    "@channel @here <!everyone> & *stars* ~waves~ `ticks`",
]


async def test_nothing_a_contact_can_type_stops_what_comes_after(linked: System) -> None:
    for text in ODD_TEXTS:
        linked.phone.send(linked.chat, text)
    unknown = [
        {"type": "app_clip", "value": "https://example.com/app"},
        {"type": "of_tomorrow"},
        {"type": "text", "value": ""},
    ]
    for part in unknown:
        linked.phone.send_parts(linked.chat, [part])
    linked.phone.send_link(linked.chat, "https://example.com/a?b=c&d=e")
    linked.phone.send(linked.chat, "the end")
    wanted = len(ODD_TEXTS) + len(unknown) + 2  # of webhooks under way together any may come last
    await linked.until(lambda: len(linked.posts()) == wanted)
    assert "the end" in [said_in(post) for post in linked.posts()]
    for post in linked.posts():
        assert "<!" not in post.text
        assert post.attachments == []
    calls = [entry.status for entry in linked.sandbox.wire.named("chat.postMessage")]
    assert set(calls) == {200}


async def test_a_long_text_is_whole_and_breaks_no_character(linked: System) -> None:
    text = "👩‍👩‍👧‍👦 family " * 600
    linked.phone.send(linked.chat, text[:10_000])
    await linked.until(lambda: bool(linked.posts()))
    [post] = linked.posts()
    assert said_in(post) == text[:10_000]
    assert len(post.blocks) > 1
    for block in post.blocks:
        said = "".join(element["text"] for element in block["elements"][0]["elements"])
        assert not said.startswith(("\u200d", "\ufe0f"))


async def test_a_link_without_replies_shows_nothing_and_still_sends(linked: System) -> None:
    await linked.configure("replies", "off")
    linked.phone.send(linked.chat, "Nobody listens")
    message = await linked.drop()
    await linked.until_shown(message, "read")
    await linked.configure("replies", "on")
    linked.phone.send(linked.chat, "Now somebody does")
    await linked.until_posted("Now somebody does")


# media


async def test_voice_memos_become_playable_whatever_came(linked: System, tmp_path: Path) -> None:
    amr = record(tmp_path / "memo.3gp", "3gp", "libopencore_amrnb", source_rate=8_000, bit_rate=12_200).read_bytes()
    caf = by_hand.caf("opus")
    sent = [
        PhoneFile(caf),
        PhoneFile(caf, mime_type=""),
        PhoneFile(caf, "Audio Message", "application/octet-stream"),
        PhoneFile(SOUND, "Audio Message.m4a", "audio/x-m4a"),
        PhoneFile(amr, "recording.3gp", "audio/3gpp"),
    ]
    for file in sent:
        linked.phone.send(linked.chat, files=[file])
    await linked.until(lambda: len([post for post in linked.posts() if post.files]) == len(sent))
    for post in linked.posts():
        [(name, content)] = contents(post)
        assert name.endswith(".m4a")
        with av.open(io.BytesIO(content), "r") as played:
            assert played.streams.audio[0].codec_context.name == "aac"
            assert played.duration
        assert "Voice memo (0:0" in post.text
    [untouched] = [post for post in linked.posts() if contents(post)[0][1] == SOUND]
    assert untouched is linked.posts()[3]


async def test_pictures_and_files_arrive_with_their_text_in_one_message(linked: System) -> None:
    png, heic, pdf = picture("PNG"), picture("HEIC"), b"%PDF-1.7 not much more"
    files = [
        PhoneFile(png, "beach.png", "image/png"),
        PhoneFile(heic, "IMG_0001.HEIC", "image/heic"),
        PhoneFile(pdf, "plan.pdf", "application/pdf"),
    ]
    linked.phone.send(linked.chat, "Look at these", files=files)
    await linked.until(lambda: bool(linked.posts()) and len(linked.posts()[0].files) == 4)
    [post] = linked.posts()
    assert said_in(post) == "Look at these"
    names = [name for name, _ in contents(post)]
    assert [name for name in names if not name.endswith(".jpg")] == ["beach.png", "IMG_0001.HEIC", "plan.pdf"]
    assert dict(contents(post))["beach.png"] == png
    assert dict(contents(post))["plan.pdf"] == pdf
    [jpeg] = [content for name, content in contents(post) if name.endswith(".jpg")]
    assert jpeg.startswith(b"\xff\xd8\xff")
    urls = [entry for entry in linked.sandbox.wire.named("media") if entry.facts["authorized"]]
    assert urls == [], "our API key went to the host of the media"


async def test_a_stale_address_is_renewed(linked: System) -> None:
    linked.sandbox.linq.switches.media_addresses = "stale"
    linked.phone.send(linked.chat, "late picture", files=[PhoneFile(picture("PNG"), "late.png", "image/png")])
    await linked.until(lambda: bool(linked.posts()) and bool(linked.posts()[0].files))
    [(name, content)] = contents(linked.posts()[0])
    assert (name, hashlib.sha256(content).hexdigest()) == ("late.png", hashlib.sha256(picture("PNG")).hexdigest())


@pytest.mark.parametrize("kind", ["html", "redirect", "truncated", "mislabelled"])
async def test_a_media_host_on_a_bad_day_delays_a_picture_and_spoils_none(linked: System, kind: str) -> None:
    linked.sandbox.linq.switches.apply({"media_fault": {"kind": kind, "times": 1}})
    linked.phone.send(linked.chat, files=[PhoneFile(picture("PNG"), "spoilt.png", "image/png")])
    await linked.until(lambda: bool(linked.posts()) and bool(linked.posts()[0].files))
    assert contents(linked.posts()[0]) == [("spoilt.png", picture("PNG"))]


async def test_a_file_that_slack_refuses_is_named_in_the_text(linked: System) -> None:
    linked.slack.switches.fault("files.getUploadURLExternal", error="file_type_not_allowed", times=1)
    linked.phone.send(
        linked.chat, "a program", files=[PhoneFile(b"MZ" + bytes(99), "setup.exe", "application/x-msdownload")]
    )
    [post] = await linked.until_posted("a program")
    assert "setup.exe" in str(post.blocks)
    assert post.files == []


# place


async def test_a_reply_appears_in_the_thread_of_what_it_answers(linked: System) -> None:
    message = await linked.drop(Upload("question.m4a", SOUND))
    await linked.until_shown(message, "read")
    [memo] = linked.memos()
    said = await linked.hear("An answer", reply_to=memo.id)
    linked.phone.send(linked.chat, "Something else")
    answer, other = await linked.until_posted("An answer", "Something else")
    assert (answer.thread_ts, other.thread_ts) == (message.ts, None)
    linked.phone.send(linked.chat, "More on that", reply_to=said.id)
    *_, more = await linked.until_posted("An answer", "Something else", "More on that")
    assert more.thread_ts == message.ts


async def test_a_deleted_thread_gets_no_stray_posts(linked: System) -> None:
    """Slack posts a reply to a deleted message at the channel's root, without an error: notices, edits and tapbacks
    stay away, and what the contact says is said in the channel, once."""
    linked.sandbox.linq.switches.reads_automatically = False
    message = await linked.drop()
    await linked.until_shown(message, "delivered")
    [memo] = linked.memos()
    await linked.slack.delete(message.channel, message.ts)
    await linked.slack.settled()
    linked.phone.read(memo.id)
    linked.phone.react(memo.id, "love")
    await linked.hear("To what was deleted", reply_to=memo.id)
    linked.phone.send(linked.chat, "And after it")
    await linked.until_posted("To what was deleted", "And after it")
    posts = linked.slack.workspace.channels[linked.channel].messages.values()
    at_root = [post.text for post in posts if post.bot_id and post.thread_ts is None]
    assert at_root == ["To what was deleted", "And after it"]


# quiet lines


async def test_members_and_names_of_a_group_are_told_in_one_line_each(group: System) -> None:
    group.sandbox.linq.switches.webhook_copies = 2
    first, second, _ = group.sandbox.linq.account.chats[group.chat].addresses
    group.phone.join(group.chat, "+12025559901")
    await group.until(lambda: len(group.posts()) == 1)
    group.phone.rename(group.chat, "Holiday plans", person=first)
    await group.until(lambda: len(group.posts()) == 2)
    group.phone.leave(group.chat, second)
    await group.until(lambda: len(group.posts()) == 3)
    group.phone.send(group.chat, "Bye then", person=first)
    await group.until(lambda: len(group.posts()) == 4)
    joined, renamed, left, _ = (post.text for post in group.posts())
    assert "+1 202-555-9901 joined the chat" in joined
    assert f"{shown_handle(first)} named the chat “Holiday plans”" in renamed
    assert f"{shown_handle(second)} left the chat" in left
    assert len(quiet_lines(group)) == 3


async def test_an_opt_out_is_shown_and_obeyed_until_they_write_again(linked: System) -> None:
    linked.phone.opt_out(linked.chat)
    await linked.until(lambda: len(linked.posts()) == 2)
    assert said_in(linked.posts()[0]) == "STOP"
    assert "asked for no more messages" in linked.posts()[1].text
    refused = await linked.drop()
    await linked.until_shown(refused, "failed")
    linked.phone.send(linked.chat, "Hello again")
    await linked.until(lambda: "Hello again" in [said_in(post) for post in linked.posts()])
    message = await linked.drop(Upload("welcome.m4a", SOUND))
    await linked.until_shown(message, "read")


async def test_a_chat_at_risk_is_told_once(linked: System) -> None:
    linked.sandbox.linq.admin.set_chat_health(linked.chat, "AT_RISK")
    for text in ("one more", "and another"):
        linked.phone.send(linked.chat, text)
    await linked.until(lambda: "and another" in [said_in(post) for post in linked.posts()])
    assert len([line for line in quiet_lines(linked) if "at risk" in line]) == 1
