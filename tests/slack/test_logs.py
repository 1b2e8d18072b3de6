"""What the Slack adapter writes into logs, at the loudest level, while all kinds of things happen."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import pytest

from bot.relay.errors import RelayError
from bot.relay.model import Author
from bot.slack.adapter import SlackAdapter
from bot.slack.dispatch import Dispatcher
from bot.slack.files import voice_of
from bot.slack.ids import SlackRoom
from bot.slack.inbound.socket_receiver import SocketReceiver
from tests.slack.deliveries import failed, incoming, notice, text
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import APP_TOKEN, BOT, BOT_TOKEN, CLIPS, CREW, SECRET, TEAM, Fault
from tests.slack.signed_requests import SignedRequests, enveloped
from tests.slack.times import NOON

WORDS, NUMBER = "the-words-nobody-else-should-read", "+12025550142"
PRIVATE = (BOT_TOKEN, APP_TOKEN, SECRET, "/files/", "/upload/", "/respond/", "ticket=", WORDS, NUMBER)


async def everything(slack: FakeSlack, adapter: SlackAdapter, requests: SignedRequests) -> None:
    """Everything the adapter does, each once."""
    file = slack.add_file(f"{WORDS}.m4a")
    message = slack.drop(file, text=f"{WORDS} {NUMBER}")
    shown = notice(failed(f"{WORDS}.m4a", reason=WORDS), ts=message["ts"])
    outgoing = incoming(text(WORDS), author=Author(NUMBER), files=(file.id,))
    upload = await adapter.store.create_upload(f"{WORDS}.m4a", "audio/mp4", 3)

    async def three_bytes() -> AsyncIterator[bytes]:
        yield b"abc"

    async def fetch() -> None:
        async with adapter.media.open(voice_of(slack.file_object(file), TEAM)):
            raise RelayError("enough")

    await requests.message(message)
    await requests.message(slack.say(text=f"<@{BOT}> {WORDS}"))
    await requests.message(slack.say(CREW, text=f"<@{BOT}> {WORDS}"), CREW)
    await requests.edited(message, text=f"{WORDS} again")
    await requests.command(f"link {NUMBER}")
    await requests.command(f"say {WORDS}")
    await requests.shortcut("send_to_imessage", message)
    await requests.deleted(message)
    rendered = adapter.board.render(shown)
    await asyncio.gather(
        adapter.board.post(shown, rendered),
        adapter.board.alert(shown, shown.deliveries[0]),
        adapter.sender.send(outgoing),
        adapter.sender.find(outgoing.delivery),
        adapter.history.read(SlackRoom(TEAM, CLIPS).id, NOON),
        adapter.store.upload(upload, three_bytes()),
        fetch(),
        return_exceptions=True,
    )


def written(caplog: pytest.LogCaptureFixture) -> str:
    """Everything that was logged: messages, fields and tracebacks."""
    records = [r for r in caplog.records if r.name.startswith(("memobridge", "slack", "asyncio", "aiohttp.client"))]
    formatter = logging.Formatter()
    return "\n".join(formatter.format(record) + repr(vars(record)) for record in records)


async def test_logs_hold_no_tokens_addresses_numbers_or_words(
    slack: FakeSlack, adapter: SlackAdapter, requests: SignedRequests, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await everything(slack, adapter, requests)
    for method in ("chat.postMessage", "chat.update", "users.info", "conversations.replies"):
        slack.faults[method] = Fault(error="fatal_error")
        slack.takes_file_ids = "ignore"
        await everything(slack, adapter, requests)
    said = written(caplog)
    assert "slack.message_accepted" in said
    assert "slack.call_failed" in said
    for secret in PRIVATE:
        assert secret not in said


async def test_logs_of_a_socket_hold_none_either(
    slack: FakeSlack, adapter: SlackAdapter, dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver = SocketReceiver(dispatcher.dispatch, adapter.app_api(APP_TOKEN), clock=time.monotonic)
    receiver.start()
    await slack.until(lambda: slack.hellos == 1)
    dropped = slack.drop(slack.add_file(f"{WORDS}.m4a"), text=WORDS)
    envelope = await slack.send_envelope(enveloped(dropped | {"channel": CLIPS}))
    await slack.until(lambda: envelope in slack.acknowledged)
    await receiver.stop(5.0)
    said = written(caplog)
    assert "slack.socket_hello" in said
    for secret in PRIVATE:
        assert secret not in said
