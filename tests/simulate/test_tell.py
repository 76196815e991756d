"""The timeline is plain text: names, times in one zone, what happened, how it ended, what would help."""

from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot.cli import main
from tests.simulate.given import Files

ROOT = Path(__file__).parents[2]
FRIDAY = ("--at", "2026-03-06T17:40")


def ending(printed: str) -> str:
    """Return what is printed below the timeline."""
    blocks = printed.split("\n\n")
    return "\n\n".join(
        blocks[next(i for i, b in enumerate(blocks) if b.startswith(("Completed", "Stalled"))) :]
    )


def timeline(printed: str) -> str:
    """Return what is printed of what happens, from its first day to its end."""
    return printed.split("\n\n", 1)[1].split("\n\nWaited")[0]


def test_a_release_is_told_from_its_start_to_its_end(files: Files) -> None:
    code, printed = files.simulate(*FRIDAY, "--seed", "3")
    assert code == 0
    assert printed == snapshot("""\
Checkout 1.4.0, from Fri 2026-03-06 17:40 for at most 5 days, seed 3. Times are in Europe/Berlin.

Fri 2026-03-06
  17:40  Ana starts checkout-1
         → Ben: approve QA
  17:51  Ben approves QA
         staging: every gate is met
         staging begins
         → Ana: do “Deploy to staging”

Mon 2026-03-09
  09:00  Deploy to staging: Ana reminded privately
  09:01  Ana ticks “Deploy to staging”
         staging is done
         handoff: production passes to Dan
         → Dan: report the check smoke
         → Ben: approve Healthy
  09:10  Ben approves Healthy
  09:11  Dan reports that smoke passed
         production: every gate is met
         → Ana: let production begin
  09:23  Ana lets production begin
         → Dan: do “Deploy to production”
  09:34  Dan ticks “Deploy to production”
         completed

Completed on Mon 2026-03-09 09:34, after 2d 15h 55m.

Waited                                            for  nobody at work
staging: gate QA                                  11m              0m
staging: step “Deploy to staging”          2d 15h 10m          2d 15h
production: check smoke                            9m              0m
production: gate Healthy                           8m              0m
production: the go                                12m              0m
production: step “Deploy to production”           11m              0m

What would help
- staging: step “Deploy to staging”: somebody to ask who is at work then; for 2d 15h nobody was
- started on Mon 2026-03-09 09:00, it would take 55m
""")


def test_times_are_in_the_zone_that_is_asked_for(files: Files) -> None:
    _, printed = files.simulate("--at", "2026-03-06T17:40+01:00", "--zone", "America/New_York")
    assert printed.splitlines()[:4] == snapshot(
        [
            "Checkout 1.4.0, from Fri 2026-03-06 11:40 for at most 5 days, seed 1. Times are in America/New_York.",
            "",
            "Fri 2026-03-06",
            "  11:40  Ana starts checkout-1",
        ]
    )


def test_what_goes_wrong_and_right_again_is_told(files: Files) -> None:
    bad = "rejects: 40%, holds: 40%, fails: 40%"
    files.change("timezone:", f"{bad}, timezone:")
    code, printed = files.simulate("--seed", "8")
    assert code == 0
    assert printed.split("\n\nCompleted")[0] == snapshot("""\
Checkout 1.4.0, from Mon 2026-03-02 09:00 for at most 5 days, seed 8. Times are in Europe/Berlin.

Mon 2026-03-02
  09:00  Ana starts checkout-1
         → Ben: approve QA
  09:09  Ben rejects QA: Something looks odd.
         → Ben or Ana: take the rejection of QA back, or settle it
  09:16  Ana settles Ben’s rejection of QA: It is mended.
  09:19  Ben places hold 1: Something looks odd.
         → Ben: lift hold 1
  09:28  Ben lifts hold 1: It is mended.
  09:33  Ben approves QA
         staging: every gate is met
         staging begins
         → Ana: do “Deploy to staging”
  09:42  Ana ticks “Deploy to staging”
         staging is done
         handoff: production passes to Dan
         → Dan: report the check smoke
         → Ben: approve Healthy
  09:50  Dan reports that smoke passed
  09:55  Ben rejects Healthy: Something looks odd.
         → Ben or Ana: take the rejection of Healthy back, or settle it
  10:05  Ben takes it back at Healthy: It is mended.
  10:06  Ben places hold 2: Something looks odd.
         → Ben: lift hold 2
  10:15  Ben lifts hold 2: It is mended.
  10:18  Ben rejects Healthy: Something looks odd.
         → Ben or Ana: take the rejection of Healthy back, or settle it
  10:29  Ben approves Healthy
         production: every gate is met
         → Ana: let production begin
  10:38  Ana lets production begin
         → Dan: do “Deploy to production”
  10:49  Dan ticks “Deploy to production”
         completed\
""")


