"""Subscribers are told each event, for each release in order, whatever they answer."""

import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from inline_snapshot import snapshot

from bot.ledger.progress import tellings
from bot.ledger.tables import tellings as table
from bot.release.ids import ReleaseId, ReleaseKey
from bot.release.state import State
from bot.signing import Key
from bot.subscribers.post import SAID_LIMIT, NotTaken, Post
from bot.subscribers.teller import AT_ONCE, GIVEN_UP_AFTER, LEASE
from tests.ledger.world import BEN, CHECKOUT, TEAM, approve, cancel, complete, start
from tests.subscribers.house import LOOPBACK, QUICK, House, sees
from tests.subscribers.receiver import SECRET, Receiver, hangs, in_order, receiving, resets, says
from tests.world import PATIENCE_S

PAYMENTS = ReleaseKey("payments-1")


async def test_every_event_is_told_in_order_and_signed(house: House, receiver: Receiver) -> None:
    async with house.rollcall(house.subscriber(receiver)):
        await house.accepts(start())
        await complete(house.replica)
        await house.all_told()
    entries = await house.replica.entries()
    assert receiver.taken_of(CHECKOUT) == [entry.seq for entry in entries]
    assert [got.id for got in receiver.taken] == [entry.hash for entry in entries]
    assert receiver.taken[-1].event["data"]["state"] == State.COMPLETED


async def test_an_event_is_a_cloud_event_with_its_place_in_the_chain(
    house: House, receiver: Receiver
) -> None:
    async with house.rollcall(house.subscriber(receiver)):
        await house.accepts(start("1.0.0"))
        await house.accepts(approve(BEN, comment="Läuft."))
        await house.all_told()
    (got,) = [one for one in receiver.taken if one.event["type"] == "rollcall.release.approved"]
    data = got.event["data"]
    told = {**got.event, "id": "", "data": {**data, "prev": "", "hash": "", "event": ""}}
    assert told == snapshot(
        {
            "specversion": "1.0",
            "id": "",
            "source": "/rollcall/T1/checkout",
            "type": "rollcall.release.approved",
            "subject": "checkout-1",
            "time": "2026-03-02T10:30:00.250001Z",
            "sequence": "0000000002",
            "datacontenttype": "application/json",
            "data": {
                "workspace": "T1",
                "release": "checkout-1",
                "service": "checkout",
                "version": "1.0.0",
                "kind": "normal",
                "state": "awaiting_approval",
                "seq": 2,
                "event": "",
                "prev": "",
                "hash": "",
                "v": 1,
            },
        }
    )
    assert data["event"] == json.loads((await house.replica.entries())[1].body)
    hashed = {name: data[name] for name in ("event", "prev", "release", "seq", "v", "workspace")}
    content = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert got.event["id"] == data["hash"] == hashlib.sha256(content.encode()).hexdigest()
    before = receiver.taken[receiver.taken.index(got) - 1]
    assert data["prev"] == before.event["data"]["hash"]


async def test_a_new_subscriber_hears_what_happens_from_then_on(house: House, receiver: Receiver) -> None:
    before = (await house.accepts(start())).seq
    async with house.rollcall(house.subscriber(receiver)):
        after = (await house.accepts(approve(BEN))).seq
        await house.all_told()
    assert receiver.taken_of(CHECKOUT) == list(range(before + 1, after + 1))


async def test_where_nobody_has_subscribed_nothing_is_kept(house: House) -> None:
    await house.accepts(start())
    assert await house.database.read(lambda c: c.execute(table.select()).all()) == []


async def test_one_hears_of_its_services_and_kinds_alone(house: House, receiver: Receiver) -> None:
    some = house.subscriber(
        receiver, services=frozenset({"payments"}), kinds=frozenset({"Started", "Approved"})
    )
    async with house.rollcall(some):
        for service in ("checkout", "payments"):
            await house.accepts(start(service=service))
            await house.accepts(approve(BEN, ReleaseKey(f"{service}-1")))
        await house.all_told()
    types = [(got.place[0], got.event["type"]) for got in receiver.taken]
    assert types == [(PAYMENTS, "rollcall.release.started"), (PAYMENTS, "rollcall.release.approved")]


