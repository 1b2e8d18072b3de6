"""What a person does and sees on the page, for the tests."""

import re

from playwright.async_api import Locator, Page, expect

SOON_MS = 30_000
LATER_MS = 60_000


class Screen:
    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(SOON_MS)

    async def open(self, url: str) -> None:
        await self.page.goto(url)
        await self.bot_is("ready", timeout=120_000)
        await self.room("clips")
        await self.hurry_phone()

    async def hurry_phone(self, sent_s: float = 0.1, delivered_s: float = 0.2, read_s: float = 0.4) -> None:
        """The demo lets people follow; most tests need not."""
        pace = {"sent_after_s": sent_s, "delivered_after_s": delivered_s, "read_after_s": read_s}
        answer = await self.page.request.patch("/linq/switches", data=pace)
        assert answer.ok

    async def tidy_up(self) -> None:
        """Fine weather, a running bot, everybody in and on iMessage: as the next test wants to find it."""
        story = self.page.locator("#story button")
        if await story.is_visible():
            await story.click()
        reset = self.page.locator("#reset-faults")
        await self.open_faults()
        if await reset.is_enabled():
            await reset.click()
            await expect(reset).to_be_disabled()  # a page that closes takes along what it has not yet asked for
        if await self.page.locator(".bot-pill.killed, .bot-pill.stopped").count():
            await self.bot("Start")
        await self.bot_is("ready", timeout=LATER_MS)

    # Slack

    async def room(self, name: str) -> None:
        await self.page.locator("#channels button", has_text=re.compile(f"^#?{name}$")).click()
        await expect(self.page.locator("#room-name")).to_contain_text(name)

    async def send_sample(self, label: str = "hello.m4a") -> Locator:
        """Drop one of the demo's own files; the message it became."""
        before = await self.messages.count()
        await self.page.click("#attach")
        await self.page.locator("[popover] button:visible", has_text=label).click()
        await expect(self.messages).to_have_count(before + 1)
        return self.messages.nth(before)

    @property
    def messages(self) -> Locator:
        """Those in the channel that are neither replies nor ephemeral."""
        return self.page.locator("#messages > .message:not(.ephemeral):not(:has(> .empty))")

    async def menu(self, message: Locator, choice: str) -> None:
        """Choose from the menu of a message."""
        await message.hover()
        await message.locator("> .message-tools").get_by_role("button", name="More actions").click()
        await self.page.get_by_label("Message menu").get_by_role("button", name=choice).click()

    async def mode(self, mode: str) -> None:
        """Set the link of the open channel to a mode."""
        button = self.page.locator("#mode button", has_text=mode)
        await button.click()
        await expect(button).to_have_attribute("aria-checked", "true")

    async def thread_says(self, message: Locator, word: str, timeout: float = LATER_MS) -> None:
        notice = message.locator(".thread .message:not(.ephemeral)", has=self.page.locator(".app")).first
        await expect(notice.locator("strong", has_text=re.compile(f"^{word}$")).first).to_be_visible(timeout=timeout)

    async def command(self, text: str) -> None:
        await self.page.fill("#composer textarea", text)
        await self.page.press("#composer textarea", "Enter")

    # the phone

    @property
    def bubbles(self) -> Locator:
        """What the phone's owner got in the open chat."""
        return self.page.locator("#bubbles .row.theirs .bubble")

    @property
    def answers(self) -> Locator:
        """What the phone's owner sent in the open chat."""
        return self.page.locator("#bubbles .row.mine .bubble")

    async def answer(self, text: str) -> None:
        await self.page.fill("#answer", text)
        await self.page.press("#answer", "Enter")

    async def own(self, name: str) -> None:
        """Take somebody else's iPhone."""
        await self.page.select_option("#owner", label=f"{name}’s iPhone")

    async def bubble_menu(self, bubble: Locator, choice: str) -> None:
        """Open the menu beside a bubble and choose from it."""
        line = bubble.locator("xpath=..")
        await line.hover()
        await line.locator(".react").click()
        await self.page.locator(".tapback-menu").get_by_role("button", name=choice, exact=True).click()

    # the time line

    def row(self, title: str, badge: str = "") -> Locator:
        rows = self.page.locator("#rows .exchange", has=self.page.locator(".title", has_text=title))
        return rows.filter(has=self.page.locator(".badge", has_text=badge)) if badge else rows

    async def crossed(self, title: str, times: int) -> None:
        """So often in this time line; equal ones in a row are shown as one line with their number."""
        count = """([title, times]) => times === [...document.querySelectorAll("#rows .title")]
            .filter((line) => line.firstChild.textContent === title)
            .reduce((sum, line) => sum + Number(line.querySelector(".times")?.textContent.slice(2) ?? 1), 0)"""
        await self.page.wait_for_function(count, arg=[title, times])

    async def truth(self, thread: str, phone: str, verdict: str, timeout: float = LATER_MS) -> None:
        """What the panel says: the thread's word, what is on the phone, and whether they agree."""
        panel = self.page.locator("#truth")
        await expect(panel.locator(".fact b").first).to_contain_text(thread, timeout=timeout)
        await expect(panel.locator(".fact b").last).to_contain_text(phone, timeout=timeout)
        await expect(panel.locator(".verdict")).to_contain_text(verdict, timeout=timeout)

    # the bot and the faults

    async def bot_is(self, state: str, timeout: float = LATER_MS) -> None:
        await expect(self.page.locator(f".bot-pill.{state}")).to_be_visible(timeout=timeout)

    async def open_faults(self) -> None:
        if await self.page.locator("#faults:not([open])").count():
            await self.page.click("#faults summary")

    async def bot(self, button: str) -> None:
        await self.open_faults()
        await self.page.locator("#faults-bot button", has_text=button).click()

    async def choose(self, side: str, weather: str) -> None:
        await self.open_faults()
        button = self.page.locator(f"[data-fault={side}] button", has_text=weather)
        await button.click()
        await expect(button).to_have_attribute("aria-checked", "true")

    async def flip(self, fault: str, *, on: bool = True) -> None:
        await self.open_faults()
        button = self.page.locator(f"[data-fault={fault}] button")
        await button.click()
        await expect(button).to_have_attribute("aria-checked", "true" if on else "false")
