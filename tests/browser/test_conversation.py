"""Both sides speak on the page: what each says, does and changes is seen on the other one."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.screen import LATER_MS, Screen

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

PICTURE = Path(__file__).resolve().parents[2] / "bot/sandbox/sample.jpg"
TRUE = "Slack tells the truth."
REMOVED_MS = 150_000
"""Slack lets an app remove 20 reactions a minute (tier 2), and a busy machine repeats what came too late."""
RECORDED = re.compile("0:0[1-9]")


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def ann(screen: Screen) -> AsyncIterator[None]:
    """Ann's iPhone, and a link that carries what is written; afterwards only clips again."""
    await screen.own("Ann")
    await screen.mode("Conversation")
    yield
    await screen.room("clips")
    await screen.mode("Clips")


async def test_answer_appears_under_the_contacts_name(screen: Screen) -> None:
    await screen.answer("See you at <five> & *on time*")
    said = screen.messages.last
    await expect(said.locator("header b").first).to_have_text("Ann")
    await expect(said.locator(".said")).to_have_text("See you at <five> & *on time*")
    await screen.truth("1 message", "1 bubble", TRUE)
    titles = await screen.page.locator("#rows .title").all_text_contents()
    way = ["The contact sends it", "Webhook: received", "Posted in the channel"]
    assert [title for title in titles if title in way] == way


async def test_recorded_answer_can_be_played_in_slack(screen: Screen) -> None:
    before = await screen.messages.count()
    await screen.page.get_by_role("button", name="Answer with a recording").click()
    await expect(screen.page.locator(".recording-bar .time")).to_have_text("0:01")
    await screen.page.get_by_role("button", name="Stop and send").click()
    await expect(screen.answers.last.locator(".length")).to_have_text(RECORDED)
    await expect(screen.messages).to_have_count(before + 1)
    await expect(screen.messages.last.locator(".clip-card .length")).to_have_text(RECORDED)


async def test_sample_memo_needs_no_microphone(screen: Screen) -> None:
    await screen.page.click("#phone-attach")
    await screen.page.get_by_role("button", name="The sample voice memo").click()
    await expect(screen.answers.last.locator(".length")).to_have_text("0:06")
    await expect(screen.messages.last.locator(".clip-card .length")).to_have_text("0:06")


async def test_picture_of_the_contact_is_shown(screen: Screen) -> None:
    await screen.page.set_input_files("#phone-file", PICTURE)
    await expect(screen.answers.last.locator("img")).to_be_visible()
    picture = screen.messages.last.locator("img.picture")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("(picture) => picture.naturalWidth") == 720


async def test_text_of_the_team_is_formatted_on_the_phone(screen: Screen) -> None:
    await screen.command("It leaves *today*, @jonas says")
    await expect(screen.bubbles.last).to_have_text(re.compile("It leaves today, @"))
    await expect(screen.bubbles.last.locator("strong")).to_have_text("today")
    await screen.truth("read", "1 bubble, read", TRUE)
    await expect(screen.messages.last.get_by_label("eyes, 1")).to_be_visible()


async def test_what_stays_inside_is_said_before_it_is_sent(screen: Screen) -> None:
    """The line below the box knows the link's mode, the mention and the two slashes; and so does the bot."""
    box, line = screen.page.locator("#composer textarea"), screen.page.locator("#destination")
    await expect(line).to_contain_text("Goes to Ann")
    await box.fill("// among us")
    await expect(line).to_contain_text("stays in Slack")
    await box.press("Enter")
    await screen.mode("Clips")
    await box.fill("only a remark")
    await expect(line).to_contain_text("Stays in Slack")
    await box.press("Enter")
    await expect(screen.row("Slack tells the bot", "200")).to_be_visible()
    await screen.truth("nothing yet", "no bubble", "It stays in Slack.")
    await box.fill("@memobridge but this")
    await expect(line).to_have_text("Goes to Ann")
    await box.press("Enter")
    await expect(screen.bubbles.last).to_have_text("but this")
    assert not await screen.page.locator("#bubbles", has_text=re.compile("among us|only a remark")).count()


async def test_tapback_becomes_a_reaction_and_goes_with_it(screen: Screen) -> None:
    await screen.command("Shall we ring you?")
    await expect(screen.bubbles.last).to_have_text("Shall we ring you?")
    await screen.bubble_menu(screen.bubbles.last, "like")
    reaction = screen.messages.last.get_by_label("+1, 1: memobridge")
    await expect(reaction).to_be_visible(timeout=LATER_MS)
    mark = screen.bubbles.last.locator(".mark.like")
    await expect(mark).to_be_visible()  # else the next press would add it once more
    await screen.bubble_menu(screen.bubbles.last, "like")
    await expect(mark).to_have_count(0)
    await expect(reaction).to_have_count(0, timeout=REMOVED_MS)


