"""The one door: the facts that it gathers, the answers that it remembers, and what it refuses."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.coordinator import Accepted
from bot.jobs.attend import attend_due
from bot.ledger.reader import Reader
from bot.ledger.schema import upgrade
from bot.ledger.tables import services
from bot.release.ids import ReleaseId, ReleaseKey, UserId
from bot.release.refusal import Code
from bot.release.state import State
from tests.ledger.world import (
    ANA,
    BEN,
    CHECKOUT,
    CLEO,
    DAN,
    MORNING,
    TEAM,
    Replica,
    StillClock,
    Town,
    approve,
    attend,
    begin,
    cancel,
    finish,
    reject,
    start,
    write_runbook,
)

FIRST = ReleaseId(TEAM, CHECKOUT)


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
