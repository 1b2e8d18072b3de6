"""What is left of a message, for those whose deletion no event told."""

from collections.abc import Sequence

from bot.relay.ids import MessageId
from bot.slack.adapter import SlackAdapter
from bot.slack.ids import SlackRoom
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import ANN, CLIPS, TEAM

CHANNEL = SlackRoom(TEAM, CLIPS)


async def surviving(adapter: SlackAdapter, message: MessageId) -> Sequence[str]:
    deletions = adapter.network(audio=None).deletions
    assert deletions is not None
    return await deletions.surviving_parts(message)


async def test_the_parts_that_survive_are_told(slack: FakeSlack, adapter: SlackAdapter) -> None:
    first, second = slack.add_file(), slack.add_file()
    dropped = slack.drop(first, second, text="two")
    message = CHANNEL.message(dropped["ts"])
    assert await surviving(adapter, message) == [first.id, second.id, "text"]
    dropped["files"][0] = {"id": first.id, "mode": "tombstone"}
    assert await surviving(adapter, message) == [second.id, "text"]
    slack.delete(CLIPS, dropped["ts"])
    assert await surviving(adapter, message) == ()


async def test_a_deleted_root_with_replies_has_no_parts_left(slack: FakeSlack, adapter: SlackAdapter) -> None:
    root = slack.drop(slack.add_file(), text="root")
    slack.say(text="reply", thread_ts=root["ts"])
    slack.delete(CLIPS, root["ts"])
    assert await surviving(adapter, CHANNEL.message(root["ts"])) == ()


async def test_a_reply_survives_in_its_thread(slack: FakeSlack, adapter: SlackAdapter) -> None:
    reply = slack.say(text="reply", thread_ts=slack.say(text="root")["ts"])
    assert await surviving(adapter, CHANNEL.message(reply["ts"])) == ["text"]


async def test_files_that_a_message_forwards_are_parts_of_it(slack: FakeSlack, adapter: SlackAdapter) -> None:
    forwarded = slack.say(attachments=[{"is_share": True, "files": [slack.file_object(slack.add_file())]}])
    assert await surviving(adapter, CHANNEL.message(forwarded["ts"])) == ["F000000"]


async def test_an_edit_and_a_reaction_live_as_long_as_their_message(slack: FakeSlack, adapter: SlackAdapter) -> None:
    ts = slack.say(text="hello")["ts"]
    changes = [
        CHANNEL.message(ts, "edit-1790000006.000100"),
        CHANNEL.message(ts, f"reaction-{ANN}-+1-1790000006.000100"),
    ]
    assert [set(await surviving(adapter, each)) for each in changes] == [{"edit", "reaction"}] * 2
    slack.delete(CLIPS, ts)
    assert [await surviving(adapter, each) for each in changes] == [(), ()]


async def test_a_command_left_no_message_that_could_be_deleted(slack: FakeSlack, adapter: SlackAdapter) -> None:
    assert set(await surviving(adapter, CHANNEL.command("1.2.3"))) == {"text", "url"}
    assert slack.calls == []
