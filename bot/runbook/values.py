"""The single values of a runbook: names, ids, durations, times, choices."""

import re
from collections.abc import Iterable
from datetime import date, time, timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from bot.runbook.parts import fault
from bot.runbook.problems import did_you_mean, found, nearest, one_of

SERVICE_KEY = "[a-z][a-z0-9-]{0,39}"
USER_ID = "[UW][A-Z0-9]{2,20}"
CHANNEL_ID = "[CG][A-Z0-9]{2,20}"
GROUP = r"[^\s@<>&|]+"
REPOSITORY = r"https://[^\s<>|@]+"
TIME_OF_DAY = "([01][0-9]|2[0-3]):[0-5][0-9]"
DAY_SHAPE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
DURATION = "([0-9]{1,7})([smhd])"
LONGEST_NAME, LARGEST_PORT = 253, 65_535
_ADDRESS = re.compile(
    r"https?://(?:\[(?P<ip>[^]/?#]+)\]|(?P<name>[^/?#:@\[\]]+))(?::(?P<port>[0-9]{1,5}))?(?:[/?#].*)?"
)
_USER = re.compile(r"[^/?#]*//[^/?#]*@")
# Controls, line breaks, what reorders text on the screen, and halves of characters.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
DAY = timedelta(days=1)
SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(days=90)
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)


def line(limit: int) -> AfterValidator:
    """Accept one line of text that can be seen, of at most `limit` characters."""

    def check(text: str) -> str:
        one = text.strip()
        if not any(c.isprintable() and not c.isspace() for c in one):
            raise fault(f"expected text, found {found(one)}")
        if CONTROL.search(one):
            raise fault(f"expected one line without control characters, found {found(one)}")
        if len(one) > limit:
            raise fault(f"expected at most {limit} characters, found {len(one)}")
        return one

    return AfterValidator(check)


def shaped(pattern: str, description: str) -> AfterValidator:
    """Accept text of one shape; the description says which."""
    shape = re.compile(pattern)

    def check(text: str) -> str:
        if shape.fullmatch(text) is None:
            raise fault(f"expected {description}, found {found(text)}")
        return text

    return AfterValidator(check)


def names_user(url: str) -> bool:
    """Return whether a web address names a user, and perhaps their password."""
    return _USER.match(url) is not None


def names_host(url: str) -> bool:
    """Return whether a text is a web address, with a host and a port that there can be."""
    if (parts := _ADDRESS.fullmatch(url)) is None or int(parts["port"] or 0) > LARGEST_PORT:
        return False
    try:
        ip_address(parts["ip"]) if parts["ip"] else parts["name"].encode("idna")
    except ValueError:
        return False
    return len(parts["name"] or "") <= LONGEST_NAME


def _without_user(url: str) -> str:
    # The address is not shown, for a password may stand in it.
    if names_user(url):
        raise fault("expected an address that names no user; a password does not belong in a runbook")
    return url


def _with_host(url: str) -> str:
    if not names_host(url):
        raise fault(f"expected an address with the name of a host, found {found(url)}")
    return url


def choice(allowed: Iterable[StrEnum]) -> BeforeValidator:
    """Accept one of the allowed words."""
    words = tuple(allowed)

    def check(value: object) -> object:
        if value in words:
            return value
        meant = did_you_mean(nearest(value, words) if isinstance(value, str) else None)
        raise fault(f"expected {one_of(words)}, found {found(value)}{meant}")

    return BeforeValidator(check)


def between(low: int, high: int) -> AfterValidator:
    """Accept a number from `low` to `high`."""

    def check(number: int) -> int:
        if not low <= number <= high:
            raise fault(f"expected a number from {low} to {high}, found {number}")
        return number

    return AfterValidator(check)


def text_schema(limit: int) -> WithJsonSchema:
    """Describe a line of text; an editor takes `1.10` for a number, which is read as the text it is."""
    return WithJsonSchema({"type": ["string", "number"], "minLength": 1, "maxLength": limit})


def shape_schema(pattern: str) -> WithJsonSchema:
    """Describe text of one shape."""
    return WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$"})


