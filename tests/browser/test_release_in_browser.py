"""A release in a real browser: everything is typed and pressed in the practice Slack's page."""

import re

import pytest
from playwright.async_api import Browser, expect

from bot.release.state import State
from tests.browser.window import NEEDS_CHROMIUM, PHONE, opens
from tests.world import World

pytestmark = [NEEDS_CHROMIUM, pytest.mark.proof]


async def test_a_release_goes_from_start_to_completed_in_the_page(world: World, browser: Browser) -> None:
    window = await opens(browser, world)
    await window.page.evaluate("window.neverReloaded = true")
    await window.types("/release start checkout 1.4.0")
    await expect(window.card).to_contain_text("awaiting approval for staging (stage 1 of 2)")
    await expect(window.card).to_contain_text("@Bea Lang or @Ben Vogel: QA needs an approval from qa")

    await window.reads_as("ben")
    await window.presses("Approve", on="QA before staging")
    await expect(window.entry("QA before staging is met")).to_contain_text("✓ qa: @Ben Vogel")
    answered = window.entry("QA before staging is met").locator(".content")
    await expect(answered.get_by_role("button")).to_have_count(0)
    await expect(window.card).to_contain_text("in progress with staging")

    await window.reads_as("ana")
    await window.presses("Done: Deploy to staging", on="staging has begun")
    await window.presses("Done: Run the smoke tests", on="✓ Deploy to staging: @Ana Ortiz")
    await expect(window.card).to_contain_text("awaiting approval for production (stage 2 of 2)")

    await window.reads_as("cleo")
    await window.presses("Approve", on="Go or no-go before production")
    await expect(window.entry("✓ security: @Cleo Tan")).to_contain_text("is waiting")
    await window.reads_as("bea")
    await window.presses("Approve", on="Go or no-go before production")
    await expect(window.entry("✓ security: @Cleo Tan")).to_contain_text("✓ qa: @Bea Lang")

    await window.reads_as("ana")
    await window.presses("Begin production", on="it begins with your go")
    await window.reads_as("dan")
    await window.presses("Done: Deploy to production", on="production has begun")
    await window.presses("Done: Watch the dashboards", on="✓ Deploy to production: @Dan Hughes")
    await expect(window.card).to_contain_text("checkout-1 is completed")
    await expect(window.card).to_contain_text("✓ staging → ✓ production")
    await expect(window.entry("The release is completed")).to_be_visible()

    assert (await world.release("checkout-1")).state is State.COMPLETED
    assert await window.page.evaluate("window.neverReloaded")


async def test_the_form_says_at_the_field_what_is_wrong_and_then_starts(
    world: World, browser: Browser
) -> None:
    window = await opens(browser, world)
    await window.types("/release start")
    form = window.form
    await expect(form.get_by_label("Service")).to_be_focused()
    await form.get_by_role("button", name="Start").click()
    await expect(form.locator("[data-block=service] .field-error")).to_contain_text("required")

    await form.get_by_label("Service").select_option("checkout")
    await form.get_by_label("Version").fill("<!channel>")
    await form.get_by_role("button", name="Start").click()
    await expect(form.locator("[data-block=version] .field-error")).to_contain_text("A version holds letters")
    await expect(form.locator("[data-block=service] .field-error")).to_be_hidden()

    await form.get_by_label("Version").fill("1.4.0")
    await form.get_by_label("What goes out").fill("The *new* basket")
    await form.get_by_role("button", name="Start").click()
    await expect(form).to_have_count(0)
    await expect(window.card.locator("blockquote")).to_have_text("The \u2060*\u2060new\u2060*\u2060 basket")


async def test_a_rejection_asks_why_and_stands_until_its_giver_approves(
    world: World, browser: Browser
) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    window = await opens(browser, world)
    await window.reads_as("ben")
    await window.presses("Reject", on="QA before staging")
    await window.form.get_by_role("textbox").fill("It loses items.\n✓ security: <!channel> *approved*")
    await window.form.get_by_role("button", name="Reject").click()

    gate = window.entry("QA before staging is rejected")
    await expect(gate.locator("blockquote")).to_contain_text("✓ security: <!channel>")
    await expect(gate.locator("blockquote b, blockquote .mention")).to_have_count(0)
    await expect(window.card).to_contain_text("@Ben Vogel rejected QA")

    await window.presses("Approve", on="QA before staging is rejected")
    await expect(window.entry("QA before staging is met")).to_be_visible()
    await expect(window.card).not_to_contain_text("rejected")


async def test_an_hour_passes_and_a_reminder_arrives(world: World, browser: Browser) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    window = await opens(browser, world)
    await window.reads_as("ben")
    await window.page.get_by_role("button", name="Move the clock +1 h").click()
    await expect(window.page.get_by_text(re.compile(r"Nov 24, 12:0\d PM"))).to_be_visible()

    await window.page.goto(f"{world.practice.url}/#/ben/messages")
    reminder = window.channel.locator(".message")
    await expect(reminder).to_contain_text("QA needs an approval")
    await reminder.get_by_role("button", name="Approve QA of checkout-1").click()
    await expect(reminder).to_contain_text("Nothing waits for you just now.")
    await window.page.goto(f"{world.practice.url}/#/ben/releases")
    await window.opens_the_thread()
    await expect(window.entry("QA before staging is met")).to_be_visible()
    await expect(window.thread.get_by_role("button", name="Approve")).to_have_count(0)


async def test_what_a_guest_is_told_only_the_guest_sees(world: World, browser: Browser) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    window = await opens(browser, world)
    await window.reads_as("gus")
    await window.presses("Approve", on="QA before staging")
    answer = window.thread.locator(".message.private")
    await expect(answer).to_contain_text("Ask @Bea Lang or @Ben Vogel.")

    await window.reads_as("ben")
    await expect(window.entry("QA before staging is waiting")).to_be_visible()
    await expect(answer).to_have_count(0)
    assert (await world.release("checkout-1")).votes == ()


async def test_on_a_phone_one_approves_with_nothing_cut_off(world: World, browser: Browser) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    window = await opens(browser, world, PHONE)
    await window.page.get_by_role("link", name="Back to the channels").click()
    await window.reads_as("ben")
    await expect(window.channel).to_be_hidden()
    await window.presses("Approve", on="QA before staging")

    await expect(window.entry("QA before staging is met")).to_be_in_viewport()
    assert await window.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    await window.page.get_by_role("link", name="Back to the channel", exact=True).click()
    await expect(window.card).to_contain_text("in progress with staging")
