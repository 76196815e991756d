"""The practice Slack's page in a real browser, against the real server and a small real app."""

import asyncio
from datetime import timedelta
from typing import Any

from playwright.async_api import expect
from slack_bolt.async_app import AsyncAck, AsyncApp

from tests.practice.browsing import IN_BROWSER, PHONE, RELEASES, START, World, button, gate, mrkdwn, plain

pytestmark = IN_BROWSER


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


async def test_one_is_out_of_office_until_a_moment_and_back_again(world: World) -> None:
    page = await world.opens("ben/releases")
    await page.get_by_role("button", name="Set a status").click()
    await page.get_by_role("menuitem", name="Out of office until…").click()
    await page.get_by_label("Until").fill("2046-12-24T09:00")
    await page.get_by_role("button", name="Set", exact=True).click()

    mine = page.get_by_role("button", name="Out of office until Mon, Dec 24, 9:00 AM")
    await expect(mine).to_be_visible()
    await expect(page.get_by_role("img", name="Out of office")).to_have_text("🌴")
    assert world.practice.workspace.people["U0BEN"].status_expiration == 2429251200

    await mine.click()
    await page.get_by_role("menuitem", name="Clear the status").click()
    await expect(page.get_by_role("button", name="Set a status")).to_be_visible()


async def test_notifications_are_paused_for_an_hour(world: World) -> None:
    page = await world.opens("ben/releases")
    await page.get_by_role("button", name="Set a status").click()
    await page.get_by_role("menuitem", name="Pause notifications for an hour").click()

    await expect(page.get_by_role("button", name="Notifications paused until")).to_be_visible()
    await expect(page.get_by_role("img", name="Notifications paused")).to_have_text("💤")
    await page.get_by_role("button", name="+1 h").click()
    await expect(page.get_by_role("button", name="Set a status")).to_be_visible()


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


async def test_what_one_reads_in_a_thread_stays_in_its_place_when_what_is_above_it_changes(
    world: World,
) -> None:
    root = await world.posts("checkout 1.4.0", blocks=[mrkdwn("Line\n" * 10)])
    for number in range(50):
        await world.posts(f"Reply {number}", thread_ts=root)
    page = await world.opens(f"ana/releases/{root}")
    thread = page.get_by_role("complementary", name="Thread")
    newest, read = (thread.get_by_text(f"Reply {number}", exact=True) for number in (49, 5))
    await expect(newest).to_be_in_viewport()
    await world.client.chat_update(
        channel=RELEASES, ts=root, text="checkout 1.4.0", blocks=[mrkdwn("Longer\n" * 40)]
    )
    await expect(thread.get_by_text("Longer")).to_have_count(1)
    await expect(newest).to_be_in_viewport()

    await read.evaluate("(reply) => reply.closest('.message').scrollIntoView()")
    before = await read.bounding_box()
    await world.client.chat_update(
        channel=RELEASES, ts=root, text="checkout 1.4.0", blocks=[mrkdwn("Shorter\n" * 5)]
    )
    await expect(thread.get_by_text("Shorter")).to_have_count(1)
    assert await read.bounding_box() == before


async def test_the_clock_moves_forward(world: World) -> None:
    page = await world.opens()
    await page.get_by_role("button", name="Move the clock +1 day").click()
    await expect(page.get_by_text("moved 1 d ahead")).to_be_visible()
    await page.get_by_role("button", name="Move the clock +15 min").click()

    await expect(page.get_by_text("moved 1 d 15 min ahead")).to_be_visible()
    assert world.practice.workspace.clock.offset == timedelta(days=1, minutes=15)


async def test_a_reply_that_is_sent_to_the_channel_shows_in_both_places(world: World) -> None:
    root = await world.posts("checkout 1.4.0")
    await world.posts("QA asks", thread_ts=root)
    await world.posts("Production is done", thread_ts=root, reply_broadcast=True)
    page = await world.opens()
    channel = page.locator("#channel .message")

    await expect(channel).to_have_count(2)
    await expect(channel.nth(1)).to_contain_text("replied to a thread")
    await expect(channel.nth(1)).to_contain_text("Production is done")
    await channel.nth(1).get_by_role("link", name="thread", exact=True).click()
    thread = page.get_by_role("complementary", name="Thread").locator(".message")
    await expect(thread).to_have_count(3)
    await expect(thread.nth(2)).to_contain_text("Also sent to the channel")
    assert page.url.endswith(f"#/ana/releases/{root}")


