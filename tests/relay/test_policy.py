"""Policy: which parts of a message cross a link, as a table; and whose."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.relay import policy
from bot.relay.errors import Refused
from bot.relay.ids import MediaRef, MessageId, PersonId, RoomId
from bot.relay.model import Message
from bot.relay.parts import Announcement, Edit, Happening, Media, Part, Reaction, Text, Voice
from bot.relay.rooms import Link, LinkSettings, Membership, Mode, Senders
from tests.fakes import ANN, CHANNEL, CHAT, OTHER_CHAT, heard, said, thread_of
from tests.relay.world import World

VOICE = Voice("v", "memo.m4a", MediaRef("team:T0AAA!v"))
MEDIA = Media("m", "a.jpg", MediaRef("team:T0AAA!m"))
TEXT = Text("t", "Hello")
REACTION = Reaction("r", "👍")
EDIT = Edit("e", "Hallo")
LINE = Announcement("a", Happening.JOINED)
EVERYTHING = (TEXT, VOICE, MEDIA)
THREAD = thread_of(said("9").id)
GROUP = "team:T0AAA@S0SALES"
BEN = PersonId("team:T0AAA@U0BEN")


def link(mode: Mode = Mode.VOICE, **settings: object) -> Link:
    return Link(CHANNEL, CHAT, settings=replace(LinkSettings(mode=mode), **settings))  # type: ignore[arg-type]


def kinds(message: Message, under: Link) -> list[str]:
    return [part.kind for part in policy.allowed_parts(message, under)]


VOICE_MODE: Sequence[tuple[tuple[Part, ...], list[str]]] = [
    (EVERYTHING, ["voice"]),
    ((TEXT,), []),
    ((MEDIA,), []),
    ((VOICE, VOICE), ["voice", "voice"]),
    ((REACTION,), []),
    ((EDIT,), ["edit"]),  # of what an explicit act has sent; another one has nothing to edit
]


@pytest.mark.parametrize("in_thread", [False, True])
@pytest.mark.parametrize(("parts", "leaves"), VOICE_MODE)
def test_voice_mode_lets_recordings_leave_and_nothing_else(
    parts: tuple[Part, ...], leaves: list[str], in_thread: bool
) -> None:
    message = said("1", *parts, thread=THREAD if in_thread else None)
    assert kinds(message, link()) == leaves


CONVERSATION_MODE: Sequence[tuple[tuple[Part, ...], list[str], list[str]]] = [
    (EVERYTHING, ["text", "voice", "media"], []),
    ((TEXT,), ["text"], []),
    ((VOICE,), ["voice"], []),
    ((REACTION,), ["reaction"], ["reaction"]),  # its message decides, not where the event stands
    ((EDIT,), ["edit"], ["edit"]),
]


@pytest.mark.parametrize(("parts", "at_root", "in_thread"), CONVERSATION_MODE)
def test_conversation_mode_lets_the_root_leave_and_keeps_threads(
    parts: tuple[Part, ...], at_root: list[str], in_thread: list[str]
) -> None:
    under = link(Mode.CONVERSATION)
    assert kinds(said("1", *parts), under) == at_root
    assert kinds(said("1", *parts, thread=THREAD), under) == in_thread


def test_conversation_mode_takes_a_linked_thread_as_its_root() -> None:
    under = replace(link(Mode.CONVERSATION), room=THREAD)
    assert kinds(said("1", *EVERYTHING, thread=THREAD), under) == ["text", "voice", "media"]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("thread", [None, THREAD], ids=["root", "thread"])
def test_explicit_act_lets_everything_leave_from_anywhere(mode: Mode, thread: None) -> None:
    message = said("1", *EVERYTHING, thread=thread, command="T1")
    assert kinds(message, link(mode)) == ["text", "voice", "media"]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("command", ["", "T1"])
def test_internal_message_never_leaves(mode: Mode, command: str) -> None:
    message = replace(said("1", *EVERYTHING, command=command), is_internal=True)
    assert kinds(message, link(mode)) == []


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("parts", [EVERYTHING, (REACTION,), (EDIT,), (LINE,)])
def test_what_the_peer_says_appears_in_either_mode(mode: Mode, parts: tuple[Part, ...]) -> None:
    assert kinds(heard("1", *parts), link(mode)) == [part.kind for part in parts]


@pytest.mark.parametrize("parts", [EVERYTHING, (REACTION,), (EDIT,), (LINE,)])
def test_what_the_peer_says_does_not_appear_where_replies_are_off(parts: tuple[Part, ...]) -> None:
    assert kinds(heard("1", *parts), link(replies=False)) == []


MEMBERS, EVERYONE = (Senders.MEMBERS,), (Senders.EVERYONE,)
SENDERS: Sequence[tuple[tuple[str, ...], Membership | None, bool, bool]] = [
    (MEMBERS, Membership.MEMBER, False, True),
    (MEMBERS, Membership.GUEST, False, False),
    (MEMBERS, Membership.EXTERNAL, False, False),
    (EVERYONE, None, False, True),
    ((ANN,), None, True, True),
    ((ANN,), None, False, False),
    ((GROUP,), None, True, True),
    ((Senders.MEMBERS, ANN), Membership.GUEST, True, True),  # a guest who is named
    ((Senders.MEMBERS, ANN), Membership.GUEST, False, False),
    ((Senders.MEMBERS, ANN), Membership.MEMBER, False, True),
]


@pytest.mark.parametrize(("senders", "membership", "is_listed", "may_send"), SENDERS)
def test_senders_decide_who_may_send(
    senders: tuple[str, ...], membership: Membership | None, is_listed: bool, may_send: bool
) -> None:
    assert (policy.refusal(senders, membership, is_listed=is_listed) == "") is may_send


@pytest.mark.parametrize("membership", [Membership.GUEST, Membership.EXTERNAL])
async def test_what_an_outsider_drops_is_passed_over(world: World, membership: Membership) -> None:
    world.team.directory.memberships[ANN] = membership
    assert not await world.deliveries.accept(said())


@pytest.mark.parametrize("membership", [Membership.GUEST, Membership.EXTERNAL])
async def test_outsiders_explicit_act_is_refused_with_the_reason(world: World, membership: Membership) -> None:
    world.team.directory.memberships[ANN] = membership
    with pytest.raises(Refused, match="Only members"):
        await world.deliveries.accept(said(command="T1"))


async def test_explicit_act_of_somebody_not_listed_is_refused(world: World) -> None:
    await world.link(settings=LinkSettings(senders=(BEN,)))
    with pytest.raises(Refused, match="chose"):
        await world.deliveries.accept(said(command="T1"))


async def test_members_of_a_listed_group_may_send(world: World) -> None:
    await world.link(settings=LinkSettings(senders=(GROUP,)))
    assert not await world.deliveries.accept(said("1"))
    world.team.directory.groups[GROUP] = {ANN}
    assert await world.deliveries.accept(said("2"))


@pytest.mark.parametrize("senders", [(Senders.EVERYONE,), (ANN,)])
async def test_membership_is_asked_for_only_where_it_decides(world: World, senders: tuple[str, ...]) -> None:
    await world.link(settings=LinkSettings(senders=senders))
    assert await world.deliveries.accept(said())
    assert world.team.directory.asked == 0


async def test_contact_is_never_asked_for_membership(world: World) -> None:
    await world.link(settings=LinkSettings(senders=(BEN,)))
    assert await world.deliveries.accept(heard())
    assert world.team.directory.asked == 0


def test_parts_that_travel_together_keep_their_id_when_the_text_changes() -> None:
    """A message told again, as one that was edited meanwhile, is the same delivery."""
    first = list(policy.deliveries_of(heard("1", TEXT, MEDIA), link(), voice_alone=False))
    again = list(policy.deliveries_of(heard("1", Text("t", "Hallo"), MEDIA), link(), voice_alone=False))
    assert [each.id for each in first] == [each.id for each in again]


def test_ids_of_one_message_differ_by_part_and_by_target() -> None:
    message = said("1", VOICE, replace(VOICE, key="w"))
    other = replace(link(), peer=OTHER_CHAT)
    ids = [each.id for under in (link(), other) for each in policy.deliveries_of(message, under, voice_alone=True)]
    assert len(set(ids)) == 4


@pytest.mark.parametrize(
    ("parts", "linked", "about"),
    [((TEXT,), THREAD, None), ((REACTION,), THREAD, "root"), ((EDIT,), THREAD, "root"), ((TEXT,), CHANNEL, "root")],
)
def test_words_in_a_linked_thread_quote_nothing(parts: tuple[Part, ...], linked: RoomId, about: str | None) -> None:
    """In a thread of its own a conversation goes on; in a thread of a linked room somebody answers its root."""
    message = said("1", *parts, thread=THREAD, about=MessageId("root"), command="T1")
    [made] = policy.deliveries_of(message, Link(linked, CHAT), voice_alone=True)
    assert made.about == about
