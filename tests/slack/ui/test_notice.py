"""What a notice says and shows: exactly one status word per clip, nothing injected, Slack's sizes kept."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.errors import Remedy
from bot.relay.ids import DeliveryId
from bot.relay.model import (
    AudioInfo,
    DeliveryState,
    DeliveryWithReceipts,
    HeldFor,
    Mark,
    PreparedPart,
    ReceiptKind,
    Status,
)
from bot.relay.parts import Edit, Reaction, Text
from bot.slack.ids import person_id
from bot.slack.ui.blocks import Block
from bot.slack.ui.notice_blocks import mark_of, marked, render_notice
from bot.slack.ui.notice_text import alert_text
from tests.slack.block_rules import invalid_blocks
from tests.slack.deliveries import AT, failed, notice, picture, receipt, told, unconfirmed
from tests.slack.fake_workspace import BEN, TEAM

LONG = "The recipient's phone said something long about it. " * 20
A_STATUS = re.compile(rf"(?<!\w:)\b({'|'.join(Status)})\b", re.IGNORECASE)
TIME = "<!date^1795349100^{time}|12:05 UTC>"
HOUR = "<!date^1795349100^{date_short_pretty} at {time}|2026-11-22 12:05 UTC>"


def words(*shown: DeliveryWithReceipts) -> str:
    return render_notice(notice(*shown)).text


def blocks(*shown: DeliveryWithReceipts) -> list[Block]:
    made: list[Block] = render_notice(notice(*shown)).body
    return made


def with_audio(shown: DeliveryWithReceipts, audio: AudioInfo) -> DeliveryWithReceipts:
    return replace(shown, delivery=replace(shown.delivery, prepared=(PreparedPart(audio=audio),)))


def texts(shown: list[Block]) -> list[str]:
    """Every text in the blocks, wherever it is."""
    found: list[str] = []
    for block in shown:
        for key, value in block.items():
            if key in ("text", "title", "confirm", "deny", "elements"):
                inner = value if isinstance(value, list) else [value]
                found += [one for one in inner if isinstance(one, str)]
                found += texts([one for one in inner if isinstance(one, dict)])
    return found


def buttons(shown: list[Block]) -> list[Block]:
    return [element for block in shown if block["type"] == "actions" for element in block["elements"]]


# the fallback text


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (told(), "memo.m4a: queued"),
        (told("memo.m4a", ReceiptKind.QUEUED), "memo.m4a: queued"),
        (told("memo.m4a", ReceiptKind.SENT), "memo.m4a: sent"),
        (told("memo.m4a", ReceiptKind.DELIVERED, ReceiptKind.SENT), "memo.m4a: delivered"),
        (told("memo.m4a", ReceiptKind.READ), "memo.m4a: read"),
        (failed(), "memo.m4a: failed – The recipient opted out. [2024]"),
        (failed(reason=""), "memo.m4a: failed – [2024]"),
        (failed(reason="", code=""), "memo.m4a: failed – no reason was given"),
        (unconfirmed(), "memo.m4a: unconfirmed – The answer was lost."),
        (told(state=DeliveryState.CANCELLED), "memo.m4a: cancelled"),
        (told(awaits_approval=True, reason="It is two hours old."), "memo.m4a: held – It is two hours old."),
        (told(not_before=AT, held_for=HeldFor.QUIET), f"memo.m4a: held – It goes {HOUR}."),
    ],
)
def test_each_status_has_its_one_word_and_a_failure_its_reason(shown: DeliveryWithReceipts, text: str) -> None:
    assert words(shown) == text


def test_the_length_is_beside_the_name_once_it_is_known() -> None:
    assert words(with_audio(told("memo.m4a", ReceiptKind.READ), AudioInfo(42.3))) == "memo.m4a (0:42): read"


def test_a_clip_that_waits_says_for_what_and_until_when() -> None:
    waiting = told(reason="Linq is rate limiting.", code="1007", retry_at=AT)
    assert words(waiting) == f"memo.m4a: queued – Linq is rate limiting. [1007] Next try {HOUR}."


def test_every_clip_of_a_message_has_its_line() -> None:
    assert words(told("a.m4a", ReceiptKind.READ), told("b.m4a")) == "a.m4a: read\nb.m4a: queued"


@pytest.mark.parametrize("number", [12, 25, 60])
def test_every_clip_of_many_has_its_line(number: int) -> None:
    names = [f"{n}.m4a" for n in range(number)]
    shown = words(*(failed(name, reason=LONG) for name in names))
    assert [line.partition(":")[0] for line in shown.splitlines()] == names


def test_what_has_no_room_for_a_line_is_counted_by_status() -> None:
    crowd = [told(f"{'long name ' * 5}{n}.m4a", ReceiptKind.SENT) for n in range(199)]
    before = [*crowd, told("last.m4a", ReceiptKind.SENT)]
    after = [*crowd, told("last.m4a", ReceiptKind.READ)]
    assert re.search(r"\n… and (\d+) more: \1 sent$", words(*before))
    for shown in (words(*after), texts(blocks(*after))[-1]):
        assert re.search(r"\n… and \d+ more: \d+ sent, 1 read$", shown)


def test_a_long_reason_is_cut_before_the_code_and_the_next_try() -> None:
    crowd = [failed(f"{number}.m4a", reason=LONG, code="4006") for number in range(3)]
    for line in words(*crowd).splitlines():
        assert re.fullmatch(r"\d+\.m4a: failed – The recipient.*… \[4006\]", line)
    assert words(told(reason=LONG, code="1007", retry_at=AT)).endswith(f"… [1007] Next try {HOUR}.")


def test_a_long_reason_leaves_its_code_in_the_blocks_and_in_the_alert_too() -> None:
    shown = failed(reason=LONG, code="4006")
    assert any("… [4006]" in text for text in texts(blocks(shown)))
    assert "… [4006] " in alert_text(shown)


def test_a_reason_uses_no_second_status_word() -> None:
    shown = failed(reason="It could not be read, so nothing was Sent, it is held and the upload failed.")
    assert words(shown) == (
        "memo.m4a: failed – It could not be opened, so nothing was passed on, "
        "it is kept back and the upload went wrong. [2024]"
    )


def test_a_scope_in_a_reason_stays_what_it_is() -> None:
    assert "add files:read and" in words(failed(reason="Slack lacks a scope: add files:read and reinstall."))


def test_no_time_is_told_but_in_the_readers_zone() -> None:
    shown = [told(retry_at=AT, reason="Busy."), told("b", not_before=AT), told("c", ReceiptKind.DELIVERED)]
    for text in (words(*shown), *texts(blocks(*shown))):
        assert "UTC" not in text.replace(TIME, "").replace(HOUR, "")


def test_a_held_clip_has_the_buttons_of_what_it_is_held_for() -> None:
    approval = told(awaits_approval=True, held_for=HeldFor.APPROVAL)
    late, quiet = replace_held(approval, HeldFor.LATE), told(not_before=AT, held_for=HeldFor.QUIET)
    named = [[button["text"]["text"] for button in buttons(blocks(each))] for each in (approval, late, quiet)]
    assert named == [["Send", "Cancel"], ["Send now", "Cancel"], ["Send now", "Change time", "Cancel"]]


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (told("a", ReceiptKind.SENT, held_for=HeldFor.APPROVAL), "approved"),
        (told(not_before=AT, held_for=HeldFor.HOUR), "scheduled"),
        (told(state=DeliveryState.CANCELLED, held_for=HeldFor.QUIET), "cancelled"),
    ],
)
def test_who_decided_is_told(shown: DeliveryWithReceipts, says: str) -> None:
    decided = replace(shown, delivery=replace(shown.delivery, decided_by=person_id(TEAM, BEN)))
    assert any(f"{says} by <@{BEN}>" in text for text in texts(blocks(decided)))


def replace_held(shown: DeliveryWithReceipts, held_for: HeldFor) -> DeliveryWithReceipts:
    return replace(shown, delivery=replace(shown.delivery, held_for=held_for))


def test_notice_in_an_inbox_names_its_contact_without_a_second_status() -> None:
    shown = replace(notice(failed()), contact="Fred <Read>")
    rendered = render_notice(shown)
    assert any(text.startswith("to Fred &lt;Read&gt;") for text in texts(rendered.body))
    assert rendered.text == words(failed())
    assert "*memo.m4a* to *Fred &lt;Read&gt;* failed" in alert_text(failed(), shown.contact)


# what has a line, and what has signs


def test_a_text_that_was_held_keeps_its_line() -> None:
    """Else its notice could not be edited away from the buttons."""
    assert words(told(Text("text", "hello"), held_for=HeldFor.QUIET, not_before=AT)).startswith("Your message: held")
    assert words(told(Text("text", "hello"), ReceiptKind.READ, held_for=HeldFor.QUIET)) == "Your message: read"


def test_texts_and_files_have_no_line_and_nothing_to_post() -> None:
    rendered = render_notice(notice(told(Text("text", "hello")), told(picture())))
    assert (rendered.text, rendered.body) == ("", [])


def test_what_a_command_sent_has_a_line_as_there_is_no_message_to_mark() -> None:
    shown = notice(told(Text("text", "hello"), ReceiptKind.READ, ts="command-1.2.3"), ts="")
    assert render_notice(shown).text == "Your message: read"


@pytest.mark.parametrize(
    ("shown", "marks"),
    [
        ([told(Text("text"))], []),
        ([told(Text("text"), ReceiptKind.SENT)], []),
        ([told(Text("text"), ReceiptKind.DELIVERED)], [Mark.DELIVERED]),
        ([told(Text("text"), ReceiptKind.READ)], [Mark.DELIVERED, Mark.READ]),
        ([told(Text("text"), ReceiptKind.READ), told(picture(), ReceiptKind.DELIVERED)], [Mark.DELIVERED]),
        ([told(Text("text"), ReceiptKind.READ), told(picture())], []),
        ([told(Text("text"), ReceiptKind.READ), failed(picture())], [Mark.FAILED]),
        ([unconfirmed(Text("text"))], [Mark.FAILED]),
        (
            [told(Text("text"), ReceiptKind.READ), told(picture(), state=DeliveryState.CANCELLED)],
            [Mark.DELIVERED, Mark.READ],
        ),
        ([told("memo.m4a", ReceiptKind.READ)], None),
        ([failed(Edit("edit", "x")), failed(Reaction("reaction", "👍"))], None),
    ],
)
def test_signs_say_what_became_of_texts_and_files(shown: list[DeliveryWithReceipts], marks: list[Mark] | None) -> None:
    """None: there are none to keep up to date."""
    assert render_notice(notice(*shown)).marks == (None if marks is None else frozenset(marks))


def test_the_fingerprint_changes_with_all_that_people_see_or_press() -> None:
    shown = [
        [told()],
        [told(retry_at=AT, reason="Busy.")],
        [told("memo.m4a", ReceiptKind.READ)],
        [failed()],
        [failed(remedy=Remedy.SEND_FILE_AGAIN)],
        [told(), told(Text("text"), ReceiptKind.READ)],
        [told(), failed(Text("text"))],
    ]
    prints = [render_notice(notice(*each)).fingerprint for each in shown]
    assert len(set(prints)) == len(prints)
    assert prints == [render_notice(notice(*each)).fingerprint for each in shown]


# blocks


def test_the_first_block_carries_the_mark_of_the_notice() -> None:
    shown = notice(told(), told("b.m4a"))
    mark = render_notice(shown).body[0]["block_id"]
    assert mark == mark_of(shown.id)
    assert marked(mark) == shown.id
    assert marked("memobridge something else") == ""


def test_a_clip_shows_its_length_its_shape_and_where_it_came_from() -> None:
    audio = AudioInfo(42.4, converted_from="WebM/Opus", waveform=(0, 3, 7, 9))
    assert "0:42  ·  ▁▄██  ·  from WebM/Opus" in texts(blocks(with_audio(told(), audio)))


def test_a_status_shows_since_when_in_the_readers_time() -> None:
    assert f"*delivered*  ·  {TIME}" in "\n".join(texts(blocks(told("memo.m4a", ReceiptKind.DELIVERED))))


def test_only_what_needs_a_decision_has_buttons() -> None:
    assert buttons(blocks(told("memo.m4a", ReceiptKind.SENT))) == []
    [resend] = buttons(blocks(failed()))
    assert (resend["action_id"], resend["value"]) == ("resend", "d-memo.m4a")
    assert [b["action_id"] for b in buttons(blocks(unconfirmed()))] == ["resend", "confirm_delivered"]
    assert [b["action_id"] for b in buttons(blocks(told(awaits_approval=True)))] == ["approve", "dismiss"]


def test_what_can_never_be_read_is_not_offered_again() -> None:
    assert buttons(blocks(failed(remedy=Remedy.SEND_FILE_AGAIN))) == []


def test_resending_in_doubt_warns_of_a_second_memo() -> None:
    assert "a second memo may arrive" in buttons(blocks(unconfirmed()))[0]["confirm"]["text"]["text"]


@pytest.mark.parametrize("remedy", [each for each in Remedy if each is not Remedy.NONE])
def test_a_failure_says_what_to_do_in_words(remedy: Remedy) -> None:
    shown = failed(remedy=remedy)
    assert len("\n".join(texts(blocks(shown)))) > len("\n".join(texts(blocks(failed(remedy=Remedy.NONE)))))
    assert alert_text(shown) != alert_text(failed(remedy=Remedy.NONE))


def test_for_a_group_sent_is_shown_as_the_end() -> None:
    final = replace(told(), receipts=(receipt(ReceiptKind.SENT, is_final=True),))
    assert any("no more than this" in text for text in texts(blocks(final)))


def test_what_a_person_confirmed_names_that_person() -> None:
    confirmed = replace(told(), receipts=(receipt(ReceiptKind.SENT, confirmed_by=person_id(TEAM, BEN)),))
    assert f"confirmed by <@{BEN}>" in texts(blocks(confirmed))


def test_what_stepped_aside_and_what_was_sent_again_say_so() -> None:
    assert any("what came after it goes ahead" in text for text in texts(blocks(told(is_late=True))))
    assert "sent again by a person" in texts(blocks(told(replaces=DeliveryId("d0"))))


# alerts


def test_an_alert_mentions_the_sender_and_says_why_and_what_to_do() -> None:
    said = alert_text(failed())
    assert said == "<@U0ANN> *memo.m4a* failed: The recipient opted out. [2024] Press *Resend* to send it again."


def test_an_alert_without_a_remedy_points_to_what_is_there() -> None:
    bare = failed(remedy=Remedy.NONE)
    assert alert_text(bare).endswith(" The shortcut *Resend* of the message sends it again.")
    of_command = failed(remedy=Remedy.NONE, ts="command-1.2.3")
    assert alert_text(of_command).endswith(" Giving the command again sends it again.")


def test_what_cannot_be_edited_any_more_is_told_how_it_ended() -> None:
    assert alert_text(told("memo.m4a", ReceiptKind.DELIVERED)) == "<@U0ANN> *memo.m4a* delivered."


# laws

NASTY = st.text(max_size=300) | st.sampled_from(
    ["<!channel>", "<https://x.example|y>", "a*b", "&lt;!here&gt;", "@here\n>"]
)
REASONS = NASTY | st.sampled_from(["sent to <@U0BEN>", "read failed cancelled held", ":READ", "lacks files:read"])
TOLDS = st.builds(
    lambda name, state, reason, code, kinds, remedy, held: with_audio(
        told(name, *kinds, state=state, reason=reason, code=code, remedy=remedy, awaits_approval=held, retry_at=AT),
        AudioInfo(3.0, converted_from=reason),
    ),
    NASTY,
    st.sampled_from(DeliveryState),
    REASONS,
    st.sampled_from(["", "4001", "<@U0BEN>"]),
    st.lists(st.sampled_from(ReceiptKind), max_size=2),
    st.sampled_from(Remedy),
    st.booleans(),
)
OURS = re.compile(r"<!date\^\d+\^(\{date_short_pretty\} at )?\{time\}\|(\d{4}-\d\d-\d\d )?\d\d:\d\d UTC>|<@U0ANN>")


@given(st.lists(TOLDS, min_size=1, max_size=60))
def test_slack_takes_every_notice(shown: list[DeliveryWithReceipts]) -> None:
    assert invalid_blocks(blocks(*shown)) == ""
    assert 0 < len(words(*shown)) <= 4000


@given(TOLDS)
def test_nothing_user_made_becomes_markup(shown: DeliveryWithReceipts) -> None:
    for text in [words(shown), *texts(blocks(shown)), alert_text(shown)]:
        own = OURS.sub("", text)
        assert "<" not in own
        assert ">" not in own
        assert not re.search(r"&(?!amp;|lt;|gt;)", own)


@given(st.sampled_from(DeliveryState), REASONS, st.sampled_from(ReceiptKind))
def test_a_line_has_exactly_one_status_word(state: DeliveryState, reason: str, kind: ReceiptKind) -> None:
    for shown in (told(state=state, reason=reason), told("memo.m4a", kind, reason=reason)):
        [found] = A_STATUS.findall(words(shown))
        assert found == found.lower()
