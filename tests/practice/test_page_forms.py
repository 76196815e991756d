"""Forms and menus in the practice Slack's page, filled in and pressed in a real browser."""

import asyncio
from typing import Any

from playwright.async_api import expect
from slack_bolt.async_app import AsyncAck, AsyncApp

from tests.practice.browsing import IN_BROWSER, START, World, button, gate, mrkdwn, plain

pytestmark = IN_BROWSER


def asks(name: str, kind: str, *, optional: bool = False, **more: Any) -> dict[str, Any]:
    element = {"type": kind, "action_id": "given", **more}
    return {"type": "input", "block_id": name, "label": plain(name), "optional": optional, "element": element}


def options(*values: str) -> list[dict[str, Any]]:
    return [{"text": plain(value.capitalize()), "value": value} for value in values]


MANIFEST: dict[str, Any] = {
    **START,
    "callback_id": "manifest",
    "title": plain("Manifest"),
    "blocks": [
        asks("Changes", "checkboxes", options=options("basket", "prices", "search")),
        asks("Risk", "radio_buttons", options=options("low", "high")),
        asks("Captain", "users_select"),
        asks("Runbook", "static_select", options=options("standard", "hotfix")),
        asks("Day", "datepicker"),
        asks("Moment", "datetimepicker"),
        asks("Notes", "checkboxes", options=options("quiet"), optional=True),
    ],
}


def manifested(world: World, heard: list[dict[str, Any]], answers: list[dict[str, Any]]) -> AsyncApp:
    """Make an app whose `/release` opens a form of all kinds of fields, and which answers in turn."""
    app = world.app()

    @app.command("/release")
    async def release(ack: AsyncAck, command: dict[str, Any]) -> None:
        await world.client.views_open(trigger_id=command["trigger_id"], view=MANIFEST)
        await ack()

    @app.view("manifest")
    async def submitted(ack: AsyncAck, view: dict[str, Any]) -> None:
        heard.append({name: held["given"] for name, held in view["state"]["values"].items()})
        await ack(**answers.pop(0))

    return app


async def test_a_form_is_filled_in_by_hand_and_keeps_its_answers_through_an_error(world: World) -> None:
    heard: list[dict[str, Any]] = []
    soon = {"response_action": "errors", "errors": {"Changes": "Prices go alone."}}
    async with world.runs(manifested(world, heard, [soon, {}])):
        page = await world.opens("ben/releases")
        await page.get_by_label("Message #releases").fill("/release")
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Manifest")
        error = dialog.locator("[data-block=Changes] .field-error")
        await expect(dialog.get_by_label("Basket")).to_be_focused()

        await dialog.get_by_role("button", name="Start").click()
        await expect(error).to_have_text("Please complete this required field.")
        await expect(dialog.locator("[data-block=Notes] .field-error")).to_be_hidden()
        assert heard == []

        await dialog.get_by_label("Basket").check()
        await dialog.get_by_label("Prices").check()
        await dialog.get_by_label("High").check()
        await dialog.get_by_label("Captain").select_option(label="Cleo Tan")
        await dialog.get_by_label("Runbook").select_option(label="Hotfix")
        await dialog.get_by_label("Day").fill("2026-11-24")
        await dialog.get_by_label("Moment").fill("2026-11-24T09:30")
        await dialog.get_by_role("button", name="Start").click()
        await expect(error).to_have_text("Prices go alone.")
        await expect(dialog.get_by_label("Basket")).to_be_focused()

        await dialog.get_by_label("Basket").uncheck()
        await dialog.get_by_role("button", name="Start").click()
        await expect(dialog).to_have_count(0)

    given: dict[str, Any] = {
        "Changes": {"type": "checkboxes", "selected_options": options("prices")},
        "Risk": {"type": "radio_buttons", "selected_option": options("high")[0]},
        "Captain": {"type": "users_select", "selected_user": "U0CLEO"},
        "Runbook": {"type": "static_select", "selected_option": options("hotfix")[0]},
        "Day": {"type": "datepicker", "selected_date": "2026-11-24"},
        "Moment": {"type": "datetimepicker", "selected_date_time": 1795509000},
        "Notes": {"type": "checkboxes", "selected_options": []},
    }
    assert heard == [
        {**given, "Changes": {**given["Changes"], "selected_options": options("basket", "prices")}},
        given,
    ]


