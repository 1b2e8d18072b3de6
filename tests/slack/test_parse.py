"""Message events → shares and withdrawals, held to the shapes that Slack has been seen to send."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.relay.model import ChannelId
from bot.slack.parse import Drop, Identity, ParseError, Withdrawal, parse_message

ME = Identity(team="T0AAA", user="U0MEMO", bot="B0MEMO")
PAYLOADS = Path(__file__).parent.parent / "payloads" / "slack"


def event(name: str, **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())["event"]
    return body | changes


def file(**fields: Any) -> dict[str, Any]:
    return {"id": "F0X", "mode": "hosted", "name": "memo.m4a", "mimetype": "audio/mp4", "filetype": "m4a"} | fields


def message(*files: dict[str, Any], **fields: Any) -> dict[str, Any]:
    shape = {"type": "message", "channel": "C0MAP", "user": "U0ANN", "ts": "1790000005.606609", "files": list(files)}
    return shape | fields


def dropped(event: dict[str, Any]) -> Drop:
    found = parse_message(event, ME)
    assert isinstance(found, Drop)
    return found


def names(event: dict[str, Any]) -> list[str]:
    found = parse_message(event, ME)
    return [clip.name for clip in found.share.clips] if isinstance(found, Drop) else []


# where and when


def test_a_drop_tells_where_it_was_and_who_did_it() -> None:
    share = dropped(event("file_share")).share
    assert (share.post.team, share.post.channel, share.post.user) == ("T0AAA", "C0MAP", "U0ANN")
    assert share.post.message_ts == share.post.root_ts == "1790000005.606609"
    assert share.asked_at == 1790000005.606609
    assert share.twin == "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    assert share.trigger == ""


def test_a_drop_in_a_thread_belongs_to_the_thread() -> None:
    share = dropped(message(file(), thread_ts="1790000001.000100")).share
    assert (share.post.message_ts, share.post.root_ts) == ("1790000005.606609", "1790000001.000100")


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message", None])
def test_the_files_decide_and_not_the_subtype(subtype: str | None) -> None:
    assert names(message(file(), subtype=subtype)) == ["memo.m4a"]


def test_several_clips_keep_their_order_and_other_files_are_left_out() -> None:
    picture = file(id="F1", name="cat.png", mimetype="image/png", filetype="png")
    both = message(file(id="F2", name="b.m4a"), picture, file(id="F3", name="a.mp3"))
    assert names(both) == ["b.m4a", "a.mp3"]


def test_a_file_listed_twice_is_one_clip() -> None:
    assert names(message(file(), file())) == ["memo.m4a"]


def test_a_message_with_files_but_without_a_place_is_nonsense() -> None:
    with pytest.raises(ParseError):
        parse_message(message(file(), channel=None), ME)
    with pytest.raises(ParseError):
        parse_message(message(file(), ts="yesterday"), ME)


# what counts as audio


@pytest.mark.parametrize(
    "shape",
    ["clip_web_2023", "clip_web_2022", "clip_m4a_2022", "clip_ios_2026", "clip_untyped_2026", "clip_mislabelled"],
)
def test_every_shape_of_a_recorded_clip_is_audio(shape: str) -> None:
    drop = dropped(message(json.loads((PAYLOADS / f"{shape}.json").read_text())))
    assert len(drop.share.clips) == 1
    assert not drop.unjudged


@pytest.mark.parametrize("extension", ["m4a", "mp3", "wav", "aif", "aiff", "caf", "amr", "ogg", "oga", "opus", "flac"])
def test_an_audio_extension_is_enough(extension: str) -> None:
    name = f"memo.{extension.upper()}"
    assert names(message(file(name=name, mimetype="application/octet-stream", filetype="binary"))) == [name]


def test_a_recorded_video_clip_is_sent_for_its_sound_but_other_videos_are_not() -> None:
    video = file(name="v.mp4", mimetype="video/mp4", filetype="mp4", media_display_type="video")
    assert names(message(video)) == []
    assert names(message(video | {"subtype": "slack_video"})) == ["v.mp4"]


@pytest.mark.parametrize("mode", ["canvas", "quip", "list", "post", "space", "snippet", "tombstone", "hidden_by_limit"])
def test_what_is_no_file_is_no_clip(mode: str) -> None:
    assert parse_message(message(file(mode=mode)), ME) is None


def test_a_picture_and_a_plain_message_are_nothing() -> None:
    assert parse_message(message(file(name="cat.png", mimetype="image/png", filetype="png")), ME) is None
    assert parse_message(message(), ME) is None


def test_a_stub_from_slack_connect_is_left_to_files_info() -> None:
    drop = dropped(event("connect_stub"))
    assert drop.unjudged == {"F0X"}


def test_a_file_that_slack_has_not_looked_at_is_left_to_files_info() -> None:
    bare = {"mimetype": "", "filetype": ""}
    assert dropped(message(file(name="recording", **bare))).unjudged == {"F0X"}
    assert dropped(message(file(name="recording.webm", **bare))).unjudged == {"F0X"}
    assert not dropped(message(file(name="recording.mp3", **bare))).unjudged
    assert parse_message(message(file(name="report.pdf", **bare)), ME) is None


# the clip


def test_the_aac_copy_is_preferred_then_the_download_address() -> None:
    urls = {"url_private": "https://files.slack.com/p", "url_private_download": "https://files.slack.com/d"}
    assert dropped(message(file(**urls, aac="https://files.slack.com/a"))).share.clips[0].url.endswith("/a")
    assert dropped(message(file(**urls))).share.clips[0].url.endswith("/d")
    assert dropped(message(file(url_private="https://files.slack.com/p"))).share.clips[0].url.endswith("/p")
    assert dropped(message(file())).share.clips[0].url == ""


def test_a_name_is_cleaned_for_storing_and_a_missing_one_is_made_up() -> None:
    assert names(message(file(name="a\x00b\n\ud800\u202egnp.m4a"))) == ["a b gnp.m4a"]
    assert names(message(file(name=None))) == ["audio.m4a"]


# who posted it


def test_our_own_posts_and_other_bots_mean_nothing() -> None:
    assert parse_message(message(file(), user=ME.user), ME) is None
    assert parse_message(message(file(), bot_id=ME.bot), ME, {ME.bot}) is None
    assert parse_message(message(file(), bot_id="B0OTHER"), ME) is None
    assert parse_message(message(file(), subtype="bot_message", user=None), ME) is None


def test_an_allowed_bot_is_heard() -> None:
    assert isinstance(parse_message(message(file(), bot_id="B0OTHER"), ME, {"B0OTHER"}), Drop)
    assert isinstance(parse_message(message(file(), bot_id="B0OTHER", user="U0OTHER"), ME, {"U0OTHER"}), Drop)


# edits and deletions


def test_an_edit_a_reply_and_a_finished_transcript_withdraw_nothing() -> None:
    assert parse_message(event("message_changed_edit"), ME) is None
    assert parse_message(event("message_changed_transcript"), ME) is None


def test_a_deleted_message_is_withdrawn_whole() -> None:
    assert parse_message(event("message_deleted"), ME) == Withdrawal(ChannelId("C0MAP"), "1790000005.606609")


@pytest.mark.parametrize("untold", ["deleted_ts", "previous_message"])
def test_a_deleted_message_is_known_by_its_own_ts_or_by_the_one_it_had(untold: str) -> None:
    found = parse_message(event("message_deleted", **{untold: None}), ME)
    assert found == Withdrawal(ChannelId("C0MAP"), "1790000005.606609")


def test_a_file_of_which_a_tombstone_is_left_is_withdrawn_though_nothing_tells_what_stood_there_before() -> None:
    found = parse_message(event("message_changed_tombstone", previous_message=None), ME)
    assert isinstance(found, Withdrawal)
    assert found.kept_files == ("F0KEPT",)


def test_deleting_a_message_without_files_withdraws_nothing() -> None:
    assert parse_message(event("message_deleted", previous_message={"ts": "1790000005.606609"}), ME) is None


def test_a_deleted_file_is_withdrawn_and_the_others_stay() -> None:
    found = parse_message(event("message_changed_tombstone"), ME)
    assert isinstance(found, Withdrawal)
    assert found.message_ts == "1790000005.606609"
    assert found.kept_files == ("F0KEPT",)


def test_a_deleted_root_with_replies_is_withdrawn() -> None:
    found = parse_message(event("message_changed_root_deleted"), ME)
    assert isinstance(found, Withdrawal)
    assert found.kept_files == ()


# nothing is trusted

WORDS = [
    "F0X",
    "audio/mp4",
    "slack_audio",
    "m4a",
    "C0MAP",
    "1790000005.606609",
    "1e9",
    "١٧٩٠.٦",
    "tombstone",
    "\x00\ud800",
]
SUBTYPES = ["message_changed", "message_deleted", "file_share", "bot_message"]
ANYTHING: st.SearchStrategy[Any] = st.sampled_from(
    [*WORDS, None, True, -1, 2**70, 1.5, [], {}, [None], [{}], [[]], {"id": 5}]
)
FILE = st.dictionaries(
    st.sampled_from(["id", "mode", "name", "title", "mimetype", "filetype", "subtype", "size", "aac", "file_access"]),
    ANYTHING,
)
INNER = st.dictionaries(st.sampled_from(["files", "ts"]), ANYTHING | st.lists(FILE, max_size=2))
EVENT = st.fixed_dictionaries(
    dict.fromkeys(("channel", "ts", "thread_ts", "deleted_ts", "user", "bot_id", "client_msg_id"), ANYTHING)
    | {"subtype": st.sampled_from(SUBTYPES) | ANYTHING, "files": st.lists(FILE, max_size=2) | ANYTHING}
    | {"message": INNER | ANYTHING, "previous_message": INNER | ANYTHING}
)
AT_LEISURE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@AT_LEISURE
@given(EVENT)
def test_no_event_raises_anything_but_parse_error(event: dict[str, Any]) -> None:
    with suppress(ParseError):
        parse_message(event, ME)


@AT_LEISURE
@given(st.text(min_size=1, max_size=300), st.text(max_size=20))
def test_what_is_kept_of_a_file_can_be_stored(name: str, mimetype: str) -> None:
    found = parse_message(message(file(name=name, mimetype=mimetype)), ME)
    assert isinstance(found, Drop)
    [clip] = found.share.clips
    assert clip.name.strip()
    assert "\x00" not in (clip.name + clip.mimetype).encode("utf-8").decode("utf-8")
