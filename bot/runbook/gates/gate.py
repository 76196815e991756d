"""Gates: the conditions to enter a stage."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Final

from pydantic import AliasChoices, Field, TypeAdapter, ValidationInfo, field_validator, model_validator

from bot.runbook.gates.conditions import Risk as Risk
from bot.runbook.gates.conditions import When as When
from bot.runbook.gates.conditions import path_matches as path_matches
from bot.runbook.gates.needs import MISPLACED, Approvals, WrittenNeed, leaves
from bot.runbook.gates.needs import CheckPassed as CheckPassed
from bot.runbook.gates.needs import Need as Need
from bot.runbook.gates.needs import Of as Of
from bot.runbook.gates.needs import Seats as Seats
from bot.runbook.parts import Part, fault_at, invalid
from bot.runbook.roles.role import RoleName, known
from bot.runbook.values import Duration, Name, between, number_schema, whole_number

SIGNING: Final = "Who may approve"
"""The gate at which a change in who may say go is signed; it is in no file."""


class Reminders(Part):
    """When people who are waited for are reminded, in their working hours: first privately, then in the
    thread, then with the backup, then in the channel."""

    after: Duration = timedelta(hours=1)
    """How long after the gate has opened those asked are reminded privately, from `1m` to `90d`; they are
    again each morning."""
    every: Duration = timedelta(hours=4)
    """How long after a reminder the next one comes: in the thread, with the backup, in the channel. It
    waits until somebody whom it asks for something is at work: the backup or the captain,
    where they are to help."""
    limit: Annotated[int, whole_number, between(1, 50), number_schema(1, 50)] = 5
    """How often a person is reminded privately at most, and how many reminders of a gate there are, from 1 to
    50."""
    backup: RoleName | None = None
    """The role whose people are asked for help when those asked do not answer in the thread."""


_NEED: TypeAdapter[Need] = TypeAdapter(WrittenNeed)


class Gate(Part):
    """A condition to enter a stage: what it needs."""

    name: Name
    """One line of at most 60 characters; no other gate of the stage has it, and it is not
    `Who may approve`."""
    needs: WrittenNeed = Field(validation_alias=AliasChoices("needs", "approvals"))
    """What it needs: roles with the number of their people who must approve, or an expression."""
    when: When | None = None
    """The releases that it is for; for others the gate is met."""
    expires: Duration | None = None
    """How long an approval counts."""
    remind: Reminders | None = None
    """Other reminders for this gate; what is left out is as in `reminders`."""

    @model_validator(mode="before")
    @classmethod
    def _may_write_approvals(cls, value: object) -> object:
        if not isinstance(value, Mapping) or "approvals" not in value:
            return value
        if "needs" in value:
            raise invalid(fault_at(("approvals",), "expected either needs or approvals, found both"))
        return {**value, "approvals": Approvals(value["approvals"])}

    @field_validator("needs", mode="before")
    @classmethod
    def _knows_its_name(cls, value: object, info: ValidationInfo) -> object:
        there = known(info)
        inside = replace(there, gate=info.data.get("name", "")) if there else None
        return _NEED.validate_python(value, context=inside)

    @field_validator("needs", mode="after")
    @classmethod
    def _has_its_own_when(cls, need: Need) -> Need:
        if isinstance(need, Of) and need.when:
            raise invalid(fault_at(("when",), f'{MISPLACED}; write it beside "needs"'))
        return need

    @field_validator("remind", mode="before")
    @classmethod
    def _takes_the_rest_from_the_runbook(cls, value: object, info: ValidationInfo) -> object:
        there = known(info)
        return {**there.reminders, **value} if there and isinstance(value, Mapping) else value

    @property
    def seats(self) -> tuple[Seats, ...]:
        """Return all seats that it may ask for, in order."""
        return tuple(leaf for leaf in leaves(self.needs) if isinstance(leaf, Seats))

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles that it may ask, in order."""
        return tuple(dict.fromkeys(seats.role for seats in self.seats))

    @property
    def checks(self) -> tuple[str, ...]:
        """Return the checks that it may need, in order."""
        needed = (leaf.check for leaf in leaves(self.needs) if isinstance(leaf, CheckPassed))
        return tuple(dict.fromkeys(needed))
