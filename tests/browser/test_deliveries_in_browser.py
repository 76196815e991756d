"""The page of deliveries in a real browser: read and pressed, wide and on a phone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from pydantic import SecretStr

from tests.browser.window import NEEDS_CHROMIUM, PHONE, WIDE
from tests.subscribers.house import sees
from tests.subscribers.receiver import SECRET, Receiver, receiving, says
from tests.world import World, open_world

pytestmark = [NEEDS_CHROMIUM, pytest.mark.proof]

TOKEN = "token-of-the-pipelines"


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[tuple[World, Receiver]]:
    """A world of which two are told, one of whom has gone."""
    (tmp_path / "secret").write_text(SECRET)
    receiver = Receiver(lambda: datetime.now(UTC))
    gone = Receiver(receiver.now)
    gone.always = lambda got: says(410, "This log was closed in November; write to ops@example.com")
    async with receiving(receiver), receiving(gone):
        lines = [
            f"  {name}: {{url: '{one.url}', secret_file: secret}}"
            for name, one in (("deploy-log", receiver), ("old-log", gone))
        ]
        (tmp_path / "subscribers.yaml").write_text("\n".join(["subscribers:", *lines]))
        settings: dict[str, Any] = {
            "rollcall_api_token": SecretStr(TOKEN),
            "rollcall_subscribers": tmp_path / "subscribers.yaml",
            "rollcall_inside": "127.0.0.1",
        }
        async with open_world(tmp_path, **settings) as world:
            receiver.now = gone.now = world.clock.now
            yield world, receiver


async def opens(browser: Browser, world: World, size: tuple[int, int]) -> Page:
    """Open the page as somebody who knows the token."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        http_credentials={"username": "ana", "password": TOKEN},
    )
    page = await context.new_page()
    page.set_default_timeout(8000)
    await page.goto(f"{world.address}/deliveries")
    return page


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_what_was_not_taken_is_seen_and_tried_again_with_nothing_cut_off(
    told: tuple[World, Receiver], browser: Browser, size: tuple[int, int], tmp_path: Path
) -> None:
    world, receiver = told
    complaints: list[str] = []
    receiver.always = lambda got: says(500, "upstream connect error or disconnect/reset before headers")
    await world.ana.types("/release start checkout 1.4.0")
    await sees(lambda: receiver.asked)
    page = await opens(browser, world, size)
    page.on("console", lambda message: complaints.append(message.text))
    log = page.get_by_role("region", name="deploy-log")
    await expect(page.get_by_role("region", name="old-log")).to_contain_text("Nothing is sent since")
    await expect(log).to_contain_text("Not all is taken.")
    await page.reload()
    assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
    await page.screenshot(path=tmp_path / "overview.png", full_page=True)

    receiver.always = lambda got: None
    await log.get_by_role("button", name="Try again").click()
    head = (await world.release("checkout-1")).seq
    await sees(lambda: receiver.taken_of("checkout-1") == list(range(1, head + 1)))
    await expect(page.get_by_role("heading", name="checkout-1 to deploy-log")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("main")).to_contain_text(f"Told up to event {head} of {head}.")
    assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
    await page.screenshot(path=tmp_path / "release.png", full_page=True)
    await page.get_by_role("button", name="Replay the release").click()
    await sees(lambda: len(receiver.taken) == 2 * head)
    assert complaints == []


async def test_the_release_that_is_asked_for_is_shown(told: tuple[World, Receiver], browser: Browser) -> None:
    world, _ = told
    await world.ana.types("/release start checkout 1.4.0")
    page = await opens(browser, world, WIDE)
    log = page.get_by_role("region", name="deploy-log")
    await log.get_by_label("Release").fill("checkout-1")
    await log.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("listitem").last).to_contain_text("1 Started")
