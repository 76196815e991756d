"""The people of a simulation, read strictly from a file: when each is at work, and how each answers."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ValidationError, model_validator

from bot.release import ids
from bot.release.manifest import Manifest
from bot.release.people.directory import Away, Directory
from bot.release.people.hours import Hours as KnownHours
from bot.runbook.files.explain import explain
from bot.runbook.files.strict_yaml import SIZE_LIMIT, parse, plain
from bot.runbook.gates.conditions import Names, Paths, Risk
from bot.runbook.model import Runbook
from bot.runbook.parts import Few, Loc, Part, distinct, fault, fault_at, invalid
from bot.runbook.problems import Problem, RunbookError, found
from bot.runbook.roles.role import Standing
from bot.runbook.values import (
    DAY,
    LONGEST_WAIT,
    Day,
    Duration,
    Group,
    Name,
    TimeOfDay,
    Timezone,
    UserId,
    choice,
    duration,
    number_schema,
)

Span = tuple[datetime, datetime]
"""When something begins and ends, in UTC."""


class Weekday(StrEnum):
    """A day of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEK = tuple(Weekday)


def _percent(value: object) -> object:
    if isinstance(value, str) and re.fullmatch("([0-9]{1,2}|100)%", value):
        return int(value[:-1])
    if isinstance(value, int) and 0 <= value <= 100:
        return value
    raise fault(f'expected a chance from "0%" to "100%", found {found(value)}')


Chance = Annotated[int, BeforeValidator(_percent), number_schema(0, 100)]
Days = Annotated[tuple[Annotated[Weekday, choice(Weekday)], ...], Few(1, 7), distinct()]
Several = Annotated[tuple[UserId, ...], Few(0, 100), distinct()]


class Hours(Part):
    """The hours at which somebody works; those that end when they begin last a day."""

    begins: TimeOfDay = time(9)
    """The time of day at which work begins, such as `"09:00"`, in quotes."""
    ends: TimeOfDay = time(18)
    """The time of day at which it ends; on the next day, where that is not after its beginning."""
    days: Days = WEEK[:5]
    """The days of the week on which it begins: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`."""


class Answers(Part):
    """How long an answer takes somebody who is at work; what lies between follows a lognormal curve."""

    median: Duration = timedelta(minutes=15)
    """Half of the answers come sooner than this, from `1m` to `90d`."""
    p90: Duration = timedelta(hours=2)
    """Nine in ten come sooner than this."""

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.p90 < self.median:
            least = f"expected at least the median, {duration(self.median)}"
            raise invalid(fault_at(("p90",), f"{least}; found {duration(self.p90)}"))
        return self


class Absence(Part):
    """Whole days on which somebody is not there."""

    starting: Day
    """The first day of it, such as `2026-03-02`."""
    until: Day
    """The day on which they are back; at most 90 days later."""
    deputy: UserId | None = None
    """Who answers in their stead; without one, Rollcall goes on asking whoever is away."""

    @model_validator(mode="after")
    def _passes(self) -> Self:
        if not self.starting < self.until <= self.starting + LONGEST_WAIT:
            days = f"expected one of the 90 days after {self.starting}"
            raise invalid(fault_at(("until",), f"{days}, found {self.until}"))
        return self


class Person(Part):
    """Somebody, and how they answer."""

    name: Name
    """What the timeline calls them."""
    timezone: Timezone
    """The time zone of their hours, such as `Europe/Berlin`."""
    groups: Annotated[tuple[Group, ...], Few(0, 50), distinct()] = ()
    """The Slack user groups that they are in, as the runbook names them."""
    standing: Annotated[Standing, choice(Standing)] = Standing.MEMBER
    """What they are to the workspace: `member`, `guest`, `stranger`, `bot` or `deactivated`."""
    hours: Hours = Hours()
    """When they work."""
    answers: Answers = Answers()
    """How long they take for an answer, or a step, in their working time."""
    rejects: Chance = 0
    """How often they say no, such as `5%`: to a gate, or that a check has failed."""
    abstains: Chance = 0
    """How often they abstain, so that somebody else must be asked."""
    holds: Chance = 0
    """How often they place a hold before they answer."""
    fails: Chance = 0
    """How often a step fails in their hands."""
    away: Absence | None = None
    """When they are not there."""

    @model_validator(mode="after")
    def _is_one_chance(self) -> Self:
        if (whole := self.rejects + self.abstains + self.holds) > 100:
            raise fault(f"expected rejects, abstains and holds to be at most 100% together, found {whole}%")
        return self

    @property
    def known_hours(self) -> KnownHours:
        """Their hours, as Rollcall knows them."""
        days = tuple(WEEK.index(day) for day in self.hours.days)
        return KnownHours(zone=self.timezone, begins=self.hours.begins, ends=self.hours.ends, days=days)

    def shift(self, at: datetime) -> Span:
        """Return from when, and until when, they work without a break: at a moment, or else next after it."""
        zone, hours = ZoneInfo(self.timezone), self.hours
        yesterday = at.astimezone(zone).date() - DAY
        for day in (yesterday + days * DAY for days in count()):
            begins = max(at, moment(day, hours.begins, zone))
            ends = moment(day + (DAY if hours.ends <= hours.begins else timedelta()), hours.ends, zone)
            if begins < ends and WEEK[day.weekday()] in hours.days and not self._away_on(day):
                return begins, ends
        raise AssertionError("Days do not run out.")

    def after(self, work: timedelta, at: datetime) -> datetime:
        """Return the moment by which they have worked for so long."""
        begins, ends = self.shift(at)
        while begins + work > ends:
            work -= ends - begins
            begins, ends = self.shift(ends)
        return begins + work

    @property
    def absent(self) -> Span | None:
        """From when, and until when, they are away."""
        if self.away is None:
            return None
        zone = ZoneInfo(self.timezone)
        return moment(self.away.starting, time(), zone), moment(self.away.until, time(), zone)

    def _away_on(self, day: date) -> bool:
        return self.away is not None and self.away.starting <= day < self.away.until


