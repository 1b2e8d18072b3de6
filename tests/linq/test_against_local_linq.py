"""Both directions against the sandbox, which reads Linq's documentation independently of the adapter."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import pytest

from bot.linq.adapter import LinqAdapter
from bot.linq.api.sender import TOO_LATE_TO_EDIT
from bot.linq.ids import message_of
from bot.linq.inbound.ports import LineStatus, SubscriptionDisabled, TokenExpiry
from bot.relay.errors import OutcomeUnknown, Refused, RetryLater
from bot.relay.ids import DeliveryId, MessageId
from bot.relay.model import Message, PreparedPart, Receipt, ReceiptKind, Sent
from bot.relay.parts import Announcement, Edit, Happening, Media, Part, Reaction, Span, Style, Text, Voice
from bot.relay.ports.networks import Outgoing
from tests.linq.api.test_sender_against_local_linq import uploaded
from tests.linq.conftest import IDS, now
from tests.linq.inbound.test_http_receiver import Memory, served, url_of
from tests.linq.local_linq import Chats, LocalLinq, MediaFault, PhoneFile, Wire
from tests.linq.made import delivery

ANN, LINE = "+12025550123", "+12025550100"
ROOM = IDS.room(Chats.ANN)
MEMO = PhoneFile(b"caff" * 1000)


@dataclass
class Conversation:
    """The adapter, the sandbox that it talks to, and what its webhooks told."""

    adapter: LinqAdapter
    server: LocalLinq
    wire: Wire
    memory: Memory

    async def send(
        self, *parts: Part, about: MessageId | None = None, held: tuple[str, ...] = (), media: str = ""
    ) -> Sent:
        uploaded = PreparedPart((IDS.media(media),))
        prepared = tuple(uploaded if isinstance(part, Media) else PreparedPart() for part in parts)
        made = delivery(*parts, chat=Chats.ANN, prepared=prepared)
        return await self.adapter.sender.send(Outgoing(made, about=about, held=held))

    async def told(self, event: str, times: int = 1) -> list[Message]:
        """Every message that was told, once so many webhooks of this type have come."""
        await self.wire.until(lambda: len(self.wire.named(f"webhook {event}")) >= times)
        return [fact for fact in self.memory.stored if isinstance(fact, Message)]

    async def fetch(self, message: Message) -> bytes:
        [part] = message.parts
        assert isinstance(part, Voice)
        async with self.adapter.downloads.open(part) as download:
            return b"".join([chunk async for chunk in download.chunks()])


@pytest.fixture
async def talk(adapter: LinqAdapter, server: LocalLinq, wire: Wire) -> AsyncIterator[Conversation]:
    memory = Memory()
    runner = await served(adapter.webhook_receiver(memory.sinks(), memory.order, secret=server.webhook_secret))
    server.subscribe(f"{url_of(runner)}?version=2026-02-03")
    yield Conversation(adapter, server, wire, memory)
    await runner.cleanup()


# To the contact


async def test_text_arrives_with_its_styles_as_a_reply(talk: Conversation) -> None:
    question = talk.server.phone.send(Chats.ANN, "Coming?")
    sent = await talk.send(Text("0", "👍 yes", (Span(2, 5, Style.BOLD),)), about=IDS.message(question.id))
    there = talk.server.account.messages[message_of(sent.message)]
    [part] = there.parts
    assert (part.value, part.decorations) == ("👍 yes", [{"range": [3, 6], "style": "bold"}])
    assert there.reply_to
    assert there.reply_to.message_id == question.id


async def test_receipts_of_a_text_name_its_delivery_and_nothing_is_told_twice(talk: Conversation) -> None:
    sent = await talk.send(Text("0", "hello"))
    told = await talk.told("message.read")
    receipts = [fact for fact in talk.memory.stored if isinstance(fact, Receipt)]
    assert {receipt.kind for receipt in receipts} == {ReceiptKind.SENT, ReceiptKind.DELIVERED, ReceiptKind.READ}
    assert {(receipt.message, receipt.delivery) for receipt in receipts} == {
        (sent.message, DeliveryId("0123456789abcdef0123"))
    }
    assert told == []


async def test_repeated_text_is_the_same_message(talk: Conversation) -> None:
    talk.server.switches.next("messages.send", "lose_answer")
    with pytest.raises(OutcomeUnknown):
        await talk.send(Text("0", "once"))
    sent = await talk.send(Text("0", "once"))
    assert [message.id for message in talk.server.sent(Chats.ANN)] == [message_of(sent.message)]


async def test_text_and_file_are_one_message(talk: Conversation) -> None:
    attachment = await uploaded(talk.adapter)
    file = Media("1", "memo.m4a", IDS.media(attachment))
    sent = await talk.send(Text("0", "look"), file, Text("2", "there"), media=attachment)
    there = talk.server.account.messages[message_of(sent.message)]
    assert [part.type for part in there.parts] == ["text", "media", "text"]


async def test_tapbacks_come_and_go_without_an_echo(talk: Conversation) -> None:
    hello = talk.server.phone.send(Chats.ANN, "hello")
    about = IDS.message(hello.id)
    for reaction, held in (
        (Reaction("r", "👍"), ("👍",)),
        (Reaction("r", "🎉"), ("🎉", "👍")),
        (Reaction("r", "🎉", is_removed=True), ("👍",)),
        (Reaction("r", "👍", is_removed=True), ()),
        (Reaction("r", "👍", is_removed=True), ()),
    ):
        await talk.send(reaction, about=about, held=held)
    [part] = talk.server.account.messages[hello.id].parts
    assert not part.reactions
    told = await talk.told("reaction.added", 3)
    assert not any(isinstance(message.parts[0], Reaction) for message in told)


async def test_edits_go_as_long_as_linq_takes_them(talk: Conversation) -> None:
    sent = await talk.send(Text("0", "one"))
    for number in range(5):
        await talk.send(Edit("0", f"edit {number}"), about=sent.message)
    with pytest.raises(Refused) as refused:
        await talk.send(Edit("0", "one too many"), about=sent.message)
    assert refused.value.reason == TOO_LATE_TO_EDIT
    assert talk.server.account.messages[message_of(sent.message)].parts[0].value == "edit 4"
    told = await talk.told("message.edited", 5)
    assert not any(isinstance(message.parts[0], Edit) for message in told)


# From the contact


async def test_history_tells_what_webhooks_told_under_the_same_ids(talk: Conversation) -> None:
    phone, since = talk.server.phone, now() - timedelta(seconds=1)
    sent = await talk.send(Text("0", "one"))
    said = phone.send(Chats.ANN, "hi", files=[MEMO], reply_to=message_of(sent.message))
    phone.react(message_of(sent.message), "custom", emoji="🎉")
    phone.opt_out(Chats.ANN)
    await talk.told("reaction.added")
    told = {message.id: message for message in await talk.told("message.received", 2)}
    assert [type(part) for part in told[IDS.message(said.id)].parts] == [Voice, Text]
    assert told[IDS.message(said.id)].about == sent.message
    page = await talk.adapter.history.read(ROOM, since)
    found = {message.id: message for message in page.messages if not message.is_ours}
    assert found.keys() == told.keys()
    assert {each: found[each].parts for each in found} == {each: told[each].parts for each in told}
    assert {type(message.parts[0]) for message in told.values()} == {Voice, Reaction, Text, Announcement}


async def test_edit_and_removed_tapback_are_told(talk: Conversation) -> None:
    phone = talk.server.phone
    sent, said = await talk.send(Text("0", "one")), phone.send(Chats.ANN, "hi")
    phone.edit(said.id, "hi there")
    phone.react(message_of(sent.message), "love")
    phone.unreact(message_of(sent.message))
    await talk.told("message.edited")
    told = await talk.told("reaction.removed")
    edits = [(message.about, message.parts) for message in told if isinstance(message.parts[0], Edit)]
    reactions = [part.is_removed for message in told for part in message.parts if isinstance(part, Reaction)]
    assert edits == [(IDS.message(said.id), (Edit("0", "hi there"),))]
    assert sorted(reactions) == [False, True]


@pytest.mark.parametrize("addresses", ["lasting", "expiring", "stale"])
async def test_media_is_fetched_whatever_became_of_its_address(
    talk: Conversation, addresses: Literal["lasting", "expiring", "stale"]
) -> None:
    talk.server.switches.media_addresses = addresses
    talk.server.phone.send(Chats.ANN, files=[MEMO])
    [message] = await talk.told("message.received")
    assert await talk.fetch(message) == MEMO.content


async def test_media_of_another_origin_is_refused(talk: Conversation) -> None:
    talk.server.switches.media_origin = "own"
    talk.server.phone.send(Chats.ANN, files=[MEMO])
    [message] = await talk.told("message.received")
    with pytest.raises(Refused):
        await talk.fetch(message)


@pytest.mark.parametrize(
    ("kind", "is_later"),
    [("missing", False), ("html", False), ("mislabelled", False), ("truncated", True), ("redirect", True)],
)
async def test_download_that_went_wrong_once_is_made_good(
    talk: Conversation,
    kind: Literal["missing", "html", "mislabelled", "truncated", "redirect"],
    is_later: bool,
) -> None:
    """At once by a renewed address, or by the next try."""
    talk.server.phone.send(Chats.ANN, files=[MEMO])
    [message] = await talk.told("message.received")
    talk.server.switches.media_fault = MediaFault(kind, 1)
    if is_later:
        with pytest.raises(RetryLater):
            await talk.fetch(message)
    assert await talk.fetch(message) == MEMO.content


async def test_what_happens_in_a_group_is_announced(talk: Conversation) -> None:
    phone, somebody = talk.server.phone, "+12025550177"
    phone.join(Chats.FAMILY, somebody)
    phone.rename(Chats.FAMILY, "Us")
    phone.leave(Chats.FAMILY, somebody)
    for event in ("participant.added", "chat.group_name_updated", "participant.removed"):
        told = await talk.told(event)
    lines = [part for message in told for part in message.parts if isinstance(part, Announcement)]
    assert {line.happening for line in lines} == {Happening.JOINED, Happening.RENAMED, Happening.LEFT}
    assert {message.room for message in told} == {IDS.room(Chats.FAMILY)}


async def test_what_concerns_the_account_is_told(talk: Conversation) -> None:
    admin = talk.server.admin
    talk.server.phone.share_contact(ANN, "Ann", "Example")
    admin.set_line(LINE, status="FLAGGED", reputation="CRITICAL")
    admin.schedule_token_expiry()
    admin.disable_subscriptions(tell=True)
    for event in ("contact_card.received", "phone_number.status_updated", "api_token.expiry_scheduled"):
        await talk.told(event)
    await talk.told("webhook_subscription.disabled")
    kinds = {type(fact) for fact in talk.memory.stored}
    assert kinds == {tuple, LineStatus, TokenExpiry, SubscriptionDisabled}


async def test_health_of_a_chat_is_announced(talk: Conversation) -> None:
    talk.server.admin.set_chat_health(Chats.ANN, "AT_RISK")
    talk.server.phone.send(Chats.ANN, "still here")
    warning, said = await talk.told("message.received")
    assert isinstance(warning.parts[0], Announcement)
    assert warning.parts[0].happening is Happening.ROOM_AT_RISK
    assert said.parts == (Text("0", "still here"),)
