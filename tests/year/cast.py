"""Forty people in nine time zones, and the five services that they release: who they are follows from a seed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from bot.release.ids import UserId
from bot.simulate.people import Absence, Answers, Changes, People, Person

BEGINS: Final = datetime(2027, 1, 4, tzinfo=UTC)
"""A Monday. In the year from it, clocks change on both sides of the Atlantic, and in Sydney the other way."""
ZONES: Final = (
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Sydney",
)
SERVICES: Final = ("checkout", "payments", "search", "mobile", "accounts")
TEAM: Final = 3
HOLIDAYS: Final = tuple(
    map(
        date.fromisoformat,
        # Some are the first working day after a change of clocks.
        [
            "2027-03-15",
            "2027-03-26",
            "2027-03-29",
            "2027-05-06",
            "2027-08-11",
            "2027-11-01",
            "2027-11-08",
            "2027-12-24",
        ],
    )
)
MORE_HOLIDAYS: Final = {"payments": (date(2027, 6, 24), date(2027, 9, 15))}
"""Days on which only the people of one service are left in peace."""

HABITS: Final = {
    "prompt": Answers(median=timedelta(minutes=15), p90=timedelta(hours=2)),
    "usual": Answers(median=timedelta(hours=1), p90=timedelta(hours=8)),
    "slow": Answers(median=timedelta(hours=6), p90=timedelta(days=3)),
    "never": Answers(median=timedelta(days=90), p90=timedelta(days=90)),
}
NEVER: Final = frozenset({"U0Y02", "U0Y14", "U0Y31"})
"""Of one team's QA, of another's on-call, and of security: they do not answer at all."""
MANY_GATES: Final = {
    name: timedelta(minutes=30 + 70 * number)
    for number, name in enumerate(("QA", "Help pages", "Prices", "Metrics", "Support", "Old phones"))
}
"""The gates at which QA of search are asked one after the other, so that a day would have too many digests:
from when on they are reminded."""
ASKED_MUCH: Final = "search-qa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody: how they answer, how often they put a reminder off, and whether Rollcall knows a deputy.

    Who is away without one says so by a status in Slack.
    """

    id: UserId
    person: Person
    snoozes: float

    @property
    def name(self) -> str:
        """What the practice Slack calls them."""
        return self.id.removeprefix("U0").lower()

    @property
    def deputy(self) -> UserId | None:
        """Who stands in for them while they are away."""
        away = self.person.away
        return UserId(away.deputy) if away and away.deputy else None


Cast = Mapping[UserId, Member]


def cast(seed: int) -> Cast:
    """Return the people: three of QA and three on call for each service, four of security, six captains."""
    luck, groups = Random(f"cast/{seed}"), [*_groups()]
    ids = [UserId(f"U0Y{number:02}") for number in range(len(groups))]
    away = _away(luck, ids)
    return {id_: _member(luck, id_, number, groups[number], away.get(id_)) for number, id_ in enumerate(ids)}


def members_of(people: Cast, group: str) -> tuple[UserId, ...]:
    """Return who is in a user group."""
    return tuple(one.id for one in people.values() if group in one.person.groups)


def groups_of(people: Cast) -> Iterator[str]:
    """Return each user group once."""
    yield from dict.fromkeys(group for one in people.values() for group in one.person.groups)


def as_people(people: Cast, starter: UserId) -> People:
    """Return the people as a simulation knows them."""
    known = {str(one.id): one.person for one in people.values()}
    return People(starter=starter, manifest=Changes(), people=known)


def holidays_of(service: str) -> frozenset[date]:
    """Return the days on which nobody is reminded of a release of a service."""
    return frozenset((*HOLIDAYS, *MORE_HOLIDAYS.get(service, ())))


def _groups() -> Iterator[str]:
    for service in SERVICES:
        yield from [f"{service}-qa"] * TEAM
        yield from [f"{service}-on-call"] * TEAM
    yield from ["security"] * 4
    yield from ["captains"] * 6


