"""The pictures of the README, taken anew: ``uv run python -m tests.browser.pictures``. Needs Chromium."""

import asyncio
import shutil
import signal
import tempfile
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import av.container
import av.filter
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.conftest import ARGUMENTS, LAPTOP, NAMES, ROOT, start_demo
from tests.browser.screen import LATER_MS, Screen

PICTURES = Path(__file__).parent / "pictures"
SOUND = (ROOT / "bot/sandbox/sample.m4a").read_bytes()
LARGEST_BYTES = 150_000
TRUE = "Slack tells the truth."


def main() -> None:
    with tempfile.TemporaryDirectory() as cache:
        process, url = start_demo(cache=Path(cache))
        try:
            asyncio.run(take_all(url))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


async def take_all(url: str) -> None:
    chromium = next(path for name in NAMES if (path := shutil.which(name)))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        screen = await _window(browser, url)
        await a_day(screen)
        await take(screen.page, "day-light", "light")
        await take(screen.page, "day-dark", "dark")
        await a_crash(screen)
        await take(screen.page, "killed", "dark")
        await a_group(screen)
        await take(screen.page, "group", "light")
        await browser.close()


async def _window(browser: Browser, url: str) -> Screen:
    width, height = LAPTOP
    context = await browser.new_context(
        base_url=url, viewport={"width": width, "height": height}, reduced_motion="reduce", locale="en-GB"
    )
    screen = Screen(await context.new_page())
    await screen.open(url)
    return screen


async def a_day(screen: Screen) -> None:
    """A conversation: a clip, its answer by voice and text, and a second clip whose answer got lost on the way."""
    await screen.own("Ann")
    await _drop(screen, "standup.m4a")
    await screen.truth("read", "1 bubble, read", TRUE)
    await screen.bubble_menu(screen.bubbles.last, "love")
    await screen.page.click("#phone-attach")
    await screen.page.get_by_role("button", name="The sample voice memo").click()
    await expect(screen.messages.last.locator(".clip-card .length")).to_be_visible()
    await screen.answer("Great to hear your voice! Send the rest?")
    await expect(screen.messages.last).to_contain_text("Send the rest?")
    await screen.flip("lose-memo")
    await _drop(screen, "the-rest.m4a")
    await screen.truth("read", "1 bubble, read", TRUE)


async def a_crash(screen: Screen) -> None:
    await screen.bot("Kill −9")
    await screen.bot_is("killed")
    await _drop(screen, "one-more-thing.m4a")
    await expect(screen.row("Slack tells the bot", "no answer")).to_be_visible()


async def a_group(screen: Screen) -> None:
    await screen.tidy_up()
    await screen.room("crew")
    await _drop(screen, "happy-birthday.m4a")
    await screen.truth("sent", "1 bubble, sent", TRUE)
    for name, words in (("Dora", "Who is singing there?"), ("Cleo", "All of them, I fear")):
        await screen.own(name)
        await screen.answer(words)
        await expect(screen.messages.last).to_contain_text(words, timeout=LATER_MS)


async def _drop(screen: Screen, name: str) -> None:
    await screen.page.set_input_files("#file", {"name": name, "mimeType": "audio/mp4", "buffer": SOUND})
    await expect(screen.page.locator("#timelines .tab").first).to_contain_text(name)


async def take(page: Page, name: str, scheme: str) -> None:
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.mouse.move(1, 1)
    await page.evaluate("document.activeElement.blur()")
    content = with_palette(await page.screenshot())
    assert len(content) <= LARGEST_BYTES, f"{name} has {len(content)} bytes"
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / f"{name}.png").write_bytes(content)


def with_palette(png: bytes) -> bytes:
    """The same picture in 256 colours of its own: less than half the bytes, and nobody sees it."""
    with av.open(BytesIO(png)) as source:
        assert isinstance(source, av.container.InputContainer)
        frame = next(source.decode(video=0)).reformat(format="rgb24")
    frame.pts, frame.time_base = 0, Fraction(1)
    graph = _palette_graph(frame)
    graph.push(frame)
    graph.push(None)
    painted = graph.pull()
    assert isinstance(painted, av.VideoFrame)
    encoder = av.VideoCodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.time_base = painted.width, painted.height, Fraction(1)
    encoder.pix_fmt, encoder.options = "pal8", {"compression_level": "9", "pred": "none"}
    return b"".join(bytes(packet) for packet in [*encoder.encode(painted), *encoder.encode(None)])


def _palette_graph(frame: av.VideoFrame) -> av.filter.Graph:
    graph = av.filter.Graph()
    start = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1))
    halves, end = graph.add("split"), graph.add("buffersink")
    palette, painter = graph.add("palettegen"), graph.add("paletteuse", "dither=none")
    start.link_to(halves)
    halves.link_to(painter, 0, 0)
    halves.link_to(palette, 1, 0)
    palette.link_to(painter, 0, 1)
    painter.link_to(end)
    graph.configure()
    return graph


if __name__ == "__main__":
    main()