@pytest.mark.parametrize("fault", [says(500, "Oops"), says(307, Location="/events"), says(400), hangs])
async def test_what_is_not_taken_is_sent_again_and_overtaken_by_nothing(
    house: House, receiver: Receiver, fault: Any
) -> None:
    receiver.fails(fault)
    async with house.rollcall(house.subscriber(receiver)):
        seq = (await house.accepts(start())).seq
        await house.failed(1)
        assert receiver.taken == []
        house.clock.advance(seconds=10)
        await house.all_told()
    assert receiver.taken_of(CHECKOUT) == list(range(1, seq + 1))
    assert receiver.asked[0] == receiver.asked[1]


async def test_what_was_taken_without_an_answer_comes_again_with_the_same_id(
    house: House, receiver: Receiver
) -> None:
    receiver.fails(resets)
    async with house.rollcall(house.subscriber(receiver)):
        await house.accepts(start())
        await house.failed(1)
        house.clock.advance(seconds=10)
        await house.all_told()
    assert receiver.taken[0] == receiver.taken[1]
    assert list(in_order(receiver.taken)) == []


async def test_it_is_tried_ever_later_up_to_an_hour(house: House, receiver: Receiver) -> None:
    receiver.always = lambda got: says(500)
    waits: list[timedelta] = []
    async with house.rollcall(house.subscriber(receiver)):
        await house.accepts(start())
        for times in range(1, 14):
            telling = await house.failed(times)
            assert telling.next_at is not None
            waits.append(telling.next_at - house.clock.now())
            house.clock.time = telling.next_at
    for times, wait in enumerate(waits):
        longest = min(timedelta(hours=1), timedelta(seconds=5) * 2**times)
        assert longest / 2 <= wait <= longest


@pytest.mark.parametrize("status", [429, 503])
async def test_a_receiver_that_asks_for_rest_gets_it(house: House, receiver: Receiver, status: int) -> None:
    receiver.fails(says(status, Retry_After="120"))
    async with house.rollcall(house.subscriber(receiver)):
        await house.accepts(start())
        await house.failed(1)
        await house.accepts(start(service="payments"))
        house.clock.advance(seconds=119)
        await asyncio.sleep(0.1)
        assert len(receiver.asked) == 1
        house.clock.advance(seconds=2)
        await house.all_told()
    assert list(in_order(receiver.taken)) == []


async def test_who_is_gone_is_sent_nothing_more_until_somebody_has_it_go_on(
    house: House, receiver: Receiver
) -> None:
    receiver.fails(says(410, "Closed."))
    async with house.rollcall(house.subscriber(receiver)) as [teller]:
        await house.accepts(start())
        await house.failed(1)
        await house.accepts(start(service="payments"))
        house.clock.advance(days=1)
        await asyncio.sleep(0.1)
        assert len(receiver.asked) == 1
        (stands,) = await house.database.read(lambda c: tellings.known(c, TEAM))
        assert stands.stopped == "It answers 410: Closed."
        await house.database.write(lambda c: tellings.go_on(c, TEAM, "log"))
        teller.try_now()
        await house.all_told()
    assert list(in_order(receiver.taken)) == []


async def test_what_is_given_up_stands_until_somebody_has_it_tried_again(
    house: House, receiver: Receiver
) -> None:
    async with house.rollcall(house.subscriber(receiver)) as [teller]:
        started = (await house.accepts(start())).seq
        await house.all_told()
        receiver.always = lambda got: says(500, "Never.") if got.place == (CHECKOUT, started + 1) else None
        await house.accepts(approve(BEN))
        await house.failed(1)
        house.clock.advance(seconds=GIVEN_UP_AFTER.total_seconds())
        telling = await house.failed(2)
        assert (telling.given_up, telling.told, telling.answer) == (True, started, "It answers 500: Never.")
        seq = (await house.accepts(cancel())).seq
        house.clock.advance(days=30)
        await asyncio.sleep(0.1)
        assert receiver.taken_of(CHECKOUT) == list(range(1, started + 1))
        receiver.always = lambda got: None
        await house.database.write(lambda c: tellings.go_on(c, TEAM, "log"))
        teller.try_now()
        await house.all_told()
    assert receiver.taken_of(CHECKOUT) == list(range(1, seq + 1))


