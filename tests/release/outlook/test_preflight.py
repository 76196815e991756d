"""Before a start: whether every seat can be filled by people who are at work before the deadline."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bot.release.ids import UserId
from bot.release.manifest import Manifest
from bot.release.outlook.preflight import GateOutlook, preflight
from bot.release.people.hours import Hours
from bot.release.release import Members, Release
from bot.runbook.gates.gate import CheckPassed, Of, Risk, Seats, When
from bot.runbook.model import Check, Rollback, Runbook
from tests.release.given import (
    EVERYBODY,
    NINE,
    among,
    ana,
    asks,
    away,
    bea,
    ben,
    cleo,
    dan,
    dee,
    eli,
    gated,
    gus,
    needs,
    play,
    runbook,
    start,
    started,
    started_with,
    time_passes,
)

HOUR = timedelta(hours=1)
BERLIN, NEW_YORK, TOKYO = "Europe/Berlin", "America/New_York", "Asia/Tokyo"
SATURDAY = datetime(2026, 3, 7, 12, tzinfo=UTC)
SEATED = (ana, bea, ben, cleo, dan, dee, eli, gus)


def zones(zone: str, **others: str) -> Mapping[UserId, Hours]:
    """Return office hours in the time zone of everybody, and in another of some."""
    everybody = {person.id: Hours(zone=zone) for person in SEATED}
    return {**everybody, **{UserId(name): Hours(zone=other) for name, other in others.items()}}


def outlook(
    release: Release, where: Mapping[UserId, Hours], now: datetime = NINE, wait: timedelta = 4 * HOUR
) -> dict[str, GateOutlook]:
    """Return the outlook of each gate by its name."""
    return {gate.gate: gate for gate in preflight(release, where, now, now + wait)}


def one_gate(book: Runbook | None = None, members: Members | None = None) -> Release:
    return started(book or gated(asks("QA", qa=2)), members)


def test_each_gate_of_each_stage_is_looked_at_in_order() -> None:
    gates = preflight(started(), zones(BERLIN), NINE, NINE + 4 * HOUR)
    assert [(gate.stage, gate.gate) for gate in gates] == [
        ("Check", "QA"),
        ("Check", "Security"),
        ("Production", "Go"),
    ]
    assert all(gate.fine for gate in gates)


def test_a_gate_tells_who_may_fill_it() -> None:
    assert outlook(one_gate(), zones(BERLIN))["QA"] == GateOutlook(
        stage="Only",
        gate="QA",
        needed=True,
        may=(bea.id, ben.id, eli.id),
        short=(),
        asleep=(),
    )


def test_people_who_are_asleep_leave_a_seat_empty_and_it_is_told_who_wakes_first() -> None:
    # At nine in London it is four in New York, and six in the evening in Tokyo.
    told = outlook(one_gate(), zones(TOKYO, ben=BERLIN, bea=NEW_YORK))["QA"]
    assert (told.short, told.asleep, told.fine) == ((), ("qa",), False)
    assert told.wakes == ((datetime(2026, 3, 2, 14, tzinfo=UTC), bea.id),)


def test_who_wakes_before_the_deadline_is_awake() -> None:
    where = zones(TOKYO, ben=BERLIN, bea=NEW_YORK)
    assert not outlook(one_gate(), where, wait=5 * HOUR - timedelta(seconds=1))["QA"].fine
    assert outlook(one_gate(), where, wait=5 * HOUR)["QA"].fine


def test_nobody_is_at_work_on_a_weekend() -> None:
    told = outlook(one_gate(), zones(BERLIN), now=SATURDAY)["QA"]
    assert told.asleep == ("qa",)
    assert told.wakes == ((datetime(2026, 3, 9, 8, tzinfo=UTC), bea.id),)
    assert outlook(one_gate(), zones(BERLIN), now=SATURDAY, wait=timedelta(days=2))["QA"].fine


def test_of_whom_no_time_zone_is_known_nobody_says_that_they_are_awake() -> None:
    told = outlook(one_gate(), {ben.id: Hours(zone=BERLIN)})["QA"]
    assert (told.asleep, told.wakes) == (("qa",), ())


def test_a_role_is_short_where_people_are_too_few_even_if_all_are_awake() -> None:
    release = play(one_gate(), ben.leaves("qa"), bea.leaves("qa"))
    told = outlook(release, zones(BERLIN))["QA"]
    assert (told.short, told.asleep, told.fine) == (("qa",), (), False)


def test_one_person_in_two_roles_is_one_person() -> None:
    book = gated(asks("Both", qa=1, security=1))
    release = play(started(book), *(p.leaves("qa") for p in (bea, ben)), cleo.leaves("security"))
    assert outlook(release, zones(BERLIN))["Both"].short == ("security",)
    where = zones(NEW_YORK, eli=BERLIN)
    assert outlook(started(book), where, wait=HOUR)["Both"].asleep == ("security",)
    assert outlook(started(book), {**where, ben.id: Hours(zone=BERLIN)}, wait=HOUR)["Both"].fine


def test_somebody_away_and_the_deputy_are_one_person() -> None:
    members = {**EVERYBODY, "qa": (bea.id, ben.id)}
    release = play(one_gate(None, members), among(away(bea, gus, NINE + timedelta(days=3)), time_passes()))
    release = play(release, ben.leaves("qa"))
    assert outlook(release, zones(BERLIN))["QA"].short == ("qa",)
    alone = play(one_gate(gated(asks("QA", qa=1)), members), ben.leaves("qa"))
    alone = play(alone, among(away(bea, gus, NINE + timedelta(days=3)), time_passes()))
    assert outlook(alone, zones(NEW_YORK, gus=BERLIN), wait=HOUR)["QA"].fine


def test_who_is_away_is_not_at_work_before_they_are_back() -> None:
    members = {**EVERYBODY, "qa": (bea.id,)}
    gone = among(away(bea, gus, NINE + timedelta(hours=3)), time_passes())
    release = play(one_gate(gated(asks("QA", qa=1)), members), gone)
    where = zones(NEW_YORK, bea=BERLIN)
    assert outlook(release, where, wait=2 * HOUR)["QA"].asleep == ("qa",)
    assert outlook(release, where, wait=2 * HOUR)["QA"].wakes == ((NINE + timedelta(hours=3), bea.id),)
    assert outlook(release, where, wait=3 * HOUR)["QA"].fine


def test_whom_duties_keep_apart_does_not_count() -> None:
    release = started_with(start(manifest=Manifest(authors=(bea.id,))), gated(asks("QA", qa=2)))
    told = outlook(release, zones(NEW_YORK, bea=BERLIN, ben=BERLIN), wait=HOUR)["QA"]
    assert (told.may, told.asleep) == ((ben.id, eli.id), ("qa",))


def test_a_gate_that_is_not_needed_is_fine() -> None:
    book = gated(asks("Risk", qa=2, when=When(risk=(Risk.HIGH,))))
    told = outlook(started(book, {**EVERYBODY, "qa": (eli.id,)}), zones(BERLIN))["Risk"]
    assert (told.needed, told.short, told.fine) == (False, ("qa",), True)


def test_one_way_to_meet_a_gate_is_enough() -> None:
    either = needs("Go", Of(count=1, parts=(Seats(role="qa", count=2), Seats(role="on-call", count=1))))
    release = started(gated(either))
    asleep = zones(NEW_YORK)
    assert outlook(release, {**asleep, dan.id: Hours(zone=BERLIN)}, wait=HOUR)["Go"].fine
    assert outlook(release, {**asleep, ben.id: Hours(zone=BERLIN), eli.id: Hours(zone=BERLIN)}, wait=HOUR)[
        "Go"
    ].fine
    assert outlook(release, {**asleep, ben.id: Hours(zone=BERLIN)}, wait=HOUR)["Go"].asleep == ("qa",)
    assert outlook(release, asleep, wait=HOUR)["Go"].asleep == ("on-call",)


def test_the_checks_that_may_be_needed_are_told() -> None:
    need = Of(parts=(Seats(role="qa", count=1), CheckPassed(check="lint")))
    release = started(gated(needs("Go", need), checks=(Check(name="lint", by="on-call"),)))
    assert outlook(release, zones(BERLIN))["Go"].checks == ("lint",)


def test_who_reports_a_check_is_awake_in_time() -> None:
    release = started(
        gated(needs("Go", CheckPassed(check="lint")), checks=(Check(name="lint", by="on-call"),))
    )
    where = zones(NEW_YORK, ana=BERLIN)
    told = outlook(release, where, wait=HOUR)["Go"]
    assert (told.short, told.asleep, told.fine) == ((), ("on-call",), False)
    assert told.wakes == ((datetime(2026, 3, 2, 14, tzinfo=UTC), dan.id),)
    assert outlook(release, {**where, dee.id: Hours(zone=BERLIN)}, wait=HOUR)["Go"].fine


def test_all_who_report_a_check_are_awake_in_time_where_everybody_does() -> None:
    release = started(
        gated(needs("Go", CheckPassed(check="lint")), checks=(Check(name="lint", by="on-call", each=True),))
    )
    where = zones(NEW_YORK, dan=BERLIN)
    assert outlook(release, where, wait=HOUR)["Go"].asleep == ("on-call",)
    assert outlook(play(release, dee.reports("lint")), where, wait=HOUR)["Go"].fine
    assert outlook(release, {**where, dee.id: Hours(zone=BERLIN)}, wait=HOUR)["Go"].fine


def test_a_check_that_nobody_could_report_is_told() -> None:
    either = Of(count=1, parts=(Seats(role="qa", count=2), CheckPassed(check="lint")))
    release = started(gated(needs("Go", either), checks=(Check(name="lint", by="on-call"),)))
    release = play(release, dan.leaves("on-call"), dee.leaves("on-call"))
    assert outlook(release, zones(BERLIN))["Go"].fine
    nobody = play(release, *(p.leaves("qa") for p in (bea, ben, eli)))
    assert outlook(nobody, zones(BERLIN))["Go"].short == ("on-call",)


def test_the_way_back_is_not_looked_at() -> None:
    book = runbook(rollback=Rollback(gates=(asks("Back", qa=1),)))
    assert "Back" not in outlook(started(book), zones(BERLIN))


def test_the_first_who_wakes_is_told() -> None:
    told = outlook(one_gate(), zones(TOKYO, ben=NEW_YORK), now=NINE + HOUR, wait=HOUR)["QA"]
    assert told.wakes == ((datetime(2026, 3, 2, 14, tzinfo=UTC), ben.id),)


def test_who_wakes_in_a_role_that_has_enough_people_is_no_help() -> None:
    # Dee is awake for on-call; dan wakes half an hour later, and qa in the afternoon.
    where = {
        **zones(BERLIN, dan="Europe/London"),
        **dict.fromkeys((bea.id, ben.id, eli.id), Hours(zone=NEW_YORK)),
    }
    early = NINE - HOUR / 2
    release = one_gate(gated(asks("Go", qa=1, on_call=1)))
    told = outlook(release, where, now=early, wait=timedelta(minutes=5))["Go"]
    assert told.asleep == ("qa",)
    assert told.wakes == ((datetime(2026, 3, 2, 14, tzinfo=UTC), bea.id),)


def test_who_is_not_missed_is_not_told_to_wake_up() -> None:
    both = Of(parts=(Seats(role="qa", count=1), CheckPassed(check="smoke")))
    book = gated(needs("Go", both), checks=(Check(name="smoke", by="on-call"),))
    where = zones(NEW_YORK, dan=BERLIN, dee="America/Sao_Paulo")
    told = outlook(one_gate(book), where, wait=HOUR)["Go"]
    assert told.asleep == ("qa",)
    assert told.wakes == ((datetime(2026, 3, 2, 14, tzinfo=UTC), bea.id),)
