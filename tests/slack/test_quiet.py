"""Who does not want to be disturbed just now, by their status in Slack or with notifications paused."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bot.clock import MovableClock
from bot.practice import BOT_TOKEN, Practice
from bot.practice.cast import SCOPES
from bot.release.ids import UserId
from bot.slack.connection.connect import CALL_TIMEOUT, web_client
from bot.slack.people.directory import SlackDirectory
from bot.slack.people.quiet import out_until
from tests.world import A_TUESDAY, PATIENCE_S, WORKSPACE, World

ANA, BEN, CLEO = UserId("U0ANA"), UserId("U0BEN"), UserId("U0CLEO")
FRIDAY = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


class Workspace:
    """A practice Slack, and what Rollcall reads of its people."""

    def __init__(self, practice: Practice, clock: MovableClock, session: aiohttp.ClientSession) -> None:
        self.practice = practice
        self.clock = clock
        self.directory = SlackDirectory(web_client(BOT_TOKEN, practice.api_url, session), WORKSPACE, clock)
        self._session = session

    async def control(self, call: str, **content: object) -> None:
        async with self._session.post(f"{self.practice.url}/_control/{call}", json=content) as answer:
            told = await answer.json()
            assert told["ok"], told

    async def reads(self) -> dict[UserId, datetime]:
        """Read everything again, and return until when each person is not to be disturbed."""
        await self.directory.refresh()
        return dict(self.directory.seen().quiet)

    def asked(self) -> list[list[str]]:
        """Return after whom each call so far has asked."""
        entries: list[dict[str, Any]] = self.practice.slack.traffic.entries(0)
        return [one["body"]["users"].split(",") for one in entries if one["what"] == "dnd.teamInfo"]


@pytest.fixture
def scopes() -> frozenset[str]:
    return SCOPES


@pytest.fixture
async def slack(scopes: frozenset[str]) -> AsyncIterator[Workspace]:
    clock = MovableClock(A_TUESDAY - datetime.now(UTC))
    practice = Practice(clock, limits=False, scopes=scopes)
    async with practice.serving(port=0), aiohttp.ClientSession(timeout=CALL_TIMEOUT) as session:
        yield Workspace(practice, clock, session)


@pytest.mark.parametrize(
    ("text", "emoji"),
    [
        ("", ":palm_tree:"),
        ("", ":face_with_thermometer:"),
        ("Out of Office, ask Bea", ":house:"),
        ("out of the office", ""),
        ("OOO", ""),
        ("back soon (vacation)", ""),
        ("Vacationing", ""),
        ("On leave", ""),
        ("out sick", ""),
        ("Bank holiday", ""),
    ],
)
async def test_who_is_out_of_office_is_quiet_until_the_status_expires(
    slack: Workspace, text: str, emoji: str
) -> None:
    await slack.control("status", user="ben", text=text, emoji=emoji, expiration=int(FRIDAY.timestamp()))
    assert await slack.reads() == {BEN: FRIDAY}
    slack.clock.advance(FRIDAY - slack.clock.now())
    assert await slack.reads() == {}


@pytest.mark.parametrize(
    ("text", "emoji"),
    [("In a meeting", ":spiral_calendar_pad:"), ("Homesick", ""), ("zoo office", ""), ("", ":tada:")],
)
async def test_who_is_at_work_is_not_quiet(slack: Workspace, text: str, emoji: str) -> None:
    await slack.control("status", user="ben", text=text, emoji=emoji)
    assert await slack.reads() == {}


async def test_a_status_without_an_end_counts_until_the_end_of_the_next_day_there(slack: Workspace) -> None:
    for name in ("ana", "cleo"):
        await slack.control("status", user=name, text="Out sick")
    assert await slack.reads() == {
        ANA: datetime(2026, 11, 26, 5, 0, tzinfo=UTC),
        CLEO: datetime(2026, 11, 25, 16, 0, tzinfo=UTC),
    }
    slack.clock.advance(timedelta(days=1))
    assert (await slack.reads())[CLEO] == datetime(2026, 11, 26, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("user", "until"),
    [
        ({"tz": "Mars/Olympus", "profile": {"status_text": "OOO"}}, datetime(2026, 11, 26, tzinfo=UTC)),
        ({"profile": {"status_text": "OOO", "status_expiration": 10**15}}, datetime(2100, 1, 1, tzinfo=UTC)),
        ({"profile": {"status_text": None}}, None),
        ({}, None),
    ],
)
def test_a_zone_or_an_end_that_no_date_can_hold_harms_nobody(
    user: dict[str, Any], until: datetime | None
) -> None:
    assert out_until(user, A_TUESDAY) == until


async def test_who_has_paused_notifications_is_quiet_until_the_pause_ends(slack: Workspace) -> None:
    end = A_TUESDAY + timedelta(hours=2)
    await slack.control("pause", user="ben", until=int(end.timestamp()))
    assert await slack.reads() == {BEN: end}
    slack.clock.advance(timedelta(hours=2))
    assert await slack.reads() == {}


async def test_a_pause_that_is_to_come_is_none_yet(slack: Workspace) -> None:
    start, end = (A_TUESDAY + timedelta(hours=hours) for hours in (1, 9))
    window = {"from": int(start.timestamp()), "until": int(end.timestamp())}
    await slack.control("pause", user="ben", **window)
    assert await slack.reads() == {}
    slack.clock.advance(timedelta(hours=1))
    assert await slack.reads() == {BEN: end}


@pytest.mark.parametrize("hours", [1, 90])
async def test_of_a_status_and_a_pause_the_later_counts(slack: Workspace, hours: int) -> None:
    end = A_TUESDAY + timedelta(hours=hours)
    await slack.control("status", user="ben", emoji=":palm_tree:", expiration=int(FRIDAY.timestamp()))
    await slack.control("pause", user="ben", until=int(end.timestamp()))
    assert await slack.reads() == {BEN: max(end, FRIDAY)}


async def test_open_releases_do_not_hang_on_it(slack: Workspace) -> None:
    assert await slack.directory.refresh()
    assert not await slack.directory.refresh()
    await slack.control("status", user="ben", emoji=":palm_tree:")
    await slack.control("pause", user="cleo", until=int(FRIDAY.timestamp()))
    assert not await slack.directory.refresh()
    assert set(slack.directory.seen().quiet) == {BEN, CLEO}
    await slack.control("people", user="ben", deactivated=True)
    assert await slack.directory.refresh()


@pytest.mark.parametrize("scopes", [SCOPES - {"dnd:read"}])
async def test_where_the_scope_is_not_granted_nobody_is_known_to_be_in_do_not_disturb(
    slack: Workspace,
) -> None:
    await slack.control("pause", user="ben", until=int(FRIDAY.timestamp()))
    await slack.control("status", user="cleo", emoji=":palm_tree:", expiration=int(FRIDAY.timestamp()))
    assert await slack.directory.refresh()
    assert slack.directory.seen().readable
    assert dict(slack.directory.seen().quiet) == {CLEO: FRIDAY}


@pytest.mark.parametrize("kind", ["ratelimited", "server_error", "lost_answer", "user_not_visible"])
async def test_where_slack_does_not_tell_what_was_read_before_is_known(slack: Workspace, kind: str) -> None:
    await slack.control("faults", method="dnd.teamInfo", kind=kind, times=2)
    await slack.control("pause", user="ben", until=int(FRIDAY.timestamp()))
    assert await slack.directory.refresh()
    assert (slack.directory.seen().readable, dict(slack.directory.seen().quiet)) == (True, {})
    await slack.control("people", user="cleo", deactivated=True)
    assert await slack.directory.refresh(), "What did change is told all the same."
    assert await slack.reads() == {BEN: FRIDAY}
    await slack.control("faults", method="dnd.teamInfo", kind=kind)
    assert await slack.reads() == {BEN: FRIDAY}


async def test_fifty_people_are_asked_after_at_once_and_a_thousand_in_all(slack: Workspace) -> None:
    people = slack.practice.workspace.people
    for number in range(1_100):
        name = f"p{number}"
        people[f"U0P{number}"] = replace(people[BEN], id=f"U0P{number}", name=name)
    await slack.control("groups", group="qa", users=["ben", "p1099"])
    await slack.control("pause", user="p1099", until=int(FRIDAY.timestamp()))
    await slack.control("pause", user="p1098", until=int(FRIDAY.timestamp()))
    assert await slack.reads() == {UserId("U0P1099"): FRIDAY}
    assert [len(users) for users in slack.asked()] == [50] * 20


async def test_bots_strangers_and_the_deactivated_are_not_asked_after(slack: Workspace) -> None:
    await slack.control("people", user="bea", deactivated=True)
    await slack.reads()
    assert [sorted(users) for users in slack.asked()] == [
        ["U0ANA", "U0BEN", "U0CLEO", "U0DAN", "U0DEE", "U0GIL", "U0GUS"]
    ]


async def test_rollcall_reads_again_when_somebody_pauses_notifications(world: World) -> None:
    before = await world.calls("dnd.teamInfo")
    await world.control("pause", user="ben", until=int(FRIDAY.timestamp()))
    async with asyncio.timeout(PATIENCE_S):
        while await world.calls("dnd.teamInfo") <= before:
            await asyncio.sleep(0.02)
