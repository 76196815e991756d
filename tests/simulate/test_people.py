"""The people of a simulation are read as strictly as a runbook, and know when they are at work."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.release.ids import UserId
from bot.release.people.directory import Away
from bot.runbook.roles.role import Standing
from bot.simulate.people import Person
from tests.simulate.given import PEOPLE, Files, book, people

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    """Return a local time of Berlin in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def berlin(at: datetime) -> str:
    return f"{at.astimezone(BERLIN):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("starter: U0ANA\n", "", "1:1: starter: is missing"),
        (
            "starter: U0ANA",
            "starter: U0EVE",
            '1:10: starter: expected one of the people (U0ANA, U0BEN, U0DAN), found "U0EVE"',
        ),
        (
            "starter: U0ANA",
            "starter: Ana",
            '1:10: starter: expected a user id such as "U02ABCDEF", found "Ana"',
        ),
        (
            "starter: U0ANA",
            "starter: U0ANA\nstrater: U0BEN",
            '2:1: strater: expected one of the keys starter, manifest, people; found "strater"; did you mean "starter"?',
        ),
        ("U0BEN:", "Ben:", '4:3: people.Ben: expected a user id such as "U02ABCDEF", found "Ben"'),
        ("U0BEN:", "U0ANA:", "4:3: people.U0ANA: the key is given a second time; the first is on line 3"),
        ("name: Ben, ", "", "4:3: people.U0BEN.name: is missing"),
        ("name: Ben", 'name: " "', "4:17: people.U0BEN.name: expected text, found nothing"),
        (
            "name: Ben, timezone: Europe/Berlin",
            "name: Ben, timezone: Europe/Berln",
            '4:32: people.U0BEN.timezone: expected a time zone such as "Europe/Berlin", found "Europe/Berln";'
            ' did you mean "Europe/Berlin"?',
        ),
        (
            "groups: [qa]",
            "group: qa",
            "4:47: people.U0BEN.group: expected one of the keys name, timezone, groups, standing, hours, answers,"
            ' rejects, abstains, holds, fails, away; found "group"; did you mean "groups"?',
        ),
        ("groups: [qa]", "groups: qa", '4:55: people.U0BEN.groups: expected a list, found "qa"'),
        (
            "groups: [qa]",
            "groups: ['@qa']",
            '4:56: people.U0BEN.groups.0: expected a user group\'s handle without @, or its id, found "@qa"',
        ),
        (
            "groups: [qa]",
            "groups: [qa, QA]",
            '4:60: people.U0BEN.groups.1: expected each only once, found "QA" again',
        ),
        (
            "groups: [qa]",
            "standing: gest",
            '4:57: people.U0BEN.standing: expected "member", "guest", "stranger", "bot" or "deactivated",'
            ' found "gest"; did you mean "guest"?',
        ),
        ("groups: [qa]", "hours: 9-5", '4:54: people.U0BEN.hours: expected a mapping, found "9-5"'),
        (
            "groups: [qa]",
            "hours: {begins: 9}",
            '4:63: people.U0BEN.hours.begins: expected a time such as "09:00", found "9"',
        ),
        (
            "groups: [qa]",
            "hours: {days: []}",
            "4:55: people.U0BEN.hours.days: expected at least one, found none",
        ),
        (
            "groups: [qa]",
            "hours: {days: [monday]}",
            '4:62: people.U0BEN.hours.days.0: expected "mon", "tue", "wed", "thu", "fri", "sat" or "sun",'
            ' found "monday"; did you mean "mon"?',
        ),
        (
            "groups: [qa], answers: {median: 10m",
            "answers: {median: soon",
            '4:65: people.U0BEN.answers.median: expected a duration such as "30m", "4h" or "1d", found "soon"',
        ),
        (
            "groups: [qa], answers: {median: 10m",
            "answers: {median: 1h",
            "4:74: people.U0BEN.answers.p90: expected at least the median, 1h; found 12m",
        ),
        (
            "groups: [qa]",
            "rejects: 0.05",
            '4:56: people.U0BEN.rejects: expected a chance from "0%" to "100%", found "0.05"',
        ),
        (
            "groups: [qa]",
            "fails: 101%",
            '4:54: people.U0BEN.fails: expected a chance from "0%" to "100%", found "101%"',
        ),
        (
            "groups: [qa]",
            "rejects: 50%, abstains: 50%, holds: 1%",
            "4:3: people.U0BEN: expected rejects, abstains and holds to be at most 100% together, found 101%",
        ),
        (
            "groups: [qa]",
            "away: {starting: 2026-03-02}",
            "4:47: people.U0BEN.away.until: is missing",
        ),
        (
            "groups: [qa]",
            "away: {starting: 2026-02-30, until: 2026-03-04}",
            '4:64: people.U0BEN.away.starting: expected a date such as "2026-01-05", found "2026-02-30"',
        ),
        (
            "groups: [qa]",
            "away: {starting: 2026-03-02, until: 2026-03-02}",
            "4:83: people.U0BEN.away.until: expected one of the 90 days after 2026-03-02, found 2026-03-02",
        ),
        (
            "groups: [qa]",
            "away: {starting: 2026-03-02, until: 2026-06-01}",
            "4:83: people.U0BEN.away.until: expected one of the 90 days after 2026-03-02, found 2026-06-01",
        ),
        (
            "groups: [qa]",
            "away: {starting: 2026-03-02, until: 2026-03-04, deputy: U0EVE}",
            '4:103: people.U0BEN.away.deputy: expected one of the people (U0ANA, U0BEN, U0DAN), found "U0EVE"',
        ),
        (
            "people:\n",
            "manifest: {risk: big}\npeople:\n",
            '2:18: manifest.risk: expected "low", "medium" or "high", found "big"',
        ),
        (
            "people:\n",
            "manifest: {author: [U0BEN]}\npeople:\n",
            '2:12: manifest.author: expected one of the keys authors, reviewers, labels, paths, risk; found "author"; did you mean "authors"?',
        ),
        (PEOPLE[15:], "people: [U0ANA]", "2:1: people: expected a mapping, found a list"),
        (PEOPLE[15:], "people: {U0ANA: Ana}", '2:17: people.U0ANA: expected a mapping, found "Ana"'),
        (PEOPLE, "", "1:1: the file is empty"),
        (PEOPLE, "people", '1:1: expected a mapping, found "people"'),
        ("starter: U0ANA", "starter:", "1:9: starter: has no value; write one or leave the key out"),
    ],
)
def test_a_people_file_is_refused(files: Files, before: str, after: str, says: str) -> None:
    assert before in PEOPLE
    files.people.write_text(PEOPLE.replace(before, after, 1))
    assert files.simulate() == (1, f"people.yaml:{says}\n")


