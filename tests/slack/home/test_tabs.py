"""Home tabs that people have opened: they follow what concerns their people, and take their answers."""

import asyncio
import time
from pathlib import Path

from inline_snapshot import snapshot

from bot.clock import MovableClock
from bot.practice import Practice
from bot.release.state import State
from bot.settings import Transport
from bot.slack.home.tabs import MOST_A_MINUTE
from tests.bench.crowd import crowd
from tests.slack.given import held, open_form, world_with
from tests.slack.home.reading import readable_home
from tests.slack.test_override import GATE
from tests.slack.test_override import RUNBOOK as REVIEWED
from tests.slack.test_summary import SHIFTS
from tests.world import PATIENCE_S, World, open_world, plain, rollcall_in, settings_for


async def home_of(world: World, user: str, *says: str) -> str:
    """Return the Home tab of a person once it says all that it should."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            shown = await seen(world, user)
            if all(text in shown for text in says):
                return shown
            await asyncio.sleep(0.02)


async def seen(world: World, user: str) -> str:
    """Return the Home tab of a person as it is now."""
    view = (await world.look("home", user=user))["view"]
    return readable_home(view) if view else ""


async def opens_home(world: World, user: str, *says: str) -> str:
    """Let a person open the Home tab, and return it once it says all that it should."""
    await world.control("home", user=user)
    return await home_of(world, user, "# Your settings", *says)


async def presses(world: World, user: str, action: str, **more: object) -> None:
    """Let a person press a button in the Home tab."""
    pressed = await world.control("press", user=user, surface="home", action_id=action, **more)
    assert pressed["ok"], pressed
    await world.settled()


async def told(world: World, user: str) -> str:
    """Return what a person is told in a modal that can only be closed, and close it."""
    view = await getattr(world, user).sees_form()
    assert view["submit"] is None
    await world.control("close", user=user)
    return "\n".join(plain(block["text"]["text"]) for block in view["blocks"])


async def test_it_is_written_when_it_is_opened(world_by_each_transport: World) -> None:
    world = world_by_each_transport
    assert await opens_home(world, "ben") == snapshot("""\
# Waiting for you
Nothing waits for you.

# Going out now
No release is open. `/release start` in a channel starts one.

# Your settings
Nobody stands in for you. When you are away, a deputy can answer in your stead.
[Name a deputy…]
You are reminded from 09:00 to 18:00, Monday to Friday (Europe/Berlin).
[Change…]\
""")


async def test_the_messages_tab_is_no_reason_to_write_it(world: World) -> None:
    await world.control("home", user="ben", tab="messages")
    await opens_home(world, "bea")
    assert await seen(world, "ben") == ""


async def test_an_answer_from_home_counts_as_one_from_the_thread(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    assert await opens_home(world, "ben") == snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#C0RELEASES> is *awaiting approval* for staging (stage 1 of 2)
• @bea or @ben: *QA* needs an approval from qa, since <time>
[Approve] [Reject] [More…]

# Going out now
*checkout-1* (checkout 1.4.0) in <#C0RELEASES> is *awaiting approval* for staging (stage 1 of 2)
Led by @ana

# Your settings
Nobody stands in for you. When you are away, a deputy can answer in your stead.
[Name a deputy…]
You are reminded from 09:00 to 18:00, Monday to Friday (Europe/Berlin).
[Change…]\
""")
    await presses(world, "ben", "approve_v1")
    assert (await world.release("checkout-1")).state is State.IN_PROGRESS
    assert await home_of(world, "ben", "Nothing waits for you.") == snapshot("""\
# Waiting for you
Nothing waits for you.

# Going out now
*checkout-1* (checkout 1.4.0) in <#C0RELEASES> is *in progress* with staging (stage 1 of 2)
Led by @ana

# Your settings
Nobody stands in for you. When you are away, a deputy can answer in your stead.
[Name a deputy…]
You are reminded from 09:00 to 18:00, Monday to Friday (Europe/Berlin).
[Change…]\
""")