class Changes(Part):
    """What goes out, as far as a runbook may ask for it."""

    authors: Several = ()
    """Who wrote it, by their Slack user ids."""
    reviewers: Several = ()
    """Who reviewed it, by their Slack user ids."""
    labels: Names = ()
    """The labels of its changes."""
    paths: Paths = ()
    """The paths that it touches."""
    risk: Annotated[Risk, choice(Risk)] = Risk.LOW
    """How much can go wrong: `low`, `medium` or `high`."""


class People(Part):
    """Everybody in a simulation, who starts the release, and what is in it."""

    starter: UserId
    """The Slack user id of whoever starts the release, and leads it."""
    manifest: Changes = Changes()
    """What goes out."""
    people: Mapping[UserId, Person]
    """The people, by their Slack user ids."""

    @model_validator(mode="after")
    def _is_about_its_own_people(self) -> Self:
        named: list[tuple[Loc, str]] = [(("starter",), self.starter)]
        for person, one in self.people.items():
            if one.away is not None and one.away.deputy is not None:
                named.append((("people", person, "away", "deputy"), one.away.deputy))
        known = f"expected one of the people ({', '.join(self.people) or 'there is none'})"
        strangers = [
            fault_at(loc, f"{known}, found {found(who)}") for loc, who in named if who not in self.people
        ]
        if strangers:
            raise invalid(*strangers)
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of whoever starts the release."""
        return ZoneInfo(self.people[self.starter].timezone)

    def name(self, person: str) -> str:
        """Return what somebody is called; of a stranger, the id."""
        return self.people[person].name if person in self.people else person

    def directory(self, runbook: Runbook, now: datetime) -> Directory:
        """Return the workspace as Rollcall would read it; a group in which nobody is counts as empty."""
        groups: dict[str, tuple[ids.UserId, ...]] = dict.fromkeys(_groups(runbook, self.manifest), ())
        away: dict[ids.UserId, Away] = {}
        for id_, one in self.people.items():
            person = ids.UserId(id_)
            for group in one.groups:
                groups[group] = (*groups.get(group, ()), person)
            if one.away and one.away.deputy and one.absent and one.absent[0] <= now:
                away[person] = Away(deputy=ids.UserId(one.away.deputy), until=one.absent[1])
        return Directory(
            people={ids.UserId(id_): one.standing for id_, one in self.people.items()},
            groups=groups,
            away=away,
            hours={ids.UserId(id_): one.known_hours for id_, one in self.people.items()},
        )

    @property
    def changes(self) -> Manifest:
        """What goes out, as the core has it."""
        it = self.manifest
        return Manifest(
            authors=tuple(sorted(map(ids.UserId, it.authors))),
            reviewers=tuple(sorted(map(ids.UserId, it.reviewers))),
            labels=tuple(sorted(it.labels)),
            paths=tuple(sorted(it.paths)),
            risk=it.risk,
        )


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return a local time in UTC."""
    return datetime.combine(day, at, zone).astimezone(ZoneInfo("UTC"))


def read_people(path: Path, runbook: Runbook) -> People:
    """Read the people of a simulation of a runbook.

    Raises RunbookError with all problems of the file; it names everybody whom the runbook names.
    """
    file = path.as_posix()
    try:
        with path.open("rb") as opened:
            content = opened.read(SIZE_LIMIT + 1)
    except OSError as trouble:
        raise RunbookError(
            [Problem(file=file, line=1, column=1, message=f"cannot be read: {trouble.strerror}")]
        ) from None
    tree = parse(content, file)
    try:
        people = People.model_validate(plain(tree))
    except ValidationError as trouble:
        raise RunbookError(explain(trouble, tree, People)) from None
    if missing := [*_missing(people, runbook)]:
        key = next(key for key, _ in tree.pairs if key.value == "people")
        raise RunbookError(key.mark.problem("people", f"is without {one}") for one in missing)
    return people


def _groups(runbook: Runbook, manifest: Changes) -> Iterable[str]:
    """Return the groups that the runbook names: of roles, and as owners of the paths."""
    for role in runbook.roles:
        if role.group is not None:
            yield role.group
        owners = {token for those in role.owners_of(manifest.paths).values() for token in those}
        yield from sorted(owners)


def _missing(people: People, runbook: Runbook) -> Iterable[str]:
    for role in runbook.roles:
        for person in dict.fromkeys(role.named):
            if person not in people.people:
                yield f"{found(person)}, whom the runbook has in the role {role.name}"
