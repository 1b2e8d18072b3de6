"""The routes as the outside sees them."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.server import routes

Client = TestClient[web.Request, web.Application]


class Neighbour:
    """Answers a ping as it is told."""

    def __init__(self, why: str = "") -> None:
        self.why = why

    async def ping(self) -> str:
        return self.why


async def body_length(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


@pytest.fixture
async def open_client() -> AsyncIterator[Callable[..., Awaitable[Client]]]:
    clients: list[Client] = []

    async def start(**neighbours: Neighbour) -> Client:
        pings = {name: neighbour.ping for name, neighbour in neighbours.items()}
        app = routes(pings=pings, metrics=lambda: b"x_total 1\n", slack_events=body_length)
        clients.append(TestClient(TestServer(app)))
        await clients[-1].start_server()
        return clients[-1]

    yield start
    for client in clients:
        await client.close()


async def test_the_process_lives(open_client: Callable[..., Awaitable[Client]]) -> None:
    answer = await (await open_client()).get("/healthz")
    assert answer.status == 200


async def test_ready_when_every_neighbour_is(open_client: Callable[..., Awaitable[Client]]) -> None:
    answer = await (await open_client(slack=Neighbour(), linq=Neighbour())).get("/readyz")
    assert answer.status == 200
    assert await answer.json() == {"slack": {"ok": True}, "linq": {"ok": True}}


async def test_one_neighbour_in_trouble_turns_readiness_red_and_says_why(
    open_client: Callable[..., Awaitable[Client]],
) -> None:
    answer = await (await open_client(slack=Neighbour("the token was revoked"), linq=Neighbour())).get("/readyz")
    assert answer.status == 503
    assert (await answer.json())["slack"] == {"ok": False, "why": "the token was revoked"}


async def test_a_body_over_a_mebibyte_is_413(open_client: Callable[..., Awaitable[Client]]) -> None:
    answer = await (await open_client()).post("/slack/events", data=bytes(1024 * 1024 + 1))
    assert answer.status == 413


async def test_a_door_that_is_not_served_does_not_exist(open_client: Callable[..., Awaitable[Client]]) -> None:
    answer = await (await open_client()).post("/linq/webhooks", data=b"{}")
    assert answer.status == 404


async def test_metrics_are_prometheus_text(open_client: Callable[..., Awaitable[Client]]) -> None:
    answer = await (await open_client()).get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
