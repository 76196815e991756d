"""What is said of the waits and of many plays is recomputed here, in another way."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.release.gates.checks import CheckReported
from bot.release.ids import UserId
from bot.release.stages.stage import Completed, GatesMet, StageBegan, StageDone
from bot.release.stages.start import Started
from bot.release.stages.steps import StepDone
from bot.simulate.play import Play, play
from bot.simulate.waits import Cause, Place, asleep, better, outlook, rank, stalls, waits
from tests.simulate.given import FRIDAY, MONDAY, happened, people, plan, played

MINUTE = timedelta(minutes=1)


def when(it: Play, *kinds: type) -> list[datetime]:
    return [event.at for event in it.events if isinstance(event, kinds)]


def test_each_wait_lasts_from_what_opens_it_to_what_ends_it() -> None:
    it = played(at=FRIDAY, seed=3)
    (started,), (first, go), begins = when(it, Started), when(it, GatesMet), when(it, StageBegan)
    (step, last), (passed,), (done,) = when(it, StepDone), when(it, CheckReported), when(it, StageDone)
    assert {str(place): wait.lasted for place, wait in waits(it).items()} == {
        "staging: gate QA": first - started,
        "staging: step “Deploy to staging”": step - begins[0],
        "production: check smoke": passed - done,
        "production: gate Healthy": max(event.at for event in it.events if type(event).__name__ == "Approved")
        - done,
        "production: the go": begins[1] - go,
        "production: step “Deploy to production”": last - begins[1],
    }
    assert when(it, Completed) == [last]


@settings(deadline=None, max_examples=60)
@given(
    zones=st.lists(
        st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata"]), min_size=1, max_size=2
    ),
    begins=st.integers(0, 23),
    ends=st.integers(0, 23),
    start=st.integers(0, 7 * 1440),
    lasts=st.integers(1, 3000),
)
def test_nobody_is_at_work_in_the_minutes_in_which_nobody_is(
    zones: list[str], begins: int, ends: int, start: int, lasts: int
) -> None:
    hours = {"begins": f"{begins:02}:00", "ends": f"{ends:02}:00"}
    keys = [{"timezone": zone, "hours": hours} for zone in zones]
    team = people(BEN=keys[0], DAN=keys[-1])
    at = datetime(2026, 2, 2, tzinfo=UTC) + start * MINUTE

    def works(zone: str, moment: datetime) -> bool:
        local = moment.astimezone(ZoneInfo(zone))
        today, yesterday = local.weekday() < 5, (local - timedelta(days=1)).weekday() < 5
        if begins < ends:
            return today and begins <= local.hour < ends
        return (today and local.hour >= begins) or (yesterday and local.hour < ends)

    minutes = [at + minute * MINUTE for minute in range(lasts)]
    nobody = sum(not any(works(zone, minute) for zone in zones) for minute in minutes)
    some = [UserId(f"U0{name}") for name in ("BEN", "DAN")[: len(zones)]]
    assert asleep(team, some, at, at + lasts * MINUTE) == nobody * MINUTE


def test_many_plays_come_to_what_each_of_them_came_to() -> None:
    team = people(BEN={"abstains": "15%", "answers": {"median": "20m", "p90": "9h"}}, DAN={"rejects": "10%"})
    plays = [play(plan(team, at=FRIDAY, days=4, seed=seed)) for seed in range(60)]
    took = [it.events[-1].at - FRIDAY if happened(it)[-1] == "Completed" else timedelta.max for it in plays]

    def within(percent: int) -> timedelta | None:
        enough = min(
            time for time in took if sum(other <= time for other in took) * 100 >= percent * len(took)
        )
        return None if enough == timedelta.max else enough

    it = outlook(plays)
    assert (it.runs, it.completed) == (60, sum(time < timedelta.max for time in took))
    assert 30 < it.completed < 54, "Else nine in ten would say nothing."
    assert it.times == (within(50), within(90)) == (within(50), None)
    last = [one.turns[-1] for one, time in zip(plays, took, strict=True) if time == timedelta.max]
    kept = Counter((turn.release.current.name, one.name) for turn in last for one in turn.waiting)
    said: Counter[tuple[str, str]] = Counter()
    for place, _, number in it.stalls:
        said[place.stage, place.what.removeprefix("gate ")] += number
    assert said == kept
    for place, (half, most) in it.waits.items():
        those = sorted(found[place].lasted for one in plays if place in (found := waits(one)))
        assert half == next(time for n, time in enumerate(those, 1) if n * 2 >= len(those))
        assert most == next(time for n, time in enumerate(those, 1) if n * 10 >= len(those) * 9)


def test_a_rank_is_the_nearest_from_above() -> None:
    assert [rank([1, 2, 3, 4], percent) for percent in (1, 25, 26, 50, 90, 100)] == [1, 1, 2, 2, 4, 4]
    assert rank([7], 50) == 7


def test_who_was_not_there_is_asleep_and_who_was_is_slow() -> None:
    def causes(days: int, median: str, seeds: int = 1) -> set[Cause]:
        team = people(BEN={"answers": {"median": median, "p90": "90d"}})
        plays = [play(plan(team, at=FRIDAY, days=days, seed=seed)) for seed in range(1, seeds + 1)]
        return {one.cause for it in plays for one in stalls(it) if one.place.what == "gate QA"}

    assert causes(2, "60d") == {Cause.ASLEEP}  # He was there for twenty minutes on Friday.
    assert causes(3, "60d") == {Cause.UNANSWERED}  # And for most of Monday.
    # Twenty minutes are enough for one of whose answers half take five.
    assert causes(2, "5m", seeds=20) == {Cause.UNANSWERED}


def test_of_a_release_that_slept_the_next_morning_is_better_and_of_one_that_did_not_it_is_not() -> None:
    other = better(played(at=FRIDAY))
    assert other is not None
    assert other.plan.at == MONDAY + timedelta(days=7)
    assert other.took is not None
    assert other.took < timedelta(hours=2)
    assert better(played(at=MONDAY)) is None
    assert Place("staging", "gate QA") in waits(other)