def test_a_start_that_is_refused_says_what_is_missing(files: Files) -> None:
    files.change("groups: [qa], ", "")
    assert files.simulate() == (
        1,
        snapshot("""\
Checkout 1.4.0, from Mon 2026-03-02 09:00 for at most 5 days, seed 1. Times are in Europe/Berlin.

It cannot be started. The gate QA of staging could never be met: there are too few people in qa. Let somebody else start it, or add people to the role.
"""),
    )
    assert files.simulate("--runs", "3") == (
        1,
        snapshot("""\
Checkout 1.4.0, from Mon 2026-03-02 09:00 for at most 5 days, 3 times, seeds 1 to 3. Times are in Europe/Berlin.

It cannot be started. The gate QA of staging could never be met: there are too few people in qa. Let somebody else start it, or add people to the role.
"""),
    )


def test_it_stalls_where_nobody_is_at_work(files: Files) -> None:
    weekend = "hours: {days: [sat]}, answers: {median: 10m, p90: 12m}"
    files.change("groups: [qa], answers: {median: 10m, p90: 12m}", f"groups: [qa], {weekend}")
    code, printed = files.simulate("--days", "2")
    assert code == 1
    assert ending(printed) == snapshot("""\
Stalled: after 2 days it is not completed.

Waited                     for  nobody at work
staging: gate QA            2d              2d

What would help
- staging: gate QA, nobody at work: somebody to ask who is at work then; Ben is from Sat 2026-03-07 09:00
""")


def test_it_stalls_where_nobody_answers_in_time(files: Files) -> None:
    files.change(
        "groups: [qa], answers: {median: 10m, p90: 12m}", "groups: [qa], answers: {median: 2d, p90: 3d}"
    )
    code, printed = files.simulate("--days", "2")
    assert code == 1
    assert ending(printed) == snapshot("""\
Stalled: after 2 days it is not completed.

Waited                     for  nobody at work
staging: gate QA            2d           1d 6h

What would help
- staging: gate QA, no answer in time: more people to ask, or reminders that come sooner
""")


def test_where_all_who_are_asked_are_needed_all_are_named(files: Files) -> None:
    files.change("approvals: {qa: 1}", "approvals: {qa: 2}")
    files.change("groups: [on-call]", "groups: [on-call, qa]")
    _, printed = files.simulate()
    assert "→ Ben and Dan: approve QA" in printed


def test_it_stalls_where_too_few_people_are_left(files: Files) -> None:
    files.change("groups: [qa]", "groups: [qa], abstains: 100%")
    code, printed = files.simulate("--days", "1")
    assert code == 1
    assert printed == snapshot("""\
Checkout 1.4.0, from Mon 2026-03-02 09:00 for at most 1 day, seed 1. Times are in Europe/Berlin.

Mon 2026-03-02
  09:00  Ana starts checkout-1
         → Ben: approve QA
  09:11  Ben abstains at QA
         → Ana: find 1 more for QA in qa
  10:00  QA: Ana reminded privately
  14:00  QA: Ana reminded in the thread

Tue 2026-03-03
  09:00  QA: Ana reminded privately
         QA: the channel told that it waits for Ana

Stalled: after 1 day it is not completed.

Waited                     for  nobody at work
staging: gate QA            1d              0m

What would help
- staging: gate QA, too few people: 1 more in qa who may approve it; nobody may override it
""")


