"""Message events → facts, held to the shapes that Slack has been seen to send."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.ids import SlackRoom
from bot.slack.inbound.parse import (
    EditedMessage,
    ParseError,
    PostedMessage,
    ReactionChange,
    Withdrawal,
    parse_message,
    parse_reaction,
)
from tests.slack.inbound.payloads import ME, event, file, message

CHANNEL = SlackRoom("T0AAA", "C0MAP")


def facts(event: dict[str, Any], *allowed: str) -> tuple[PostedMessage | EditedMessage | Withdrawal, ...]:
    return parse_message(event, "T0AAA", ME, allowed)


def posted(event: dict[str, Any], *allowed: str) -> PostedMessage:
    [found] = facts(event, *allowed)
    assert isinstance(found, PostedMessage)
    return found


def names(event: dict[str, Any]) -> list[str]:
    return [str(each["name"]) for found in facts(event) if isinstance(found, PostedMessage) for each in found.files]


# what was posted


def test_a_message_tells_where_it_was_posted_and_by_whom() -> None:
    found = posted(event("file_share"))
    assert (found.channel, found.ts, found.root_ts) == (CHANNEL, "1790000005.606609", "")
    assert (found.sender, found.client_msg_id) == ("U0ANN", "1b4e28ba-2fa1-11d2-883f-0016d3cca427")
    assert found.sent_at.timestamp() == 1790000005.606609


def test_a_message_in_a_thread_names_its_root() -> None:
    assert posted(message(file(), thread_ts="1790000001.000100")).root_ts == "1790000001.000100"
    assert posted(message(file(), thread_ts="1790000005.606609")).root_ts == ""


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message", "huddle_thread", None])
def test_the_files_decide_and_not_the_subtype(subtype: str | None) -> None:
    assert names(message(file(), subtype=subtype)) == ["memo.m4a"]


def test_files_keep_their_order_and_are_listed_once() -> None:
    both = message(file(id="F2", name="b.m4a"), file(id="F3", name="a.png"), file(id="F2", name="b.m4a"))
    assert names(both) == ["b.m4a", "a.png"]


@pytest.mark.parametrize("mode", ["canvas", "quip", "list", "post", "space", "tombstone", "hidden_by_limit"])
def test_what_has_no_bytes_is_no_file(mode: str) -> None:
    assert facts(message(file(mode=mode))) == ()


def test_what_slack_itself_says_is_no_text() -> None:
    assert facts(event("message_channel_join")) == ()
    assert facts(message(user="USLACKBOT", text="Reminder: call Ann")) == ()
    assert facts(message(text="hidden", subtype="ekm_access_denied")) == ()


@pytest.mark.parametrize("user", [None, -1, 10**30, "", "no id!"])
def test_a_message_of_nobody_tells_nothing(user: object) -> None:
    assert facts(message(file(), user=user)) == ()
    assert facts(message(user=user, text="<@U0MEMO> see you at six")) == ()
    edited = event("message_changed_text")
    edited["message"]["user"] = user
    assert facts(edited) == ()


def test_a_message_without_a_place_is_refused() -> None:
    with pytest.raises(ParseError):
        facts(message(file(), channel=None))
    with pytest.raises(ParseError):
        facts(message(file(), ts="yesterday"))


def test_forwarded_files_are_not_the_messages_own() -> None:
    assert facts(event("message_forwarded")) == ()


def test_a_mention_of_the_bot_at_the_beginning_addresses_it() -> None:
    found = posted(event("message_bot_mention"))
    assert found.is_addressed
    assert [fragment.text for fragment in found.fragments] == ["see you at six"]


def test_two_slashes_make_a_message_internal() -> None:
    assert posted(event("message_internal")).is_internal
    assert not posted(message(text="see https://example.com")).is_internal


# who posted it


def test_our_own_posts_and_other_bots_tell_nothing() -> None:
    assert facts(message(file(), user=ME.user)) == ()
    assert facts(message(file(), bot_id=ME.bot), ME.bot) == ()
    assert facts(message(file(), bot_id="B0OTHER")) == ()
    assert facts(message(file(), subtype="bot_message", user=None)) == ()


def test_an_allowed_bot_is_carried() -> None:
    assert posted(message(file(), bot_id="B0OTHER", user=None), "B0OTHER").sender == "B0OTHER"
    assert posted(message(file(), bot_id="B0OTHER", user="U0OTHER"), "U0OTHER").sender == "U0OTHER"


# edits and deletions


@pytest.mark.parametrize(
    "name", ["message_changed_edit", "message_changed_transcript", "message_changed_replayed_reply"]
)
def test_what_changes_nothing_that_was_said_tells_nothing(name: str) -> None:
    assert [found for found in facts(event(name)) if isinstance(found, Withdrawal)] == []


def test_a_reply_told_again_when_its_root_was_deleted_is_no_edit() -> None:
    assert facts(event("message_changed_replayed_reply")) == ()


def test_a_persons_edit_is_known_by_its_time_and_its_text() -> None:
    [edited] = facts(event("message_changed_text"))
    assert isinstance(edited, EditedMessage)
    assert (edited.posted.ts, edited.posted.edited_ts) == ("1790000017.000100", "1790000018.000000")
    assert [fragment.text for fragment in edited.posted.fragments] == ["at six"]


def test_a_deleted_message_is_withdrawn_whole() -> None:
    assert facts(event("message_deleted")) == (Withdrawal(CHANNEL, "1790000005.606609", ""),)


@pytest.mark.parametrize("missing", ["deleted_ts", "previous_message"])
def test_a_deleted_message_is_known_by_its_own_ts_or_by_the_one_it_had(missing: str) -> None:
    assert facts(event("message_deleted", **{missing: None})) == (Withdrawal(CHANNEL, "1790000005.606609", ""),)


def test_a_deleted_reply_names_its_thread() -> None:
    before = {"ts": "1790000005.606609", "thread_ts": "1790000001.000100", "text": "hello"}
    found = facts(event("message_deleted", previous_message=before))
    assert found == (Withdrawal(CHANNEL, "1790000005.606609", "1790000001.000100"),)


@pytest.mark.parametrize("before", ["given", "missing"])
def test_a_file_with_a_tombstone_is_withdrawn_and_the_others_stay(before: str) -> None:
    changes = {} if before == "given" else {"previous_message": None}
    [found] = facts(event("message_changed_tombstone", **changes))
    assert isinstance(found, Withdrawal)
    assert found.ts == "1790000005.606609"
    assert "F0KEPT" in found.kept


@pytest.mark.parametrize("before", ["given", "missing"])
def test_a_deleted_root_with_replies_is_withdrawn(before: str) -> None:
    changes = {} if before == "given" else {"previous_message": None}
    assert facts(event("message_changed_root_deleted", **changes)) == (Withdrawal(CHANNEL, "1790000005.606609", ""),)


def test_text_that_an_edit_took_away_is_withdrawn_and_the_file_stays() -> None:
    before = message(file(), text="listen")
    now = message(file(), text="", edited={"ts": "1790000006.000100"})
    changed = {"subtype": "message_changed", "channel": "C0MAP", "message": now, "previous_message": before}
    assert [found for found in facts(changed) if isinstance(found, Withdrawal)] == [
        Withdrawal(CHANNEL, "1790000005.606609", "", ("F0X",))
    ]


# reactions


def test_a_reaction_tells_who_reacted_to_what() -> None:
    added, removed = (parse_reaction(event(name), "T0AAA", ME) for name in ("reaction_added", "reaction_removed"))
    assert added == ReactionChange(
        CHANNEL, "1790000005.606609", "U0BEN", "+1::skin-tone-2", False, "1790000020.000100", "U0ANN"
    )
    assert removed is not None
    assert removed.is_removed


def test_our_own_reactions_and_those_to_files_tell_nothing() -> None:
    assert parse_reaction(event("reaction_added", user=ME.user), "T0AAA", ME) is None
    assert parse_reaction(event("reaction_added", item={"type": "file", "file": "F0X"}), "T0AAA", ME) is None


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
    "999999999999.999999999",
]
SUBTYPES = ["message_changed", "message_deleted", "file_share", "bot_message"]
ANYTHING: st.SearchStrategy[Any] = st.sampled_from(
    [*WORDS, None, True, -1, 2**70, 1.5, [], {}, [None], [{}], [[]], {"id": 5}, {"ts": "1790000005.606609"}]
)
FILE = st.dictionaries(
    st.sampled_from(["id", "mode", "name", "title", "mimetype", "filetype", "subtype", "size", "aac", "file_access"]),
    ANYTHING,
)
INNER = st.dictionaries(
    st.sampled_from(["files", "ts", "text", "blocks", "edited", "user", "subtype", "thread_ts"]),
    ANYTHING | st.lists(FILE, max_size=2),
)
EVENT = st.fixed_dictionaries(
    dict.fromkeys(("channel", "ts", "thread_ts", "deleted_ts", "user", "bot_id", "client_msg_id", "text"), ANYTHING)
    | {"subtype": st.sampled_from(SUBTYPES) | ANYTHING, "files": st.lists(FILE, max_size=2) | ANYTHING}
    | {"message": INNER | ANYTHING, "previous_message": INNER | ANYTHING, "item": INNER | ANYTHING, "edited": ANYTHING}
)


@given(EVENT)
def test_no_event_raises_anything_but_parse_error(event: dict[str, Any]) -> None:
    with suppress(ParseError):
        for found in facts(event):
            assert not isinstance(found, PostedMessage) or found.sent_at.tzinfo
    with suppress(ParseError):
        parse_reaction(event, "T0AAA", ME)
