"""The App Home and a held clip, beside the conversation."""

import pytest
from playwright.async_api import expect

from tests.browser.screen import LATER_MS, Screen

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]


async def test_held_clip_is_seen_in_the_channel_and_decided_in_the_home(screen: Screen) -> None:
    await screen.command("/voicememo set confirm always")
    message = await screen.send_sample()
    await screen.thread_says(message, "held")
    await screen.page.click("#home-button")
    home = screen.page.get_by_role("dialog", name="App Home")
    await expect(home.get_by_role("heading", name="Needs a decision")).to_be_visible(timeout=LATER_MS)
    await home.get_by_role("button", name="Send", exact=True).click()
    await expect(home.get_by_text("Nothing is held")).to_be_visible(timeout=LATER_MS)
    await home.get_by_role("button", name="Close").click()
    await screen.thread_says(message, "read")


async def test_settings_of_a_link_are_changed_in_a_modal(screen: Screen) -> None:
    await screen.page.click("#home-button")
    home = screen.page.get_by_role("dialog", name="App Home")
    await home.get_by_role("button", name="Edit").first.click()
    modal = screen.page.get_by_role("dialog", name="Settings of the link")
    await modal.get_by_label("What waits for Send or Cancel").select_option("never")
    await modal.get_by_role("button", name="Save").click()
    await expect(screen.page.locator("#modal").get_by_text("Changed.")).to_be_visible(timeout=LATER_MS)
    await screen.page.locator("#modal").get_by_role("button", name="Close").click()
    await home.get_by_role("button", name="Close").click()
