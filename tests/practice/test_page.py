"""The practice Slack's page in a real browser, against the real server and a small real app."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import MovableClock
from bot.practice import APP_TOKEN, BOT_TOKEN, Practice

CHROMIUM = next(
    (path for path in ("/usr/bin/chromium", shutil.which("chromium")) if path and Path(path).exists()), None
)
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        CHROMIUM is None, reason="The page is tested in Chromium; install it with `apt-get install chromium`."
    ),
]

RELEASES = "C0RELEASES"
WIDE = (1280, 800)
PHONE = (390, 844)


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(text: str, action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": "checkout-1", **more}


def gate(*buttons: dict[str, Any]) -> list[dict[str, Any]]:
    return [mrkdwn("*QA* asks two people"), {"type": "actions", "elements": list(buttons)}]


START = {
    "type": "modal",
    "callback_id": "start",
    "title": plain("Start a release"),
    "submit": plain("Start"),
    "blocks": [
        {
            "type": "input",
            "block_id": "version",
            "label": plain("Version"),
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


@dataclass(kw_only=True)
class World:
    """A workspace, an app's client in it, and a browser."""

    practice: Practice
    client: AsyncWebClient
    browser: Browser
    windows: list[BrowserContext] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def opens(self, route: str = "ana/releases", size: tuple[int, int] = WIDE) -> Page:
        """Open the page at a route in a window of its own; any error in the page fails the test."""
        window = await self.browser.new_context(viewport={"width": size[0], "height": size[1]})
        self.windows.append(window)
        page = await window.new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        await page.goto(f"{self.practice.url}/#/{route}")
        await expect(page.locator("#sidebar h1")).to_have_text("Practice")
        return page

    async def closes(self) -> None:
        """Close all windows and fail if any page raised an error."""
        for window in self.windows:
            await window.close()
        assert self.errors == []

    async def posts(self, text: str, **more: Any) -> str:
        """Post as the app in #releases and return the message's ts."""
        answer = await self.client.chat_postMessage(channel=RELEASES, text=text, **more)
        return str(answer["ts"])

    @asynccontextmanager
    async def runs(self, app: AsyncApp) -> AsyncIterator[None]:
        """Keep the app connected by a socket."""
        handler = AsyncSocketModeHandler(app, APP_TOKEN, web_client=self.client)
        await handler.connect_async()
        try:
            yield
        finally:
            await handler.close_async()

    def app(self) -> AsyncApp:
        return AsyncApp(client=self.client)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def world(browser: Browser) -> AsyncIterator[World]:
    practice = Practice(MovableClock(), limits=False)
    await practice.start(port=0)
    client = AsyncWebClient(token=BOT_TOKEN, base_url=practice.api_url)
    world = World(practice=practice, client=client, browser=browser)
    yield world
    await world.closes()
    await practice.stop()


async def test_an_empty_channel_says_what_to_try(world: World) -> None:
    page = await world.opens()

    await expect(page.get_by_text("This is #releases. Try /release help.")).to_be_visible()


async def test_a_typed_message_appears_in_the_channel(world: World) -> None:
    page = await world.opens()
    await page.get_by_label("Message #releases").fill("Good *morning*, @ben")
    await page.keyboard.press("Enter")

    message = page.locator("#channel .message")
    await expect(message.locator(".author")).to_have_text("Ana Ortiz")
    await expect(message.locator(".text")).to_have_text("Good morning, @Ben Vogel")
    await expect(message.locator("b", has_text="morning")).to_be_visible()
    await expect(page.get_by_label("Message #releases")).to_have_value("")


async def test_markup_in_a_typed_message_is_shown_as_text(world: World) -> None:
    attack = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script> &lt; <!channel>"
    page = await world.opens()
    await page.get_by_label("Message #releases").fill(attack)
    await page.keyboard.press("Enter")

    await expect(page.locator("#channel .message .text")).to_have_text(attack)
    assert await page.locator("#channel .message").locator("img, script, .mention").count() == 0
    assert await page.evaluate("window.hacked") is None


