"""What the notice says and shows: exactly one status word per clip, nothing injected, Slack's sizes kept."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.relay.model import (
    ChannelId,
    ChatId,
    Clip,
    Delivery,
    DeliveryId,
    DeliveryState,
    DeliveryWithReceipts,
    MemoId,
    Notice,
    NoticeId,
    Post,
    Receipt,
    ReceiptKind,
    Sound,
    Status,
    UserId,
)
from bot.sandbox.slack.api.block_validation import validate_blocks
from bot.slack.blocks import Block, blocks, mark
from bot.slack.words import alarm, words

NOON = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
CHANNEL = ChannelId("C0MAP")
LONG = "The recipient's phone said something long about it. " * 20
POST = Post("T0AAA", CHANNEL, "1790000005.606609", "1790000005.606609", UserId("U0ANN"))
A_STATUS = re.compile(rf"\b({'|'.join(Status)})\b", re.IGNORECASE)


def told(
    name: str = "memo.m4a", *kinds: ReceiptKind, reason: str = "", code: str = "", **fields: Any
) -> DeliveryWithReceipts:
    delivery = Delivery(DeliveryId(f"d-{name}"), POST, Clip("F0X", name), 1790000005.6, chat=ChatId("X"))
    receipts = tuple(
        Receipt(f"R{n}", kind, NOON, MemoId("M1"), reason=reason, code=code) for n, kind in enumerate(kinds)
    )
    return DeliveryWithReceipts(replace(delivery, reason=reason, code=code, **fields), receipts)


def failed(
    name: str = "memo.m4a", reason: str = "The recipient opted out.", code: str = "2024"
) -> DeliveryWithReceipts:
    return told(name, step=DeliveryState.FAILED, reason=reason, code=code)


def unconfirmed() -> DeliveryWithReceipts:
    return told(step=DeliveryState.UNCONFIRMED, reason="Linq's answer was lost.")


def notice(*shown: DeliveryWithReceipts) -> Notice:
    return Notice(NoticeId("C0MAP:1790000005.606609"), CHANNEL, "1790000005.606609", told=shown)


def texts(shown: list[Block]) -> list[str]:
    """Every text in the blocks, wherever it stands."""
    found: list[str] = []
    for block in shown:
        for key, value in block.items():
            if key in ("text", "title", "confirm", "deny", "elements"):
                inner = value if isinstance(value, list) else [value]
                found += [one for one in inner if isinstance(one, str)]
                found += texts([one for one in inner if isinstance(one, dict)])
    return found


def buttons(shown: list[Block]) -> list[Block]:
    return [e for block in shown if block["type"] == "actions" for e in block["elements"]]


# words


def test_the_length_stands_beside_the_name_once_it_is_known() -> None:
    assert words(notice(told("memo.m4a", ReceiptKind.READ, sound=Sound(42.3)))) == "memo.m4a (0:42): read"


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (told(), "memo.m4a: queued"),
        (told("memo.m4a", ReceiptKind.QUEUED), "memo.m4a: queued"),
        (told("memo.m4a", ReceiptKind.SENT), "memo.m4a: sent"),
        (told("memo.m4a", ReceiptKind.DELIVERED, ReceiptKind.SENT), "memo.m4a: delivered"),
        (told("memo.m4a", ReceiptKind.READ), "memo.m4a: read"),
        (failed(), "memo.m4a: failed – The recipient opted out. [2024]"),
        (told("memo.m4a", ReceiptKind.FAILED, code="4006"), "memo.m4a: failed – [4006]"),
        (told(step=DeliveryState.FAILED), "memo.m4a: failed – no reason was given"),
        (unconfirmed(), "memo.m4a: unconfirmed – Linq's answer was lost."),
        (told(step=DeliveryState.CANCELLED), "memo.m4a: cancelled"),
    ],
)
def test_each_status_has_its_one_word_and_a_failure_its_reason(shown: DeliveryWithReceipts, text: str) -> None:
    assert words(notice(shown)) == text


def test_a_clip_that_waits_says_for_what_and_until_when() -> None:
    waiting = told(reason="Linq is rate limiting.", code="1007", due_at=NOON)
    assert words(notice(waiting)) == "memo.m4a: queued – Linq is rate limiting. [1007] Next try at 12:05 UTC."


def test_every_clip_of_a_message_has_its_line() -> None:
    assert words(notice(told("a.m4a", ReceiptKind.READ), told("b.m4a"))) == "a.m4a: read\nb.m4a: queued"


@pytest.mark.parametrize("number", [12, 25, 60])
def test_every_clip_of_a_crowd_has_its_line(number: int) -> None:
    names = [f"{n}.m4a" for n in range(number)]
    shown = words(notice(*(failed(name, reason=LONG) for name in names)))
    assert [line.partition(":")[0] for line in shown.splitlines()] == names


def test_what_has_no_room_for_a_line_is_counted_by_status() -> None:
    crowd = [told(f"{'long name ' * 5}{n}.m4a", ReceiptKind.SENT) for n in range(199)]
    before, after = (
        notice(*crowd, told("last.m4a", ReceiptKind.SENT)),
        notice(*crowd, told("last.m4a", ReceiptKind.READ)),
    )
    assert re.search(r"\n… and (\d+) more: \1 sent$", words(before))
    for shown in (words(after), texts(blocks(after))[-1]):
        assert re.search(r"\n… and \d+ more: \d+ sent, 1 read$", shown)


def test_a_long_reason_is_cut_before_the_code_and_the_next_try() -> None:
    crowd = [failed(f"{number}.m4a", reason=LONG, code="4006") for number in range(3)]
    for line in words(notice(*crowd)).splitlines():
        assert re.fullmatch(r"\d+\.m4a: failed – The recipient.*… \[4006\]", line)
    waiting = told(reason=LONG, code="1007", due_at=NOON)
    assert words(notice(waiting)).endswith("… [1007] Next try at 12:05 UTC.")


def test_a_long_reason_leaves_its_code_in_the_blocks_and_in_the_alarm_too() -> None:
    shown = notice(failed(reason=LONG, code="4006"))
    assert any(text.endswith("… [4006]") for text in texts(blocks(shown)))
    assert "… [4006] " in alarm(shown, shown.told[0].delivery)


def test_a_reason_uses_no_second_status_word() -> None:
    text = words(notice(failed(reason="It could not be read, so nothing was Sent and the upload failed.")))
    assert (
        text == "memo.m4a: failed – It could not be opened, so nothing was passed on and the upload went wrong. [2024]"
    )


def test_a_scope_in_a_reason_stays_what_it_is() -> None:
    assert "add files:read and" in words(notice(failed(reason="Slack lacks a scope: add files:read and reinstall.")))


def test_blocks_tell_a_reason_as_it_was_given() -> None:
    assert "asked not to be sent anything" in "".join(
        texts(blocks(notice(failed(reason="They asked not to be sent anything."))))
    )


def test_an_alarm_mentions_the_uploader_and_says_why() -> None:
    said = alarm(notice(failed()), failed().delivery)
    assert said.startswith("<@U0ANN> *memo.m4a* failed: The recipient opted out. [2024] ")


def test_an_alarm_points_to_what_is_there_however_the_notice_looks() -> None:
    assert alarm(notice(failed()), failed().delivery).endswith(
        " The shortcut *Resend* of the message with the clip sends it again."
    )
    of_command = failed()
    of_command = replace(of_command, delivery=replace(of_command.delivery, post=replace(POST, message_ts="")))
    assert alarm(notice(of_command), of_command.delivery).endswith(" Giving the command again sends it again.")


# blocks


def test_the_first_block_carries_the_mark_of_the_notice() -> None:
    assert blocks(notice(told(), told("b.m4a")))[0]["block_id"] == mark(NoticeId("C0MAP:1790000005.606609"))


def test_a_clip_shows_its_length_its_shape_and_where_it_came_from() -> None:
    sound = Sound(42.4, converted_from="WebM/Opus", waveform=(0, 3, 7, 9))
    assert "0:42  ·  ▁▄██  ·  from WebM/Opus" in texts(blocks(notice(told(sound=sound))))


def test_a_status_shows_since_when_in_the_readers_time() -> None:
    said = "\n".join(texts(blocks(notice(told("memo.m4a", ReceiptKind.DELIVERED)))))
    assert "*delivered*  ·  <!date^1795349100^{time}|12:05 UTC>" in said


def test_only_a_failure_or_a_doubt_has_buttons() -> None:
    assert buttons(blocks(notice(told("memo.m4a", ReceiptKind.SENT)))) == []
    [resend] = buttons(blocks(notice(failed())))
    assert (resend["action_id"], resend["value"]) == ("resend", "d-memo.m4a")
    assert [b["action_id"] for b in buttons(blocks(notice(unconfirmed())))] == ["resend", "arrived"]


def test_resending_in_doubt_warns_of_a_second_memo() -> None:
    resend = buttons(blocks(notice(unconfirmed())))[0]
    assert "a second memo may arrive" in resend["confirm"]["text"]["text"]


def test_for_a_group_sent_is_shown_as_the_end() -> None:
    receipt = Receipt("R1", ReceiptKind.SENT, NOON, MemoId("M1"), is_group=True)
    assert any("no more than this" in text for text in texts(blocks(notice(replace(told(), receipts=(receipt,))))))


def test_what_a_person_confirmed_names_that_person() -> None:
    receipt = Receipt("person:d", ReceiptKind.SENT, NOON, reason="confirmed by <@U0BEN>")
    assert "confirmed by <@U0BEN>" in texts(blocks(notice(replace(told(), receipts=(receipt,)))))


# laws

NASTY = st.text(max_size=300) | st.sampled_from(
    ["<!channel>", "<https://x.example|y>", "a*b", "&lt;!here&gt;", "@here\n>"]
)
REASONS = NASTY | st.sampled_from(["sent to <@U0BEN>", "read failed cancelled"])
TOLDS = st.builds(
    lambda name, step, reason, code, kinds: told(
        name, *kinds, step=step, reason=reason, code=code, sound=Sound(3.0, converted_from=reason)
    ),
    NASTY,
    st.sampled_from(DeliveryState),
    REASONS,
    st.sampled_from(["", "4001", "<@U0BEN>"]),
    st.lists(st.sampled_from(ReceiptKind), max_size=2),
)
AT_LEISURE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@AT_LEISURE
@given(st.lists(TOLDS, min_size=1, max_size=60))
def test_slack_takes_every_notice(shown: list[DeliveryWithReceipts]) -> None:
    made = blocks(notice(*shown))
    assert validate_blocks(made) == made
    assert 0 < len(words(notice(*shown))) <= 4000


@AT_LEISURE
@given(TOLDS)
def test_nothing_user_made_becomes_markup(shown: DeliveryWithReceipts) -> None:
    said = [words(notice(shown)), *texts(blocks(notice(shown))), alarm(notice(shown), shown.delivery)]
    for text in said:
        own = re.sub(r"<!date\^\d+\^\{time\}\|\d\d:\d\d UTC>|<@U0ANN>", "", text)
        assert "<" not in own
        assert ">" not in own
        assert not re.search(r"&(?!amp;|lt;|gt;)", own)


@AT_LEISURE
@given(st.sampled_from(DeliveryState), REASONS, st.sampled_from(ReceiptKind))
def test_a_line_has_exactly_one_status_word(step: DeliveryState, reason: str, kind: ReceiptKind) -> None:
    for shown in (told(step=step, reason=reason), told("memo.m4a", kind, reason=reason)):
        [found] = A_STATUS.findall(words(notice(shown)))
        assert found == found.lower()