async def test_a_release_whose_events_are_not_taken_holds_up_no_other(
    house: House, receiver: Receiver
) -> None:
    receiver.always = lambda got: says(500) if got.place[0] == CHECKOUT else None
    async with house.rollcall(house.subscriber(receiver)):
        await house.accepts(start())
        for times in range(1, 9):
            telling = await house.failed(times)
            assert telling.next_at is not None
            house.clock.time = telling.next_at
        # Time stands still from here on.
        seq = (await house.accepts(start(service="payments"))).seq
        await sees(lambda: receiver.taken_of(PAYMENTS) == list(range(1, seq + 1)))


async def test_a_receiver_that_hangs_or_is_dead_holds_up_no_other(house: House, receiver: Receiver) -> None:
    async with receiving(Receiver(house.clock.now)) as slow:
        slow.always = lambda got: hangs
        dead = Receiver(house.clock.now)
        dead.url = "http://127.0.0.1:1/events"
        named = [(slow, "slow"), (dead, "dead"), (receiver, "log")]
        async with house.rollcall(*(house.subscriber(one, name) for one, name in named)):
            await house.accepts(start())
            await house.all_told("log")
            assert (await house.failed(1, "dead")).answer.startswith(
                "It is not reached: Cannot connect to host"
            )
            assert (await house.failed(1, "slow")).answer == "It does not answer in time."


async def test_a_dead_receiver_is_not_asked_by_every_release(house: House, receiver: Receiver) -> None:
    receiver.always = lambda got: says(500)
    await house.enters("log")
    for number in range(1, 16):
        await house.accepts(start(f"1.0.{number}"))
        await house.accepts(cancel(key=ReleaseKey(f"checkout-{number}")))
    async with house.rollcall(house.subscriber(receiver)) as [teller]:
        await sees(lambda: len(receiver.asked) >= 2)
        await asyncio.sleep(0.2)
        at_first = len(receiver.asked)
        for _ in range(4 * 60):
            house.clock.advance(minutes=1)
            teller.wake()
            await asyncio.sleep(0.002)
        # So many are tried at once, and one more in the place of the first that is not taken.
        assert at_first <= AT_ONCE + 1
        assert len(receiver.asked) <= at_first + 4 * 60 / 5 + 10
        receiver.always = lambda got: None
        async with asyncio.timeout(PATIENCE_S):
            while await house.waiting():
                house.clock.advance(minutes=1)
                await asyncio.sleep(0.05)
    assert list(in_order(receiver.taken)) == []


async def test_two_at_once_send_each_event_once(house: House, receiver: Receiver) -> None:
    mine = house.subscriber(receiver)
    async with house.rollcall(mine), house.rollcall(mine), house.rollcall(mine):
        for number in range(1, 11):
            await house.accepts(start(f"1.0.{number}"))
            await house.accepts(cancel(key=ReleaseKey(f"checkout-{number}")))
        await house.all_told()
    assert len(receiver.taken) == len({got.id for got in receiver.taken})
    assert list(in_order(receiver.taken)) == []


async def test_what_is_replayed_comes_again_in_order_with_the_same_ids(
    house: House, receiver: Receiver
) -> None:
    before = (await house.accepts(start())).seq
    async with house.rollcall(house.subscriber(receiver)) as [teller]:
        seq = (await house.accepts(approve(BEN))).seq
        await house.all_told()
        assert len(receiver.taken) == seq - before
        # From one event on, which was told or not, and the whole release.
        for first in (seq, before, 1):
            receiver.taken.clear()
            assert await house.replays(first)
            teller.wake()
            await house.all_told()
            assert receiver.taken_of(CHECKOUT) == list(range(first, seq + 1))
        assert not await house.replays(seq + 1)
        assert not await house.replays(key=PAYMENTS)
        assert not await house.replays(name="nobody")
    assert [got.id for got in receiver.taken] == [entry.hash for entry in await house.replica.entries()]