def number_schema(low: int, high: int) -> WithJsonSchema:
    """Describe a number from `low` to `high`."""
    return WithJsonSchema({"type": "integer", "minimum": low, "maximum": high})


def duration(value: timedelta) -> str:
    """Write a duration of whole seconds in its largest whole unit, such as `90s`, `30m` or `1d`."""
    seconds = value // timedelta(seconds=1)
    unit = next(unit for unit, length in SECONDS.items() if seconds % length == 0)
    return f"{seconds // SECONDS[unit]}{unit}"


def _truth(value: object) -> object:
    match value:
        case bool():
            return value
        case "true" | "false":
            return value == "true"
        case _:
            raise fault(f'expected "true" or "false", found {found(value)}')


def _whole_number(value: object) -> object:
    if isinstance(value, str) and re.fullmatch("-?[0-9]{1,9}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise fault(f"expected a whole number, found {found(value)}")


def _wait(value: object) -> object:
    """Read `90s`, `30m`, `1h` or `2d`."""
    if isinstance(value, str) and (written := re.fullmatch(DURATION, value)):
        value = timedelta(seconds=int(written[1]) * SECONDS[written[2]])
    if not isinstance(value, timedelta) or value % timedelta(seconds=1):
        raise fault(f'expected a duration such as "30m", "4h" or "1d", found {found(value)}')
    if not SHORTEST_WAIT <= value <= LONGEST_WAIT:
        raise fault(f'expected a duration from "1m" to "90d", found {found(duration(value))}')
    return value


def _whole_days(value: timedelta) -> timedelta:
    if value % DAY:
        raise fault(f'expected whole days such as "7d", found {found(duration(value))}')
    return value


def _time_of_day(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(TIME_OF_DAY, value):
        return time.fromisoformat(value)
    if isinstance(value, time):
        return value
    raise fault(f'expected a time such as "09:00", found {found(value)}')


def _day(value: object) -> object:
    day = _written_day(value) if isinstance(value, str) else value
    if not isinstance(day, date):
        raise fault(f'expected a date such as "2026-01-05", found {found(value)}')
    if not EARLIEST <= day <= LATEST:
        raise fault(f"expected a date from {EARLIEST} to {LATEST}, found {day}")
    return day


def _written_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(DAY_SHAPE, text) else None
    except ValueError:
        return None


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        meant = did_you_mean(nearest(name, available_timezones()))
        raise fault(f'expected a time zone such as "Europe/Berlin", found {found(name)}{meant}') from None
    return name


without_user = AfterValidator(_without_user)
with_host = AfterValidator(_with_host)
whole_number = BeforeValidator(_whole_number)
Name = Annotated[str, line(60), text_schema(60)]
ServiceKey = Annotated[
    str,
    shaped(SERVICE_KEY, 'a key such as "checkout-api": at most 40 small letters, digits and hyphens'),
    shape_schema(SERVICE_KEY),
]
Group = Annotated[
    str, line(80), shaped(GROUP, "a user group's handle without @, or its id"), shape_schema(GROUP)
]
UserId = Annotated[str, shaped(USER_ID, 'a user id such as "U02ABCDEF"'), shape_schema(USER_ID)]
ChannelId = Annotated[
    str, shaped(CHANNEL_ID, 'the id of a channel such as "C02ABCDEF"'), shape_schema(CHANNEL_ID)
]
Repository = Annotated[
    str,
    line(200),
    shaped(REPOSITORY, "an address that begins with https:// and names no user"),
    shape_schema(REPOSITORY),
]
Truth = Annotated[bool, BeforeValidator(_truth)]
Duration = Annotated[
    timedelta, BeforeValidator(_wait), PlainSerializer(duration, return_type=str), shape_schema(DURATION)
]
Days = Annotated[Duration, AfterValidator(_whole_days)]
TimeOfDay = Annotated[
    time,
    BeforeValidator(_time_of_day),
    PlainSerializer(lambda at: at.strftime("%H:%M"), return_type=str),
    shape_schema(TIME_OF_DAY),
]
Day = Annotated[date, BeforeValidator(_day), shape_schema(DAY_SHAPE)]
Timezone = Annotated[str, AfterValidator(_timezone)]