def test_each_problem_is_a_line(files: Files) -> None:
    files.people.write_text(PEOPLE.replace("groups: [qa]", "rejects: often").replace("name: Dan, ", ""))
    assert files.simulate()[1].splitlines() == [
        'people.yaml:4:56: people.U0BEN.rejects: expected a chance from "0%" to "100%", found "often"',
        "people.yaml:5:3: people.U0DAN.name: is missing",
    ]


def test_everybody_whom_the_runbook_names_must_be_there(files: Files) -> None:
    files.change("{group: qa}", "{users: [U0BEN, U0EVE]}")
    files.change("{group: robot}", "{first_of: [U0EVE, U0DAN]}")
    assert files.simulate() == (
        1,
        'people.yaml:2:1: people: is without "U0EVE", whom the runbook has in the role qa\n'
        'people.yaml:2:1: people: is without "U0EVE", whom the runbook has in the role robot\n',
    )


def test_a_file_that_is_not_there_is_a_problem(files: Files) -> None:
    files.people.unlink()
    assert files.simulate() == (1, "people.yaml:1:1: cannot be read: No such file or directory\n")


def test_a_problem_of_the_runbook_is_told_as_lint_tells_it(files: Files) -> None:
    files.book.write_text("title: T\n")
    assert files.simulate()[1].splitlines()[0] == "book.yaml:1:1: roles: is missing"


def test_a_kind_that_the_runbook_has_not_is_a_problem(files: Files) -> None:
    assert files.simulate("--kind", "hotfix") == (
        1,
        'the runbook has no kind "hotfix", only normal\n',
    )


