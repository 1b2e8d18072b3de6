"""The whole bot in this process, between a local Slack and a local Linq: how it starts, what it shows, how it stops."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psutil
import psycopg
import pytest

from bot import telemetry
from bot.app.service import Role, Service
from bot.linq.ids import LinqIds
from bot.relay.media.spool import FOLDER_PREFIX
from bot.relay.rooms import Link
from bot.relay.routing.links import FROM_FILE
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import CLIPS, CREW, TEAM
from bot.slack.ids import SlackRoom
from bot.store.database import Database
from config.settings import Settings

TIMEOUT_S = 60


@dataclass
class Running:
    """The bot's port, and what it logged of itself."""

    sandbox: Sandbox
    service: Service
    port: int
    logged: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as made:
        yield made


def settings_of(sandbox: Sandbox, **more: str) -> Settings:
    variables = sandbox.environment() | {"HOST": "127.0.0.1", "PORT": "0"} | more
    return Settings(**{name.lower(): value for name, value in variables.items()})  # type: ignore[arg-type]


@asynccontextmanager
async def running(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, role: Role = Role.ALL, **more: str
) -> AsyncIterator[Running]:
    service = Service(settings_of(sandbox, **more), role, telemetry.Metrics())
    with caplog.at_level("INFO", "memobridge"):
        async with service:
            [ready] = [record for record in caplog.records if record.message == "service.ready"]
            bot = Running(sandbox, service, ready.port)  # type: ignore[attr-defined]
            sandbox.meet(bot.url)
            yield bot


async def readiness(bot: Running) -> tuple[int, dict[str, dict[str, object]]]:
    async with aiohttp.ClientSession() as session, session.get(f"{bot.url}/readyz") as answer:
        return answer.status, json.loads(await answer.text())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)


async def link(database: Database, channel: str = CLIPS, chat: str = Chats.ANN, made_by: str = "test") -> None:
    await database.links.save(Link(SlackRoom(TEAM, channel).id, LinqIds().room(chat), "Ann", made_by))


@pytest.mark.parametrize(
    ("role", "parts"),
    [
        (Role.ALL, ["database", "slack", "linq", "history", "audio", "worker"]),
        (Role.WEB, ["database", "slack", "linq", "history"]),
        (Role.WORKER, ["database", "slack", "linq", "history", "audio", "worker"]),
    ],
)
async def test_readiness_shows_the_parts_of_each_role(
    sandbox: Sandbox, database_url: str, caplog: pytest.LogCaptureFixture, role: Role, parts: list[str]
) -> None:
    async with running(sandbox, caplog, role, DATABASE_URL=database_url) as bot:
        status, body = await readiness(bot)
    assert (status, list(body)) == (200, parts)


@pytest.mark.parametrize(("role", "status"), [(Role.WEB, 401), (Role.WORKER, 404)])
async def test_worker_receives_nothing_and_shows_its_health(
    sandbox: Sandbox, database_url: str, caplog: pytest.LogCaptureFixture, role: Role, status: int
) -> None:
    async with running(sandbox, caplog, role, DATABASE_URL=database_url) as bot, aiohttp.ClientSession() as session:
        for path in ("/slack/events", "/linq/webhooks"):
            async with session.post(f"{bot.url}{path}", json={}) as answer:
                assert answer.status == status
        for path in ("/healthz", "/metrics"):
            async with session.get(f"{bot.url}{path}") as answer:
                assert answer.status == 200