async def test_markup_in_blocks_is_shown_as_text(world: World) -> None:
    attack = "<img src=x onerror='window.hacked=1'>"
    blocks = [
        {"type": "header", "text": plain(attack)},
        mrkdwn(f"{attack} <javascript:window.hacked=1|Approve>"),
        {"type": "actions", "elements": [button(attack, "press")]},
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "text", "text": attack, "style": {"bold": True}}],
                }
            ],
        },
    ]
    await world.posts(attack, blocks=blocks)
    page = await world.opens()

    message = page.locator("#channel .message")
    await expect(message.get_by_role("heading", name=attack)).to_be_visible()
    await expect(message.get_by_role("button", name=attack)).to_be_visible()
    await expect(message.locator("b", has_text=attack)).to_be_visible()
    await expect(message.get_by_text("Approve (javascript:window.hacked=1)")).to_be_visible()
    assert await message.locator("img, script, .section a").count() == 0
    assert await page.evaluate("window.hacked") is None


MARKS = {
    "*bold* _italic_ ~struck~ `code`": "<b>bold</b> <i>italic</i> <s>struck</s> <code>code</code>",
    "snake_case_name 2*3*4 a~b~c": "snake_case_name 2*3*4 a~b~c",
    "*bold _both_*": "<b>bold <i>both</i></b>",
    "`*not bold*`": "<code>*not bold*</code>",
    "&amp;lt;b&amp;gt; &lt;b&gt;": "&amp;lt;b&amp;gt; &lt;b&gt;",
    "one\n&gt; two\nthree": "one\n<blockquote>two</blockquote>three",
    "```a *b*\n  c```": "<pre>a *b*\n  c</pre>",
    ":unknown_name: 10:30:45": ":unknown_name: 10:30:45",
    "<!here> <@U0BEN> <!subteam^S0QA>": (
        '<span class="mention own">@here</span> <span class="mention">@Ben Vogel</span>'
        ' <span class="mention">@qa</span>'
    ),
    "<https://example.com/?a=1&amp;b=2|the list>": (
        '<a href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">the list</a>'
    ),
    "see https://example.com/x.": (
        'see <a href="https://example.com/x" target="_blank" rel="noopener noreferrer">https://example.com/x</a>.'
    ),
}


async def test_mrkdwn_looks_as_in_slack(world: World) -> None:
    page = await world.opens()
    drawn = await page.evaluate(
        """async (texts) => {
            const { mrkdwn } = await import("/page/mrkdwn.js");
            const { Scene } = await import("/page/scene.js");
            const scene = await Scene.seenBy("ana");
            return texts.map((text) => {
                const root = document.createElement("div");
                root.append(...mrkdwn(text, scene));
                return root.innerHTML;
            });
        }""",
        list(MARKS),
    )

    assert dict(zip(MARKS, drawn, strict=True)) == MARKS


async def test_dates_are_shown_in_the_zone_of_the_person(world: World) -> None:
    await world.posts("It was <!date^1760000000^{date_num} {time}|some time>")
    ana = await world.opens("ana/releases")
    cleo = await world.opens("cleo/releases")

    await expect(ana.get_by_text("It was 2025-10-09 4:53 AM")).to_be_visible()
    await expect(cleo.get_by_text("It was 2025-10-09 4:53 PM")).to_be_visible()


async def test_a_thread_opens_beside_its_channel_and_takes_a_reply(world: World) -> None:
    root = await world.posts("checkout 1.4.0")
    await world.posts("QA asks", thread_ts=root)
    page = await world.opens()
    await page.get_by_role("link", name="1 reply").click()

    thread = page.get_by_role("complementary", name="Thread")
    await expect(thread.get_by_text("QA asks")).to_be_visible()
    await thread.get_by_label("Reply…").fill("Looking")
    await page.keyboard.press("Enter")
    await expect(thread.locator(".message")).to_have_count(3)
    await expect(page.get_by_role("link", name="2 replies")).to_be_visible()
    assert page.url.endswith(f"#/ana/releases/{root}")

    await page.reload()
    await expect(thread.get_by_text("Looking")).to_be_visible()


