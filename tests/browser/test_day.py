"""What people do on the page on a good day, and what both sides then show."""

import base64
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

SOUND = Path(__file__).resolve().parents[2] / "bot/sandbox/sample.m4a"
TRUE = "Slack tells the truth."
RECORDED = re.compile("0:0[1-9]")  # a second, and how long a busy machine takes to press the button


async def test_a_file_is_watched_from_queued_to_read(screen: Screen) -> None:
    await screen.hurry_phone(sent_s=0.4, delivered_s=0.7, read_s=2.2)
    await screen.page.set_input_files("#file", SOUND)
    await screen.truth("read", "1 bubble, read", TRUE)
    said = await screen.page.locator("#rows .lane-slack small", has_text="“").all_text_contents()
    assert list(dict.fromkeys(said)) == ["“queued”", "“sent”", "“delivered”", "“read”"]
    await screen.thread_says(screen.messages.last, "read")


async def test_the_time_line_comes_from_the_wire(screen: Screen) -> None:
    await screen.send_sample()
    await expect(screen.row("Webhook: read")).to_be_visible(timeout=20_000)
    titles = await screen.page.locator("#rows .title").all_text_contents()
    way = ["A person drops the file", "Slack tells the bot", "File fetched", "File uploaded", "Voice memo sent"]
    assert [title for title in titles if title in way] == way


async def test_a_bubble_has_a_waveform_a_length_and_plays(screen: Screen) -> None:
    before = await screen.bubbles.count()
    await screen.send_sample()
    await expect(screen.bubbles).to_have_count(before + 1)
    memo = screen.bubbles.last
    await expect(memo.locator(".length")).to_have_text("0:06")
    heights = await memo.locator(".bars i").evaluate_all(
        "bars => bars.map(bar => bar.style.getPropertyValue('--peak'))"
    )
    assert len(set(heights)) > 5
    await memo.locator(".play").click()
    await expect(memo.locator(".player")).to_have_class("player playing")
    await expect(memo.locator("i.played").first).to_be_attached()


async def test_files_are_dropped_by_dragging(screen: Screen) -> None:
    content = base64.b64encode(SOUND.read_bytes()).decode()
    dragged = await screen.page.evaluate_handle(
        """content => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const dragged = new DataTransfer();
            for (const name of ["one.m4a", "two.m4a"]) dragged.items.add(new File([bytes], name));
            return dragged;
        }""",
        content,
    )
    before = await screen.messages.count()
    for event in ("dragenter", "dragover", "drop"):
        await screen.page.dispatch_event(".room", event, {"dataTransfer": dragged})
    await expect(screen.messages).to_have_count(before + 1)
    await screen.truth("read", "1 bubble, read", TRUE)
    notice = screen.messages.last.locator(".thread .message").first
    await expect(notice).to_contain_text("one.m4a")
    await expect(notice).to_contain_text("two.m4a")


async def test_a_recorded_clip_is_read_within_ten_seconds(screen: Screen) -> None:
    await screen.hurry_phone(sent_s=0.4, delivered_s=0.7, read_s=2.2)
    before = await screen.bubbles.count()
    await screen.page.get_by_role("button", name="Record audio clip").click()
    await expect(screen.page.locator(".recording-bar .time")).to_have_text("0:01")
    await screen.page.get_by_role("button", name="Stop and send").click()
    await expect(screen.bubbles).to_have_count(before + 1, timeout=10_000)
    await screen.thread_says(screen.messages.last, "read", timeout=10_000)
    await expect(screen.bubbles.last.locator(".length")).to_have_text(RECORDED)


async def test_holding_the_microphone_records_until_it_is_let_go(screen: Screen) -> None:
    before = await screen.messages.count()
    await screen.page.hover("#composer .mic")
    await screen.page.mouse.down()
    await expect(screen.page.locator(".recording-bar .time")).to_have_text("0:01")
    await screen.page.mouse.up()
    await expect(screen.messages).to_have_count(before + 1)


async def test_escape_throws_a_recording_away(screen: Screen) -> None:
    before = await screen.messages.count()
    await screen.page.get_by_role("button", name="Record audio clip").click()
    await expect(screen.page.locator(".recording-bar")).to_be_visible()
    await screen.page.keyboard.press("Escape")
    await expect(screen.page.locator(".recording-bar")).to_have_count(0)
    assert await screen.messages.count() == before


async def test_a_double_click_on_the_microphone_is_one_recording(screen: Screen) -> None:
    before = await screen.messages.count()
    await screen.page.dblclick("#composer .mic")
    await expect(screen.page.locator(".recording-bar .time")).to_have_text("0:01")
    await screen.page.get_by_role("button", name="Throw away").click()
    await expect(screen.page.locator(".recording-bar")).to_have_count(0)
    assert await screen.messages.count() == before


