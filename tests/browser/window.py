"""The practice Slack's page in a browser window, in which somebody acts as one person after another."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.world import World

CHROMIUM = next(
    (path for path in ("/usr/bin/chromium", shutil.which("chromium")) if path and Path(path).exists()), None
)
NEEDS_CHROMIUM = pytest.mark.skipif(
    CHROMIUM is None, reason="The page is tested in Chromium; install it with `apt-get install chromium`."
)

WIDE = (1280, 800)
PHONE = (390, 844)
PEOPLE = {
    "ana": "Ana Ortiz",
    "ben": "Ben Vogel",
    "bea": "Bea Lang",
    "cleo": "Cleo Tan",
    "dan": "Dan Hughes",
    "gus": "Gus Marsh",
}


class Window:
    """One browser window, in which somebody acts as one person after another."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.channel = page.get_by_role("main", name="Conversation")
        self.thread = page.get_by_role("complementary", name="Thread")
        self.form = page.get_by_role("dialog")
        self.card = self.channel.get_by_role("article").filter(has=page.get_by_role("heading"))

    async def types(self, text: str) -> None:
        await self.page.get_by_label("Message #releases").fill(text)
        await self.page.keyboard.press("Enter")

    async def acts_as(self, name: str) -> None:
        await self.page.get_by_role("button", name="Act as another person").click()
        await self.page.get_by_role("menuitemradio", name=PEOPLE[name]).click()
        await expect(self.page).to_have_url(re.compile(f"#/{name}/"))

    async def opens_the_thread(self) -> None:
        await self.card.locator(".replies").click()
        await expect(self.thread.locator(".message").first).to_contain_text("checkout 1.4.0")

    async def reads_as(self, name: str) -> None:
        """Act as a person who opens the thread."""
        await self.acts_as(name)
        await self.opens_the_thread()

    def entry(self, text: str) -> Locator:
        """Return the message of the thread that says `text`, the card left out."""
        return self.thread.locator(".message:not(:first-child)", has_text=text)

    async def presses(self, button: str, on: str) -> None:
        await self.entry(on).get_by_role("button", name=button).click()


async def opens(
    browser: Browser, world: World, size: tuple[int, int] = WIDE, route: str = "ana/releases"
) -> Window:
    """Open the page at a route in a new window, as ana in #releases if none is named."""
    page = await browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.set_default_timeout(8000)
    await page.goto(f"{world.practice.url}/#/{route}")
    return Window(page)
