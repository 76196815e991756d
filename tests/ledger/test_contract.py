"""What the ledger keeps, on each database that it promises to run on."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.ledger.database import Database
from bot.ledger.ledger import Ledger, projection
from bot.ledger.progress import shown
from bot.ledger.progress.answers import Answered, Delivery, recall, remember
from bot.ledger.progress.shown import Shown
from bot.ledger.reader import Reader
from bot.ledger.tables import absences, answers, events, releases, services
from bot.ledger.verify import rebuild
from bot.release.attention import attention_at
from bot.release.decide import fold
from bot.release.ids import ChannelId, ReleaseId, ReleaseKey, WorkspaceId
from bot.release.kinds import EVENTS, OWN_EVENTS
from bot.release.refusal import Code, Refused
from bot.release.state import State
from bot.release.waiting import waiting_on
from tests.ledger.conftest import Join
from tests.ledger.story import tell
from tests.ledger.world import (
    ANA,
    BEN,
    CHANNEL,
    CHECKOUT,
    CLEO,
    DAN,
    EVE,
    MORNING,
    TEAM,
    Replica,
    StillClock,
    Town,
    approve,
    attend,
    cancel,
    go_away,
    reject,
    start,
    write_runbook,
)

FIRST = ReleaseId(TEAM, CHECKOUT)
SECOND = ReleaseId(TEAM, ReleaseKey("checkout-2"))
THIRD = ReleaseId(TEAM, ReleaseKey("checkout-3"))
OPEN = ReleaseId(TEAM, ReleaseKey("checkout-4"))
TOLD = (FIRST, SECOND, THIRD, OPEN)


async def test_the_story_has_every_kind_of_event(replica: Replica, town: Town, clock: StillClock) -> None:
    await tell(replica, town, clock)
    told = await replica.database.read(lambda c: set(c.scalars(select(events.c.kind))))
    assert told == {kind.__name__ for kind in (*EVENTS, *OWN_EVENTS)}


async def test_what_is_read_back_is_what_was_decided(replica: Replica, join: Join) -> None:
    started = await replica.accepts(start(note="Für alle 🚀"))
    approved = await replica.accepts(approve(BEN, comment="Looks good."))
    fresh = join()
    assert await fresh.database.read(lambda c: fresh.ledger.find(c, FIRST)) == approved
    assert await fresh.database.write(lambda c: fresh.ledger.lock(c, FIRST)) == approved
    assert (started.seq, approved.seq, approved.state) == (1, 4, State.IN_PROGRESS)


async def test_entries_are_numbered_from_one_without_a_gap(
    replica: Replica, town: Town, clock: StillClock
) -> None:
    await tell(replica, town, clock)
    for release in TOLD:
        entries = await replica.entries(release.key)
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))


async def test_the_row_is_what_the_events_fold_to_after_every_command(
    replica: Replica, town: Town, clock: StillClock
) -> None:
    def check(connection: Connection) -> int:
        rows = connection.execute(select(releases)).mappings().all()
        for row in rows:
            entries = Ledger().entries(connection, ReleaseId(row["workspace"], row["release"]))
            wanted = projection(fold(entry.event for entry in entries), entries[-1].hash)
            assert {column: row[column] for column in wanted} == wanted
        return len(rows)

    checks = after_every_command(replica, check)
    await tell(replica, town, clock)
    assert len(checks) == 72
    assert checks[-1] == len(TOLD)
    assert await replica.faults() == []


def after_every_command(replica: Replica, check: Callable[[Connection], int]) -> Sequence[int]:
    """Have a check made after every command, and return the list into which its counts go."""
    checks: list[int] = []
    accepts = replica.accepts

    async def accepts_and_checks(*command: object) -> object:
        release = await accepts(*command)  # type: ignore[arg-type]
        checks.append(await replica.database.read(check))
        return release

    replica.accepts = accepts_and_checks  # type: ignore[method-assign, assignment]
    return checks


async def test_the_projection_says_what_a_reader_of_the_table_needs(replica: Replica) -> None:
    release = await replica.accepts(start("1.0.0+build/7"))

    def row(connection: Connection) -> dict[str, object]:
        return dict(connection.execute(select(releases)).mappings().one())

    head = (await replica.entries())[-1].hash
    assert await replica.database.read(row) == {
        "workspace": TEAM,
        "release": CHECKOUT,
        "service": "checkout",
        "version": "1.0.0+build/7",
        "kind": "normal",
        "state": "awaiting_approval",
        "channel": CHANNEL,
        "started_at": MORNING,
        "ended_at": None,
        "signed": True,
        "locked": False,
        "attention_at": attention_at(release),
        "seq": 1,
        "head": head,
        "shown_seq": 0,
    }


async def test_the_plain_columns_of_an_event_repeat_its_body(
    replica: Replica, town: Town, clock: StillClock
) -> None:
    await tell(replica, town, clock)
    for row in await replica.database.read(lambda c: c.execute(select(events)).all()):
        body = json.loads(row.body)
        assert (row.kind, row.by) == (body["kind"], body["by"])
        assert row.at == datetime.fromisoformat(body["at"])


@pytest.mark.parametrize("version", ["\x00", "\ud83d", ""])
async def test_a_version_that_no_database_takes_is_refused(replica: Replica, version: str) -> None:
    assert (await replica.refuses(start(version))).code is Code.VERSION_INVALID
    assert isinstance(await replica.coordinator.preview(start(version)), Refused)
    assert await replica.database.read(lambda c: c.execute(select(services)).all()) == []


async def test_moments_keep_their_microseconds_and_come_back_in_utc(replica: Replica) -> None:
    await replica.accepts(start())
    (row,) = await replica.database.read(lambda c: replica.ledger.open_in(c, TEAM, None, 9))
    assert row.started_at == MORNING
    assert row.started_at.utcoffset() == timedelta()


async def test_a_release_that_is_not_there_is_none(database: Database, ledger: Ledger) -> None:
    assert await database.read(lambda c: ledger.find(c, FIRST)) is None
    assert await database.read(lambda c: ledger.find_with_head(c, FIRST)) is None
    assert await database.write(lambda c: ledger.lock(c, FIRST)) is None
    assert await database.read(lambda c: ledger.entries(c, FIRST)) == []


async def test_the_head_is_the_hash_of_the_newest_event(replica: Replica, join: Join) -> None:
    await replica.accepts(start())
    await replica.accepts(approve(BEN))
    fresh = join()
    found = await Reader(fresh.database, fresh.ledger).find_with_head(FIRST)
    assert found is not None
    assert found[1] == (await replica.entries())[-1].hash


async def test_one_replica_sees_at_once_what_another_has_kept(join: Join) -> None:
    one, other = join(), join()
    await one.accepts(start())
    assert await other.database.read(lambda c: other.ledger.find(c, FIRST)) is not None
    approved = await other.accepts(approve(BEN))
    assert await one.database.read(lambda c: one.ledger.find(c, FIRST)) == approved
    assert (await one.refuses(approve(BEN))).code is Code.ALREADY_ANSWERED


async def test_releases_of_another_workspace_are_not_there(replica: Replica) -> None:
    await replica.accepts(start())
    other = WorkspaceId("T2")
    assert await replica.database.read(lambda c: replica.ledger.open_in(c, other, None, 9)) == []
    assert (await replica.refuses(replace(approve(BEN), workspace=other))).code is Code.UNKNOWN_RELEASE
    theirs = await replica.accepts(replace(start(), workspace=other))
    assert theirs.id == ReleaseId(other, CHECKOUT)
    assert len(await replica.entries()) == 1


async def test_open_releases_are_found_newest_first_and_ended_ones_are_not(
    replica: Replica, town: Town, clock: StillClock, runbooks: Path
) -> None:
    await tell(replica, town, clock)
    write_runbook(runbooks, "payments")
    clock.advance(days=1)
    await replica.accepts(replace(start(service="payments"), channel=ChannelId("C2")))
    reader = Reader(replica.database, replica.ledger)
    assert [row.id.key for row in await reader.open_in(TEAM)] == ["payments-1", "checkout-4"]
    assert [row.id.key for row in await reader.open_in(TEAM, limit=1)] == ["payments-1"]
    assert [row.id.key for row in await reader.open_in(TEAM, CHANNEL)] == ["checkout-4"]


async def test_what_waits_for_something_is_unsettled_and_nothing_else(
    replica: Replica, town: Town, clock: StillClock
) -> None:
    def check(connection: Connection) -> int:
        keys = connection.scalars(select(releases.c.release).order_by(releases.c.started_at)).all()
        every = [Ledger().find(connection, ReleaseId(TEAM, ReleaseKey(key))) for key in keys]
        found = replica.ledger.unsettled(connection, TEAM)
        assert found == [one for one in every if one and waiting_on(one)]
        return sum(one.state.ended for one in found)

    ended = after_every_command(replica, check)
    await tell(replica, town, clock)
    # One kept waiting for its review, another for its lock.
    assert {0, 1} <= set(ended)
    assert await replica.database.read(lambda c: replica.ledger.unsettled(c, WorkspaceId("T2"))) == []


async def test_what_is_due_comes_when_its_time_has_come(replica: Replica, clock: StillClock) -> None:
    release = await replica.accepts(start())
    at = attention_at(release)
    assert at == MORNING + timedelta(hours=1)
    reader = Reader(replica.database, replica.ledger)
    assert await reader.due(at - timedelta(microseconds=1), 9) == []
    assert await reader.due(at, 9) == [FIRST]
    clock.advance(hours=1)
    reminded = await replica.accepts(attend())
    later = attention_at(reminded)
    assert later is not None
    assert later > at
    assert await reader.due(at, 9) == []
    assert await reader.due(later, 9) == [FIRST]


async def test_what_cannot_be_seen_to_is_looked_at_again_after_a_while(
    replica: Replica, town: Town, clock: StillClock
) -> None:
    """Somebody comes back, which the release cannot take in while it is not known who is in its roles."""
    await replica.accepts(start())
    await replica.notes(go_away(BEN, DAN, clock.now() + timedelta(minutes=30)))
    await replica.accepts(attend())
    town.groups.pop("security")
    clock.advance(minutes=31)
    reader = Reader(replica.database, replica.ledger)
    assert await reader.due(clock.now(), 9) == [FIRST]
    await replica.accepts(attend())
    assert await reader.due(clock.now(), 9) == []
    assert await replica.faults() == []
    clock.advance(minutes=5)
    assert await reader.due(clock.now(), 9) == [FIRST]


async def test_what_has_ended_is_never_due(replica: Replica) -> None:
    await replica.accepts(start())
    await replica.accepts(cancel())
    assert await replica.database.read(lambda c: replica.ledger.due(c, MORNING + timedelta(days=99), 9)) == []


async def test_the_longest_waiting_is_due_first_and_no_more_than_asked(
    replica: Replica, clock: StillClock
) -> None:
    for minutes, workspace in ((2, "T1"), (0, "T3"), (1, "T2")):
        clock.time = MORNING + timedelta(minutes=minutes)
        await replica.accepts(replace(start(), workspace=WorkspaceId(workspace)))
    later = MORNING + timedelta(days=1)
    due = await replica.database.read(lambda c: replica.ledger.due(c, later, 2))
    assert [release.workspace for release in due] == ["T3", "T2"]


async def test_a_service_has_one_open_release(replica: Replica) -> None:
    await replica.accepts(start())
    refused = await replica.refuses(start("2.0.0"))
    assert refused.code is Code.ANOTHER_ACTIVE
    assert CHECKOUT in refused.because


async def test_the_database_itself_refuses_a_second_open_release(replica: Replica) -> None:
    await replica.accepts(start())

    def smuggle(connection: Connection) -> None:
        row = connection.execute(select(releases)).mappings().one()
        connection.execute(insert(releases).values({**row, "release": "checkout-9"}))

    with pytest.raises(IntegrityError):
        await replica.database.write(smuggle)


async def test_the_database_itself_refuses_a_second_event_in_one_place(replica: Replica) -> None:
    await replica.accepts(start())

    def smuggle(connection: Connection) -> None:
        row = connection.execute(select(events)).mappings().one()
        connection.execute(insert(events).values(row))

    with pytest.raises(IntegrityError):
        await replica.database.write(smuggle)


async def test_numbers_count_up_and_none_is_used_twice(replica: Replica) -> None:
    keys = []
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        release = await replica.accepts(start(version))
        await replica.refuses(start("9.9.9"))
        await replica.accepts(cancel(key=release.key))
        keys.append(release.key)
    assert keys == ["checkout-1", "checkout-2", "checkout-3"]


async def test_a_version_that_was_released_is_not_released_again(
    replica: Replica, town: Town, clock: StillClock
) -> None:
    await tell(replica, town, clock)
    await replica.accepts(cancel(key=OPEN.key))
    # What was started as 1.0.0 was released as 1.0.1, and the release of 1.1.0 was rolled back.
    refused = await replica.refuses(start("1.0.1"))
    assert refused.code is Code.ALREADY_RELEASED
    assert (await replica.accepts(start("1.1.0"))).key == "checkout-5"


async def test_a_service_is_counted_where_a_release_was_started(replica: Replica) -> None:
    await replica.accepts(start())
    await replica.refuses(start("2.0.0"))
    rows = await replica.database.read(lambda c: c.execute(select(services)).all())
    assert [tuple(row) for row in rows] == [(TEAM, "checkout", 1)]


@pytest.mark.parametrize(
    "answered",
    [
        Answered(release=CHECKOUT, refusal=None),
        Answered(release=None, refusal=Refused(code=Code.STALE, because="Gone.")),
        Answered(
            release=None,
            refusal=Refused(code=Code.NOT_YOURS, because="„Nein“ 🚫", instead="Ask.", ask=(ANA, BEN)),
        ),
    ],
)
async def test_an_answer_is_recalled_as_it_was_given(database: Database, answered: Answered) -> None:
    press = Delivery("1.2.trigger")
    assert await database.read(lambda c: recall(c, TEAM, press)) is None
    await database.write(lambda c: remember(c, TEAM, press, MORNING, answered))
    assert await database.read(lambda c: recall(c, TEAM, press)) == answered
    assert await database.read(lambda c: recall(c, WorkspaceId("T2"), press)) is None


async def test_what_slack_shows_is_noted_replaced_and_forgotten(replica: Replica) -> None:
    await replica.accepts(start())
    card = Shown(slot="card", channel=CHANNEL, claimed_at=MORNING)
    write, read = replica.database.write, replica.database.read
    await write(lambda c: shown.note(c, FIRST, card))
    await write(lambda c: shown.note(c, FIRST, Shown(slot="gate:0:QA", channel=CHANNEL, ts="2.0")))
    assert (await read(lambda c: shown.shown(c, FIRST)))["card"] == card
    posted = replace(card, ts="1.0", content="ab", claimed_at=None)
    await write(lambda c: shown.note(c, FIRST, posted))
    assert (await read(lambda c: shown.shown(c, FIRST)))["card"] == posted
    await write(lambda c: shown.forget(c, FIRST, "card"))
    assert list(await read(lambda c: shown.shown(c, FIRST))) == ["gate:0:QA"]
    assert await read(lambda c: shown.shown(c, SECOND)) == {}


async def test_a_release_is_unshown_until_its_newest_event_is_shown(replica: Replica) -> None:
    await replica.accepts(start())
    reader = Reader(replica.database, replica.ledger)
    assert await reader.unshown() == [FIRST]
    await replica.database.write(lambda c: shown.mark_shown(c, FIRST, 1))
    assert await reader.unshown() == []
    await replica.accepts(reject(CLEO))
    assert await reader.unshown() == [FIRST]


async def test_a_release_that_moved_on_is_not_found_in_the_memory_of_before(
    replica: Replica, join: Join
) -> None:
    await replica.accepts(start())
    other = join()
    seen = [await other.database.read(lambda c: other.ledger.find(c, FIRST))]
    await replica.accepts(reject(BEN))
    seen.append(await other.database.read(lambda c: other.ledger.find(c, FIRST)))
    assert [release and release.seq for release in seen] == [1, 2]


async def test_times_in_another_zone_are_the_same_moments(database: Database) -> None:
    press = Delivery("zone")
    there = MORNING.astimezone(ZoneInfo("Asia/Tokyo"))
    await database.write(lambda c: remember(c, TEAM, press, there, Answered(release=CHECKOUT, refusal=None)))

    def at(connection: Connection) -> datetime:
        moment: datetime = connection.execute(select(answers.c.at)).scalar_one()
        return moment

    assert await database.read(at) == MORNING
    assert (await database.read(at)).tzinfo is UTC


async def test_the_rows_can_be_made_anew_from_the_events(
    replica: Replica, town: Town, clock: StillClock
) -> None:
    def rows(connection: Connection) -> list[object]:
        return [
            tuple(row)
            for table in (releases, services, absences)
            for row in connection.execute(select(table).order_by(*table.primary_key))
        ]

    def spoil(connection: Connection) -> None:
        connection.execute(delete(services))
        connection.execute(update(absences).values(deputy=DAN))
        connection.execute(delete(absences).where(absences.c.person == BEN))
        connection.execute(delete(releases).where(releases.c.release == SECOND.key))
        connection.execute(update(releases).where(releases.c.release == FIRST.key).values(version="6.6.6"))

    await tell(replica, town, clock)
    await replica.notes(go_away(CLEO, EVE, clock.now() + timedelta(days=1)))
    await replica.database.write(lambda c: shown.mark_shown(c, OPEN, 1))
    before = await replica.database.read(rows)
    await replica.database.write(spoil)
    assert await replica.database.write(rebuild) == len(TOLD)
    assert await replica.database.read(rows) == before
    assert await replica.faults() == []
    assert (await replica.refuses(start("1.0.0"))).code is Code.ANOTHER_ACTIVE