async def test_a_form_follows_what_the_app_answers(world: World) -> None:
    heard: list[dict[str, Any]] = []
    second = {
        **MANIFEST,
        "title": plain("Sure?"),
        "blocks": [asks("Sure", "radio_buttons", options=options("yes"))],
    }
    third = {**second, "title": plain("Really?")}
    first = {**MANIFEST, "blocks": MANIFEST["blocks"][1:2]}
    answers: list[dict[str, Any]] = [
        {"response_action": "update", "view": second},
        {"response_action": "push", "view": third},
        {"response_action": "clear"},
    ]
    app = manifested(world, heard, answers)
    async with world.runs(app):
        page = await world.opens()
        trigger = world.practice.slack.triggers.issue("U0ANA")
        await world.client.views_open(trigger_id=trigger, view=first)
        for title, choice in (("Manifest", "High"), ("Sure?", "Yes"), ("Really?", "Yes")):
            dialog = page.get_by_role("dialog", name=title)
            await dialog.get_by_label(choice).check()
            await dialog.get_by_role("button", name="Start").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)

    assert [list(values) for values in heard] == [["Risk"], ["Sure"], ["Sure"]]
    assert world.practice.workspace.views.top("U0ANA") is None


async def test_the_app_changes_an_open_form_and_what_is_ticked_stays_ticked(world: World) -> None:
    page = await world.opens()
    trigger = world.practice.slack.triggers.issue("U0ANA")
    view = (await world.client.views_open(trigger_id=trigger, view=MANIFEST))["view"]
    dialog = page.get_by_role("dialog", name="Manifest")
    await dialog.get_by_label("Prices").check()
    await dialog.get_by_label("Captain").select_option(label="Cleo Tan")
    changed = {**MANIFEST, "blocks": [mrkdwn("Two commits more"), *MANIFEST["blocks"]]}
    await world.client.views_update(view_id=view["id"], view=changed)

    await expect(dialog.get_by_text("Two commits more")).to_be_visible()
    await expect(dialog.get_by_label("Prices")).to_be_checked()
    await expect(dialog.get_by_label("Captain").locator("option:checked")).to_have_text("Cleo Tan")


async def test_who_is_deactivated_is_not_among_those_to_choose_from(world: World) -> None:
    world.practice.workspace.change_person("U0BEN", deactivated=True)
    page = await world.opens()
    trigger = world.practice.slack.triggers.issue("U0ANA")
    await world.client.views_open(trigger_id=trigger, view=MANIFEST)
    names = page.get_by_role("dialog").get_by_label("Captain").locator("option")

    await expect(names.filter(has_text="Ana Ortiz")).to_have_count(1)
    await expect(names.filter(has_text="Ben Vogel")).to_have_count(0)


async def test_a_menu_among_buttons_asks_before_it_tells(world: World) -> None:
    app = world.app()
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @app.action("more")
    @app.action("pick")
    async def more(ack: AsyncAck, action: dict[str, Any]) -> None:
        await ack()
        told.put_nowait(action)

    ask = {
        "title": plain("Sure?"),
        "text": plain("It stops."),
        "confirm": plain("Do it"),
        "deny": plain("No"),
    }
    menu = {"type": "overflow", "action_id": "more", "options": options("hold", "cancel"), "confirm": ask}
    pick = {"type": "static_select", "action_id": "pick", "options": options("low", "high"), "confirm": ask}
    await world.posts("checkout", blocks=gate(button("Approve", "approve"), menu, pick))
    async with world.runs(app):
        page = await world.opens()
        select = page.locator("#channel select")
        await select.select_option(label="High")
        await page.get_by_role("dialog", name="Sure?").get_by_role("button", name="No").click()
        await expect(select.locator("option:checked")).to_have_text("Select an option")

        await page.get_by_role("button", name="More actions").click()
        await page.get_by_role("menuitem", name="Cancel").click()
        assert told.empty()
        await page.get_by_role("dialog", name="Sure?").get_by_role("button", name="Do it").click()
        assert (await asyncio.wait_for(told.get(), 5))["selected_option"] == options("cancel")[0]
        assert told.empty()
