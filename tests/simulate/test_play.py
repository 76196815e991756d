"""A release is played by the core, on a clock of its own, by people who act at their hours."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.release.decide import fold
from bot.release.gates.answers import Approved
from bot.release.gates.readings import CheckRead
from bot.release.ids import ROLLCALL
from bot.release.people.roles import MembersRead
from bot.release.people.shift import asked
from bot.release.refusal import Code
from bot.release.stages.holds import HoldPlaced
from bot.release.stages.stage import Completed, StageDone
from bot.runbook.model import Runbook
from bot.simulate.people import People
from bot.simulate.play import TURNS_LIMIT, Play, able, play
from bot.simulate.waits import stalls, waits
from tests.simulate.given import BOOK, FRIDAY, MONDAY, Files, book, happened, people, plan, played

ROOT = Path(__file__).parents[2]


def test_everybody_does_what_is_asked_of_them() -> None:
    assert happened(played()) == snapshot(
        [
            "Started",
            "Approved",
            "GatesMet",
            "StageBegan",
            "StepDone",
            "StageDone",
            "Summarized",
            "CheckReported",
            "Approved",
            "GatesMet",
            "StageBegan",
            "StepDone",
            "Completed",
        ]
    )


def test_whoever_is_asked_late_answers_on_the_next_working_day() -> None:
    slow = {"answers": {"median": "30m", "p90": "30m"}}
    it = played(people(BEN=slow), at=FRIDAY)
    approved = next(event for event in it.events if isinstance(event, Approved))
    # Twenty minutes of his time on Friday, and ten on Monday.
    assert approved.at == datetime(2026, 3, 9, 8, 10, tzinfo=UTC)


def test_who_says_no_takes_it_back_and_is_asked_again() -> None:
    it = played(people(BEN={"rejects": "60%"}), seed=2)
    assert happened(it)[:5] == ["Started", "Rejected", "Withdrawn", "Approved", "GatesMet"]


def test_who_has_a_doubt_holds_it_and_then_answers() -> None:
    it = played(people(BEN={"holds": "60%"}), seed=2)
    assert happened(it)[:5] == ["Started", "HoldPlaced", "HoldLifted", "Approved", "GatesMet"]


def test_nobody_works_on_while_it_is_held() -> None:
    it = play(plan(people(BEN={"holds": "50%"}, ANA={"answers": {"median": "1m", "p90": "1m"}}), seed=2))
    assert any(isinstance(event, HoldPlaced) for event in it.events)
    assert [turn.refused for turn in it.turns if turn.refused] == []


def test_a_step_that_fails_is_tried_again() -> None:
    it = played(people(ANA={"fails": "60%"}), seed=1)
    assert happened(it)[4:9] == ["StepFailed", "StepRetried", "StepFailed", "StepRetried", "StepDone"]


def test_a_check_that_failed_is_reported_again() -> None:
    it = played(people(DAN={"rejects": "60%"}), seed=2)
    assert happened(it).count("CheckReported") > 1
    assert isinstance(it.events[-1], Completed)


def test_who_abstains_leaves_it_to_others() -> None:
    it = played(people(BEN={"abstains": "100%"}, BEA={"groups": ["qa"]}))
    by = [event.by for event in it.events if isinstance(event, Approved)]
    assert by == ["U0BEA", "U0BEA"]


def test_the_deputy_of_somebody_away_answers() -> None:
    away = {"starting": "2026-03-02", "until": "2026-03-04", "deputy": "U0DAN"}
    first = next(event for event in played(people(BEN={"away": away})).events if isinstance(event, Approved))
    assert (first.by, first.behalf) == ("U0DAN", "U0BEN")


def test_who_goes_away_meanwhile_is_noted_then() -> None:
    away = {"starting": "2026-03-07", "until": "2026-03-12", "deputy": "U0DAN"}
    slow = {"answers": {"median": "30m", "p90": "30m"}}
    it = played(people(BEN={"away": away, **slow}), at=FRIDAY)
    read = next(event for event in it.events if isinstance(event, MembersRead))
    assert read.at == datetime(2026, 3, 6, 23, 0, tzinfo=UTC)
    assert [*read.deputies] == ["U0BEN"]


def test_a_start_is_refused_as_in_earnest() -> None:
    it = played(people(BEN={"groups": ["others"]}))
    assert it.refused is not None
    assert it.refused.code is Code.NOT_ENOUGH_PEOPLE
    assert (it.turns, it.took) == ((), None)


@pytest.mark.proof
def test_what_goes_round_and_round_is_stopped() -> None:
    it = play(
        plan(
            people(
                ANA={
                    "fails": "100%",
                    "answers": {"median": "1m", "p90": "1m"},
                    "hours": {"begins": "09:00", "ends": "09:00"},
                }
            ),
            days=90,
        )
    )
    assert len(it.turns) == TURNS_LIMIT
    assert it.cut_short
    assert it.until == it.turns[-1].at


def test_the_same_seed_is_the_same_play_and_another_one_another() -> None:
    assert played(seed=1) == played(seed=1)
    assert len({played(seed=seed).took for seed in range(20)}) == 20


def test_the_luck_of_one_does_not_hang_on_the_others() -> None:
    def answers(it: Play, by: str) -> list[timedelta]:
        return [
            event.at - it.plan.at for event in it.events if event.by == by and isinstance(event, Approved)
        ]

    changed = people(DAN={"answers": {"median": "2h", "p90": "9h"}})
    assert answers(played(), "U0BEN") == answers(played(changed), "U0BEN")
    # And a day later it is the same.
    assert played().took == played(at=MONDAY + timedelta(days=1)).took


@pytest.mark.proof
def test_the_same_seed_prints_the_same_bytes_in_every_process(files: Files) -> None:
    def printed(seed: int, hashes: str) -> bytes:
        typed = [sys.executable, "-m", "bot", "simulate", str(files.book), "--people", str(files.people)]
        environment = {**os.environ, "PYTHONHASHSEED": hashes, "TZ": "Asia/Tokyo"}
        ran = subprocess.run(
            [*typed, "--seed", str(seed)], cwd=ROOT, env=environment, capture_output=True, check=True
        )
        return ran.stdout

    assert (
        printed(1, "1")
        == printed(1, "2")
        == files.simulate("--seed", "1")[1].replace("\n", os.linesep).encode()
    )
    assert printed(1, "1") != printed(2, "1")


names = ("ANA", "BEN", "BEA", "DAN", "ELI")
ids = st.sampled_from([f"U0{name}" for name in names])
chances = st.sampled_from(["0%", "0%", "5%", "30%"])
waits_ = st.sampled_from(["1m", "20m", "3h", "2d"])
zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"])


@st.composite
def persons(draw: st.DrawFn, name: str) -> dict[str, object]:
    times = sorted(draw(st.tuples(waits_, waits_)), key=["1m", "20m", "3h", "2d"].index)
    days = st.lists(st.sampled_from(["mon", "wed", "fri", "sat", "sun"]), min_size=1, unique=True)
    keys: dict[str, object] = {
        "name": name.title(),
        "timezone": draw(zones),
        "groups": draw(st.lists(st.sampled_from(["qa", "on-call", "robot"]), unique=True)),
        "standing": draw(st.sampled_from(["member", "member", "member", "guest", "bot", "deactivated"])),
        "hours": {"begins": draw(st.sampled_from(["09:00", "22:30"])), "ends": "17:00", "days": draw(days)},
        "answers": {"median": times[0], "p90": times[1]},
        **{key: draw(chances) for key in ("rejects", "abstains", "holds", "fails")},
    }
    if draw(st.booleans()):
        keys["away"] = {
            "starting": draw(st.sampled_from(["2026-03-02", "2026-03-04"])),
            "until": "2026-03-06",
        }
        if draw(st.booleans()):
            keys["away"] |= {"deputy": draw(ids)}  # type: ignore[operator]
    return keys


@st.composite
def teams(draw: st.DrawFn) -> People:
    everybody = {f"U0{name}": draw(persons(name)) for name in names}
    everybody["U0ANA"]["standing"] = "member"
    return People.model_validate(
        {"starter": "U0ANA", "manifest": {"authors": draw(st.lists(ids, max_size=1))}, "people": everybody}
    )


ROLES = {
    "captain": {"starter": True},
    "qa": {"group": "qa"},
    "on-call": {
        "rotation": {
            "timezone": "Europe/Berlin",
            "starting": "2026-02-23",
            "every": "1d",
            "people": ["U0DAN", "U0ELI", "U0BEA"],
        }
    },
    "pair": {"users": ["U0BEN", "U0BEA"], "admits": ["guest", "bot"]},
    "first": {"first_of": ["U0BEN", "U0ELI"]},
    "robot": {"group": "robot"},
}
roles = st.sampled_from([*ROLES])
seats = st.sampled_from([role for role in ROLES if role != "captain"])
needs = st.one_of(
    seats.map(lambda role: {role: 1}),
    st.just({"qa": 2}),
    st.just({"check": "smoke"}),
    st.tuples(seats, seats).map(lambda two: {"any": [{role: 1} for role in two]}),
    seats.map(lambda role: {"all": [{"check": "smoke"}, {role: 1}]}),
)
handoffs = st.sampled_from(
    [
        {"at": ["09:00"], "timezone": "Europe/Berlin"},
        {
            "shifts": [
                {"begins": "09:00", "timezone": "Europe/Berlin", "role": "qa"},
                {"begins": "09:00", "timezone": "America/New_York", "role": "on-call"},
            ]
        },
    ]
)


@st.composite
def runbooks(draw: st.DrawFn) -> Runbook:
    stages = []
    for number in range(draw(st.integers(1, 3))):
        gates = [
            {
                "name": f"Gate {index}",
                "needs": need,
                "remind": {"after": "30m", "every": "1h"},
                **draw(st.sampled_from([{}, {}, {"expires": "2h"}])),
            }
            for index, need in enumerate(draw(st.lists(needs, max_size=2)))
        ]
        stages.append(
            {
                "name": f"Stage {number}",
                "owner": draw(roles),
                "production": draw(st.sampled_from(["true", "false"])),
                "begin": draw(st.sampled_from(["automatic", "captain"])),
                "gates": gates,
                "steps": [{"do": f"Step {index}"} for index in range(draw(st.integers(0, 2)))],
            }
        )
    return Runbook.model_validate(
        {
            "title": "Any",
            "roles": ROLES,
            "duties": draw(st.sampled_from(["strict", "warn", "off"])),
            "checks": {"smoke": {"by": draw(seats), **draw(st.sampled_from([{}, {"fresh": "3h"}]))}},
            "review": {"always": draw(st.sampled_from(["true", "false"]))},
            "handoffs": draw(handoffs),
            "stages": stages,
        }
    )


@pytest.mark.proof
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(runbooks(), teams(), st.integers(0, 3), st.integers(0, 7 * 24))
def test_whatever_is_played_is_a_history_of_the_core(
    runbook: Runbook, team: People, seed: int, hours: int
) -> None:
    it = play(replace(plan(team, runbook, seed=seed), at=MONDAY + timedelta(hours=hours)))
    event("refused" if it.refused else "completed" if it.took is not None else "stalled")
    if it.refused:
        return
    assert not it.cut_short
    assert fold(it.events) == it.turns[-1].release
    assert [turn.at for turn in it.turns] == sorted({turn.at for turn in it.turns})
    assert it.plan.at <= it.until <= it.plan.until
    # A release that is not completed is kept by something, and one that is by nothing.
    assert bool(stalls(it)) == (it.took is None)
    for before, turn in zip(it.turns, it.turns[1:], strict=False):
        if turn.by != ROLLCALL:
            begins, _ = team.people[turn.by].shift(turn.at - timedelta(seconds=1))
            assert begins < turn.at, "Nobody acts outside their hours."
            waited_for = any(turn.by in able(before.release, one) for one in before.waiting)
            assert waited_for or turn.by in asked(before.release), "Only who is asked acts."
    for wait in waits(it).values():
        assert timedelta() <= wait.asleep <= wait.lasted <= it.until - it.plan.at


def test_a_check_that_rollcall_reads_is_taken_to_pass_and_soaks_its_time() -> None:
    read = "smoke: {read: {url: https://shop.example/health}, soak: 2h}"
    it = played(runbook=book(BOOK.replace("smoke: {by: on-call}", read)))
    assert isinstance(it.events[-1], Completed)
    opened, first, last = (
        next(turn.at for turn in it.turns if any(isinstance(e, StageDone) for e in turn.events)),
        *(turn.at for turn in it.turns if any(isinstance(e, CheckRead) for e in turn.events)),
    )
    assert (first - opened, last - first) == (timedelta(minutes=1), timedelta(hours=2))
