"""How far subscribers were told, on each database: noted with the events, claimed once, and sent again from anywhere."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.ledger.progress import tellings
from bot.ledger.progress.tellings import Claim, Failure, Telling, Trouble
from bot.release.ids import ReleaseId, ReleaseKey
from tests.ledger.conftest import Join
from tests.ledger.world import BEN, CHECKOUT, TEAM, Replica, approve, cancel, start

ID = ReleaseId(TEAM, CHECKOUT)
LEASE = timedelta(seconds=30)


async def telling(replica: Replica, name: str = "log") -> Telling | None:
    return await replica.database.read(lambda c: tellings.of_release(c, name, ID))


async def subscribes(replica: Replica, *names: str) -> None:
    await replica.database.write(lambda c: tellings.enter(c, TEAM, names, replica.clock.now()))


async def due(replica: Replica, name: str = "log") -> list[str]:
    now = replica.clock.now()
    return [id_.key for id_ in await replica.database.read(lambda c: tellings.due(c, TEAM, name, now, 10))]


async def claims(replica: Replica, name: str = "log") -> Claim | None:
    now = replica.clock.now()
    mine = Claim(subscriber=name, release=ID, until=now + LEASE)
    return mine if await replica.database.write(lambda c: tellings.claim(c, mine, now)) else None


async def test_an_append_notes_what_there_is_to_tell_to_each(replica: Replica) -> None:
    before = (await replica.accepts(start())).seq
    assert await telling(replica) is None
    await subscribes(replica, "log", "other")
    for command in (approve(BEN), cancel()):
        seq = (await replica.accepts(command)).seq
        for name in ("log", "other"):
            found = await telling(replica, name)
            assert found is not None
            assert (found.told, found.head) == (before, seq)
    assert await replica.database.read(lambda c: tellings.waiting(c, TEAM, "log")) == seq - before
    assert await replica.database.read(lambda c: tellings.waiting(c, TEAM, "log", ["Cancelled"])) == 1


async def test_what_is_not_kept_is_not_to_be_told(replica: Replica) -> None:
    await subscribes(replica, "log")
    seq = (await replica.accepts(start())).seq

    def ask_and_fail(connection: Connection) -> None:
        tellings.ask(connection, ID, seq, seq + 1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await replica.database.write(ask_and_fail)
    found = await telling(replica)
    assert found is not None
    assert found.head == seq


async def test_what_is_due_is_claimed_by_one_and_told_in_its_order(join: Join) -> None:
    one, other = join(), join()
    await subscribes(one, "log")
    seq = (await one.accepts(start())).seq
    assert await due(one) == [CHECKOUT]
    claimed = await asyncio.gather(*(claims(replica) for replica in (one, other, one, other)))
    (mine,) = [claim for claim in claimed if claim]
    assert await due(other) == []
    assert await one.database.write(
        lambda c: tellings.note_told(c, mine, seq, sent=one.clock.now(), until=None)
    )
    assert not await one.database.write(lambda c: tellings.note_told(c, mine, seq, sent=None, until=None))
    assert await due(one) == []
    found = await telling(one)
    assert found is not None
    assert (found.told, found.told_at) == (seq, one.clock.now())


async def test_a_claim_that_its_owner_does_not_renew_passes_on(replica: Replica) -> None:
    await subscribes(replica, "log")
    seq = (await replica.accepts(start())).seq
    first = await claims(replica)
    assert first
    replica.clock.advance(seconds=LEASE.total_seconds() - 1)
    assert await claims(replica) is None
    replica.clock.advance(seconds=1)
    second = await claims(replica)
    assert second
    assert not await replica.database.write(
        lambda c: tellings.note_told(c, first, seq, sent=None, until=None)
    )
    assert await replica.database.write(lambda c: tellings.note_told(c, second, seq, sent=None, until=None))


async def test_a_clock_that_was_set_back_holds_up_nothing(replica: Replica) -> None:
    await subscribes(replica, "log")
    await replica.accepts(start())
    assert await claims(replica)
    replica.clock.advance(hours=-2)
    assert await due(replica) == [CHECKOUT]
    assert await claims(replica)


async def test_what_failed_waits_for_its_time_or_for_somebody(replica: Replica) -> None:
    await subscribes(replica, "log")
    await replica.accepts(start())
    for next_at in (replica.clock.now() + timedelta(minutes=1), None):
        mine = await claims(replica)
        assert mine
        failure = Failure(told=0, since=replica.clock.now(), failures=1, next_at=next_at, said="No.")
        await replica.database.write(lambda c, m=mine, f=failure: tellings.note_failed(c, m, f))  # type: ignore[misc]
        assert await due(replica) == []
        replica.clock.advance(minutes=1)
    assert await due(replica) == []
    (given_up,) = await replica.database.read(lambda c: tellings.in_trouble(c, TEAM, "log", 10))
    assert (given_up.given_up, given_up.answer) == (True, "No.")
    await replica.database.write(lambda c: tellings.hurry(c, TEAM, "log"))
    assert await due(replica) == []
    await replica.database.write(lambda c: tellings.go_on(c, TEAM, "log"))
    assert await due(replica) == [CHECKOUT]


async def test_to_one_that_is_stopped_nothing_is_due_and_nothing_is_lost(replica: Replica) -> None:
    await subscribes(replica, "log", "other")
    await replica.database.write(lambda c: tellings.stop(c, TEAM, "log", "Gone.", replica.clock.now()))
    seq = (await replica.accepts(start())).seq
    assert (await due(replica), await due(replica, "other")) == ([], [CHECKOUT])
    # Who is named again at the next start stays stopped.
    await subscribes(replica, "log")
    assert await due(replica) == []
    await replica.database.write(lambda c: tellings.go_on(c, TEAM, "log"))
    assert await due(replica) == [CHECKOUT]
    assert await replica.database.read(lambda c: tellings.waiting(c, TEAM, "log")) == seq


async def test_everything_is_told_again_some_at_a_time(replica: Replica) -> None:
    for number in range(1, 6):
        await replica.accepts(start(f"1.0.{number}"))
        await replica.accepts(cancel(key=ReleaseKey(f"checkout-{number}")))
    await subscribes(replica, "log")
    assert await due(replica) == []
    after: ReleaseKey | None = None
    for last in ("checkout-2", "checkout-4", None):
        at = after
        after = await replica.database.write(lambda c, at=at: tellings.replay_all(c, TEAM, "log", at, 2))  # type: ignore[misc]
        assert after == last
    assert len(await due(replica)) == 5


async def test_who_is_forgotten_is_told_nothing_more(replica: Replica) -> None:
    await subscribes(replica, "log")
    await replica.accepts(start())
    await replica.database.write(lambda c: tellings.forget(c, TEAM, "log"))
    await replica.accepts(cancel())
    assert await telling(replica) is None
    assert await replica.database.read(lambda c: tellings.known(c, TEAM)) == []


async def test_trouble_that_lasts_is_told_and_what_passes_by_itself_is_not(replica: Replica) -> None:
    def lasting() -> Any:
        now = replica.clock.now()
        return replica.database.read(lambda c: tellings.lasting_trouble(c, now))

    await subscribes(replica, "gone", "log", "well")
    await replica.accepts(start())
    began = replica.clock.now()
    mine = await claims(replica)
    assert mine
    failure = Failure(told=0, since=began, failures=1, next_at=None, said="No.")
    await replica.database.write(lambda c: tellings.note_failed(c, mine, failure))
    assert await lasting() == []
    await replica.database.write(lambda c: tellings.stop(c, TEAM, "gone", "Gone.", began))
    replica.clock.advance(hours=1)
    assert await lasting() == [
        Trouble(name="gone", stopped="Gone.", since=began, releases=0, given_up=0),
        Trouble(name="log", stopped="", since=began, releases=1, given_up=1),
    ]