def test_it_stalls_at_a_check_that_nobody_reports_and_an_override_would_help(files: Files) -> None:
    # Dan alone is in the role at the start, and then goes away.
    files.change("smoke: {by: on-call}", "smoke: {by: robot}")
    files.change("robot: {group: robot}", "robot: {first_of: [U0DAN]}")
    files.change("checks:", "overrides: on-call\nchecks:")
    away = 'away: {starting: "2026-03-09", until: "2026-03-20", deputy: U0BEN}'
    files.change("name: Dan,", f"name: Dan, {away},")
    code, printed = files.simulate("--days", "4", *FRIDAY)
    assert code == 1
    assert "→ Ana: find somebody in robot who reports the check smoke" in printed
    assert ending(printed) == snapshot("""\
Stalled: after 4 days it is not completed.

Waited                                      for  nobody at work
staging: gate QA                            11m              0m
staging: step “Deploy to staging”            9m              0m
production: check smoke              3d 23h 40m           2d 6h
production: gate Healthy              2d 15h 9m          2d 15h

What would help
- production: check smoke, nobody reports it: somebody in robot, who reports it; else it needs an override, by Dan
""")


def test_a_start_is_refused_where_nobody_could_report_a_check(files: Files) -> None:
    files.change("smoke: {by: on-call}", "smoke: {by: robot}")
    code, printed = files.simulate()
    assert code == 1
    assert printed.splitlines()[-1] == snapshot(
        "It cannot be started. The gate Healthy of production could never be met: there is nobody in robot to report the check smoke. Let somebody else start it, or add people to the role."
    )


def test_it_stalls_where_somebody_who_said_no_has_gone_home(files: Files) -> None:
    files.change("groups: [qa]", "groups: [qa], rejects: 100%")
    code, printed = files.simulate("--days", "1", *FRIDAY)
    assert code == 1
    assert ending(printed) == snapshot("""\
Stalled: after 1 day it is not completed.

Waited                     for  nobody at work
staging: gate QA            1d         23h 40m

What would help
- staging: gate QA, it stands rejected: Ben takes it back, or Ana settles it, with a reason; nobody may override it
- staging: gate QA, no answer in time: more people to ask, or reminders that come sooner
""")


def test_it_stalls_where_it_is_held(files: Files) -> None:
    files.change("groups: [qa]", "groups: [qa], holds: 100%")
    code, printed = files.simulate("--days", "1", *FRIDAY)
    assert code == 1
    assert ending(printed) == snapshot("""\
Stalled: after 1 day it is not completed.

Waited                                         for  nobody at work
staging: gate QA                                1d         23h 40m
staging: hold “Something looks odd.”       23h 49m         23h 40m

What would help
- staging: hold “Something looks odd.”, it is held: Ben lifts it, or Ana does, with a reason
- staging: gate QA, no answer in time: more people to ask, or reminders that come sooner
- started on Mon 2026-03-09 09:00, it would take 2h 50m
""")


@pytest.mark.proof
def test_what_goes_round_and_round_says_so(files: Files) -> None:
    always = 'fails: 100%, hours: {begins: "09:00", ends: "09:00"}'
    files.change("name: Ana", f"name: Ana, {always}")
    code, printed = files.simulate("--days", "90")
    assert code == 1
    assert "\nStopped after 5,000 turns: it goes round and round.\n" in printed


