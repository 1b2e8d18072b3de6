"""Every fault switch shows its effect on the time line, and the promise is kept."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.screen import LATER_MS, Screen

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

TRUE = "Slack tells the truth."


@pytest.mark.parametrize(("weather", "badge"), [("Down", "503"), ("429", "429")])
async def test_linq_in_bad_weather(screen: Screen, weather: str, badge: str) -> None:
    await screen.choose("linq", weather)
    message = await screen.send_sample()
    await expect(screen.page.locator(".lane-linq .badge", has_text=badge).first).to_be_visible(timeout=LATER_MS)
    await screen.thread_says(message, "queued")
    await screen.choose("linq", "Fine")
    await screen.truth("read", "1 bubble, read", TRUE)


@pytest.mark.parametrize(("weather", "badge"), [("Down", "503"), ("429", "429")])
async def test_slack_in_bad_weather(screen: Screen, weather: str, badge: str) -> None:
    await screen.choose("slack", weather)
    message = await screen.send_sample()
    await expect(screen.page.locator(".lane-slack .badge", has_text=badge).first).to_be_visible(timeout=LATER_MS)
    await screen.choose("slack", "Fine")
    await screen.thread_says(message, "read", timeout=60_000)
    await screen.truth("read", "1 bubble, read", TRUE)


@pytest.mark.parametrize("side", ["slack", "linq"])
async def test_a_slow_side_only_takes_longer(screen: Screen, side: str) -> None:
    await screen.choose(side, "Slow")
    await screen.send_sample()
    await screen.truth("read", "1 bubble, read", TRUE, timeout=60_000)


async def test_a_lost_answer_from_linq_makes_no_second_bubble(screen: Screen) -> None:
    await screen.flip("lose-memo")
    await screen.send_sample()
    await expect(screen.row("Voice memo sent", "answer lost")).to_be_visible(timeout=LATER_MS)
    await screen.truth("read", "1 bubble, read", TRUE)
    await expect(screen.page.locator("[data-fault=lose-memo] button")).to_have_attribute("aria-checked", "false")


async def test_a_lost_answer_from_slack_makes_no_second_notice(screen: Screen) -> None:
    await screen.flip("lose-notice")
    message = await screen.send_sample()
    await expect(screen.row("Posted in thread", "answer lost")).to_be_visible(timeout=LATER_MS)
    await screen.thread_says(message, "read")
    await expect(message.locator(".thread .message")).to_have_count(1)


async def test_events_that_slack_redelivers_are_one_clip(screen: Screen) -> None:
    await screen.flip("redeliver")
    await screen.send_sample()
    await screen.crossed("Slack tells the bot", times=3)
    await screen.truth("read", "1 bubble, read", TRUE)


async def test_duplicate_webhooks_change_nothing(screen: Screen) -> None:
    await screen.flip("duplicate")
    await screen.send_sample()
    await screen.crossed("Webhook: read", times=3)
    await screen.truth("read", "1 bubble, read", TRUE)


async def test_webhooks_in_the_wrong_order_end_as_read(screen: Screen) -> None:
    await screen.flip("reorder")
    await screen.send_sample()
    await expect(screen.row("Webhook: sent")).to_be_visible(timeout=LATER_MS)
    titles = await screen.page.locator("#rows .lane-linq .title").all_text_contents()
    told = [title.removeprefix("Webhook: ") for title in titles if title.startswith("Webhook: ")]
    assert told == ["read", "delivered", "sent"]
    await screen.truth("read", "1 bubble, read", TRUE)


async def test_withheld_webhooks_are_caught_up_with(screen: Screen) -> None:
    await screen.flip("withhold")
    await screen.send_sample()
    await screen.truth("queued", "1 bubble, read", "Slack will catch up.")
    await screen.flip("withhold", on=False)
    await screen.truth("read", "1 bubble, read", TRUE)


async def test_a_memo_that_fails_says_so_on_both_sides(screen: Screen) -> None:
    await screen.flip("fail-memo")
    message = await screen.send_sample()
    await screen.thread_says(message, "failed")
    await expect(screen.page.locator("#bubbles .under").last).to_have_text("Not Delivered")


async def test_a_memo_nobody_listens_to_stays_delivered_until_it_is_played(screen: Screen) -> None:
    await screen.flip("unheard")
    await screen.send_sample()
    await screen.truth("delivered", "1 bubble, delivered", TRUE)
    await screen.bubbles.last.locator(".play").click()
    await screen.truth("read", "1 bubble, read", TRUE)


async def test_a_recipient_who_opted_out_is_left_alone(screen: Screen) -> None:
    await screen.own("Ann")
    await screen.flip("opted-out")
    await expect(screen.answers.last).to_have_text("STOP")
    await expect(screen.messages.last).to_contain_text("STOP")  # else it comes while the next one is counted
    before = await screen.bubbles.count()
    message = await screen.send_sample()
    await screen.thread_says(message, "failed")
    assert await screen.bubbles.count() == before
    await screen.flip("opted-out", on=False)


async def test_a_chat_that_falls_back_to_sms_ends_at_sent(screen: Screen) -> None:
    await screen.own("Ann")
    await screen.flip("sms")
    await screen.send_sample()
    await screen.truth("sent", "1 bubble, sent", TRUE)
    await expect(screen.page.locator("#bubbles .row.theirs").last).to_have_class(re.compile("green sent"))
    await screen.flip("sms", on=False)


async def test_a_killed_bot_finishes_after_its_restart(screen: Screen) -> None:
    await screen.bot("Kill −9")
    await screen.bot_is("killed")
    message = await screen.send_sample()
    await expect(screen.row("Slack tells the bot", "no answer")).to_be_visible()
    await screen.bot("Start")
    await screen.bot_is("ready")
    await screen.thread_says(message, "read", timeout=60_000)
    await screen.truth("read", "1 bubble, read", TRUE)


async def test_a_bot_killed_on_the_way_knows_the_clip_again(screen: Screen) -> None:
    await screen.choose("linq", "Slow")
    message = await screen.send_sample()
    await screen.thread_says(message, "queued")
    await screen.bot("Kill −9")
    await screen.bot_is("killed")
    await screen.choose("linq", "Fine")
    await screen.bot("Start")
    await screen.truth("read", "1 bubble, read", TRUE, timeout=60_000)


async def test_the_same_day_over_socket_mode(screen: Screen) -> None:
    await screen.bot("Socket Mode")
    await expect(screen.page.locator(".bot-pill.ready")).to_contain_text("Socket Mode", timeout=LATER_MS)
    await screen.send_sample()
    await screen.truth("read", "1 bubble, read", TRUE)
    await screen.bot("HTTP")
    await expect(screen.page.locator(".bot-pill.ready")).to_contain_text("HTTP", timeout=LATER_MS)


async def test_a_story_plays_by_itself_and_ends_as_promised(screen: Screen) -> None:
    await screen.page.click("#stories-button")
    await screen.page.click("[data-story=crash]")
    await expect(screen.page.locator("#story")).to_contain_text("Killed", timeout=LATER_MS)
    await expect(screen.page.locator(".story.kept")).to_be_visible(timeout=90_000)
    await screen.truth("read", "1 bubble, read", TRUE)


async def test_everything_that_crossed_can_be_read(screen: Screen) -> None:
    await screen.page.click("#everything")
    await screen.send_sample()
    await expect(screen.page.locator("#raw summary", has_text="voicememo").last).to_be_attached()


async def test_reset_puts_every_switch_back(screen: Screen) -> None:
    await screen.choose("slack", "Slow")
    await screen.flip("duplicate")
    await screen.page.click("#reset-faults")
    await expect(screen.page.locator("[data-fault=slack] [aria-checked=true]")).to_have_text("Fine")
    await expect(screen.page.locator("[data-fault=duplicate] button")).to_have_attribute("aria-checked", "false")
    await expect(screen.page.locator("#reset-faults")).to_be_disabled()