def _away(luck: Random, ids: list[UserId]) -> dict[UserId, Absence]:
    """Return who is away when: twelve with a deputy, some of another team, and five with none."""
    absences = {}
    for number, id_ in enumerate(luck.sample(ids[:34], 17)):
        starting = (BEGINS + timedelta(days=luck.randrange(10, 340))).date()
        until = starting + timedelta(days=luck.randrange(3, 15))
        deputy = None if number < 5 else luck.choice([one for one in ids if one not in (id_, *NEVER)])
        absences[id_] = Absence(starting=starting, until=until, deputy=deputy)
    return absences


def _member(luck: Random, id_: UserId, number: int, group: str, away: Absence | None) -> Member:
    drawn = luck.choices(("prompt", "usual", "slow"), (2, 5, 3))[0]
    habit = "never" if id_ in NEVER else "slow" if group == ASKED_MUCH else drawn
    person = Person(
        name=id_,
        timezone=ZONES[number % len(ZONES)],
        groups=(group,),
        answers=HABITS[habit],
        rejects=3,
        abstains=1,
        holds=2,
        fails=2,
        away=away,
    )
    return Member(id=id_, person=person, snoozes=luck.choice((0.0, 0.0, 0.0, 0.4)))


def write_runbooks(folder: Path) -> Path:
    """Write the runbook that the others extend, and one for each service."""
    folder.mkdir()
    (folder / "standard.yaml").write_text(_STANDARD.format(holidays=_days(HOLIDAYS)), encoding="utf-8")
    for service in SERVICES:
        (folder / f"{service}.yaml").write_text(_runbook(service), encoding="utf-8")
    return folder


def _runbook(service: str) -> str:
    head = f"extends: standard\nservice: {service}\ntitle: {service.title()}\n"
    roles = f"roles:\n  qa: {{group: {service}-qa}}\n  on-call: {{group: {service}-on-call}}\n"
    more = MORE_HOLIDAYS.get(service)
    return head + roles + (f"holidays: {_days((*HOLIDAYS, *more))}\n" if more else "") + _OWN.get(service, "")


def _many_gates() -> str:
    gates = "".join(
        f"      - {{name: {name}, approvals: {{qa: 1}}, remind: {{after: {after.seconds // 60}m}}}}\n"
        for name, after in MANY_GATES.items()
    )
    return f"""\
stages:
  - name: staging
    owner: captain
    gates:
{gates}    steps:
      - do: Deploy to staging
  - name: production
    owner: on-call
    production: true
    gates:
      - name: Go or no-go
        approvals: {{qa: 1, security: 1}}
        remind: {{after: 30m, every: 2h, limit: 6}}
    steps:
      - do: Deploy to production
"""


def _days(days: tuple[date, ...]) -> str:
    return f"[{', '.join(map(str, sorted(days)))}]"


_STANDARD: Final = """\
title: Standard release
roles:
  captain: {{starter: true}}
  qa: {{group: checkout-qa}}
  security: {{group: security}}
  on-call: {{group: checkout-on-call}}
stages:
  - name: staging
    owner: captain
    gates:
      - name: QA
        approvals: {{qa: 1}}
    steps:
      - do: Deploy to staging
      - do: Run the smoke tests
  - name: production
    owner: on-call
    production: true
    begin: captain
    gates:
      - name: Go or no-go
        approvals: {{qa: 1, security: 1}}
        remind: {{after: 30m, every: 2h, limit: 6}}
    steps:
      - do: Deploy to production
      - do: Watch the dashboards
reminders: {{after: 1h, every: 4h, limit: 5, backup: on-call}}
handoffs:
  at: ["09:00"]
  timezone: Europe/Berlin
holidays: {holidays}
"""
_OWN: Final = {
    "payments": """\
stages:
  - name: staging
    owner: captain
    gates:
      - name: QA
        approvals: {qa: 2}
      - name: Security review
        approvals: {security: 1}
    steps:
      - do: Deploy to staging
  - name: production
    owner: on-call
    production: true
    begin: captain
    gates:
      - name: Go
        approvals: {on-call: 1, security: 1}
        remind: {after: 30m, every: 1h, limit: 8}
    steps:
      - do: Deploy to production
      - do: Settle a test payment
""",
    "mobile": "reminders: {after: 45m, every: 2h, limit: 4}\n",
    "search": _many_gates(),
}
