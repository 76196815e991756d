"""The keys of a runbook and what each means, from its models."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Final

from pydantic_core import PydanticUndefined

from bot.runbook.checks import Read
from bot.runbook.files.schema import meanings
from bot.runbook.gates.gate import Gate, Reminders, When
from bot.runbook.handoffs import Handoffs, ShiftOfRole
from bot.runbook.model import Check, Review, Rollback, Runbook, Stage, Step
from bot.runbook.parts import Part
from bot.runbook.roles.role import Role, Rotation, Shift
from bot.runbook.runs import Run
from bot.runbook.tickets import Tickets
from bot.runbook.values import duration
from bot.simulate.people import Absence, Answers, Changes, Hours, People, Person
from bot.subscribers.file import Entry
from tests.docs.generate import code, table

TITLES: Final[Mapping[type[Part], str]] = {
    Runbook: "At the top",
    Role: "A role: one of these, and `admits`",
    Rotation: "A rotation: `people`, or `shifts`",
    Shift: "A shift",
    Check: "A check: `by`, `read` or both",
    Read: "`read`: `ci`, `url`, `ticket` with `states`, `drill`, or `prometheus` with `server` and a limit",
    Stage: "A stage",
    Gate: "A gate: `needs`, or `approvals`",
    When: "`when`: at least one of these",
    Step: "A step",
    Run: "`run`: `command`, `workflow` and `ref`, `pipeline`, or `webhook`",
    Rollback: "`rollback`",
    Review: "`review`",
    Tickets: "`tickets`",
    Reminders: "`reminders` and `remind`",
    Handoffs: "`handoffs`: `at` and `timezone`, or `shifts`",
    ShiftOfRole: "A shift of `handoffs`",
}
PEOPLE: Final[Mapping[type[Part], str]] = {
    People: "At the top",
    Person: "A person",
    Hours: "`hours`",
    Answers: "`answers`",
    Absence: "`away`",
    Changes: "`manifest`",
}
REQUIRED: Final = "it is required"
LEFT_OUT: Final[Mapping[tuple[type[Part], str], str]] = {
    (Gate, "needs"): "see `approvals`",
    (Gate, "approvals"): "see `needs`",
    (Gate, "when"): "every release",
    (Gate, "expires"): "to the end",
    (Check, "fresh"): "to the end",
    (Read, "expect"): "200 to 299",
    (Gate, "remind"): "as in `reminders`",
    (Rollback, "steps"): "one step",
    (Runbook, "kinds"): "nothing",
    (Hours, "days"): "`[mon, tue, wed, thu, fri]`",
    (Entry, "secret_env"): "see `secret_file`",
    (Entry, "secret_file"): "see `secret_env`",
    (Entry, "services"): "all",
    (Entry, "kinds"): "all",
    **{(Person, key): "`0%`" for key in ("rejects", "abstains", "holds", "fails")},
}
"""What cannot be read from the default of a model."""


def runbook_keys() -> str:
    """Return a table of keys for each part of a runbook. Raises ValueError for a key without a meaning."""
    return "\n\n".join(f"### {title}\n\n{_keys(part)}" for part, title in TITLES.items())


def people_keys() -> str:
    """Return the same for the people file of a simulation."""
    return "\n\n".join(f"### {title}\n\n{_keys(part)}" for part, title in PEOPLE.items())


def subscriber_keys() -> str:
    """Return what can stand below each subscriber in their file."""
    return _keys(Entry)


def _keys(part: type[Part]) -> str:
    rows = [[code(key), _left_out(part, key), _said(key, meaning)] for key, meaning in meanings(part).items()]
    return table(["Key", "when left out", "value"], rows)


def _said(key: str, meaning: str) -> str:
    if not meaning:
        raise ValueError(f"What {key} means is not said below it in its model.")
    return meaning


def _left_out(part: type[Part], key: str) -> str:
    if said := LEFT_OUT.get((part, key)):
        return said
    field = part.model_fields.get(key)
    return _default(field.default) if field else "nothing"


def _default(value: object) -> str:
    if value is PydanticUndefined:
        return REQUIRED
    match value:
        case None | () | False:
            return "nothing"
        case timedelta():
            return code(duration(value))
        case time():
            return code(f"{value:%H:%M}")
        case str() | int():
            return code(str(value))
        case Part():
            return "the values below"
        case _:
            raise TypeError(f"{value!r} is a default that cannot be shown.")
