"""Checks that Rollcall reads: a release waits for one that fails, is unknown, passes and soaks, and goes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot.ledger.ledger import Ledger
from bot.release.gates.checks import Outcome
from bot.release.gates.readings import CheckRead
from bot.release.ids import ReleaseId, ReleaseKey
from bot.release.state import State
from tests.checks.jira_server import TOKEN, jira_there
from tests.checks.server import Asked, gives, says, serving, tells
from tests.slack.given import ROLES, open_form, press_old, shown, standing, world_with
from tests.sources.repository import Repository
from tests.world import WORKSPACE, World

INSIDE = "127.0.0.1"
READ = """\
checks:
  health:
    read: {url: "SERVER/health?v={version}"}
    by: on-call
  errors:
    read: {prometheus: 'errors{v="{version}"}', server: "SERVER", below: 0.05}
    soak: 3m
stages:
  - name: production
    owner: on-call
    production: true
    gates:
      - name: Health
        needs: {check: CHECK}
    steps:
      - do: Deploy
"""
TICKETS = """\
tickets: {pattern: "SHOP-{number}"}
checks:
  tickets:
    read: {ticket: all, states: [Done, Released]}
stages:
  - name: production
    owner: on-call
    production: true
    gates:
      - name: Tickets
        needs: {check: tickets}
    steps:
      - do: Deploy
"""


@pytest.fixture
async def server() -> AsyncIterator[Asked]:
    """What the checks of these tests are read from."""
    async with serving() as asked:
        yield asked


def book(server: Asked, check: str) -> str:
    return ROLES + READ.replace("SERVER", server.address).replace("CHECK", check)


async def until(world: World, check: str, outcome: Outcome) -> None:
    """Wait until a check of the release is known to be so, and Slack shows it."""
    await world.until(lambda r: check in r.reports and r.reports[check][-1].outcome is outcome, "shop-1")
    await world.settled()


async def minute(world: World, server: Asked) -> None:
    """Let a minute pass, in which each check is read once more."""
    heard = len(server.heard)
    await world.passes(minutes=1)
    await server.until_heard(heard + 1)


async def readings(world: World) -> list[Outcome]:
    """Return what the ledger has of readings."""
    place = ReleaseId(WORKSPACE, ReleaseKey("shop-1"))
    entries = await world.database.read(lambda c: Ledger().entries(c, place))
    return [entry.event.outcome for entry in entries if isinstance(entry.event, CheckRead)]


async def test_a_release_waits_for_a_health_url_until_it_answers_well(tmp_path: Path, server: Asked) -> None:
    server.answer = says("", 503)
    async with world_with(tmp_path, book(server, "health"), rollcall_inside=INSIDE) as world:
        await world.ana.types("/release start shop 2.0+b")
        await until(world, "health", Outcome.FAILED)
        assert server.heard[0] == "/health?v=2.0%2Bb"
        assert await shown(world, "shop-1", "gate:0:Health") == snapshot("""\
*shop-1* (shop 2.0+b): *Health* before production is *waiting*
☐ check health failed
  since <time>
> answered 503 Service Unavailable
[More…]\
""")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @ana: the check *health* failed, since <time>: answered 503 Service Unavailable\
""")
        by_hand = await world.dan.types("/release check health passed")
        assert by_hand == snapshot(
            "Rollcall reads health itself, and it says failed. It is reported by hand only where it cannot be read."
        )
        # Somebody has a message before their eyes from when it could not be read.
        await press_old(world, "dan", "shop-1", "report_form_v1", '["shop-1", 0, "Health"]')
        assert await world.dan.sees() == by_hand
        assert (await world.look("view", user="dan"))["view"] is None

        # The same again is nothing new.
        before = (await world.release("shop-1")).seq
        await minute(world, server)
        await minute(world, server)
        assert (await world.release("shop-1")).seq == before

        server.answer = says("", 200)
        await minute(world, server)
        await world.until(lambda release: release.state is State.IN_PROGRESS, "shop-1")
        assert await shown(world, "shop-1", "gate:0:Health") == snapshot("""\
*shop-1* (shop 2.0+b): *Health* before production is *met*
✓ check health passed
  since <time>\
""")
        assert await readings(world) == [Outcome.FAILED, Outcome.PASSED]

        # The gate is passed, so that nobody asks any more.
        heard = len(server.heard)
        await world.passes(minutes=30)
        assert len(server.heard) == heard