async def test_a_reply_that_is_sent_to_the_channel_later_appears_there(world: World) -> None:
    root = await world.posts("checkout 1.4.0")
    reply = await world.posts("Production is done", thread_ts=root)
    page = await world.opens()
    await expect(page.locator("#channel .message")).to_have_count(1)
    args = {"channel": RELEASES, "ts": reply, "reply_broadcast": True}
    await world.client.api_call("chat.update", json=args)

    await expect(page.locator("#channel .message").nth(1)).to_contain_text("Production is done")


async def test_one_leaves_a_channel_and_joins_it_again(world: World) -> None:
    page = await world.opens("ben/random")
    await page.get_by_role("button", name="Leave #random").click()

    await expect(page.get_by_text("You are not in #random.")).to_be_visible()
    await expect(page.get_by_label("Message #random")).to_have_count(0)
    await expect(page.get_by_role("button", name="Leave #random")).to_have_count(0)
    assert "U0BEN" not in world.practice.workspace.channels["C0RANDOM"].members
    await page.get_by_role("button", name="Join").click()
    await expect(page.get_by_label("Message #random")).to_be_visible()
    await expect(page.locator("#channel .message").last).to_contain_text("@Ben Vogel has joined the channel")


async def test_who_leaves_a_private_channel_sees_it_no_more(world: World) -> None:
    page = await world.opens("dan/war-room")
    await page.get_by_role("button", name="Leave #war-room").click()

    await expect(page.get_by_role("link", name="war-room")).to_have_count(0)
    await expect(page.get_by_label("Message #releases")).to_be_visible()


async def test_a_channel_of_the_app_shows_its_topic_and_goes_into_the_archive(world: World) -> None:
    page = await world.opens("ana/releases")
    made = await world.client.conversations_create(name="release-shop-1")
    room = made["channel"]["id"]
    await world.client.conversations_invite(channel=room, users="U0ANA")
    await world.client.conversations_setTopic(channel=room, topic="shop 1.0: staging has begun")
    link = page.get_by_role("link", name="release-shop-1")
    await link.click()
    await expect(page.locator(".pane-header .topic")).to_have_text("shop 1.0: staging has begun")

    await world.client.conversations_archive(channel=room)
    await page.get_by_role("link", name="releases").click()
    await expect(link).to_have_count(0)


async def test_a_guest_without_a_channel_still_has_the_app(world: World) -> None:
    page = await world.opens("gil/releases")
    await expect(page.get_by_role("button", name="Acting as Gil Novak")).to_contain_text("GUEST")
    await expect(page.get_by_role("link", name="random")).to_have_count(0)
    await page.get_by_role("button", name="Leave #releases").click()

    await expect(page.get_by_text("Here Rollcall writes to you alone.")).to_be_visible()


async def test_people_of_other_workspaces_are_marked_and_bots_cannot_be_acted_as(world: World) -> None:
    page = await world.opens()
    await page.get_by_role("button", name="Act as another person").click()

    await expect(page.get_by_role("menuitemradio", name="Sol Reyes")).to_contain_text("EXTERNAL")
    await expect(page.get_by_role("menuitemradio", name="Pipeline")).to_have_count(0)


async def test_shortcuts_are_chosen_beside_the_box_and_at_a_message(world: World) -> None:
    app = world.app()
    heard: list[dict[str, Any]] = []

    @app.shortcut("start_release_v1")
    async def start(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        heard.append(body)

    @app.shortcut("hold_for_message_v1")
    async def hold(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        heard.append(body)

    await world.posts("Errors are up")
    async with world.runs(app):
        page = await world.opens()
        await page.get_by_label("Shortcuts", exact=True).click()
        await page.get_by_role("menuitem", name="Start a release").click()
        await page.locator("#channel .message").hover()
        await page.get_by_label("Shortcuts of this message").click()
        await page.get_by_role("menuitem", name="Hold the release for it").click()
        async with asyncio.timeout(5):
            while len(heard) < 2:
                await asyncio.sleep(0.02)
    assert [body["type"] for body in heard] == ["shortcut", "message_action"]
    assert "channel" not in heard[0]
    assert heard[1]["message"]["text"] == "Errors are up"
