"""When the handoff summary of an open release is posted, and which shift is asked to take it over then."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import model_validator

from bot.runbook.parts import Few, Part, distinct, fault, fault_at, invalid, missing
from bot.runbook.roles.role import RoleName
from bot.runbook.values import DAY, TimeOfDay, Timezone

NEAR: Final = (-DAY, timedelta(), DAY)


class Begun(NamedTuple):
    """A moment at which a summary is posted, and the role of the shift that begins then, if it is one."""

    at: datetime
    role: str


class ShiftOfRole(Part):
    """A shift: when its people begin, and the role that they are in."""

    begins: TimeOfDay
    """The time of day at which it begins, such as `"09:00"`, in quotes."""
    timezone: Timezone
    """The time zone of this time, such as `Europe/Berlin`."""
    role: RoleName
    """The role whose people are asked to take the release over."""


class Handoffs(Part):
    """The times of day at which the handoff summary of each open release is posted."""

    at: Annotated[tuple[TimeOfDay, ...], Few(1, 24), distinct()] | None = None
    """Times of day such as `"09:00"`, in quotes; at most 24."""
    timezone: Timezone | None = None
    """The time zone of these times, such as `Europe/Berlin`."""
    shifts: Annotated[tuple[ShiftOfRole, ...], Few(1, 12)] | None = None
    """Instead of `at` and `timezone`: the shifts of the team, at whose beginning the summary is posted to the
    people who come, and they are asked to take the release over; at most 12."""

    @model_validator(mode="after")
    def _is_times_or_shifts(self) -> Self:
        written = [key for key in ("at", "timezone") if getattr(self, key) is not None]
        if self.shifts is not None:
            message = "does not go with shifts, each of which says when and where it begins"
            if written:
                raise invalid(*(fault_at((key,), message) for key in written))
        elif not written:
            raise fault("expected either at, with timezone, or shifts; found none")
        elif len(written) == 1:
            raise invalid(missing(("timezone",) if self.at else ("at",)))
        return self

    @model_validator(mode="after")
    def _each_shift_once(self) -> Self:
        """Two shifts of one role that begin together are one."""
        shifts = self.shifts or ()
        if repeats := [index for index, shift in enumerate(shifts) if shift in shifts[:index]]:
            message = "expected each shift only once, found it again"
            raise invalid(*(fault_at(("shifts", index), message) for index in repeats))
        return self

    def following(self, moment: datetime) -> datetime:
        """Return the next moment, in UTC, at which a summary is posted."""
        return min(one.at for one in self._near(moment) if one.at > moment)

    def begun(self, moment: datetime) -> tuple[str, ...]:
        """Return the roles of the shift that began last, of several where they began together."""
        begun = [one for one in self._near(moment) if one.at <= moment]
        last = max(one.at for one in begun)
        return tuple(dict.fromkeys(one.role for one in begun if one.at == last))

    def _near(self, moment: datetime) -> Iterator[Begun]:
        """Yield the times of the days around a moment: the first of two, a skipped one by its old offset."""
        for zone, time, role in self._times():
            today = moment.astimezone(zone).date()
            for days in NEAR:
                yield Begun(datetime.combine(today + days, time, zone).astimezone(UTC), role)

    def _times(self) -> Iterator[tuple[ZoneInfo, TimeOfDay, str]]:
        for time in self.at or ():
            yield ZoneInfo(self.timezone or "UTC"), time, ""
        for shift in self.shifts or ():
            yield ZoneInfo(shift.timezone), shift.begins, shift.role
