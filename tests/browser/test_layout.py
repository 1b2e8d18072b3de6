"""The page at three widths and in both colour schemes: nothing spills over or is out of reach; axe finds nothing."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import listen_for_complaints
from tests.browser.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

WINDOWS = {390: 844, 1024: 768, 1440: 900}
PANELS = {"slack": "#messages", "wire": "#rows", "phone": "#bubbles"}
BOXES = "html, body, .top, .stage > section, .room, .screen, .field, .faults, .truth"
SPILLED = """(boxes) => [...document.querySelectorAll(boxes)]
    .filter((each) => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1)
    .map((each) => each.className || each.tagName)"""


async def everything_at_once(screen: Screen) -> None:
    """Fill the page with all that it can show: both directions, a failure, a reply, an edit, and hidden answers."""
    await screen.mode("Conversation")
    await screen.command("It leaves *today*")
    await expect(screen.bubbles.last).to_contain_text("It leaves today")
    await screen.bubble_menu(screen.bubbles.last, "love")
    await screen.bubble_menu(screen.bubbles.last, "Reply")
    await screen.answer("Thank you!")
    await expect(screen.messages.last.locator(".thread")).to_contain_text("Thank you!")
    await screen.bubble_menu(screen.answers.last, "Edit")
    await screen.answer("Thank you so much!")
    await screen.page.click("#phone-attach")
    await screen.page.get_by_role("button", name="The sample picture").click()
    await screen.mode("Clips")
    await screen.flip("fail-memo")
    await screen.thread_says(await screen.send_sample(), "failed")
    await screen.command("/voicememo link +12025550123")
    await expect(screen.page.locator(".ephemeral .slack-button").last).to_be_visible()


@pytest_asyncio.fixture(params=WINDOWS, loop_scope="module")
async def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest_asyncio.fixture(params=["light", "dark"], loop_scope="module")
async def page(request: pytest.FixtureRequest, browser: Browser, demo: str, width: int) -> AsyncIterator[Page]:
    """A window of one width in one scheme, on a page on which everything has happened already."""
    context = await browser.new_context(base_url=demo, color_scheme=request.param, reduced_motion="reduce")
    page, complaints = await context.new_page(), listen_for_complaints(context, demo)
    screen = Screen(page)
    await page.set_viewport_size({"width": width, "height": WINDOWS[width]})
    await page.goto(demo)
    await screen.bot_is("ready", timeout=120_000)
    yield page
    await context.close()
    assert complaints == []


@pytest_asyncio.fixture(autouse=True, loop_scope="module", scope="module")
async def prepared(browser: Browser, demo: str) -> None:
    context = await browser.new_context(base_url=demo, viewport={"width": 1440, "height": 900})
    screen = Screen(await context.new_page())
    await screen.open(demo)
    await everything_at_once(screen)
    await context.close()


async def panels_of(page: Page, width: int) -> AsyncIterator[str]:
    """Each part of the page in turn where only one is shown at a time, else all of them at once."""
    if width > 919:
        yield "all"
        return
    for panel in PANELS:
        await page.click(f".panels [data-panel={panel}]")
        yield panel


async def problems(page: Page) -> list[str]:
    found = (await Axe().run(page)).response["violations"]
    return [f"{each['id']}: {[node['target'] for node in each['nodes']]}" for each in found]


async def test_axe_finds_nothing(page: Page, width: int) -> None:
    async for panel in panels_of(page, width):
        if panel in ("all", "wire") and await page.locator("#faults:not([open])").count():
            await page.click("#faults summary")
        assert (panel, await problems(page)) == (panel, [])


async def test_axe_finds_nothing_in_menus(page: Page, width: int) -> None:
    await page.click("#stories-button")
    assert await problems(page) == []
    await page.keyboard.press("Escape")
    async for panel in panels_of(page, width):
        if panel in ("all", "slack"):
            await page.locator("#messages .message-tools").first.get_by_role("button", name="More actions").click()
            assert await problems(page) == []
            await page.keyboard.press("Escape")
        if panel in ("all", "phone"):
            await page.locator("#bubbles .react").first.click()
            assert await problems(page) == []
            await page.keyboard.press("Escape")
            await page.click("#to-chats")
            assert await problems(page) == []


async def test_nothing_spills_over(page: Page, width: int) -> None:
    async for panel in panels_of(page, width):
        assert (panel, await page.evaluate(SPILLED, BOXES)) == (panel, [])


async def test_phone_and_stories_are_in_view(page: Page, width: int) -> None:
    await expect(page.locator("#stories-button")).to_be_in_viewport(ratio=1)
    async for panel in panels_of(page, width):
        if panel in ("all", "phone"):
            await expect(page.locator("#phone")).to_be_in_viewport(ratio=1)
            await expect(page.locator("#answer")).to_be_in_viewport(ratio=1)
    await page.click("#stories-button")
    await expect(page.locator("[data-story=conversation]")).to_be_in_viewport(ratio=1)


async def test_link_buttons_keep_their_word_on_one_line(page: Page) -> None:
    button = page.locator(".ephemeral .slack-button", has_text="Link").last
    await button.scroll_into_view_if_needed()
    lines = await button.evaluate("(each) => each.clientHeight / parseFloat(getComputedStyle(each).lineHeight)")
    assert lines < 2


async def test_hints_are_shown_whole(page: Page, width: int) -> None:
    async for panel in panels_of(page, width):
        if panel not in ("all", "wire"):
            continue
        if await page.locator("#faults:not([open])").count():
            await page.click("#faults summary")
        for switch in await page.locator("[data-hint] button:first-child").all():
            await switch.focus() if await switch.is_enabled() else None
            cut = await page.locator("#hint").evaluate("(hint) => hint.scrollHeight > hint.clientHeight + 1")
            assert not cut, await page.text_content("#hint")


async def test_a_clip_is_two_tab_stops(page: Page) -> None:
    clip = page.locator("#messages > .message", has=page.locator(".clip-card")).last
    stops = await clip.evaluate(
        """(clip) => [...clip.querySelectorAll("button, input, a")]
            .filter((each) => each.tabIndex === 0).map((each) => each.ariaLabel ?? each.textContent)"""
    )
    assert len([stop for stop in stops if stop != "Resend"]) == 2


async def test_skip_links_come_first_and_lead_there(page: Page) -> None:
    for number, target in enumerate(("Message", "On the wire", "Answer as")):
        await page.evaluate("document.activeElement.blur()")
        await page.locator(".skips a").nth(number).focus()
        await page.keyboard.press("Enter")
        assert target in str(await page.evaluate("document.activeElement.ariaLabel"))
    assert await page.evaluate("document.querySelector('a, button, input').closest('.skips') !== null")


async def test_times_are_in_the_zone_of_the_reader(browser: Browser, demo: str) -> None:
    """The bot's words, the posts, the bubbles and the phone's own clock agree, far away from UTC."""
    context = await browser.new_context(base_url=demo, timezone_id="Asia/Kathmandu", locale="en-GB")
    page = await context.new_page()
    await page.goto(demo)
    await expect(page.locator("#messages strong", has_text="failed").first).to_be_visible(timeout=120_000)
    offset = 5 * 60 + 45
    shown = await page.locator("#messages time, #bubbles time, #phone-clock, #messages .section").all_inner_texts()
    now = await page.evaluate("Math.floor(Date.now() / 60000)")
    assert len(shown) > 8
    for text in shown:
        for hours, minutes in (found.split(":") for found in re.findall(r"\b\d\d:\d\d\b", text)):
            ago = (now + offset - int(hours) * 60 - int(minutes)) % (24 * 60)
            assert ago < 30, text
    await context.close()
