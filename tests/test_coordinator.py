"""The one door: the facts that it gathers, the answers that it remembers, and what it refuses."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from bot.coordinator import Accepted
from bot.jobs.attend import attend_due
from bot.ledger.reader import Reader
from bot.ledger.schema import upgrade
from bot.ledger.tables import metadata, services
from bot.release.gates.answers import Approve
from bot.release.ids import ReleaseId, ReleaseKey, UserId
from bot.release.manifest import Manifest
from bot.release.people.directory import Away, Own
from bot.release.people.hours import Hours
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.stages.revision import ChangeManifest
from bot.release.state import State
from bot.runbook.gates.gate import SIGNING
from bot.runbook.roles.role import Standing
from tests.ledger.world import (
    ANA,
    BEN,
    CHECKOUT,
    CLEO,
    DAN,
    EVE,
    MORNING,
    TEAM,
    Replica,
    StillClock,
    Town,
    act,
    approve,
    attend,
    begin,
    cancel,
    come_back,
    complete,
    finish,
    go_away,
    put_back,
    put_off,
    reject,
    roll_back,
    set_hours,
    start,
    unlock,
    write_runbook,
)

FIRST = ReleaseId(TEAM, CHECKOUT)
SECOND, THIRD = ReleaseKey("checkout-2"), ReleaseKey("checkout-3")
TOMORROW = MORNING + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One replica, and what it looks out on."""

    replica: Replica
    town: Town
    clock: StillClock
    runbooks: Path
    reader: Reader


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    url, town, clock, runbooks = f"sqlite:///{tmp_path / 'l.db'}", Town(), StillClock(), tmp_path / "runbooks"
    write_runbook(runbooks)
    upgrade(url)
    replica = Replica(url, runbooks, town, clock)
    reader = Reader(replica.database, replica.ledger)
    yield World(replica=replica, town=town, clock=clock, runbooks=runbooks, reader=reader)
    replica.database.close()


async def test_a_command_is_answered_with_the_release_as_it_stands(world: World) -> None:
    release = await world.replica.accepts(start())
    assert (release.key, release.state, release.captain) == (CHECKOUT, State.AWAITING_APPROVAL, ANA)
    assert release == await world.reader.find(FIRST)


async def test_a_second_delivery_has_no_second_effect_and_is_told_so(world: World) -> None:
    await world.replica.accepts(start())
    first = await world.replica.hears(reject(BEN), "press-1")
    second = await world.replica.hears(reject(BEN), "press-1")
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert (first.again, second.again) == (False, True)
    assert first.release == second.release
    assert await world.replica.kinds() == ["Started", "Rejected"]


async def test_a_second_delivery_shows_the_release_as_it_is_by_then(world: World) -> None:
    await world.replica.accepts(start(), "typed-1")
    await world.replica.accepts(approve(BEN))
    again = await world.replica.accepts(start(), "typed-1")
    assert again.state is State.IN_PROGRESS


async def test_a_refusal_is_given_again_even_when_it_would_be_accepted_by_then(world: World) -> None:
    await world.replica.accepts(start())
    world.town.groups["qa"] = ()
    first = await world.replica.refuses(approve(BEN), "press-1")
    world.town.groups["qa"] = (BEN, CLEO)
    assert await world.replica.refuses(approve(BEN), "press-1") == first
    await world.replica.accepts(approve(BEN), "press-2")


async def test_a_command_for_no_release_is_refused_and_changes_nothing(world: World) -> None:
    refused = await world.replica.refuses(approve(BEN, key=ReleaseKey("nothing-7")))
    assert refused.code is Code.UNKNOWN_RELEASE
    assert "nothing-7" in refused.because
    assert await world.reader.open_in(TEAM) == []
    assert world.replica.changed == []


async def test_who_is_told_of_changes_hears_of_accepted_commands_alone(world: World) -> None:
    await world.replica.accepts(start())
    await world.replica.refuses(start("2.0.0"))
    await world.replica.refuses(approve(ANA))
    assert world.replica.changed == [FIRST]
    await world.replica.accepts(reject(BEN))
    assert world.replica.changed == [FIRST, FIRST]


