"""The pictures of the documentation: the practice Slack in a real browser, photographed."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from playwright.async_api import Page, async_playwright, expect

from bot.practice.sample import CHECKOUTS, COMMANDS, lay_out
from tests.docs.generate import ROOT
from tests.docs.surfaces import take_runs, take_surfaces
from tests.world import World, open_world

PICTURES: Final = ROOT / "docs" / "pictures"
WIDTH, HEIGHT, SCALE = 1440, 900, 8 / 9
"""Pixels of the window, and how much smaller the picture is: 1280 by 800."""
AFTERNOON: Final = 13
"""The hour in UTC at which the people of the picture are at work, from New York to Singapore."""


async def take_pictures(folder: Path = PICTURES) -> None:
    """Write the pictures of the README, and those of each surface."""
    async with _scene() as (world, page):
        await _take_thread_and_home(world, page, folder)
    async with _scene() as (world, page):
        await take_surfaces(world, page, folder)
    async with _scene() as (world, page):
        await take_runs(world, page, folder)


@asynccontextmanager
async def _scene() -> AsyncIterator[tuple[World, Page]]:
    """Open a world on an afternoon, and a window on it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        assert lay_out(home), "The pictures need git."
        opened = open_world(
            home,
            rollcall_commands=home / COMMANDS,
            rollcall_checkouts=home / CHECKOUTS,
            rollcall_runs=home / "runs",
        )
        async with opened as world, _window() as page:
            await world.passes(seconds=_until_afternoon(world.clock.now()).total_seconds())
            yield world, page


async def _take_thread_and_home(world: World, page: Page, folder: Path) -> None:
    """Live through a release and a half; write the picture of the second one's thread, and of a Home tab."""
    await _a_release(world)
    await world.passes(days=1)
    await _half_a_release(world)
    card = await world.card("checkout-2")
    await page.goto(f"{world.practice.url}/#/bea/releases/{card['ts']}")
    thread = await world.messages(thread_ts=card["ts"])
    await expect(page.locator("#thread .message")).to_have_count(len(thread))
    await page.wait_for_timeout(500)
    await page.screenshot(path=folder / "thread.png")
    await world.dan.types("/release start payments 2.0.0 Invoices in euros")
    await page.goto(f"{world.practice.url}/#/bea/home")
    await expect(page.get_by_role("heading", name="Waiting for you (2)")).to_be_visible()
    await page.wait_for_timeout(500)
    await page.screenshot(path=folder / "home.png")


async def _a_release(world: World) -> None:
    await world.ana.types("/release start checkout 1.3.2 A quicker search")
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    await world.ana.presses("Done", "checkout-1", on="stage:0")
    await world.ana.presses("Done", "checkout-1", on="stage:0")
    await world.passes(minutes=25)
    await world.bea.presses("Approve", "checkout-1", on="gate:1:Go or no-go")
    await world.cleo.presses("Approve", "checkout-1", on="gate:1:Go or no-go")
    await world.ana.presses("Begin production", "checkout-1", on="stage:1")
    await world.dan.presses("Done", "checkout-1", on="stage:1")
    await world.dee.presses("Done", "checkout-1", on="stage:1")
    await world.control("message", user="dan", channel="releases", text="Production is calm. Thank you all.")


async def _half_a_release(world: World) -> None:
    """Bring a release to where one approval is missing, and those who may give it were reminded."""
    await world.control("message", user="ana", channel="releases", text="Today: the new basket. Shall we?")
    await world.ana.types("/release start checkout 1.4.0 The new basket")
    await world.passes(minutes=12)
    await world.ben.presses("Approve", "checkout-2", on="gate:0:QA")
    await world.passes(minutes=6)
    await world.ana.presses("Done", "checkout-2", on="stage:0")
    await world.passes(minutes=9)
    await world.ana.presses("Done", "checkout-2", on="stage:0")
    await world.passes(minutes=4)
    await world.cleo.presses("Approve", "checkout-2", on="gate:1:Go or no-go")
    await world.passes(minutes=27)


def _until_afternoon(now: datetime) -> timedelta:
    """Return how long it is to the next afternoon of a Monday, Tuesday or Wednesday."""
    afternoon = now.astimezone(UTC).replace(hour=AFTERNOON, minute=5, second=0, microsecond=0)
    while afternoon <= now or afternoon.weekday() > 2:
        afternoon += timedelta(days=1)
    return afternoon - now


@asynccontextmanager
async def _window() -> AsyncIterator[Page]:
    """Open a window in Chromium, which must be on PATH."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield await browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SCALE, color_scheme="light"
        )
        await browser.close()
