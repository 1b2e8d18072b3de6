"""The page in a real Chromium, with the demo behind it as a process of its own, as a person would start it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.browser.screen import Screen
from tests.conftest import cannot

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
expect.set_options(timeout=30_000)  # however busy the machine is

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
LAPTOP = (1366, 768)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where it is. Machines without one skip these tests; the one that checks changes must have it."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        cannot("no Chromium is installed (Debian: apt-get install chromium)")
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The url of a demo that runs. At its end it is told to leave, and must do so in order."""
    process, url = start_demo(cache=tmp_path_factory.mktemp("cache"))
    yield url
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0


def start_demo(*more: str, cache: Path) -> tuple["subprocess.Popen[str]", str]:
    """The process and the url of its page; the bot may still be starting."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("DISPLAY")}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "demo", "--port", "0", *more],
        cwd=ROOT,
        env=environment | {"XDG_CACHE_HOME": str(cache)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return process, found[0]
    raise AssertionError("the demo ended without telling where it is")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def screen(browser: Browser, demo: str) -> AsyncIterator[Screen]:
    """A fresh window on the page in fine weather, the bot running. It must log no error and ask no other machine."""
    context = await browser.new_context(
        base_url=demo, viewport={"width": LAPTOP[0], "height": LAPTOP[1]}, permissions=["microphone"]
    )
    page, complaints = await context.new_page(), listen_for_complaints(context, demo)
    screen = Screen(page)
    await screen.open(demo)
    yield screen
    await screen.tidy_up()
    await context.close()
    assert complaints == []


def listen_for_complaints(context: BrowserContext, home: str) -> list[str]:
    """What should never be said: console errors and warnings, exceptions, requests to anywhere else."""
    complaints: list[str] = []

    def watch(page: Page) -> None:
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))

    context.on("page", watch)
    for page in context.pages:
        watch(page)
    context.on(
        "request",
        lambda asked: None if asked.url.startswith((home, "blob:", "data:")) else complaints.append(asked.url),
    )
    return complaints
