"""What the Slack door writes into logs, at the loudest level, while all kinds of things happen."""

import asyncio
import logging
import time

import aiohttp
import pytest

from bot.relay.errors import RelayError
from bot.relay.model import ChannelId, Clip, Delivery, DeliveryId, DeliveryWithReceipts, Notice, NoticeId, Post, UserId
from bot.sandbox.slack.fixtures import ANN, CLIPS
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.slack.switches import Download, Fault
from bot.sandbox.wire import Wire
from bot.slack.client import Client
from bot.slack.door import SlackDoor
from bot.slack.files import clip_of
from bot.slack.over_socket import SocketEntrance
from bot.slack.pace import Pace
from bot.slack.web import Web
from tests.slack.fake_relay import FakeRelay

SECRET_TEXT = "the-words-nobody-else-should-read"


async def a_busy_day(slack: SlackServer, client: Client) -> None:
    """A drop, a command, a notice and an edit; then the same with everything broken."""
    message = await slack.drop(CLIPS, Upload(f"{SECRET_TEXT}.m4a", b"sound"), text=SECRET_TEXT)
    post = Post(slack.team, ChannelId(CLIPS), message.ts, message.ts, UserId(ANN))
    clip = clip_of(message.files[0].in_message())
    told = DeliveryWithReceipts(Delivery(DeliveryId("d1"), post, Clip("F1", f"{SECRET_TEXT}.m4a"), 1.0))
    notice = Notice(NoticeId("n1"), ChannelId(CLIPS), message.ts, ts=message.ts, told=(told,))
    for _ in range(2):
        await slack.command(CLIPS, f"link {SECRET_TEXT}")
        await asyncio.gather(client.post_notice(notice), client.update_notice(notice), return_exceptions=True)
        with pytest.raises(RelayError):
            async with client.download(clip):
                raise RelayError("enough")
        slack.switches.faults = {"*": Fault(error="fatal_error")}
        slack.switches.download = Download("login")
        await slack.drop(CLIPS, Upload("memo.m4a", b"sound", "connect_stub"))
    await slack.settled()


def written(caplog: pytest.LogCaptureFixture) -> str:
    """Everything logged but the sandbox's own lines: messages, fields and tracebacks."""
    records = [r for r in caplog.records if r.name.startswith(("memobridge", "slack", "asyncio", "aiohttp.client"))]
    formatter = logging.Formatter()
    return "\n".join(formatter.format(record) + repr(vars(record)) for record in records)


async def test_logs_hold_no_tokens_addresses_or_words(
    events_url: str, slack: SlackServer, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await a_busy_day(slack, client)
    said = written(caplog)
    assert "drop taken" in said
    for secret in (slack.bot_token, slack.signing_secret, "/files-pri/", "/respond/", SECRET_TEXT):
        assert secret not in said


async def test_logs_of_a_socket_hold_none_either(
    slack: SlackServer,
    door: SlackDoor,
    relay: FakeRelay,
    session: aiohttp.ClientSession,
    wire: Wire,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    web = Web(slack.app_token, session, slack.api_url, Pace(time.monotonic))
    entrance = SocketEntrance(
        door.listeners(clips=relay, links=relay, wishes=relay).dispatch, web, clock=time.monotonic
    )
    entrance.start()
    await wire.until(lambda: bool(wire.named("socket hello")))
    await slack.drop(CLIPS, Upload(f"{SECRET_TEXT}.m4a", b"sound"), text=SECRET_TEXT)
    await slack.settled()
    await entrance.stop(5.0)
    said = written(caplog)
    assert "socket hello" in said
    for secret in (slack.app_token, slack.bot_token, "ticket=", "/files-pri/", SECRET_TEXT):
        assert secret not in said