async def test_who_is_in_a_role_is_read_anew_at_each_command(world: World) -> None:
    await world.replica.accepts(start())
    world.town.groups["qa"] = (DAN,)
    assert (await world.replica.refuses(approve(BEN))).code is Code.NOT_YOURS
    release = await world.replica.accepts(approve(DAN))
    assert release.members["qa"] == (DAN,)
    assert await world.replica.kinds() == ["Started", "MembersRead", "Approved", "GatesMet", "StageBegan"]


async def test_people_that_cannot_be_read_count_as_no_and_nothing_is_lost(world: World) -> None:
    await world.replica.accepts(start())
    groups = dict(world.town.groups)
    world.town.groups.clear()
    assert (await world.replica.refuses(approve(BEN))).code is Code.CANNOT_READ_PEOPLE
    assert (await world.replica.refuses(start("2.0.0", service="checkout"))).code is Code.ANOTHER_ACTIVE
    world.town.groups.update(groups)
    await world.replica.accepts(approve(BEN))


async def test_gates_are_looked_at_again_in_the_transaction_that_begins_the_stage(world: World) -> None:
    for command in (start(), approve(BEN), finish(ANA, 0), approve(DAN, stage=1)):
        await world.replica.accepts(command)
    world.town.groups["security"] = (CLEO,)
    assert (await world.replica.refuses(begin())).code is Code.GATES_NOT_MET


async def test_a_clock_that_is_set_back_puts_no_event_before_another(world: World) -> None:
    await world.replica.accepts(start())
    world.clock.time = MORNING - timedelta(hours=3)
    release = await world.replica.accepts(approve(BEN))
    times = [entry.event.at for entry in await world.replica.entries()]
    assert times == sorted(times)
    assert release.at == MORNING + timedelta(microseconds=1)


async def test_a_service_without_a_runbook_is_refused_and_leaves_nothing_behind(world: World) -> None:
    refused = await world.replica.refuses(start(service="chekcout"))
    assert refused.code is Code.UNKNOWN_SERVICE
    assert "checkout" in refused.instead
    assert await world.replica.database.read(lambda c: c.execute(select(services)).all()) == []


async def test_a_runbook_that_is_broken_is_refused_with_its_trouble(world: World) -> None:
    (world.runbooks / "checkout.yaml").write_text("service: checkout\ntitle: [\n")
    refused = await world.replica.refuses(start())
    assert refused.code is Code.RUNBOOK_BROKEN
    assert "checkout.yaml" in refused.because