async def test_only_the_main_button_of_a_mouse_starts_a_recording(screen: Screen) -> None:
    await screen.page.click("#composer .mic", button="right")
    await screen.page.click("#composer .mic", button="middle")
    await screen.page.evaluate(  # microphones are given in the order they are asked for
        """async () => (await navigator.mediaDevices.getUserMedia({ audio: true }))
            .getTracks().forEach((track) => track.stop())"""
    )
    await expect(screen.page.locator(".recording-bar")).to_have_count(0)


async def test_a_channel_is_linked_by_command_and_button(screen: Screen) -> None:
    await screen.room("private")
    await screen.command("/voicememo link +12025550142")
    ephemeral = screen.page.locator(".message.ephemeral").last
    await expect(ephemeral).to_contain_text("Only visible to you")
    await ephemeral.get_by_role("button", name="Link").click()
    await expect(ephemeral).to_contain_text("Linked to")
    await screen.send_sample()
    await expect(screen.page.locator("#owner option:checked")).to_have_text("Rita’s iPhone")
    await expect(screen.bubbles).to_have_count(1)
    await screen.command("/voicememo unlink")
    await expect(screen.page.locator(".message.ephemeral").last).to_contain_text("No longer linked")


async def test_only_admins_may_link(screen: Screen) -> None:
    await screen.page.select_option("#me", label="jonas".title())
    await screen.room("private")
    await screen.command("/voicememo link +12025550142")
    ephemeral = screen.page.locator(".message.ephemeral").last
    await expect(ephemeral).to_contain_text("admin")


async def test_the_shortcut_in_the_message_menu_sends_again(screen: Screen) -> None:
    message = await screen.send_sample()
    await screen.thread_says(message, "read")
    before = await screen.bubbles.count()
    await screen.menu(message, "Send as voice memo")
    await expect(screen.bubbles).to_have_count(before + 1)
    await expect(screen.page.locator("#truth .verdict")).to_contain_text(TRUE)


async def test_sms_looks_and_ends_as_on_a_phone(screen: Screen) -> None:
    await screen.room("texts")
    await screen.send_sample()
    await expect(screen.page.locator("#owner option:checked")).to_have_text("Sam’s iPhone")
    await screen.truth("sent", "1 bubble, sent", TRUE)
    await screen.answer("Got it")
    await expect(screen.page.locator("#bubbles .row.mine.green")).to_have_count(1)
    await expect(screen.page.locator("#bubbles .under").last).to_have_text("Sent as Text Message")


async def test_what_is_no_audio_gets_no_word(screen: Screen) -> None:
    message = await screen.send_sample("parcel.jpg")
    await expect(screen.row("Slack tells the bot", "200")).to_be_visible()
    await screen.truth("nothing yet", "no bubble", "It stays in Slack.")
    await expect(message.locator(".thread")).to_have_count(0)


async def test_a_broken_file_fails_with_a_reason_and_is_not_offered_again(screen: Screen) -> None:
    message = await screen.send_sample("broken.m4a")
    await screen.thread_says(message, "failed")
    await expect(message.locator(".mention")).to_have_text("@Maya")
    await expect(message.get_by_role("button", name="Resend")).to_have_count(0)
    await screen.truth("failed", "no bubble", TRUE)


async def test_a_clip_is_answered_in_the_thread_it_was_dropped_in(screen: Screen) -> None:
    await screen.command("Listen to this one")
    root = screen.messages.last
    await expect(root).to_contain_text("Listen to this one")
    await root.hover()
    await root.locator("> .message-tools").get_by_role("button", name="Reply in thread").click()
    await screen.page.click("#attach")
    await screen.page.locator("[popover] button:visible", has_text="hello.m4a").click()
    await expect(root.locator(".thread .clip-card")).to_be_visible()
    await expect(root.locator(".thread .message").last).to_contain_text("read", timeout=20_000)


async def test_the_page_works_by_keyboard_alone(screen: Screen) -> None:
    keys = screen.page.keyboard
    await screen.page.locator("#attach").focus()
    await keys.press("Enter")
    await keys.press("ArrowDown")
    await keys.press("Enter")
    await screen.thread_says(screen.messages.last, "read")
    await screen.page.locator("#composer .mic").focus()
    await keys.press("Enter")
    await expect(screen.page.locator(".recording-bar .time")).to_have_text("0:01")
    await keys.press("Enter")
    await screen.thread_says(screen.messages.last, "read")
    await screen.page.locator("#channels button").first.focus()
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(screen.page.locator("#room-name")).to_contain_text("crew")


async def test_light_and_dark_can_be_chosen_and_stay(screen: Screen) -> None:
    async def paper() -> str:
        return str(await screen.page.evaluate("getComputedStyle(document.querySelector('.wire')).backgroundColor"))

    before = await paper()
    await screen.page.click("#theme")
    assert await paper() != before
    chosen = await paper()
    await screen.page.reload()
    await screen.bot_is("ready")
    assert await paper() == chosen
