"""The typed runbook: roles, stages, gates, steps, reminders and handoffs.

A runbook is frozen, and the text that `model_dump_json` writes is read back by `model_validate_json` to
an equal runbook, so that a release can pin the content with which it started.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from bot.runbook.problems import did_you_mean, found, nearest, one_of

SERVICE_KEY = "[a-z][a-z0-9-]{0,39}"
# Controls, line breaks, what reorders text on the screen, and halves of characters.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(days=90)


class Begin(StrEnum):
    """Who lets a stage begin once its gates are met."""

    AUTOMATIC = "automatic"
    CAPTAIN = "captain"


def _fault(message: str) -> PydanticCustomError:
    # The message is passed as a value, because a template must be a literal.
    return PydanticCustomError("runbook", "{message}", {"message": message})


def _line(limit: int) -> AfterValidator:
    """Accept one line of text that can be seen, of at most `limit` characters."""

    def check(text: str) -> str:
        line = text.strip()
        if not any(c.isprintable() and not c.isspace() for c in line):
            raise _fault(f"expected text, found {found(line)}")
        if CONTROL.search(line):
            raise _fault(f"expected one line without control characters, found {found(line)}")
        if len(line) > limit:
            raise _fault(f"expected at most {limit} characters, found {len(line)}")
        return line

    return AfterValidator(check)


def _shaped(pattern: str, description: str) -> AfterValidator:
    """Accept text of one shape; the description says which."""
    shape = re.compile(pattern)

    def check(text: str) -> str:
        if shape.fullmatch(text) is None:
            raise _fault(f"expected {description}, found {found(text)}")
        return text

    return AfterValidator(check)


def _truth(value: object) -> object:
    match value:
        case bool():
            return value
        case "true" | "false":
            return value == "true"
        case _:
            raise _fault(f'expected "true" or "false", found {found(value)}')


def _whole_number(value: object) -> object:
    if isinstance(value, str) and re.fullmatch("-?[0-9]{1,9}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _fault(f"expected a whole number, found {found(value)}")


def _few(low: int, high: int) -> BeforeValidator:
    """Accept from `low` to `high` parts, before any is looked at: what fits into a message."""

    def check(parts: object) -> object:
        number = len(parts) if isinstance(parts, list | tuple) else low
        if number < low:
            raise _fault("expected at least one, found none")
        if number > high:
            raise _fault(f"expected at most {high}, found {number}")
        return parts

    return BeforeValidator(check)


def _distinct(key: str | None = None) -> AfterValidator:
    """Accept parts, or words, that differ in more than capital letters; `key` names the parts by."""

    def check(parts: tuple[object, ...]) -> tuple[object, ...]:
        words = [str(getattr(part, key) if key else part) for part in parts]
        folded = [word.casefold() for word in words]
        repeats = [index for index, word in enumerate(folded) if word in folded[:index]]
        if repeats:
            raise _invalid(*(_repeat((index, key) if key else (index,), words[index]) for index in repeats))
        return parts

    return AfterValidator(check)


def _repeat(loc: tuple[int | str, ...], word: str) -> InitErrorDetails:
    message = _fault(f"expected each only once, found {found(word)} again")
    return InitErrorDetails(type=message, loc=loc, input=word)


def _between(low: int, high: int) -> AfterValidator:
    def check(number: int) -> int:
        if not low <= number <= high:
            raise _fault(f"expected a number from {low} to {high}, found {number}")
        return number

    return AfterValidator(check)


def _wait(value: object) -> object:
    """Read `90s`, `30m`, `1h` or `2d`."""
    if isinstance(value, str) and (written := re.fullmatch("([0-9]{1,7})([smhd])", value)):
        value = timedelta(seconds=int(written[1]) * SECONDS[written[2]])
    if not isinstance(value, timedelta) or value % timedelta(seconds=1):
        raise _fault(f'expected a duration such as "30m", "4h" or "1d", found {found(value)}')
    if not SHORTEST_WAIT <= value <= LONGEST_WAIT:
        raise _fault(f'expected a duration from "1m" to "90d", found {found(duration(value))}')
    return value


def duration(value: timedelta) -> str:
    """Write a duration of whole seconds in its largest whole unit, such as `90s`, `30m` or `1d`."""
    seconds = value // timedelta(seconds=1)
    unit = next(unit for unit, length in SECONDS.items() if seconds % length == 0)
    return f"{seconds // SECONDS[unit]}{unit}"


def _time_of_day(value: object) -> object:
    if isinstance(value, str) and re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", value):
        return time.fromisoformat(value)
    if isinstance(value, time):
        return value
    raise _fault(f'expected a time such as "09:00", found {found(value)}')


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        meant = did_you_mean(nearest(name, available_timezones()))
        raise _fault(f'expected a time zone such as "Europe/Berlin", found {found(name)}{meant}') from None
    return name


def _choice(value: object) -> object:
    if value in tuple(Begin):
        return value
    meant = did_you_mean(nearest(value, Begin) if isinstance(value, str) else None)
    raise _fault(f"expected {one_of(Begin)}, found {found(value)}{meant}")


def _known_role(name: str, info: ValidationInfo) -> str:
    """Check the name against the runbook's roles, where these are known."""
    if isinstance(info.context, Known) and name not in info.context.roles:
        roles = info.context.roles
        meant = did_you_mean(nearest(name, roles))
        raise _fault(f"expected a role of this runbook ({', '.join(roles)}), found {found(name)}{meant}")
    return name


