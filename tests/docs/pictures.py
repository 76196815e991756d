"""The pictures of the documentation: the practice Slack in a real browser, photographed."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Page, async_playwright

from tests.world import World, open_world

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SIZE = {"width": 1280, "height": 800}
MORNING = 13
"""The hour, in UTC, at which the release in the picture begins: morning in New York."""


async def take_pictures() -> None:
    """Live through half a release, and write the picture of its thread."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_world(Path(folder)) as world, _page(f"{world.practice.url}/#/cleo/releases") as page:
            await _half_a_release(world)
            card = await world.card("checkout-1")
            await page.goto(f"{world.practice.url}/#/cleo/releases/{card['ts']}")
            await page.get_by_text("Until it is answered").wait_for()
            await page.wait_for_timeout(500)
            await page.screenshot(path=PICTURES / "thread.png")


async def _half_a_release(world: World) -> None:
    """Bring a release to where one approval is missing, and its giver was reminded."""
    await world.passes(seconds=_until_morning(world.clock.now()).total_seconds())
    await world.ana.types("/release start checkout 1.4.0 The new basket, and a faster search")
    await world.passes(minutes=12)
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    await world.passes(minutes=6)
    await world.ana.presses("Done", "checkout-1", on="stage:0")
    await world.passes(minutes=9)
    await world.ana.presses("Done", "checkout-1", on="stage:0")
    await world.passes(minutes=4)
    await world.bea.presses("Approve", "checkout-1", on="gate:1:Go or no-go")
    await world.passes(minutes=27)


def _until_morning(now: datetime) -> timedelta:
    morning = now.astimezone(UTC).replace(hour=MORNING, minute=5, second=0, microsecond=0)
    while morning <= now or morning.weekday() > 3:
        morning += timedelta(days=1)
    return morning - now


@asynccontextmanager
async def _page(address: str) -> AsyncIterator[Page]:
    """Open an address in Chromium, which must be on PATH."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(viewport=SIZE, color_scheme="light")
        page = await context.new_page()
        await page.goto(address)
        yield page
        await browser.close()