async def test_reaction_of_the_team_becomes_a_tapback(screen: Screen) -> None:
    await screen.answer("Thank you!")
    await expect(screen.messages.last).to_contain_text("Thank you!")
    await screen.menu(screen.messages.last, "React with heart")
    await expect(screen.answers.last.locator(".mark.love")).to_be_visible(timeout=LATER_MS)
    await screen.messages.last.get_by_label("heart, 1").click()
    await expect(screen.answers.last.locator(".mark")).to_have_count(0, timeout=LATER_MS)


async def test_edit_of_the_contact_keeps_the_earlier_words(screen: Screen) -> None:
    await screen.answer("at five")
    await expect(screen.messages.last).to_contain_text("at five")
    await screen.bubble_menu(screen.answers.last, "Edit")
    await expect(screen.page.locator("#answer")).to_have_value("at five")
    await screen.answer("at six")
    await expect(screen.page.locator("#bubbles .under").last).to_have_text("Edited · Delivered")
    await expect(screen.messages.last.locator(".said")).to_have_text("at six")
    await expect(screen.messages.last.locator(".context")).to_have_text("Before:at five")


async def test_edit_of_the_team_reaches_the_phone(screen: Screen) -> None:
    await screen.command("before noon")
    await expect(screen.bubbles.last).to_have_text("before noon")
    await screen.menu(screen.messages.last, "Edit message")
    await screen.page.locator(".message-editor textarea").fill("before eleven")
    await screen.page.get_by_role("button", name="Save").click()
    await expect(screen.bubbles.last).to_have_text("before eleven")
    await expect(screen.page.locator("#bubbles .under").last).to_contain_text("Edited")


async def test_reply_of_the_contact_stands_in_the_thread(screen: Screen) -> None:
    await screen.command("Which door?")
    await expect(screen.bubbles.last).to_have_text("Which door?")
    await screen.bubble_menu(screen.bubbles.last, "Reply")
    await expect(screen.page.locator("#about")).to_contain_text("Replying to “Which door?”")
    await screen.answer("The green one")
    await expect(screen.page.locator("#bubbles .quote").last).to_have_text("Which door?")
    await expect(screen.messages.last.locator(".thread .said")).to_have_text("The green one")


CHANGES = """
async () => {
    const { parts, view } = await import("/static/js/state.js");
    const { tapBack } = await import("/static/js/acts.js");
    const source = new EventSource("/page/world");
    const next = () => new Promise((resolve) => source.addEventListener("world", resolve, { once: true }));
    await next();  // all there is
    const change = next();
    await tapBack(parts["chat:" + view.chat].messages.at(-1).id, 0, { kind: "love" });
    await change;
    source.close();
}
"""
"""The last bubble changes, and the page has been told so when this is over."""


async def test_button_that_is_drawn_anew_while_it_is_pressed_is_clicked_all_the_same(screen: Screen) -> None:
    await screen.command("Press me")
    await expect(screen.bubbles.last).to_have_text("Press me")
    await screen.page.locator("#bubbles .row.theirs .react").last.hover()
    await screen.page.mouse.down()
    await screen.page.evaluate(CHANGES)
    await screen.page.mouse.up()
    await expect(screen.page.locator(".tapback-menu")).to_be_visible()
    await expect(screen.bubbles.last.locator(".marks .love")).to_be_visible()
    await screen.page.keyboard.press("Escape")


async def test_everybody_in_a_group_can_answer(screen: Screen) -> None:
    await screen.room("crew")
    await screen.send_sample()
    await expect(screen.page.locator("#chat-name")).to_have_text("Family")
    for name in ("Dora", "Cleo"):
        await screen.own(name)
        await expect(screen.page.locator("#answer")).to_have_attribute("aria-label", f"Answer as {name}")
        await screen.answer(f"It is {name}")
        await expect(screen.messages.last.locator("header b").first).to_have_text(name)
    await expect(screen.page.locator("#bubbles .sender")).to_have_text(["Toy World", "Dora"])


async def test_own_message_is_scrolled_to(screen: Screen) -> None:
    for number in range(12):
        await screen.command(f"// remark {number}")
    await screen.page.locator("#messages").evaluate("(list) => (list.scrollTop = 0)")
    await screen.command("// the last remark")
    await expect(screen.messages.last).to_be_in_viewport()


async def test_ephemeral_answers_can_be_dismissed(screen: Screen) -> None:
    await screen.command("/voicememo status")
    answer = screen.page.locator(".message.ephemeral").last
    await expect(answer).to_contain_text("Linked to")
    before = await screen.page.locator(".message.ephemeral").count()
    await answer.get_by_role("button", name="Dismiss message").click()
    await expect(screen.page.locator(".message.ephemeral")).to_have_count(before - 1)


async def test_lost_webhook_is_found_by_reading_the_chat(screen: Screen) -> None:
    await screen.flip("lose-webhook")
    await screen.answer("Can you hear me?")
    await expect(screen.row("A webhook is lost")).to_be_visible()
    await expect(screen.messages.last).to_contain_text("Can you hear me?", timeout=LATER_MS)
    await expect(screen.page.locator("#truth .verdict")).to_contain_text(TRUE)