def test_many_runs_are_summed_up(files: Files) -> None:
    files.change("groups: [qa]", "groups: [qa], abstains: 10%")
    code, printed = files.simulate("--runs", "40", "--seed", "5")
    assert code == 1
    assert printed == snapshot("""\
Checkout 1.4.0, from Mon 2026-03-02 09:00 for at most 5 days, 40 times, seeds 5 to 44. Times are in Europe/Berlin.

It completed in 32 of 40: half within 52m (p50), nine in ten not within 5d (p90).

Where it stalled
- 5 × production: gate Healthy: too few people
- 3 × staging: gate QA: too few people

Waited                                            p50             p90
staging: gate QA                                  10m             13m
staging: step “Deploy to staging”                 10m             12m
production: check smoke                           10m             12m
production: gate Healthy                          10m      4d 23h 40m
production: the go                                10m             12m
production: step “Deploy to production”           10m             13m
""")


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (
            ("--at", "friday"),
            "argument --at: expected a time of this century, such as 2026-03-02T16:50 or"
            ' 2026-03-02T16:50+01:00; found "friday"',
        ),
        (
            ("--at", "9999-12-31T09:00"),
            "argument --at: expected a time of this century, such as 2026-03-02T16:50 or"
            ' 2026-03-02T16:50+01:00; found "9999-12-31T09:00"',
        ),
        (("--days", "0"), 'argument --days: expected a number from 1 to 90, found "0"'),
        (("--days", "٣"), 'argument --days: expected a number from 1 to 90, found "٣"'),
        (("--runs", "10001"), 'argument --runs: expected a number from 1 to 10000, found "10001"'),
        (("--zone", "Berlin"), 'argument --zone: expected a time zone such as Europe/Berlin, found "Berlin"'),
        (("--zone", "../x"), 'argument --zone: expected a time zone such as Europe/Berlin, found "../x"'),
    ],
)
def test_an_option_that_means_nothing_is_refused(
    files: Files, option: tuple[str, str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        files.simulate(*option)
    assert capsys.readouterr().err.splitlines()[-1] == f"rollcall simulate: error: {says}"


def test_the_example_plays_each_runbook_that_comes_with_rollcall(capsys: pytest.CaptureFixture[str]) -> None:
    for runbook in sorted((ROOT / "runbooks").glob("*.yaml")):
        example = str(ROOT / "docs" / "simulate.people.yaml")
        assert main(["simulate", str(runbook), "--people", example, "--kind", "hotfix"]) == 0
        assert "\nCompleted on " in capsys.readouterr().out


def test_a_shift_that_begins_is_asked_to_take_over_and_does_or_does_not(files: Files) -> None:
    files.change(
        "stages:", "handoffs: {shifts: [{begins: '10:00', timezone: Europe/Berlin, role: on-call}]}\nstages:"
    )
    files.change(
        "groups: [qa], answers: {median: 10m, p90: 12m}", "groups: [qa], answers: {median: 30h, p90: 30h}"
    )
    _, taken = files.simulate("--at", "2026-03-02T09:50", "--days", "1")
    assert timeline(taken) == snapshot("""\
Mon 2026-03-02
  09:50  Ana starts checkout-1
         → Ben: approve QA
  10:00  → Dan: take over from Ana (until Mon 2026-03-02 10:30)
         shift of on-call: summary of staging to Dan
  10:08  Dan is captain from now on
  10:50  QA: Ben reminded privately
  14:50  QA: Ben reminded in the thread

Tue 2026-03-03
  09:00  QA: Ben reminded privately
         QA: the channel told, and Dan, that it waits for Ben

Stalled: after 1 day it is not completed.\
""")
    files.change(
        "groups: [on-call], answers: {median: 10m, p90: 12m}",
        "groups: [on-call], answers: {median: 2d, p90: 2d}",
    )
    _, missed = files.simulate("--at", "2026-03-02T09:50", "--days", "1")
    assert timeline(missed) == snapshot("""\
Mon 2026-03-02
  09:50  Ana starts checkout-1
         → Ben: approve QA
  10:00  → Dan: take over from Ana (until Mon 2026-03-02 10:30)
         shift of on-call: summary of staging to Dan
  10:30  → Dan: take over from Ana, asked once more (until Mon 2026-03-02 11:00)
  10:50  QA: Ben reminded privately
  11:00  nobody of on-call has taken over; it stays with Ana
  14:50  QA: Ben reminded in the thread

Tue 2026-03-03
  09:00  QA: Ben reminded privately
         QA: the channel told, and Ana, that it waits for Ben

Stalled: after 1 day it is not completed.\
""")