async def test_a_command_in_a_thread_is_refused_as_slack_does(world: World) -> None:
    root = await world.posts("checkout 1.4.0")
    page = await world.opens(f"ana/releases/{root}")
    thread = page.get_by_role("complementary", name="Thread")
    await thread.get_by_label("Reply…").fill("/release status")
    await page.keyboard.press("Enter")

    await expect(thread.get_by_role("alert")).to_have_text("/release is not supported in threads. Sorry!")
    await expect(thread.get_by_label("Reply…")).to_have_value("/release status")


async def test_a_press_reaches_the_app_and_the_message_follows(world: World) -> None:
    app = world.app()

    @app.action("approve")
    async def approve(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        blocks = [mrkdwn(f"Approved by <@{body['user']['id']}>")]
        await world.client.chat_update(
            channel=RELEASES, ts=body["message"]["ts"], text="Approved", blocks=blocks
        )

    await world.posts("QA asks", blocks=gate(button("Approve", "approve", style="primary")))
    async with world.runs(app):
        page = await world.opens("ben/releases")
        await page.get_by_role("button", name="Approve").click()

        await expect(page.get_by_text("Approved by @Ben Vogel")).to_be_visible()
        await expect(page.get_by_role("button", name="Approve")).to_have_count(0)
        await expect(page.get_by_text("(edited)")).to_have_count(0)


async def test_a_button_is_disabled_while_its_press_is_under_way(world: World) -> None:
    app = world.app()
    let_go = asyncio.Event()

    @app.action("approve")
    async def approve(ack: AsyncAck) -> None:
        await let_go.wait()
        await ack()

    await world.posts("QA asks", blocks=gate(button("Approve", "approve")))
    async with world.runs(app):
        page = await world.opens()
        await page.get_by_role("button", name="Approve").click()
        await expect(page.get_by_role("button", name="Approve")).to_be_disabled()
        let_go.set()
        await expect(page.get_by_role("button", name="Approve")).to_be_enabled()


async def test_a_press_that_nobody_takes_says_so_at_the_button(world: World) -> None:
    await world.posts("QA asks", blocks=gate(button("Approve", "approve")))
    page = await world.opens()

    await expect(page.get_by_text("Rollcall is not connected yet.")).to_be_visible()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.locator(".message .complaint")).to_contain_text("Try again.")
    await expect(page.get_by_role("button", name="Approve")).to_be_enabled()


