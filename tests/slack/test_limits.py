"""A release at every limit, with hostile text: Slack accepts each message and form, in each state."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.clock import MovableClock
from bot.practice import Practice
from bot.release.state import State
from bot.settings import Transport
from tests.bench.crowd import crowd
from tests.slack.given import write
from tests.world import A_TUESDAY, World, rollcall_in, settings_for

HOSTILE = "<!channel> & *b* _i_ ~s~ `c` <https://evil.example|Approve> > "
LONGEST_BLOCKS = 13_200
"""Characters of all blocks of a message that Slack accepts (slackapi/bolt-js#2509)."""
PEOPLE = crowd(60)
GATES = 20


def text(mark: object, length: int) -> str:
    """Return hostile text of a length that differs from others by its mark."""
    whole = f"{mark} {HOSTILE}" + "&<*>" * length
    return whole[:length].strip().ljust(length, "&")


def name(mark: object) -> str:
    return text(mark, 60)


def runbook() -> str:
    """Return a runbook with as many parts as there may be, all with the longest names."""
    quoted = json.dumps
    ids = [person.id for person in PEOPLE]
    roles: dict[str, Any] = {name(f"role {n}"): {"users": ids[3 * n : 3 * n + 3]} for n in range(17)}
    seats = dict.fromkeys(roles, 3)
    captain, boss, extra = name("captain"), name("boss"), name("extra")
    roles |= {captain: {"starter": True}, boss: {"users": ["U0ANA", "U0DAN"]}, extra: {"group": "qa"}}
    checks = {name(f"check {n}"): {"by": boss} for n in range(20)}
    anyone = {"any": [{role: 1} for role in seats]}
    every = {"all": [{"check": check} for check in checks]}
    wide = [{"name": name("gate 0"), "needs": [seats, every]}]
    one = {name("role 0"): 1}
    # Of gates with many ways to meet them three are enough; more of them take their time.
    choices = [
        {"name": name(f"gate {n}"), "needs": anyone if n < 4 else one, "expires": "90d"}
        for n in range(1, GATES)
    ]
    steps = [{"do": text(f"step {n}", 300)} for n in range(40)]
    stages = [
        {"name": name("stage 0"), "owner": boss, "begin": "captain", "gates": [*wide, *choices]},
        {"name": name("stage 1"), "owner": boss, "production": True, "begin": "captain", "steps": steps},
        *({"name": name(f"stage {n}"), "owner": boss, "production": True} for n in range(2, 20)),
    ]
    return "".join(
        f"{key}: {quoted(value)}\n"
        for key, value in {
            "roles": roles,
            "checks": checks,
            "overrides": boss,
            "review": {"count": 5, "always": True},
            "reminders": {"after": "30m", "every": "1h", "limit": 1},
            "handoffs": {"at": ["09:00", "17:00"], "timezone": "Europe/Berlin"},
            "rollback": {"owner": boss, "steps": steps[:12]},
            "stages": stages,
        }.items()
    )


async def fits(world: World) -> None:
    """Check that all is shown, within Slack's limits, and that nothing in it calls or links anybody."""
    await world.settled(within_s=30)
    everything = [*await world.messages()]
    for root in [message for message in everything if message.get("reply_count")]:
        everything += await world.messages(thread_ts=root["ts"])
    assert everything
    for message in everything:
        blocks = json.dumps(message.get("blocks", []), ensure_ascii=False)
        assert len(blocks) <= LONGEST_BLOCKS, (len(blocks), message["metadata"])
        assert len(message["text"]) <= 4_000
        for raw in (*_formatted(message.get("blocks", [])), message["text"]):
            assert "<!channel" not in raw
            assert "<https://evil.example|" not in raw


def _formatted(blocks: Any) -> Iterator[str]:
    """Yield each text of blocks in which Slack's formatting works."""
    match blocks:
        case {"type": "mrkdwn", "text": str(text)}:
            yield text
        case dict():
            for value in blocks.values():
                yield from _formatted(value)
        case list():
            for value in blocks:
                yield from _formatted(value)
        case _:
            pass


async def opens(world: World, user: str, button: str, on: str) -> None:
    """Check that a button opens a form that Slack accepts."""
    person = getattr(world, user)
    await person.presses(button, "shop-1", on=on)
    await person.sees_form()
    await world.control("close", user=user)


@pytest.mark.proof
async def test_a_release_at_every_limit_is_shown_in_every_state(tmp_path: Path) -> None:
    write(tmp_path, runbook())
    clock = MovableClock(A_TUESDAY - MovableClock().now())
    practice = Practice(clock, limits=False)
    practice.workspace.people.update({one.id: one for one in PEOPLE})
    practice.workspace.channels["C0RELEASES"].members += [one.id for one in PEOPLE]
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    settings = {"rollcall_runbooks": tmp_path / "runbooks"}
    async with (
        practice.serving(port=0),
        rollcall_in(practice, settings_for(practice, url, Transport.SOCKET, **settings), clock),
        World(practice, clock, url) as world,
    ):
        await world.ana.types("/release start")
        answer = await world.ana.submits(
            service="shop",
            version="v" * 64,
            note=text("note", 1_000),
            labels=",".join(f"{HOSTILE.replace(',', '')}{n}" for n in range(40)),
            paths="\n".join(f"{HOSTILE}{n}" for n in range(40)),
            authors=["ben", "bea", "cleo"],
        )
        assert answer["result"] == "closed", answer
        await fits(world)
        await _awaiting_approval(world)
        await _in_progress(world)
        await _rolled_back(world)


async def _awaiting_approval(world: World) -> None:
    gate = f"gate:0:{name('gate 1')}"
    message = await world.message("shop-1", gate)
    for number in range(12):
        user = PEOPLE[number].name
        place = {"user": user, "channel": "releases", "message_ts": message["ts"]}
        await world.control("press", **place, action_id="reject_v1")
        while not (await world.look("view", user=user))["view"]:
            pass
        await world.control("submit", user=user, values={"reason": text(number, 500)})
    for number in range(20, 30):
        user = PEOPLE[number].name
        place = {"user": user, "channel": "releases"}
        await world.control("command", **place, command="/release", text=f"hold 1h {text(number, 490)}")
    for duty in ("captain", "deputy", "shadow"):
        await world.ana.types(f"/release handoff @dan {duty} {text(duty, 490)}")
    await fits(world)
    for button in ("More…", "Report a check…", "Reject"):
        await opens(world, "ana", button, f"gate:0:{name('gate 0')}")
    await opens(world, "ana", "More…", gate)
    for button in ("Hold…", "Hand over…", "Why?"):
        await world.ana.presses(button, "shop-1", on="card")
    await world.ana.sees()
    await world.control("close", user="ana")
    await world.ana.types("/release change")
    await world.ana.sees_form()
    await world.control("close", user="ana")
    offers = (await world.release("shop-1")).offers.values()
    for offer in offers:
        await opens(world, "dan", "Read and accept…", f"offer:{offer.duty}:{offer.at.timestamp():.6f}")
    for word in ("status", "why", "list", "preflight shop 2.0", "lift"):
        await world.ana.types(f"/release {word}")
    await world.passes(hours=25)
    assert (await world.release("shop-1")).reminders
    await fits(world)


async def _in_progress(world: World) -> None:
    for number in range(1, 11):
        await world.ana.types(f"/release lift {number} {text(number, 490)}", settle=False)
    for number in range(GATES):
        await world.ana.presses("More…", "shop-1", on=f"gate:0:{name(f'gate {number}')}")
        await world.ana.submits(answer="override", comment=text(number, 500))
    await world.ana.presses(f"Begin {name('stage 0')}", "shop-1", on="stage:0")
    await fits(world)
    await world.ana.presses(f"Begin {name('stage 1')}", "shop-1", on="stage:1")
    await world.ana.presses("It failed…", "shop-1", on="stage:1")
    await world.ana.submits(reason=text("failed", 500))
    await fits(world)
    await world.ana.presses("Skip…", "shop-1", on="stage:1")
    await world.ana.submits(reason=text("skip", 500))
    await world.ana.presses("Done", "shop-1", on="stage:1")
    await fits(world)


async def _rolled_back(world: World) -> None:
    await world.ana.presses("Roll back…", "shop-1", on="card")
    await world.ana.submits(reason=text("back", 500), key="shop-1")
    await fits(world)
    for _ in range(12):
        await world.ana.presses("Done", "shop-1", on="stage:20")
    assert (await world.release("shop-1")).state is State.ROLLED_BACK
    for number in range(40, 45):
        user = PEOPLE[number].name
        review = await world.message("shop-1", "review")
        place = {"user": user, "channel": "releases", "message_ts": review["ts"]}
        await world.control("press", **place, action_id="sign_form_v1")
        while not (await world.look("view", user=user))["view"]:
            pass
        await world.control("submit", user=user, values={"reason": text(number, 500)})
    await fits(world)
    await opens(world, "ana", "Lift the lock…", "closing:rolled_back")