async def test_request_while_the_bot_stops_is_taken_or_never_reaches_it(
    sandbox: Sandbox, database: Database, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An answer of 500 is counted against the app by Slack, and a command that gets none is lost."""
    await link(database)
    statuses: list[int | None] = []

    async def type_commands(bot: Running) -> None:
        """One after the other, until nobody listens any more."""
        with suppress(aiohttp.ClientError, OSError):
            while True:
                statuses.append((await sandbox.slack.command(CLIPS, "status")).status)

    async with running(sandbox, caplog, DATABASE_URL=database_url) as bot:
        typing = [asyncio.create_task(type_commands(bot)) for _ in range(4)]
        await until(lambda: len(statuses) > 20)
    for task in typing:
        task.cancel()
    await asyncio.gather(*typing, return_exceptions=True)
    assert set(statuses) - {None} == {200}


async def test_what_was_acknowledged_before_the_stop_is_said_before_the_end(
    sandbox: Sandbox, database: Database, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await link(database)
    async with running(sandbox, caplog, DATABASE_URL=database_url):
        sandbox.linq.switches.latency_s = 3.0  # longer than Slack waits for an answer
        answer = await sandbox.slack.command(CLIPS, f"link {Chats.BEN}")
        assert "moment" in answer.text
    assert [said.text for said in sandbox.slack.ephemerals(CLIPS)]


async def test_process_without_a_links_file_leaves_the_links_of_another_alone(
    sandbox: Sandbox, database: Database, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await database.links.replace_file_links([Link(SlackRoom(TEAM, CREW).id, LinqIds().room(Chats.ANN), "", FROM_FILE)])
    async with running(sandbox, caplog, Role.WEB, DATABASE_URL=database_url):
        pass
    assert [each.room for each in await database.links.all()] == [SlackRoom(TEAM, CREW).id]


@pytest.fixture
def links_file(tmp_path: Path) -> Path:
    path = tmp_path / "links.toml"
    path.write_text(f'[[link]]\nchannel = "{CREW}"\nchat = "{Chats.ANN}"\nsenders = ["U0ANN0000", "everyone"]\n')
    return path


async def test_links_of_the_file_replace_those_of_its_former_edition(
    sandbox: Sandbox, database: Database, database_url: str, caplog: pytest.LogCaptureFixture, links_file: Path
) -> None:
    await database.links.replace_file_links([Link(SlackRoom(TEAM, CLIPS).id, LinqIds().room(Chats.ANN), "", FROM_FILE)])
    async with running(sandbox, caplog, Role.WEB, DATABASE_URL=database_url, LINKS_FILE=str(links_file)):
        [kept] = await database.links.all()
    assert kept.room == SlackRoom(TEAM, CREW).id
    assert kept.settings.senders == (f"slack:{TEAM}@U0ANN0000", "everyone")


async def test_links_file_waits_for_slack_and_the_start_does_not(
    sandbox: Sandbox, database: Database, database_url: str, caplog: pytest.LogCaptureFixture, links_file: Path
) -> None:
    sandbox.slack.switches.down = "503"
    async with running(sandbox, caplog, Role.WEB, DATABASE_URL=database_url, LINKS_FILE=str(links_file)):
        assert [record.message for record in caplog.records].count("links_file.postponed") == 1
        assert await database.links.all() == []


async def test_old_names_of_settings_are_logged_with_their_successors(
    sandbox: Sandbox, database_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIND_SECONDS", "77")
    async with running(sandbox, caplog, Role.WEB, DATABASE_URL=database_url):
        pass
    [record] = [record for record in caplog.records if record.message == "settings.renamed"]
    assert (record.old, record.new) == ("FIND_SECONDS", "SEND_CONFIRM_SECONDS")  # type: ignore[attr-defined]


async def test_start_does_not_wait_for_a_linq_that_hangs(
    sandbox: Sandbox, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.linq.switches.latency_s = 600.0
    more = {"DATABASE_URL": database_url, "PUBLIC_URL": "https://bot.example"}
    async with asyncio.timeout(TIMEOUT_S), running(sandbox, caplog, Role.WEB, **more) as bot:
        status, body = await readiness(bot)
        assert status == 503
        assert body["slack"] == {"ok": True}


async def test_spool_of_a_killed_process_is_cleared_by_the_next_start(
    sandbox: Sandbox, database_url: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Recordings of customers must not lie about until somebody clears the temporary folder."""
    abandoned = tmp_path / "data" / f"{FOLDER_PREFIX}of-a-dead-process"
    abandoned.mkdir(parents=True)
    (abandoned / "lock").touch()
    (abandoned / "clip-1").write_bytes(b"somebody's voice")
    more = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data")}
    async with running(sandbox, caplog, Role.WEB, **more):
        [spool] = (tmp_path / "data").iterdir()
        assert spool.name.startswith(FOLDER_PREFIX)
        assert spool.stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "data").iterdir()) == []


def open_connections(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        row = connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])


async def test_stopped_bot_leaves_no_connection_and_no_worker(
    sandbox: Sandbox, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(psutil.Process().children(recursive=True))
    async with running(sandbox, caplog, DATABASE_URL=database_url):
        assert open_connections(database_url) > 0
        assert set(psutil.Process().children(recursive=True)) - before
    await until(lambda: open_connections(database_url) == 0)
    left = [child for child in psutil.Process().children(recursive=True) if child not in before]
    assert [child for child in left if child.status() != psutil.STATUS_ZOMBIE] == []
