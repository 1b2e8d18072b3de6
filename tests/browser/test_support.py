"""#support on the page: three contacts write to one number, and each has a thread in which two colleagues answer."""

import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, expect

from tests.browser.screen import LATER_MS, Screen

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]

TRUE = "Slack tells the truth."
WINDOWS = {390: 844, 1024: 768, 1440: 900}


async def begun(screen: Screen, name: str, text: str) -> Locator:
    """The root in #support that begins with these words of this contact."""
    await screen.own(name)
    await screen.answer(text)
    await screen.room("support")
    root = screen.messages.filter(has_text=text).first
    await expect(button(root, "Close")).to_be_visible(timeout=LATER_MS)
    return root


def button(root: Locator, name: str) -> Locator:
    return root.locator("> .message-body").get_by_role("button", name=name, exact=True)


async def state(root: Locator, words: str) -> None:
    """The root says so; it is edited at most once in ten seconds."""
    await expect(root.locator("> .message-body .context").last).to_have_text(re.compile(words), timeout=LATER_MS)


async def reply_in(screen: Screen, root: Locator) -> None:
    await root.hover()
    await root.locator("> .message-tools").get_by_role("button", name="Reply in thread").click()


async def test_nobody_has_written_says_whose_iphone_to_take(screen: Screen) -> None:
    await screen.room("support")
    await expect(screen.page.locator("#messages .empty")).to_contain_text("Take the iPhone of Ben, Rita or Leo")
    await expect(screen.page.locator("#destination")).to_contain_text("Stays in Slack")


async def test_each_contact_has_a_thread_that_leads_back_to_them(screen: Screen) -> None:
    """Both say the same, as people do in the morning."""
    ben, rita = await begun(screen, "Ben", "Hello!"), await begun(screen, "Rita", "Good morning!")
    await reply_in(screen, rita)
    await screen.page.fill("#composer textarea", "@memobridge Good morning, Rita!")
    await expect(screen.page.locator("#destination")).to_have_text("Goes to Rita")
    await screen.page.press("#composer textarea", "Enter")
    await screen.truth("read", "1 bubble, read", TRUE)
    await reply_in(screen, ben)
    await screen.page.click("#attach")
    await screen.page.locator("[popover] button:visible", has_text="hello.m4a").click()
    await screen.truth("read", "1 bubble, read", TRUE)
    for name, got in (("Ben", "0:06"), ("Rita", "Good morning, Rita!")):
        await screen.own(name)
        await expect(screen.bubbles).to_have_count(1)
        await expect(screen.bubbles.last).to_contain_text(got)
    await expect(screen.page.locator("#bubbles .quote")).to_have_count(0)
    for root in (ben, rita):
        await state(root, "answered")


async def test_conversation_is_taken_closed_and_opened_by_what_is_new(screen: Screen) -> None:
    await screen.room("support")
    root = screen.messages.filter(has_text="Hello!").first
    await button(root, "Take").click()
    await state(root, "taken by @Maya")
    await button(root, "Close").click()
    await state(root, "^closed$")
    await screen.own("Ben")
    await screen.answer("One more thing")
    await expect(root.locator(".thread")).to_contain_text("One more thing", timeout=LATER_MS)
    await state(root, "waiting since")


async def test_conversation_moves_to_a_channel_of_its_own(screen: Screen) -> None:
    root = await begun(screen, "Leo", "Do you repair toys?")
    await root.get_by_label("More actions", exact=True).select_option(label="Move to a channel …")
    modal = screen.page.locator("#modal")
    await modal.locator("select").select_option(label="#workshop")
    await modal.get_by_role("button", name="Move").click()
    await expect(modal.get_by_text("goes on in")).to_be_visible(timeout=LATER_MS)
    await modal.get_by_role("button", name="Close").click()
    await expect(root.locator(".thread")).to_contain_text("goes on in #workshop", timeout=LATER_MS)
    await screen.own("Leo")
    await screen.answer("It is a tin robot.")
    await screen.room("workshop")
    await expect(screen.messages.last).to_contain_text("It is a tin robot.", timeout=LATER_MS)


async def test_clip_at_the_root_is_not_sent_and_says_where_it_belongs(screen: Screen) -> None:
    await screen.room("support")
    await screen.send_sample()
    told = screen.page.locator("#messages > .message.ephemeral").last
    await expect(told).to_contain_text("what stands outside its threads goes to nobody", timeout=LATER_MS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WINDOWS)
async def test_axe_finds_nothing_in_the_inbox(screen: Screen, width: int, scheme: str) -> None:
    await screen.room("support")
    await screen.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    await screen.page.set_viewport_size({"width": width, "height": WINDOWS[width]})
    if width < 919:
        await screen.page.click(".panels [data-panel=slack]")
    found = (await Axe().run(screen.page)).response["violations"]
    assert [f"{each['id']}: {[node['target'] for node in each['nodes']]}" for each in found] == []
