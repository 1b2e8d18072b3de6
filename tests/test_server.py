"""The routes as the outside sees them, and connections from strangers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot import server
from bot.server import ConnectionLimits, Listener, routes

Client = TestClient[web.Request, web.Application]
OpenClient = Callable[..., Awaitable[Client]]
TIMEOUT_S = 60


async def answers(reason: str) -> str:
    return reason


def check(reason: str = "") -> server.HealthCheck:
    return partial(answers, reason)


async def body_length(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


@pytest.fixture
async def open_client() -> AsyncIterator[OpenClient]:
    clients: list[Client] = []

    async def start(**checks: server.HealthCheck) -> Client:
        warnings = {name: checks.pop(name) for name in list(checks) if name.endswith("_warning")}
        app = routes(checks=checks, warnings=warnings, metrics=lambda: b"x_total 1\n", slack_events=body_length)
        clients.append(TestClient(TestServer(app)))
        await clients[-1].start_server()
        return clients[-1]

    yield start
    for client in clients:
        await client.close()


async def test_healthz_is_200_while_the_process_lives(open_client: OpenClient) -> None:
    answer = await (await open_client(slack=check("down"))).get("/healthz")
    assert answer.status == 200


async def test_readyz_is_200_when_every_check_is_fine(open_client: OpenClient) -> None:
    answer = await (await open_client(slack=check(), linq=check())).get("/readyz")
    assert answer.status == 200
    assert await answer.json() == {"slack": {"ok": True}, "linq": {"ok": True}}


async def test_readyz_is_503_with_the_reason_of_the_check_that_failed(open_client: OpenClient) -> None:
    answer = await (await open_client(slack=check("the token was revoked"), linq=check())).get("/readyz")
    assert answer.status == 503
    assert await answer.json() == {"slack": {"ok": False, "reason": "the token was revoked"}, "linq": {"ok": True}}


async def test_readyz_shows_warnings_and_stays_200(open_client: OpenClient) -> None:
    client = await open_client(slack=check(), line_warning=check("at risk"), key_warning=check())
    answer = await client.get("/readyz")
    assert answer.status == 200
    assert await answer.json() == {"slack": {"ok": True}, "line_warning": {"ok": True, "warning": "at risk"}}


async def test_readyz_names_a_check_that_breaks(open_client: OpenClient) -> None:
    async def broken() -> str:
        raise ValueError("secret words")

    answer = await (await open_client(slack=broken)).get("/readyz")
    assert (await answer.json())["slack"]["reason"] == "the check itself failed (ValueError)"


async def test_metrics_are_prometheus_text(open_client: OpenClient) -> None:
    answer = await (await open_client()).get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")


async def test_body_over_a_mebibyte_is_413(open_client: OpenClient) -> None:
    answer = await (await open_client()).post("/slack/events", data=bytes(1024 * 1024 + 1))
    assert answer.status == 413


async def test_compressed_body_is_415_and_is_not_inflated(open_client: OpenClient) -> None:
    answer = await (await open_client()).post(
        "/slack/events", data=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}, skip_auto_headers=["Accept-Encoding"]
    )
    assert answer.status == 415


async def test_route_of_a_receiver_that_is_not_served_is_404(open_client: OpenClient) -> None:
    answer = await (await open_client()).post("/linq/webhooks", data=b"{}")
    assert answer.status == 404


class Connection:
    """A TCP connection to the listener, as a stranger or a network opens it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self._writer = reader, writer

    async def get(self, path: str) -> bytes:
        """The status line; empty when the listener has hung up."""
        try:
            self._writer.write(f"GET {path} HTTP/1.1\r\nHost: bot\r\n\r\n".encode())
            return await self.reader.readline()
        except ConnectionError:
            return b""

    async def closed(self) -> bool:
        """Waits until the listener hangs up without having said anything."""
        async with asyncio.timeout(TIMEOUT_S):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True

    def close(self) -> None:
        self._writer.close()


class Door:
    """A listener with a route that answers at once, and one that answers when ``gate`` is set."""

    def __init__(self, limits: ConnectionLimits | None = None) -> None:
        self.gate = asyncio.Event()
        self.entered = asyncio.Event()
        app = web.Application()
        app.router.add_get("/now", self._now)
        app.router.add_get("/later", self._later)
        self.listener = Listener(app, stop_within_s=TIMEOUT_S, limits=limits or ConnectionLimits(count=100))
        self.port = 0
        self._connections: list[Connection] = []

    async def connect(self) -> Connection:
        self._connections.append(Connection(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self._connections[-1]

    async def _now(self, _: web.Request) -> web.Response:
        return web.Response()

    async def _later(self, _: web.Request) -> web.Response:
        self.entered.set()
        await self.gate.wait()
        return web.Response()

    def hang_up(self) -> None:
        for connection in self._connections:
            connection.close()


@asynccontextmanager
async def opened(limits: ConnectionLimits | None = None) -> AsyncIterator[Door]:
    door = Door(limits)
    door.port = await door.listener.start("127.0.0.1", 0)
    try:
        yield door
    finally:
        door.gate.set()
        door.hang_up()
        await door.listener.close()


async def test_connection_that_says_nothing_is_closed() -> None:
    async with opened(ConnectionLimits(count=100, first_request_s=0.05)) as door:
        assert await (await door.connect()).closed()


async def test_connection_with_a_request_under_way_is_not_taken_for_silent() -> None:
    async with opened(ConnectionLimits(count=100, first_request_s=0.05)) as door:
        asked = await door.connect()
        answer = asyncio.create_task(asked.get("/later"))
        await door.entered.wait()
        assert await (await door.connect()).closed()  # which came later, so the time of the other is over, too
        door.gate.set()
        assert (await answer).split()[1] == b"200"


async def test_new_connection_takes_the_place_of_the_longest_silent_one() -> None:
    """Strangers who hold all connections open keep nobody out."""
    async with opened(ConnectionLimits(count=3)) as door:
        silent = [await door.connect() for _ in range(2)]
        assert (await (await door.connect()).get("/now")).split()[1] == b"200"
        assert (await (await door.connect()).get("/now")).split()[1] == b"200"
        assert await silent[0].closed()
        assert (await silent[1].get("/now")).split()[1] == b"200"


async def test_connection_is_refused_while_all_others_are_in_use() -> None:
    async with opened(ConnectionLimits(count=1)) as door:
        busy = asyncio.create_task((await door.connect()).get("/later"))
        await door.entered.wait()
        assert await (await door.connect()).closed()
        door.gate.set()
        assert (await busy).split()[1] == b"200"


async def test_close_answers_what_was_begun_and_takes_nothing_new() -> None:
    async with opened() as door, aiohttp.ClientSession() as session:
        begun = asyncio.create_task(session.get(f"http://127.0.0.1:{door.port}/later"))
        await door.entered.wait()
        closing = asyncio.create_task(door.listener.close())
        await asyncio.sleep(0)
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(f"http://127.0.0.1:{door.port}/now")
        door.gate.set()
        assert (await begun).status == 200
        await closing


async def test_limit_leaves_half_of_the_descriptors_to_the_bot_itself() -> None:
    limits = ConnectionLimits.of_process()
    assert 0 < limits.count <= 2000