Name = Annotated[str, _line(60)]
RoleName = Annotated[Name, AfterValidator(_known_role)]
ServiceKey = Annotated[
    str, _shaped(SERVICE_KEY, 'a key such as "checkout-api": at most 40 small letters, digits and hyphens')
]
Group = Annotated[str, _line(80), _shaped(r"[^\s@<>&|]+", "a user group's handle without @, or its id")]
UserId = Annotated[str, _shaped("[UW][A-Z0-9]{2,20}", 'a user id such as "U02ABCDEF"')]
Repository = Annotated[
    str, _line(200), _shaped(r"https://[^\s<>|@]+", "an address that begins with https:// and names no user")
]
Truth = Annotated[bool, BeforeValidator(_truth)]
Duration = Annotated[timedelta, BeforeValidator(_wait), PlainSerializer(duration, return_type=str)]
TimeOfDay = Annotated[
    time, BeforeValidator(_time_of_day), PlainSerializer(lambda at: at.strftime("%H:%M"), return_type=str)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a runbook says before its stages, and its stages refer to."""

    roles: "Mapping[str, Role]"
    reminders: "Reminders"


class Part(BaseModel):
    """A frozen part of a runbook that knows all its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", revalidate_instances="always")


class Role(Part):
    """A name bound to people: a Slack user group, named users, or whoever starts the release."""

    name: Name
    group: Group | None = None
    users: Annotated[tuple[UserId, ...], _few(0, 100), _distinct()] = ()
    starter: Truth = False

    @model_validator(mode="after")
    def _is_bound_once(self) -> Self:
        bindings = [self.group is not None, bool(self.users), self.starter]
        if sum(bindings) != 1:
            raise _fault(f"expected exactly one of group, users and starter, found {sum(bindings) or 'none'}")
        return self


class Seats(Part):
    """The number of approvals that a gate asks of one role."""

    role: RoleName
    count: Annotated[int, BeforeValidator(_whole_number), _between(1, 20)]

    @model_validator(mode="after")
    def _can_be_filled(self, info: ValidationInfo) -> Self:
        role = info.context.roles.get(self.role) if isinstance(info.context, Known) else None
        if role is not None and role.starter:
            raise _fault("the role is the starter, who may not approve; ask another role")
        if role is not None and role.users and len(role.users) < self.count:
            raise _fault(f"asks for {self.count} seats of a role with {len(role.users)} people")
        return self


class Reminders(Part):
    """When people who are waited for are reminded: first, then repeatedly, and how often at most."""

    after: Duration = timedelta(hours=1)
    every: Duration = timedelta(hours=4)
    limit: Annotated[int, BeforeValidator(_whole_number), _between(1, 50)] = 5


class Handoffs(Part):
    """The times of day at which the handoff summary of each open release is posted."""

    at: Annotated[tuple[TimeOfDay, ...], _few(1, 24), _distinct()]
    timezone: Annotated[str, AfterValidator(_timezone)]


class Step(Part):
    """Work that a person does and ticks."""

    do: Annotated[str, _line(300)]


class Gate(Part):
    """A condition to enter a stage: the approvals that it asks for."""

    name: Name
    approvals: Annotated[tuple[Seats, ...], _few(1, 20), _distinct("role")]
    remind: Reminders | None = None

    @field_validator("approvals", mode="before")
    @classmethod
    def _from_mapping(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return [{"role": role, "count": count} for role, count in value.items()]

    @field_validator("remind", mode="before")
    @classmethod
    def _takes_the_rest_from_the_runbook(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, Mapping) or not isinstance(info.context, Known):
            return value
        return {**info.context.reminders.model_dump(), **value}


class Stage(Part):
    """An ordered part of a release, with an owner, gates to enter it and steps to do in it."""

    name: Name
    owner: RoleName
    production: Truth = False
    begin: Annotated[Begin, BeforeValidator(_choice)] = Begin.AUTOMATIC
    gates: Annotated[tuple[Gate, ...], _few(0, 20), _distinct("name")] = ()
    steps: Annotated[tuple[Step, ...], _few(0, 40), _distinct("do")] = ()

    def gate(self, name: str) -> Gate:
        """Return a gate by its name, or raise KeyError."""
        return {gate.name: gate for gate in self.gates}[name]


Stages = Annotated[tuple[Stage, ...], _few(1, 20), _distinct("name")]
_STAGES: TypeAdapter[tuple[Stage, ...]] = TypeAdapter(Stages)


class Runbook(Part):
    """What a release goes through: its stages in order, and the roles that they ask."""

    title: Name
    service: ServiceKey | None = None
    repository: Repository | None = None
    roles: Annotated[tuple[Role, ...], _few(1, 20), _distinct("name")]
    reminders: Reminders = Reminders()
    handoffs: Handoffs | None = None
    # The stages come last, because they are read with the roles and the reminders at hand.
    stages: Stages

    @field_validator("roles", mode="before")
    @classmethod
    def _from_mapping(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return [_role(i, name, binding) for i, (name, binding) in enumerate(value.items())]

    @field_validator("stages", mode="before")
    @classmethod
    def _knows_what_is_said_before(cls, value: object, info: ValidationInfo) -> object:
        """Read the stages with the roles and reminders at hand, so that a fault is found where it stands."""
        if "roles" not in info.data:
            return _STAGES.validate_python(value)
        roles = {role.name: role for role in info.data["roles"]}
        known = Known(roles=roles, reminders=info.data.get("reminders", Reminders()))
        return _STAGES.validate_python(value, context=known)

    @property
    def content_hash(self) -> str:
        """Return the SHA-256 of the canonical JSON, as 64 hexadecimal digits."""
        content = self.model_dump(mode="json")
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def role(self, name: str) -> Role:
        """Return a role by its name, or raise KeyError."""
        return {role.name: role for role in self.roles}[name]

    def stage(self, name: str) -> Stage:
        """Return a stage by its name, or raise KeyError."""
        return {stage.name: stage for stage in self.stages}[name]


def _role(index: int, name: str, binding: object) -> object:
    if not isinstance(binding, Mapping):
        return binding
    if "name" in binding:
        fault = _fault(f"the key above it is the role's name: {found(name)}; leave this line out")
        raise _invalid(InitErrorDetails(type=fault, loc=(index, "name"), input=name))
    return {**binding, "name": name}


def _invalid(*faults: InitErrorDetails) -> ValidationError:
    return ValidationError.from_exception_data("Runbook", list(faults))
