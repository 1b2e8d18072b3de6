"""Temporary urls: whatever a recording is called, its address opens it, and nothing else does."""

from urllib.parse import unquote, urlsplit

import pytest

from bot.relay.media.temporary_urls import TemporaryUrls
from tests.fakes import said, voice
from tests.relay.world import World

NAMES = [
    "memo.m4a",
    "{memo}.m4a",
    "100%.m4a",
    "my%20memo.m4a",
    "für dich?.m4a",
    "音声 #1.m4a",
    "a/b.m4a",
    "a\\b;c=1.m4a",
]


def urls(world: World, token: str = "tok") -> TemporaryUrls:
    return TemporaryUrls(world.database.deliveries, "https://bot.example/", token=lambda: token)


def as_it_arrives(url: str) -> tuple[str, str]:
    """Token and name as an HTTP server hands them out: each part of the path unquoted once."""
    _, clips, token, name = urlsplit(url).path.split("/")
    assert clips == "clips"
    return unquote(token), unquote(name)


@pytest.mark.parametrize("name", NAMES)
async def test_temporary_url_opens_its_recording_whatever_the_name(world: World, name: str) -> None:
    [accepted] = await world.deliveries.accept(said("1", voice(name)))
    url = await urls(world).create(await world.row(accepted))
    found = await urls(world).find(*as_it_arrives(url))
    assert found is not None
    assert found.id == accepted


@pytest.mark.parametrize("name", NAMES)
async def test_temporary_url_is_an_address_of_ascii_without_spaces(world: World, name: str) -> None:
    [accepted] = await world.deliveries.accept(said("1", voice(name)))
    url = await urls(world).create(await world.row(accepted))
    assert url.isascii()
    assert not set(url) & set(' {}#?\\"<>')
    assert url.startswith("https://bot.example/clips/tok/")


@pytest.mark.parametrize(("token", "name"), [("other", "memo-{}.m4a"), ("tok", "memo.m4a"), ("tok", "")])
async def test_temporary_url_with_another_token_or_name_opens_nothing(world: World, token: str, name: str) -> None:
    [accepted] = await world.deliveries.accept(said())
    await urls(world).create(await world.row(accepted))
    assert await urls(world).find(token, name.format(accepted[:6])) is None


async def test_temporary_url_that_was_fetched_is_evidence(world: World) -> None:
    [accepted] = await world.deliveries.accept(said())
    await urls(world).mark_fetched(await world.row(accepted))
    assert (await world.row(accepted)).fetched_at is not None


async def test_temporary_url_made_again_opens_with_the_new_token_only(world: World) -> None:
    [accepted] = await world.deliveries.accept(said())
    name = (await world.row(accepted)).temporary_name
    for token in ("first", "second"):
        await urls(world, token).create(await world.row(accepted))
    assert await urls(world).find("first", name) is None
    assert await urls(world).find("second", name) is not None