async def test_the_key_of_a_release_leads_to_its_thread(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await opens_home(world, "ben", "checkout-1")
    card = await world.card("checkout-1")
    link = await world.client().chat_getPermalink(channel="C0RELEASES", message_ts=card["ts"])
    view = (await world.look("home", user="ben"))["view"]
    assert f"*<{link['permalink']}|checkout-1>* (checkout 1.4.0)" in view["blocks"][1]["text"]["text"]


async def test_a_step_after_the_other_is_done_from_home(world: World) -> None:
    await opens_home(world, "ana")
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.presses("Approve", "checkout-1", on="gate:0:QA")
    await home_of(world, "ana", "“Deploy to staging” is to be done")
    await presses(world, "ana", "finish_step_v1")
    await home_of(world, "ana", "“Run the smoke tests” is to be done")
    await presses(world, "ana", "fail_form_v1")
    assert (await world.ana.submits(reason="Two of them are red."))["result"] == "closed"
    assert await home_of(world, "ana", "choose what follows") == snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#C0RELEASES> is *stopped by a failure* in staging (stage 1 of 2)
• @ana: “Run the smoke tests” has *failed*, <time>: choose what follows
[Retry] [Skip…]

# You lead
*checkout-1* (checkout 1.4.0) in <#C0RELEASES> is *stopped by a failure* in staging (stage 1 of 2)
• @ana: “Run the smoke tests” has *failed*, <time>: choose what follows

# Your settings
Nobody stands in for you. When you are away, a deputy can answer in your stead.
[Name a deputy…]
You are reminded from 09:00 to 18:00, Monday to Friday (America/New_York).
[Change…]\
""")


async def test_it_follows_what_others_do_and_concerns_its_person(world: World) -> None:
    for user in ("ben", "bea", "ana"):
        await opens_home(world, user)
    await world.ana.types("/release start checkout 1.4.0")
    await home_of(world, "ben", "# Waiting for you (1)")
    await home_of(world, "bea", "# Waiting for you (1)")
    await world.bea.presses("Approve", "checkout-1", on="gate:0:QA")
    await home_of(world, "ben", "Nothing waits for you.", "*in progress* with staging")
    await home_of(world, "ana", "# Waiting for you (1)", "You lead")
    await world.ana.types("/release cancel checkout-1 No more")
    await home_of(world, "ana", "No release is open.")


async def test_whom_a_release_does_not_concern_is_left_alone(world: World) -> None:
    before = await opens_home(world, "cleo")
    await opens_home(world, "ben")
    await world.ana.types("/release start checkout 1.4.0")
    await home_of(world, "ben", "# Waiting for you (1)")
    assert await world.calls("views.publish") == 3
    assert await seen(world, "cleo") == before
    assert "*checkout-1*" in await opens_home(world, "cleo", "checkout-1")


async def test_what_is_shown_already_is_not_published_again(world: World) -> None:
    await opens_home(world, "ben")
    await world.control("home", user="ben")
    await opens_home(world, "bea")
    assert await world.calls("views.publish") == 2


async def test_a_refusal_reaches_who_has_pressed_in_the_home_tab(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await opens_home(world, "ben", "Waiting for you (1)")
    # The tab is open in another window, too, and stands as it was.
    stale = (await world.look("home", user="ben"))["view"]
    await presses(world, "ben", "approve_v1")
    await home_of(world, "ben", "Nothing waits for you.")
    world.practice.workspace.views.homes["U0BEN"] = stale
    await presses(world, "ben", "approve_v1")
    assert await told(world, "ben") == snapshot("You have approved QA already, and it is recorded.")


async def test_who_cannot_be_told_in_a_modal_is_told_in_the_tab(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await opens_home(world, "ben", "Waiting for you (1)")
    await world.control("faults", method="views.open", kind="expired_trigger", times=2)
    await presses(world, "ben", "reject_v1")
    notice = (await home_of(world, "ben", "Slack was too slow")).split("\n")[0]
    assert notice == snapshot("Slack was too slow to open the form, and nothing was changed. Try once more.")
    # It goes away with the next thing that is to be shown.
    await presses(world, "ben", "approve_v1")
    assert "Slack was too slow" not in await home_of(world, "ben", "Nothing waits for you.")


async def test_why_is_answered_in_a_modal(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.regroups("qa", [])
    await opens_home(world, "ana", "nobody is left to ask")
    await presses(world, "ana", "why_v1")
    assert (await told(world, "ana")).startswith("*checkout-1* (checkout 1.4.0) is *awaiting approval*")


async def test_a_deputy_is_named_from_home_and_one_comes_back(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await opens_home(world, "ben", "Nobody stands in for you.")
    await opens_home(world, "dan", "Nothing waits for you.")
    await presses(world, "ben", "away_form_v1")
    assert await open_form(world, "ben") == snapshot("""\
Name a deputy [Save] [Never mind]
Who answers for you?
  They are asked besides you, and what they answer says for whom.
Until when?\
""")
    until = int(world.clock.now().timestamp()) + 7_200
    refused = await world.ben.submits(to="ben", until=until)
    assert refused["errors"] == snapshot({"to": "You cannot stand in for yourself. Name somebody else."})
    refused = await world.ben.submits(to="dan", until=until - 9_000)
    assert refused["errors"] == snapshot(
        {"until": "You can be away from now on, for at most 90 days. Name another time."}
    )
    assert (await world.ben.submits(to="dan", until=until))["result"] == "closed"
    assert "[Change…] [I am back]" in await home_of(world, "ben", "@dan stands in for you until <time>.")
    await home_of(world, "dan", "You stand in for @ben.", "Waiting for you (1)")

    await presses(world, "ben", "away_form_v1")
    await world.ben.sees_form()
    assert await held(world, "ben") == {"to": "U0DAN", "until": until}
    await world.control("close", user="ben")
    await presses(world, "ben", "come_back_v1")
    await home_of(world, "ben", "Nobody stands in for you.")
    await home_of(world, "dan", "Nobody stands in for you.", "Nothing waits for you.")


async def test_working_hours_are_set_from_home(world: World) -> None:
    await opens_home(world, "ben", "You are reminded from 09:00 to 18:00, Monday to Friday (Europe/Berlin).")
    await presses(world, "ben", "hours_form_v1")
    assert await open_form(world, "ben") == snapshot("""\
Your working hours [Save] [Never mind]
From when do you work?
  In your time zone, Europe/Berlin.
Until when?
  A time that is not after the first is on the next day.
On which days?
  ( ) Monday
  ( ) Tuesday
  ( ) Wednesday
  ( ) Thursday
  ( ) Friday
  ( ) Saturday
  ( ) Sunday\
""")
    days = ["0", "1", "2", "3", "4"]
    assert await held(world, "ben") == {"begins": "09:00", "ends": "18:00", "days": days}
    refused = await world.ben.submits(days=[])
    assert refused["errors"] == snapshot({"days": "Please complete this required field."})
    refused = await world.ben.submits(days=days)
    assert refused["errors"] == snapshot({"begins": "These are your working hours already."})
    assert (await world.ben.submits(begins="12:30", ends="20:00", days=days[:3]))["result"] == "closed"
    await home_of(world, "ben", "You are reminded from 12:30 to 20:00, Monday to Wednesday (Europe/Berlin).")
    await presses(world, "ben", "hours_form_v1")
    await world.ben.sees_form()
    assert await held(world, "ben") == {"begins": "12:30", "ends": "20:00", "days": days[:3]}


async def test_it_follows_what_is_typed_about_being_away(world: World) -> None:
    await opens_home(world, "ben")
    await world.ben.types("/release away @dan 2h")
    await home_of(world, "ben", "@dan stands in for you until <time>.")


async def test_nobodys_tab_is_published_more_often_than_every_third_gap(tmp_path: Path) -> None:
    async with open_world(tmp_path, rollcall_gap=0.3) as world:
        await opens_home(world, "ben")
        began = time.monotonic()
        for _ in range(12):
            await world.ben.types("/release away @dan 2h", settle=False)
            await world.ben.types("/release back", settle=False)
        await world.ana.types("/release start checkout 1.4.0", settle=False)
        await home_of(world, "ben", "*checkout-1*", "Nobody stands in for you.")
        assert await world.calls("views.publish") <= 2 + (time.monotonic() - began) / 0.9


async def test_of_many_who_open_theirs_at_once_some_wait_a_minute(world: World) -> None:
    many = crowd(MOST_A_MINUTE + 5)
    world.practice.workspace.people.update({one.id: one for one in many})
    for one in many:
        await world.control("home", user=one.name)
    async with asyncio.timeout(PATIENCE_S):
        while await world.calls("views.publish") < MOST_A_MINUTE:
            await asyncio.sleep(0.02)
    # Rollcall answers others meanwhile.
    await world.ana.types("/release start checkout 1.4.0")
    assert await world.calls("views.publish") == MOST_A_MINUTE


async def test_a_tab_whose_call_went_wrong_is_published_again(world: World) -> None:
    for kind in ("server_error", "lost_answer", "ratelimited", "server_error_after"):
        await world.control("faults", method="views.publish", kind=kind, times=1, retry_after=0)
    await opens_home(world, "ben")
    await world.ana.types("/release start checkout 1.4.0")
    await home_of(world, "ben", "# Waiting for you (1)")


async def test_a_tab_that_another_has_changed_is_written_over(world: World) -> None:
    await opens_home(world, "ben")
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "Of another process"}}
    await world.client().views_publish(user_id="U0BEN", view={"type": "home", "blocks": [block]})
    await world.ana.types("/release start checkout 1.4.0")
    await home_of(world, "ben", "# Waiting for you (1)")


async def test_a_tab_that_shows_something_else_is_written_over_when_it_is_opened(world: World) -> None:
    await opens_home(world, "ben")
    await world.client().views_publish(user_id="U0BEN", view={"type": "home", "blocks": []})
    assert await seen(world, "ben") == ""
    await opens_home(world, "ben")


async def test_a_tab_that_slack_refuses_is_left_until_it_is_opened_again(world: World) -> None:
    await world.control("faults", method="views.publish", kind="not_enabled", times=1)
    await world.control("home", user="ben")
    await opens_home(world, "bea")
    await world.ana.types("/release start checkout 1.4.0")
    await home_of(world, "bea", "# Waiting for you (1)")
    assert await seen(world, "ben") == ""
    await opens_home(world, "ben", "# Waiting for you (1)")


async def test_after_a_restart_it_catches_up_when_it_is_opened_again(tmp_path: Path) -> None:
    clock = MovableClock()
    practice = Practice(clock, limits=False)
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with practice.serving(port=0), World(practice, clock, url) as world:
        settings = settings_for(practice, url, Transport.SOCKET)
        async with rollcall_in(practice, settings, clock):
            await opens_home(world, "ben")
            await world.people_read()
            await world.ana.types("/release start checkout 1.4.0")
            await home_of(world, "ben", "# Waiting for you (1)")
        async with rollcall_in(practice, settings, clock):
            await world.bea.presses("Approve", "checkout-1", on="gate:0:QA")
            assert "# Waiting for you (1)" in await seen(world, "ben")
            await opens_home(world, "ben", "Nothing waits for you.")


async def test_a_shift_that_begins_takes_over_from_home(tmp_path: Path) -> None:
    async with world_with(tmp_path, SHIFTS) as world:
        await opens_home(world, "ben")
        await world.ana.types("/release start shop 2.0")
        await world.passes(hours=7)
        assert (await home_of(world, "ben", "Your shift begins")).partition("\n\n")[0] == snapshot("""\
# Waiting for you (1)
*shop-1* (shop 2.0) in <#C0RELEASES> is *awaiting approval* for production (stage 1 of 1)
• Your shift begins: take over from @ana, until <time>
[Take over…]\
""")
        await presses(world, "ben", "accept_form_v1")
        await world.ben.submits(read=["0"])
        assert (await world.release("shop-1")).captain == "U0BEN"
        assert "Your shift begins" not in await home_of(world, "ben", "# You lead")


async def test_who_is_to_review_reads_what(tmp_path: Path) -> None:
    async with world_with(tmp_path, REVIEWED) as world:
        await world.ana.types("/release start shop 2.0.1")
        await world.dan.presses("More…", "shop-1", on=GATE)
        await world.dan.submits(answer="override", comment="Payments are *down*.")
        home = await opens_home(world, "bea", "its review")
        assert home.partition("\n\n")[0] == snapshot("""\
# Waiting for you (1)
*shop-1* (shop 2.0.1) in <#C0RELEASES> is *in progress* with production (stage 1 of 1)
• @bea, @ben, @cleo or @dee: its review needs 2 signatures, until <time>
@dan overrode *Go or no-go*, <time>
> Payments are *down*.
[Sign off…]\
""")
