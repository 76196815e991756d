"""The Home tab in a real browser: read and pressed in the practice Slack's page, wide and on a phone."""

import pytest
from playwright.async_api import Browser, Locator, expect

from bot.release.state import State
from tests.browser.window import NEEDS_CHROMIUM, PHONE, WIDE, Window, opens
from tests.world import World

pytestmark = [NEEDS_CHROMIUM, pytest.mark.proof]


def home(window: Window) -> Locator:
    return window.page.get_by_role("region", name="Home")


def heading(window: Window, name: str) -> Locator:
    return home(window).get_by_role("heading", name=name, exact=True)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_one_approves_in_the_home_tab_with_nothing_cut_off(
    world: World, browser: Browser, size: tuple[int, int]
) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    window = await opens(browser, world, size, "ben/home")
    await expect(heading(window, "Waiting for you (1)")).to_be_visible()
    await expect(home(window)).to_contain_text("@Bea Lang or @Ben Vogel: QA needs an approval from qa")
    assert await window.page.evaluate("document.documentElement.scrollWidth") <= size[0]

    await home(window).get_by_role("button", name="Approve QA of checkout-1").click()
    await expect(home(window)).to_contain_text("Nothing waits for you.")
    await expect(home(window)).to_contain_text("in progress with staging (stage 1 of 2)")
    assert (await world.release("checkout-1")).state is State.IN_PROGRESS


async def test_a_form_that_is_opened_from_the_home_tab_answers_there(world: World, browser: Browser) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    window = await opens(browser, world, route="ben/home")
    await home(window).get_by_role("button", name="Reject QA of checkout-1").click()
    await window.form.get_by_role("textbox").fill("It loses <!channel> items.")
    await window.form.get_by_role("button", name="Reject").click()
    await expect(window.form).to_have_count(0)
    await expect(home(window)).to_contain_text("@Ben Vogel rejected QA")
    await home(window).get_by_role("button", name="Settle or take back").click()
    await expect(window.form).to_contain_text("Take back that I rejected")


async def test_who_is_told_something_in_the_home_tab_reads_it_and_closes_it(
    world: World, browser: Browser
) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.regroups("qa", [])
    window = await opens(browser, world, PHONE, "ana/home")
    await home(window).get_by_role("button", name="Why checkout-1 waits").click()
    await expect(window.form).to_contain_text("What it waits for")
    assert await window.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    await window.form.get_by_text("Close", exact=True).click()
    await expect(window.form).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_a_deputy_is_named_in_the_home_tab(
    world: World, browser: Browser, size: tuple[int, int]
) -> None:
    window = await opens(browser, world, size, "ben/home")
    await home(window).get_by_role("button", name="Name a deputy").click()
    await window.form.get_by_label("Who answers for you?").select_option("Dan Hughes")
    await window.form.get_by_role("button", name="Save").click()
    await expect(window.form).to_have_count(0)
    await expect(home(window)).to_contain_text("@Dan Hughes stands in for you until")
    await home(window).get_by_role("button", name="I am back").click()
    await expect(home(window)).to_contain_text("Nobody stands in for you.")


async def test_the_key_of_a_release_leads_to_its_thread(world: World, browser: Browser) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    window = await opens(browser, world, route="ben/home")
    async with window.page.context.expect_page() as opened:
        await home(window).get_by_role("link", name="checkout-1").first.click()
    thread = (await opened.value).get_by_role("complementary", name="Thread")
    await expect(thread).to_contain_text("QA before staging is waiting")


async def test_the_home_tab_follows_what_others_do(world: World, browser: Browser) -> None:
    window = await opens(browser, world, route="ben/home")
    await expect(home(window)).to_contain_text("No release is open.")
    await window.page.evaluate("window.neverReloaded = true")
    await world.ana.types("/release start checkout 1.4.0")
    await expect(heading(window, "Waiting for you (1)")).to_be_visible()
    await world.bea.presses("Approve", "checkout-1", on="gate:0:QA")
    await expect(home(window)).to_contain_text("Nothing waits for you.")
    assert await window.page.evaluate("window.neverReloaded")