async def test_a_button_that_asks_first_is_pressed_only_after_a_yes(world: World) -> None:
    app = world.app()
    presses: asyncio.Queue[str] = asyncio.Queue()

    @app.action("reject")
    async def reject(ack: AsyncAck, body: dict[str, Any]) -> None:
        presses.put_nowait(body["user"]["id"])
        await ack()

    ask = {
        "title": plain("Reject it?"),
        "text": plain("It stops."),
        "confirm": plain("Do it"),
        "deny": plain("No"),
    }
    await world.posts("QA asks", blocks=gate(button("Reject", "reject", style="danger", confirm=ask)))
    async with world.runs(app):
        page = await world.opens()
        await page.get_by_role("button", name="Reject").click()
        await expect(page.get_by_role("dialog", name="Reject it?")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        assert presses.empty()

        await page.get_by_role("button", name="Reject").click()
        await page.get_by_role("button", name="Do it").click()
        assert await asyncio.wait_for(presses.get(), 5) == "U0ANA"


async def test_an_option_of_an_overflow_menu_reaches_the_app(world: World) -> None:
    app = world.app()
    chosen: asyncio.Queue[str] = asyncio.Queue()

    @app.action("more")
    async def more(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        chosen.put_nowait(body["actions"][0]["selected_option"]["value"])

    options = [{"text": plain("Hold"), "value": "hold"}, {"text": plain("Cancel"), "value": "cancel"}]
    menu = {"type": "overflow", "action_id": "more", "options": options}
    await world.posts("checkout", blocks=[{**mrkdwn("checkout"), "accessory": menu}])
    async with world.runs(app):
        page = await world.opens()
        await page.get_by_role("button", name="More actions").click()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")

        assert await asyncio.wait_for(chosen.get(), 5) == "cancel"


def starter(world: World) -> AsyncApp:
    """Make an app whose `/release` opens a modal that takes any version but 1.4.0."""
    app = world.app()

    @app.command("/release")
    async def release(ack: AsyncAck, command: dict[str, Any]) -> None:
        await world.client.views_open(trigger_id=command["trigger_id"], view=START)
        await ack()

    @app.view("start")
    async def start(ack: AsyncAck, view: dict[str, Any], body: dict[str, Any]) -> None:
        version = view["state"]["values"]["version"]["text"]["value"]
        if version == "1.4.0":
            await ack(response_action="errors", errors={"version": "1.4.0 is already released."})
        else:
            await ack()
            await world.posts(f"{version} started by <@{body['user']['id']}>")

    return app


async def test_a_modal_shows_errors_at_the_field_and_then_closes(world: World) -> None:
    async with world.runs(starter(world)):
        page = await world.opens()
        await page.get_by_label("Message #releases").fill("/release start")
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Start a release")
        error = dialog.locator("[data-block=version] .field-error")

        await dialog.get_by_role("button", name="Start").click()
        await expect(error).to_have_text("Please complete this required field.")

        await dialog.get_by_label("Version").fill("1.4.0")
        await page.keyboard.press("Enter")
        await expect(error).to_have_text("1.4.0 is already released.")
        await expect(dialog.get_by_label("Version")).to_have_value("1.4.0")

        await dialog.get_by_label("Version").fill("1.5.0")
        await page.keyboard.press("Enter")
        await expect(dialog).to_have_count(0)
        await expect(page.locator("#channel .message")).to_contain_text("1.5.0 started by @Ana Ortiz")


async def test_esc_closes_a_modal_for_good(world: World) -> None:
    async with world.runs(starter(world)):
        page = await world.opens()
        await page.get_by_label("Message #releases").fill("/release start")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.reload()

        await expect(page.get_by_label("Message #releases")).to_be_visible()
        assert world.practice.workspace.views.top("U0ANA") is None


async def test_a_command_is_suggested_while_one_types(world: World) -> None:
    page = await world.opens()
    await page.get_by_label("Message #releases").fill("/rel")
    await expect(page.locator("#channel .suggestions")).to_contain_text("start checkout 1.4.0")
    await page.keyboard.press("Tab")

    await expect(page.get_by_label("Message #releases")).to_have_value("/release ")


async def test_the_home_tab_is_what_the_app_publishes(world: World) -> None:
    app = world.app()

    @app.event("app_home_opened")
    async def opened(event: dict[str, Any]) -> None:
        view = {"type": "home", "blocks": [{"type": "header", "text": plain("Waiting for you")}]}
        await world.client.views_publish(user_id=event["user"], view=view)

    async with world.runs(app):
        page = await world.opens("ben/home")

        await expect(page.get_by_role("heading", name="Waiting for you")).to_be_visible()


async def test_a_phone_shows_one_pane_at_a_time(world: World) -> None:
    root = await world.posts("checkout 1.4.0")
    await world.posts("QA asks", thread_ts=root)
    page = await world.opens(f"ana/releases/{root}", PHONE)
    panes = [page.locator(name) for name in ("#sidebar", "#channel", "#thread")]

    async def shown() -> list[bool]:
        return [await pane.is_visible() for pane in panes]

    await expect(page.get_by_role("link", name="Back to the channel", exact=True)).to_be_visible()
    assert await shown() == [False, False, True]
    await page.get_by_role("link", name="Back to the channel", exact=True).click()
    await expect(panes[1]).to_be_visible()
    assert await shown() == [False, True, False]
    await page.get_by_role("link", name="Back to the channels").click()
    await expect(panes[0]).to_be_visible()
    assert await shown() == [True, False, False]
    await page.get_by_role("link", name="releases").click()
    await expect(panes[1]).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


async def test_a_private_answer_is_not_shown_to_somebody_else(world: World) -> None:
    await world.posts("checkout 1.4.0")
    await world.client.chat_postEphemeral(channel=RELEASES, user="U0ANA", text="Only security may approve.")
    page = await world.opens()
    await expect(page.get_by_text("Only security may approve.")).to_be_visible()
    await expect(page.get_by_text("Only visible to you")).to_be_visible()

    await page.get_by_role("button", name="Acting as Ana Ortiz").click()
    await page.get_by_role("menuitemradio", name="Gus Marsh").click()
    await expect(page.get_by_role("button", name="Acting as Gus Marsh")).to_be_visible()
    await expect(page.get_by_text("checkout 1.4.0")).to_be_visible()
    await expect(page.get_by_text("Only security may approve.")).to_have_count(0)
    await expect(page.get_by_role("link", name="war-room")).to_have_count(0)


async def test_a_new_message_marks_a_channel_unread_until_it_is_opened(world: World) -> None:
    page = await world.opens("ben/random")
    await world.posts("<@U0BEN> please approve")
    link = page.get_by_role("navigation").get_by_role("link", name="releases")

    await expect(link.get_by_label("1 for you")).to_be_visible()
    await link.click()
    await expect(page.get_by_text("@Ben Vogel please approve")).to_be_visible()
    await expect(link.get_by_label("1 for you")).to_have_count(0)


async def test_what_one_types_survives_a_new_message(world: World) -> None:
    page = await world.opens()
    await page.get_by_label("Message #releases").fill("I was about to say")
    await world.posts("Something new for <@U0ANA>")

    await expect(page.locator("#channel .message", has_text="Something new")).to_be_visible()
    await expect(page.locator("#live")).to_have_text("Rollcall: Something new for @Ana Ortiz")
    await expect(page.get_by_label("Message #releases")).to_have_value("I was about to say")
    await expect(page.get_by_label("Message #releases")).to_be_focused()


async def test_the_keyboard_stays_on_its_button_when_messages_change(world: World) -> None:
    ts = await world.posts("QA asks", blocks=gate(button("Approve", "approve")))
    page = await world.opens()
    approve = page.get_by_role("button", name="Approve")
    await approve.focus()
    await approve.evaluate("(button) => { button.untouched = true }")
    await world.posts("Something else")
    await expect(page.locator("#channel .message")).to_have_count(2)
    assert await approve.evaluate("(button) => button.untouched === true")

    changed = [mrkdwn("One approval more"), *gate(button("Approve", "approve"))]
    await world.client.chat_update(channel=RELEASES, ts=ts, text="QA asks", blocks=changed)
    await expect(page.get_by_text("One approval more")).to_be_visible()
    await expect(approve).to_be_focused()


async def test_somebody_who_reads_older_messages_is_left_in_peace(world: World) -> None:
    for number in range(40):
        await world.posts(f"Message {number}")
    page = await world.opens()
    newest = page.locator("#channel .message", has_text="Message 39")
    await expect(newest).to_be_in_viewport()
    await page.locator("#channel .scroll").evaluate("(scroll) => scroll.scrollTo(0, 100)")
    await world.posts("One more")

    await expect(page.locator("#channel .message", has_text="One more")).to_have_count(1)
    assert await page.locator("#channel .scroll").evaluate("(scroll) => scroll.scrollTop") == 100


async def test_the_clock_moves_forward(world: World) -> None:
    page = await world.opens()
    await page.get_by_role("button", name="Move the clock +1 day").click()
    await expect(page.get_by_text("moved 1 d ahead")).to_be_visible()
    await page.get_by_role("button", name="Move the clock +15 min").click()

    await expect(page.get_by_text("moved 1 d 15 min ahead")).to_be_visible()
    assert world.practice.workspace.clock.offset == timedelta(days=1, minutes=15)