def test_the_directory_is_what_rollcall_would_read() -> None:
    away = {"starting": "2026-03-03", "until": "2026-03-05", "deputy": "U0ANA"}
    team = people(BEN={"away": away}, DAN={"standing": "guest"})
    before, during = (team.directory(book(), utc(day)) for day in ("2026-03-02T23:59", "2026-03-03T00:00"))
    assert before.people[UserId("U0DAN")] is Standing.GUEST
    assert before.groups == {"qa": (UserId("U0BEN"),), "on-call": (UserId("U0DAN"),), "robot": ()}
    assert before.away == {}
    assert during.away == {UserId("U0BEN"): Away(deputy=UserId("U0ANA"), until=utc("2026-03-05T00:00"))}


def test_of_somebody_away_without_a_deputy_rollcall_knows_nothing() -> None:
    team = people(BEN={"away": {"starting": "2026-03-03", "until": "2026-03-05"}})
    assert team.directory(book(), utc("2026-03-04T12:00")).away == {}


def person(**keys: object) -> Person:
    return Person.model_validate({"name": "Ben", "timezone": "Europe/Berlin", **keys})


@pytest.mark.parametrize(
    ("keys", "at", "begins", "ends"),
    [
        ({}, "2026-03-06T08:59", "Fri 2026-03-06 09:00", "Fri 2026-03-06 18:00"),
        ({}, "2026-03-06T17:59", "Fri 2026-03-06 17:59", "Fri 2026-03-06 18:00"),
        ({}, "2026-03-06T18:00", "Mon 2026-03-09 09:00", "Mon 2026-03-09 18:00"),
        (
            {"hours": {"begins": "22:00", "ends": "06:00", "days": ["fri"]}},
            "2026-03-07T05:00",
            "Sat 2026-03-07 05:00",
            "Sat 2026-03-07 06:00",
        ),
        (
            {"hours": {"begins": "07:00", "ends": "07:00", "days": ["sun"]}},
            "2026-03-06T12:00",
            "Sun 2026-03-08 07:00",
            "Mon 2026-03-09 07:00",
        ),
        (
            {"away": {"starting": "2026-03-09", "until": "2026-03-11"}},
            "2026-03-06T18:00",
            "Wed 2026-03-11 09:00",
            "Wed 2026-03-11 18:00",
        ),
        # On that Sunday the clock goes from two to three, so this work is over before it begins.
        (
            {"hours": {"begins": "02:30", "ends": "03:00", "days": ["sun"]}},
            "2026-03-28T12:00",
            "Sun 2026-04-05 02:30",
            "Sun 2026-04-05 03:00",
        ),
    ],
)
def test_a_shift_goes_on_or_is_the_next(keys: dict[str, object], at: str, begins: str, ends: str) -> None:
    assert [*map(berlin, person(**keys).shift(utc(at)))] == [begins, ends]


def test_work_that_is_not_done_by_the_evening_goes_on_when_work_begins_again() -> None:
    assert berlin(person().after(timedelta(hours=10), utc("2026-03-06T17:30"))) == "Tue 2026-03-10 09:30"
    assert berlin(person().after(timedelta(hours=9), utc("2026-03-06T09:00"))) == "Fri 2026-03-06 18:00"


@settings(deadline=None, max_examples=100)
@given(
    begins=st.integers(0, 23),
    ends=st.integers(0, 23),
    days=st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1),
    work=st.integers(1, 600),
    start=st.integers(0, 14 * 24 * 60),
)
def test_work_takes_its_time_in_working_hours(
    begins: int, ends: int, days: set[str], work: int, start: int
) -> None:
    hours = {"begins": f"{begins:02}:00", "ends": f"{ends:02}:00", "days": sorted(days)}
    at = utc("2026-03-02T00:00") + start * MINUTE

    def works(moment: datetime) -> bool:
        local = moment.astimezone(BERLIN)
        today, yesterday = (f"{local - timedelta(days=back):%a}".lower() for back in (0, 1))
        if begins < ends:
            return today in days and begins <= local.hour < ends
        return (today in days and local.hour >= begins) or (yesterday in days and local.hour < ends)

    left, now = work, at
    while left:
        left -= works(now)
        now += MINUTE
    # The clocks do not change in these weeks, so local days are whole.
    assert person(hours=hours).after(work * MINUTE, at) == now