async def test_that_a_runbook_is_broken_stands_in_the_log_once_for_each_problem(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for title in ("[", "[", "]"):
        (world.runbooks / "checkout.yaml").write_text(f"service: checkout\ntitle: {title}\n")
        await world.replica.refuses(start())
    first, second = (record.getMessage() for record in caplog.records)
    assert first != second
    assert all("A runbook cannot be used: " in one and "checkout.yaml:" in one for one in (first, second))


async def test_a_release_keeps_the_runbook_that_it_started_with(world: World) -> None:
    await world.replica.accepts(start())
    write_runbook(world.runbooks, seats=2)
    release = await world.replica.accepts(approve(BEN))
    assert release.state is State.IN_PROGRESS
    fresh = Replica(world.replica.database.url.render_as_string(), world.runbooks, world.town, world.clock)
    assert await fresh.database.read(lambda c: fresh.ledger.find(c, FIRST)) == release
    fresh.database.close()


@pytest.mark.parametrize("text", ["\x00", "\ud83d", "\u202e", "x" * 501])
async def test_a_strange_text_is_kept_or_refused_and_never_a_fault(world: World, text: str) -> None:
    await world.replica.accepts(start())
    await world.replica.hears(approve(BEN, comment=text))
    await world.replica.hears(cancel(reason=text))
    await world.replica.hears(start(note=text))
    await world.replica.hears(start(text))
    await world.replica.hears(start(service=text))
    await world.replica.hears(approve(UserId("UBEN"), key=ReleaseKey(text)))
    assert await world.replica.faults() == []


async def test_what_is_due_is_attended_once_for_each_time(world: World) -> None:
    await world.replica.accepts(start())
    world.clock.advance(hours=1)
    for _ in range(3):
        await attend_due(world.replica.coordinator, world.reader, world.clock)
    assert await world.replica.kinds() == ["Started", "Reminded"]
    world.clock.advance(hours=4)
    await attend_due(world.replica.coordinator, world.reader, world.clock)
    assert (await world.replica.kinds()).count("Reminded") == 2


async def test_a_tick_that_found_nothing_to_do_does_not_use_up_its_time(world: World) -> None:
    """The gate is met between the tick's look and its command, and lapses afterwards."""
    for command in (start(), approve(BEN), finish(ANA, 0)):
        await world.replica.accepts(command)
    world.clock.advance(hours=2)

    class Interrupted(Reader):
        async def due(self, now: datetime, limit: int) -> Sequence[ReleaseId]:
            found = await super().due(now, limit)
            await world.replica.accepts(approve(DAN, stage=1))
            return found

    interrupted = Interrupted(world.replica.database, world.replica.ledger)
    await attend_due(world.replica.coordinator, interrupted, world.clock)
    assert (await world.replica.kinds())[-1] == "GatesMet"
    world.town.groups["security"] = (CLEO,)
    await world.replica.accepts(attend())
    world.clock.advance(days=2)
    await attend_due(world.replica.coordinator, world.reader, world.clock)
    assert "Reminded" in await world.replica.kinds()
    assert await world.reader.due(world.clock.now(), 9) == []


async def rows(world: World) -> dict[str, int]:
    """Return how many rows each table has."""

    def count(connection: Connection) -> dict[str, int]:
        tables = metadata.sorted_tables
        return {t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in tables}

    return await world.replica.database.read(count)


# Looking ahead


async def test_a_preview_is_what_a_start_would_give_and_keeps_nothing(world: World) -> None:
    before = await rows(world)
    seen = await world.replica.coordinator.preview(start(note="Slowly."))
    assert await rows(world) == before
    assert seen == await world.replica.accepts(start(note="Slowly."))


async def test_a_preview_is_refused_as_a_start_would_be_and_keeps_nothing(world: World) -> None:
    await world.replica.accepts(start())
    before, again = await rows(world), start("2.0.0")
    assert await world.replica.coordinator.preview(again) == await world.replica.refuses(again, "typed")
    assert await rows(world) == {**before, "answers": before["answers"] + 1}


async def test_a_preview_of_a_strange_version_is_refused(world: World) -> None:
    refused = await world.replica.coordinator.preview(start("\ud83d"))
    assert isinstance(refused, Refused)
    assert refused.code is Code.VERSION_INVALID


async def test_the_facts_of_a_release_have_who_is_away_and_keep_nothing(world: World) -> None:
    release = await world.replica.accepts(start())
    await world.replica.notes(go_away(BEN, EVE, TOMORROW))
    before = await rows(world)
    facts = await world.replica.coordinator.facts(release)
    assert facts.directory.away == {BEN: Away(deputy=EVE, until=TOMORROW)}
    assert facts.now == release.at + timedelta(microseconds=1)
    assert await rows(world) == before


# The way back, and the lock that it leaves


async def test_a_service_is_locked_after_a_rollback_until_somebody_says_what_was_mended(world: World) -> None:
    await world.replica.accepts(start())
    await complete(world.replica)
    await world.replica.accepts(roll_back())
    # Before it has come to its end it is open, which keeps the next one out by itself.
    assert (await world.replica.refuses(start("2.0.0"))).code is Code.ANOTHER_ACTIVE
    assert (await world.replica.refuses(unlock())).code is Code.NOTHING_TO_DO
    await world.replica.accepts(put_back())
    refused = await world.replica.refuses(start("2.0.0"))
    assert refused.code is Code.LOCKED
    assert "Orders are lost." in refused.because
    assert "in the thread of checkout-1" in refused.instead
    assert await world.replica.coordinator.preview(start("2.0.0")) == refused
    assert (await world.replica.refuses(unlock(reason=" "))).code is Code.REASON_MISSING
    await world.replica.accepts(unlock())
    assert (await world.replica.refuses(unlock())).code is Code.NOTHING_TO_DO
    assert (await world.replica.accepts(start("2.0.0"))).key == SECOND


async def test_a_lock_is_that_of_one_service(world: World) -> None:
    write_runbook(world.runbooks, "payments")
    await world.replica.accepts(start())
    await complete(world.replica)
    for command in (roll_back(), put_back()):
        await world.replica.accepts(command)
    await world.replica.accepts(start(service="payments"))


async def test_the_version_that_was_rolled_back_may_be_released_again(world: World) -> None:
    await world.replica.accepts(start())
    await complete(world.replica)
    for command in (roll_back(), put_back(), unlock()):
        await world.replica.accepts(command)
    await world.replica.accepts(start("1.0.0"))


async def two_completed(world: World) -> None:
    """Complete two releases, while the clock is set back in between."""
    await world.replica.accepts(start())
    await complete(world.replica)
    world.clock.time = MORNING - timedelta(days=1)
    await world.replica.accepts(start("2.0.0"))
    await complete(world.replica, SECOND)


async def test_the_newest_release_alone_is_rolled_back(world: World) -> None:
    await two_completed(world)
    refused = await world.replica.refuses(roll_back())
    assert (refused.code, refused.instead) == (Code.NOT_NEWEST, "Roll back checkout-2.")
    release = await world.replica.accepts(roll_back(key=SECOND))
    assert release.lock is not None
    assert (release.state, release.lock.to) == (State.ROLLING_BACK, "1.0.0")
    await world.replica.accepts(put_back(key=SECOND))
    # What it went back to is the newest now, and nothing is known of what was before that.
    release = await world.replica.accepts(roll_back())
    assert release.lock is not None
    assert (release.state, release.lock.to) == (State.ROLLING_BACK, None)


async def test_of_ten_releases_the_tenth_is_the_newest(world: World) -> None:
    for number in range(1, 11):
        await world.replica.accepts(start(f"1.{number}"))
        await complete(world.replica, ReleaseKey(f"checkout-{number}"))
    assert (await world.replica.refuses(roll_back(key=ReleaseKey("checkout-9")))).code is Code.NOT_NEWEST
    release = await world.replica.accepts(roll_back(key=ReleaseKey("checkout-10")))
    assert release.lock is not None
    assert release.lock.to == "1.9"


async def test_nothing_is_rolled_back_while_another_release_is_open(world: World) -> None:
    await world.replica.accepts(start())
    await complete(world.replica)
    await world.replica.accepts(start("2.0.0"))
    refused = await world.replica.refuses(roll_back())
    assert (refused.code, "checkout-2" in refused.because) == (Code.ANOTHER_ACTIVE, True)
    await world.replica.accepts(cancel(key=SECOND))
    await world.replica.accepts(roll_back())


# Kinds of release

HOTFIX = """
kinds:
  hotfix:
    review: {always: true}
    stages:
      - name: production
        owner: security
        production: true
        gates:
          - name: Quick look
            needs: {any: [{qa: 1}, {security: 1}]}
        steps:
          - do: Deploy to production
"""


def look(by: UserId, key: ReleaseKey = CHECKOUT, gate: str = "Quick look") -> Approve:
    return Approve(workspace=TEAM, release=key, by=by, stage=0, gate=gate)


async def test_a_hotfix_is_asked_for_less_and_is_reviewed_afterwards(world: World) -> None:
    write_runbook(world.runbooks, more=HOTFIX)
    release = await world.replica.accepts(start(kind="hotfix"))
    assert [stage.name for stage in release.runbook.stages] == ["production"]
    await world.replica.accepts(look(DAN))
    done = act(type(finish(DAN, 1)), DAN, stage=0, step="Deploy to production")
    release = await world.replica.accepts(done)
    assert release.state is State.COMPLETED
    assert release.review is not None


async def test_a_kind_that_the_runbook_does_not_know_is_refused(world: World) -> None:
    write_runbook(world.runbooks, more=HOTFIX)
    refused = await world.replica.refuses(start(kind="hotfixx"))
    assert (refused.code, refused.instead) == (Code.KIND_UNKNOWN, "Did you mean hotfix?")


async def test_a_runbook_is_compared_with_the_last_one_of_the_same_kind(world: World) -> None:
    """The first release of a kind is compared with the newest of any other, so that nobody slips by in it."""
    write_runbook(world.runbooks, more=HOTFIX)
    await world.replica.accepts(start())
    await complete(world.replica)
    hotfix = await world.replica.accepts(start("1.0.1", kind="hotfix"))
    assert hotfix.policy
    for command in (look(BEN, SECOND, SIGNING), look(CLEO, SECOND, SIGNING), look(DAN, SECOND)):
        hotfix = await world.replica.accepts(command)
    assert hotfix.signed
    await world.replica.accepts(act(type(finish(DAN, 1)), DAN, SECOND, stage=0, step="Deploy to production"))
    for version, kind in (("1.1.0", "normal"), ("1.1.1", "hotfix")):
        release = await world.replica.accepts(start(version, kind=kind))
        assert (release.runbook.kind, release.policy) == (kind, ())
        await world.replica.accepts(cancel(key=release.key))


# Who may say go is changed by those who could


def change_who_may_say_go(world: World) -> None:
    text = (world.runbooks / "checkout.yaml").read_text()
    (world.runbooks / "checkout.yaml").write_text(text.replace("{qa: 1}", "{security: 1}"))


def asked(release: Release) -> list[str]:
    return [gate.name for gate in release.current.gates]


async def test_who_said_go_before_signs_that_others_do(world: World) -> None:
    await world.replica.accepts(start())
    await complete(world.replica)
    change_who_may_say_go(world)
    release = await world.replica.accepts(start("2.0.0"))
    assert release.policy == ("Needed at the gate QA of staging: 1 security; before, 1 qa.",)
    assert (asked(release), release.signed) == ([SIGNING, "QA"], False)
    await world.replica.accepts(look(DAN, SECOND, "QA"))
    for by, signed in ((BEN, False), (CLEO, True)):
        release = await world.replica.accepts(look(by, SECOND, SIGNING))
        assert release.signed is signed
    await world.replica.accepts(cancel(key=SECOND))
    # It was signed, and what follows is compared with that.
    release = await world.replica.accepts(start("2.0.0"))
    assert (asked(release), release.policy) == (["QA"], ())


async def test_a_release_that_was_cancelled_before_it_was_signed_does_not_count(world: World) -> None:
    await world.replica.accepts(start())
    await complete(world.replica)
    change_who_may_say_go(world)
    for key in (SECOND, THIRD):
        release = await world.replica.accepts(start("2.0.0"))
        assert (asked(release), release.signed) == ([SIGNING, "QA"], False)
        await world.replica.accepts(look(BEN, key, SIGNING))
        await world.replica.accepts(cancel(key=key))
    # As it was at first, it is no change.
    write_runbook(world.runbooks)
    release = await world.replica.accepts(start("2.0.0"))
    assert (asked(release), release.policy) == (["QA"], ())


async def test_the_first_release_of_a_service_is_signed_by_nobody(world: World) -> None:
    release = await world.replica.accepts(start())
    assert (release.policy, release.signed, asked(release)) == ((), True, ["QA"])


# Absences


async def test_a_deputy_is_asked_in_running_releases_until_the_other_is_back(world: World) -> None:
    await world.replica.accepts(start())
    assert (await world.replica.refuses(approve(EVE))).code is Code.NOT_YOURS
    await world.replica.notes(go_away(BEN, EVE, TOMORROW))
    release = await world.replica.accepts(attend())
    assert release.deputies == {BEN: Away(deputy=EVE, until=TOMORROW)}
    await world.replica.notes(come_back(BEN))
    assert (await world.replica.accepts(attend())).deputies == {}
    assert (await world.replica.refuses(approve(EVE))).code is Code.NOT_YOURS
    assert await world.replica.kinds() == ["Started", "MembersRead", "MembersRead"]


async def test_a_deputy_answers_for_who_is_away(world: World) -> None:
    await world.replica.notes(go_away(BEN, EVE, TOMORROW))
    release = await world.replica.accepts(start())
    assert release.deputies == {BEN: Away(deputy=EVE, until=TOMORROW)}
    release = await world.replica.accepts(approve(EVE))
    (vote,) = release.votes
    assert (vote.by, vote.behalf, release.state) == (EVE, BEN, State.IN_PROGRESS)


async def test_an_absence_ends_with_its_time(world: World) -> None:
    await world.replica.notes(go_away(BEN, EVE, TOMORROW))
    release = await world.replica.accepts(start())
    world.clock.time = TOMORROW
    await attend_due(world.replica.coordinator, world.reader, world.clock)
    found = await world.reader.find(release.id)
    assert found is not None
    assert found.deputies == {}
    assert (await world.replica.refuses(approve(EVE))).code is Code.NOT_YOURS


async def test_hours_that_people_set_are_known_wherever_people_are(world: World) -> None:
    await world.replica.notes(set_hours(BEN, 12, 20))
    release, hours = await world.replica.accepts(start()), Hours(zone="UTC", begins=time(12), ends=time(20))
    assert release.hours == {BEN: hours}
    coordinator = world.replica.coordinator
    assert await coordinator.hours_of(TEAM, BEN) == hours
    assert (await coordinator.facts(release)).directory.hours_of(BEN) == hours
    assert await world.reader.own(TEAM) == {BEN: Own(week=hours.week)}
    await world.replica.notes(set_hours(BEN, 9, 18))
    release = await world.replica.accepts(attend())
    assert release.hours == {BEN: Hours(zone="UTC")}


async def test_what_is_put_off_is_kept_once_and_no_release_is_changed_for_it(world: World) -> None:
    until = world.clock.now() + timedelta(hours=2)
    release = await world.replica.accepts(start())
    await world.replica.notes(put_off(BEN, until))
    assert await world.reader.own(TEAM) == {BEN: Own(snoozed=until)}
    assert (await world.replica.coordinator.facts(release)).directory.snoozed == {BEN: until}
    assert await world.replica.kinds() == ["Started"]


async def test_an_absence_that_is_refused_leaves_nothing_behind(world: World) -> None:
    world.town.people[EVE] = Standing.GUEST
    before = await rows(world)
    for command, code in (
        (go_away(BEN, EVE, TOMORROW), Code.NOT_ELIGIBLE),
        (go_away(BEN, BEN, TOMORROW), Code.NOT_ELIGIBLE),
        (go_away(BEN, CLEO, MORNING), Code.TIME_INVALID),
        (come_back(BEN), Code.NOTHING_TO_DO),
        (set_hours(BEN, 9, 18, ""), Code.TIME_INVALID),
        (set_hours(BEN, 9, 18), Code.ALREADY_DONE),
    ):
        refused = await world.replica.coordinator.note(command)
        assert isinstance(refused, Refused)
        assert refused.code is code
    assert await rows(world) == before


async def test_to_go_away_twice_has_one_effect(world: World) -> None:
    gone = go_away(BEN, EVE, TOMORROW)
    await world.replica.notes(gone)
    before = await rows(world)
    refused = await world.replica.coordinator.note(gone)
    assert isinstance(refused, Refused)
    assert (refused.code, await rows(world)) == (Code.ALREADY_DONE, before)
    await world.replica.notes(go_away(BEN, CLEO, TOMORROW))
    assert await world.replica.faults() == []


async def test_the_way_back_knows_the_commit_that_was_approved_before(world: World) -> None:
    replica = world.replica
    for version, commit in (("1.0", "aaaaaaa"), ("2.0", "bbbbbbb")):
        started = await replica.accepts(start(version, manifest=Manifest(commit=commit)))
        release = await complete(replica, started.key)
    assert (release.replaces, release.replaces_commit) == ("1.0", "aaaaaaa")
    back = await replica.accepts(roll_back(key=SECOND))
    assert back.going_back_to == ("1.0", "aaaaaaa")


async def test_what_was_released_already_is_not_what_a_release_is_changed_to(world: World) -> None:
    replica = world.replica
    for version in ("1.0", "2.0"):
        await complete(replica, (await replica.accepts(start(version))).key)
    third = await replica.accepts(start("3.0"))
    refused = await replica.refuses(act(ChangeManifest, ANA, third.key, version="1.0", manifest=Manifest()))
    assert (refused.code, refused.because) == (
        Code.ALREADY_RELEASED,
        "checkout 1.0 was released as checkout-1.",
    )


async def test_a_version_that_is_no_text_is_refused_also_where_a_release_is_changed_to_it(
    world: World,
) -> None:
    first = await world.replica.accepts(start("1.0"))
    odd = act(ChangeManifest, ANA, first.key, version="1.0\ud800\0", manifest=Manifest())
    assert (await world.replica.refuses(odd)).code is Code.VERSION_INVALID
