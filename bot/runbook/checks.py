"""Checks: what is tried and passes or fails; a person of a role reports it, or Rollcall reads it itself."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema, model_validator

from bot.runbook.parts import Few, Loc, Part, distinct, fault, fault_at, invalid, missing
from bot.runbook.problems import did_you_mean, found, nearest
from bot.runbook.roles.role import RoleName
from bot.runbook.runs import FIELDS, Word
from bot.runbook.values import (
    Duration,
    Name,
    between,
    duration,
    line,
    number_schema,
    shape_schema,
    shaped,
    text_schema,
    whole_number,
    with_host,
    without_user,
)

HOST: Final = r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
URL: Final = HOST + r"(?:[/?][^\s<>|#\\]*)?"
SERVER: Final = HOST + r"(?:/[A-Za-z0-9._~/-]*)?"
NUMBER: Final = r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE]-?[0-9]{1,2})?"
TICKET: Final = r"[A-Za-z][A-Za-z0-9_]{0,60}-[0-9]{1,15}"
"""The key of a ticket at Jira."""
ALL: Final = "all"
"""Every ticket of the release."""
QUERY_LIMIT: Final = 1_000
NAMES_LIMIT: Final = 20
READABLE: Final = ("ci", "url", "prometheus", "ticket", "drill")
"""What can be read, of which a check reads one."""
LIMITS: Final = ("below", "above", "at_most", "at_least")
BESIDE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("expect", "contains"), "url"),
    **dict.fromkeys(("server", *LIMITS), "prometheus"),
    "states": "ticket",
}
"""What is said of what is read, and goes with nothing else."""
READINGS: Final = 10
"""So many readings may be missed before a result counts no more, where the runbook does not say how long."""
GAP: Final = 3
"""A soak goes on over so many times `every` without a reading, and no longer."""
# A string of PromQL in backquotes knows no escapes, so nothing can be put into it.
_STRING: Final = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
_FIELD: Final = re.compile(r"\{([A-Za-z_]+)\}")
"""A field in PromQL, where a selector stands in braces, too, but is never a bare word."""


def filled_query(query: str, values: Mapping[str, str]) -> str:
    """Return a query of PromQL with its fields filled, each escaped for the string in which it stands.

    Raises KeyError for a field without a value.
    """
    return _STRING.sub(lambda text: _FIELD.sub(_escaped(values, text[0][0]), text[0]), query)


def _escaped(values: Mapping[str, str], quote: str) -> Callable[[re.Match[str]], str]:
    return lambda field: values[field[1]].replace("\\", "\\\\").replace(quote, f"\\{quote}")


def query_fields(query: str) -> tuple[str, ...]:
    """Return the names of the fields of a query, in order."""
    return tuple(_FIELD.findall(query))


def _query(text: str) -> str:
    for name in query_fields(text):
        if name not in FIELDS:
            meant = did_you_mean(nearest(name, FIELDS))
            raise fault(f"expected a field such as {{version}}, found {found(name)}{meant}")
    if loose := query_fields(_STRING.sub("", text)):
        raise fault(f'a field stands in quotes, such as {{version="{{version}}"}}; {{{loose[0]}}} does not')
    return text


def _all_or_names(value: object) -> object:
    """Read `true` as no names, which are all that there are."""
    if value in (True, "true"):
        return ()
    if not isinstance(value, list | tuple):
        raise fault(f'expected "true" or a list of names, found {found(value)}')
    return value


def _ticket(text: str) -> str:
    if text != ALL and "{" not in text and re.fullmatch(TICKET, text) is None:
        raise fault(f'expected "{ALL}" or the key of a ticket such as "SHOP-123", found {found(text)}')
    return text


Ci = Annotated[
    tuple[Annotated[str, line(100), text_schema(100)], ...],
    BeforeValidator(_all_or_names),
    Few(0, NAMES_LIMIT),
    distinct(),
]
Url = Annotated[
    Word,
    without_user,
    shaped(URL, "an address such as https://shop.example.com/health, with fields only after its host"),
    with_host,
    shape_schema(URL),
]
Server = Annotated[
    str,
    line(200),
    without_user,
    shaped(SERVER, "an address such as https://prometheus.example.com"),
    with_host,
    shape_schema(SERVER),
]
Query = Annotated[str, line(QUERY_LIMIT), AfterValidator(_query), text_schema(QUERY_LIMIT)]
Ticket = Annotated[Word, AfterValidator(_ticket), shape_schema(rf"{ALL}|{TICKET}|.*\{{.*")]
States = Annotated[tuple[Annotated[str, line(100), text_schema(100)], ...], Few(0, NAMES_LIMIT), distinct()]
Number = Annotated[
    # The ledger holds no number that can be written in several ways, so it stays as it was written.
    str,
    shaped(NUMBER, 'a number such as "0.05"'),
    WithJsonSchema({"type": ["number", "string"]}),
]


class Read(Part):
    """Where Rollcall reads a check itself: `ci`, `url`, `prometheus`, `ticket` or `drill`."""

    ci: Ci | None = None
    """`true`: all statuses and check runs that GitHub has of the commit of the release, in the `repository`
    of the runbook, or all jobs and statuses that GitLab has of it. A list of names: these, and each must be
    there; at most 20."""
    url: Url | None = None
    """An address that is asked by GET, such as `https://shop.example.com/health?v={version}`; it begins with
    `https://` or `http://`."""
    ticket: Ticket | None = None
    """`all`: every ticket of the release, at most 20. Or the key of one at Jira, such as `SHOP-123` or
    `REL-{version}`."""
    states: States = ()
    """The states in which a ticket passes, whether in capital or small letters; at most 20. Required with
    `ticket`."""
    drill: Duration | None = None
    """How long ago the last drill of the service may have ended well, such as `30d`. It passes while there is
    no version to go back to yet, and goes with `drill` under `rollback`."""
    expect: Annotated[int, whole_number, between(100, 599), number_schema(100, 599)] | None = None
    """The HTTP status with which `url` answers when it passes; without it, any from 200 to 299."""
    contains: Word | None = None
    """What is in the answer of `url` when it passes, besides."""
    prometheus: Query | None = None
    """An instant query of PromQL that gives one number. A field stands in quotes, such as
    `rate(errors{version="{version}"}[5m])`."""
    server: Server | None = None
    """The address of the Prometheus server; required with `prometheus`."""
    below: Number | None = None
    """It passes when the number is less than this."""
    above: Number | None = None
    """It passes when the number is more than this."""
    at_most: Number | None = None
    """It passes when the number is this or less."""
    at_least: Number | None = None
    """It passes when the number is this or more."""

    @model_validator(mode="after")
    def _reads_one_thing(self) -> Self:
        given = [key for key in READABLE if getattr(self, key) is not None]
        if len(given) != 1:
            number = " and ".join(given) or "none"
            raise fault(
                f"expected exactly one of {', '.join(READABLE[:-1])} and {READABLE[-1]}, found {number}"
            )
        if astray := [key for key in BESIDE if _says(self, key) and BESIDE[key] != given[0]]:
            raise invalid(
                *(fault_at((key,), f"goes with {BESIDE[key]}, and not with {given[0]}") for key in astray)
            )
        if self.prometheus is not None:
            self._knows_its_limit()
        if self.ticket is not None and not self.states:
            raise invalid(missing(("states",)))
        return self

    def _knows_its_limit(self) -> None:
        if self.server is None:
            raise invalid(missing(("server",)))
        limits = [key for key in LIMITS if getattr(self, key) is not None]
        if len(limits) != 1:
            number = " and ".join(limits) or "none"
            raise fault(f"expected exactly one of {', '.join(LIMITS[:-1])} and {LIMITS[-1]}, found {number}")

    @property
    def what(self) -> str:
        """Which of `ci`, `url`, `prometheus`, `ticket` and `drill` it is."""
        return next(key for key in READABLE if getattr(self, key) is not None)

    @property
    def text(self) -> str:
        """How it is told in a line."""
        if self.url is not None:
            status = f", expecting {self.expect}" if self.expect else ""
            return f"{self.url}{status}" + (f", containing “{self.contains}”" if self.contains else "")
        if self.prometheus is not None:
            limit = next(key for key in LIMITS if getattr(self, key) is not None)
            return f"{self.prometheus} {limit.replace('_', ' ')} {getattr(self, limit)}, at {self.server}"
        if self.ticket is not None:
            which = "every ticket" if self.ticket == ALL else f"the ticket {self.ticket}"
            return f"{which} is {' or '.join(self.states)}"
        if self.drill is not None:
            return f"a drill in the last {duration(self.drill)}"
        return f"CI: {', '.join(self.ci or ()) or 'all of it'}"


def _says(read: Read, key: str) -> bool:
    return getattr(read, key) not in (None, ())


class Check(Part):
    """Something that passes or fails; Rollcall reads which, or a person of a role reports it."""

    name: Name
    by: RoleName | None = None
    """The role whose people report whether it passed; beside `read`, they do where it cannot be read."""
    each: bool = False
    """`true`: everybody in the role reports it, and it has passed once all of them say so. Without it, who
    reports last speaks for all."""
    read: Read | None = None
    """Where Rollcall reads it itself."""
    every: Duration = timedelta(minutes=1)
    """How often it is read while a gate that needs it is open, from `1m` to `90d`."""
    fresh: Duration | None = None
    """How long a result counts. That of a reading counts for ten times `every` where nothing else is said."""
    soak: Duration | None = None
    """How long it must have passed before it counts, such as `30m`, without a break and with no two readings
    further apart than three times `every`; only with `read`."""

    @model_validator(mode="after")
    def _is_reported_or_read(self) -> Self:
        if self.read is None and self.by is None:
            raise fault("expected by, read or both, found none")
        if faults := list(self._faults()):
            raise invalid(*(fault_at(loc, message) for loc, message in faults))
        return self

    def _faults(self) -> Iterator[tuple[Loc, str]]:
        if self.each and (self.read is not None or self.by is None):
            yield ("each",), "is for a check that only people report, and not for one that is read"
        if self.read is None:
            if self.soak is not None:
                yield ("soak",), "is for a check that is read, and not for one that people report"
            if "every" in self.model_fields_set and self.every != Check.model_fields["every"].default:
                yield ("every",), "is for a check that is read, and not for one that people report"
        elif self.fresh is not None and self.fresh < 2 * self.every:
            least = f"expected at least twice as long as every, which is {duration(self.every)}"
            yield ("fresh",), f"{least}; found {duration(self.fresh)}"

    @property
    def tells_of_production(self) -> bool:
        """Whether it says how what is in production does, so that its failure can be a reason to go back."""
        return self.read is None or self.read.what in ("url", "prometheus")

    @property
    def lasts(self) -> timedelta:
        """How long a result that was read counts."""
        return self.fresh or READINGS * self.every

    @property
    def soaks_on(self) -> timedelta:
        """How long a soak goes on after a reading, without another one."""
        return min(self.lasts, GAP * self.every)