async def test_what_cannot_be_read_is_told_and_reported_by_hand(tmp_path: Path, server: Asked) -> None:
    async with world_with(tmp_path, book(server, "health")) as world:
        await world.ana.types("/release start shop 2.0")
        await until(world, "health", Outcome.UNKNOWN)
        assert server.heard == []
        assert await shown(world, "shop-1", "gate:0:Health") == snapshot("""\
*shop-1* (shop 2.0): *Health* before production is *waiting*
☐ check health cannot be read
  since <time>
> 127.0.0.1 is not a public address. Whoever runs Rollcall may allow it in ROLLCALL_INSIDE
  asked: @dan or @dee
[Report a check…] [More…]\
""")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @dan or @dee: the check *health* cannot be read, since <time>: 127.0.0.1 is not a public address. Whoever runs Rollcall may allow it in ROLLCALL_INSIDE\
""")
        assert await world.ana.types("/release why") == snapshot("""\
*shop-1* (shop 2.0) is *awaiting approval* for production (stage 1 of 1)
*What it waits for*
• @dan or @dee: the check *health* cannot be read, since <time>: 127.0.0.1 is not a public address. Whoever runs Rollcall may allow it in ROLLCALL_INSIDE
    by the rule: a check that has not passed, or is not known, counts as no
*The shortest way on*
• @dan or @dee reports that the check *health* has passed
Who is in the roles was read <time>.\
""")
        await world.dan.presses("Report a check…", "shop-1", on="gate:0:Health")
        assert await open_form(world, "dan") == snapshot("""\
Report a check [Report] [Never mind]
Which check?
  ( ) health
  = health
How did it go?
  ( ) It passed
  ( ) It failed
Comment (optional)
  A link to what it found, for example.\
""")
        await world.dan.submits(outcome="passed", comment="I have looked.")
        assert (await world.release("shop-1")).state is State.IN_PROGRESS


async def test_an_error_rate_soaks_from_when_it_was_low_again(tmp_path: Path, server: Asked) -> None:
    server.answer = gives("0.01")
    async with world_with(tmp_path, book(server, "errors"), rollcall_inside=INSIDE) as world:
        await world.ana.types("/release start shop 2.0")
        await until(world, "errors", Outcome.PASSED)
        assert await shown(world, "shop-1", "gate:0:Health") == snapshot("""\
*shop-1* (shop 2.0): *Health* before production is *waiting*
☐ check errors passes, but not for long enough yet
  since <time>; if it goes on, it counts from <time>
[More…]\
""")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• The check *errors* has passed since <time> and soaks, until <time>\
""")
        assert await world.ana.types("/release why") == snapshot("""\
*shop-1* (shop 2.0) is *awaiting approval* for production (stage 1 of 1)
*What it waits for*
• The check *errors* has passed since <time> and soaks, until <time>
    by the rule: a check that must soak counts once it has passed for so long without a break
*The shortest way on*
• The check *errors* goes on passing; it needs nobody
Who is in the roles was read <time>.\
""")

        await minute(world, server)
        server.answer = tells({}, 500)
        await minute(world, server)
        await until(world, "errors", Outcome.UNKNOWN)
        assert await shown(world, "shop-1", "gate:0:Health") == snapshot("""\
*shop-1* (shop 2.0): *Health* before production is *waiting*
☐ check errors cannot be read
  since <time>
> answered 500 Internal Server Error, and not as Prometheus does
[More…]\
""")

        server.answer = gives("0.02")
        await minute(world, server)
        await until(world, "errors", Outcome.PASSED)
        await minute(world, server)
        await minute(world, server)
        assert (await world.release("shop-1")).state is State.AWAITING_APPROVAL
        await minute(world, server)
        await world.until(lambda release: release.state is State.IN_PROGRESS, "shop-1")
        assert await shown(world, "shop-1", "gate:0:Health") == snapshot("""\
*shop-1* (shop 2.0): *Health* before production is *met*
✓ check errors passed
  since <time>\
""")


async def test_a_release_waits_until_each_of_its_tickets_is_done(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commits("ana", "Begin", basket="1")
    repository.tags("1.0")
    repository.commits("robin", "Basket\n\nFor SHOP-1 and SHOP-2.", basket="2")
    repository.tags("1.1")
    async with (
        jira_there({"SHOP-1": "Done", "SHOP-2": "In Review"}) as jira,
        world_with(
            tmp_path,
            ROLES + TICKETS,
            rollcall_checkouts=tmp_path / "checkouts",
            jira_url=jira.url,
            jira_token=TOKEN,
        ) as world,
    ):
        await world.ana.types("/release start shop 1.1")
        await until(world, "tickets", Outcome.FAILED)
        assert await shown(world, "shop-1", "gate:0:Tickets") == snapshot("""\
*shop-1* (shop 1.1): *Tickets* before production is *waiting*
☐ check tickets failed
  since <time>
> SHOP-2 is In Review
[More…]\
""")
        jira.tickets["SHOP-2"] = "released"
        await world.passes(minutes=1)
        await world.until(lambda release: release.state is State.IN_PROGRESS, "shop-1")
        assert jira.count("SHOP-1") == 2
