"""The digest in a real browser: what waits for a person, answered and put off in the direct messages."""

import re

import pytest
from playwright.async_api import Browser, expect

from bot.release.state import State
from tests.browser.window import NEEDS_CHROMIUM, PHONE, WIDE, opens
from tests.world import World

pytestmark = [NEEDS_CHROMIUM, pytest.mark.proof]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_somebody_answers_one_thing_in_the_digest_and_puts_off_the_other(
    world: World, browser: Browser, size: tuple[int, int]
) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.dan.types("/release start payments 2.0.0")
    await world.passes(hours=1)
    window = await opens(browser, world, size, "bea/messages")
    digest = window.channel.locator(".message")
    await expect(digest.get_by_role("heading")).to_have_text("2 things wait for you")
    # All of it fits into the width.
    assert await window.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    await digest.get_by_role("button", name="Approve QA of checkout-1").click()
    await expect(digest.get_by_role("heading")).to_have_text("1 thing waits for you")
    await expect(digest).not_to_contain_text("checkout-1")
    await world.until(lambda release: release.state is State.IN_PROGRESS, "checkout-1")

    await digest.get_by_role("button", name="In an hour").click()
    await expect(digest).to_contain_text(re.compile("You are reminded again today at"))
    await world.passes(minutes=61)
    # The new one is there before the one in whose place it comes goes away.
    await expect(digest.last).to_contain_text("Not now?")
    await expect(digest).to_have_count(1)