async def test_a_replay_overtakes_nothing_that_waits(house: House, receiver: Receiver) -> None:
    receiver.always = lambda got: says(500)
    async with house.rollcall(house.subscriber(receiver)) as [teller]:
        await house.accepts(start())
        await house.failed(1)
        seq = (await house.accepts(approve(BEN))).seq
        await house.replays(seq)
        receiver.always = lambda got: None
        teller.try_now()
        await house.all_told()
    assert receiver.taken_of(CHECKOUT) == list(range(1, seq + 1))


async def test_one_who_signs_with_two_keys_is_believed_by_who_knows_one(
    house: House, receiver: Receiver
) -> None:
    other = "whsec_" + "A" * 43 + "="
    both = house.subscriber(receiver)
    both = type(both)(name="log", url=both.url, keys=(Key.read(other), Key.read(SECRET)))
    async with house.rollcall(both):
        await house.accepts(start())
        await house.all_told()


async def test_what_is_signed_with_another_key_is_not_taken(house: House, receiver: Receiver) -> None:
    stranger = house.subscriber(receiver)
    stranger = type(stranger)(name="log", url=stranger.url, keys=(Key(b"x" * 32),))
    async with house.rollcall(stranger):
        await house.accepts(start())
        assert (await house.failed(1)).answer == "It answers 401: signature"


async def test_an_address_inside_is_not_called_unless_it_is_allowed(house: House, receiver: Receiver) -> None:
    post = Post(house.subscriber(receiver), (), QUICK)
    outcome = await post.send("id", b"{}", house.clock.now())
    await post.close()
    assert "127.0.0.1 is not a public address" in repr(outcome)
    assert receiver.asked == []


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 70}.example"])
async def test_an_address_that_is_none_is_not_reached_and_not_shown(
    house: House, receiver: Receiver, host: str
) -> None:
    post = Post(replace(house.subscriber(receiver), url=f"http://{host}/?token=hunter22"), (), QUICK)
    outcome = await post.send("id", b"{}", house.clock.now())
    await post.close()
    assert outcome == NotTaken(said="It is not reached: its address is none.")


async def test_an_answer_is_kept_short_and_without_what_cannot_be_seen(
    house: House, receiver: Receiver
) -> None:
    receiver.fails(says(500, "\x00 <b>No</b>\n\u202e" + "x" * 100_000))
    post = Post(house.subscriber(receiver), LOOPBACK, QUICK)
    outcome = await post.send("id", b'{"subject": "a", "sequence": "1"}', house.clock.now())
    await post.close()
    assert isinstance(outcome, NotTaken)
    assert outcome.said.startswith("It answers 500: <b>No</b> xxx")
    assert len(outcome.said) == SAID_LIMIT + 1


async def test_a_process_that_is_stopped_lets_others_go_on_at_once(house: House, receiver: Receiver) -> None:
    async with house.rollcall(house.subscriber(receiver)):
        await house.accepts(start())
    async with house.rollcall(house.subscriber(receiver)):
        await house.all_told()
    assert list(in_order(receiver.taken)) == []


async def test_what_another_process_has_claimed_and_left_is_taken_up_later(
    house: House, receiver: Receiver
) -> None:
    await house.enters("log")
    await house.accepts(start())
    claim = tellings.Claim(
        subscriber="log", release=ReleaseId(TEAM, CHECKOUT), until=house.clock.now() + LEASE
    )
    assert await house.database.write(lambda c: tellings.claim(c, claim, house.clock.now()))
    async with house.rollcall(house.subscriber(receiver)):
        await asyncio.sleep(0.1)
        assert receiver.asked == []
        house.clock.advance(seconds=LEASE.total_seconds())
        await house.all_told()
