"""The keys of a runbook, from its models; what each means is said here, for there is no other place yet."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from pydantic.fields import FieldInfo

from bot.runbook.model import Begin, Gate, Handoffs, Part, Reminders, Role, Runbook, Stage, Step, duration
from tests.docs.generate import code, table

MEANINGS: Final[Mapping[type[Part], Mapping[str, str]]] = {
    Runbook: {
        "title": "What people call it; one line of at most 60 characters.",
        "service": "The key of the service that is released by it: small letters, digits and hyphens, at most 40."
        " A runbook without it is there to be extended.",
        "repository": "The address of the source; it begins with `https://`.",
        "roles": "The roles, by name; at least one, at most 20.",
        "stages": "The stages, in their order; at least one, at most 20.",
        "reminders": "When those who have not answered are reminded.",
        "handoffs": "The times of day at which the handoff summary of an open release is posted.",
    },
    Role: {
        "group": "A Slack user group, by its handle without @ or by its id.",
        "users": "People, by their Slack user ids.",
        "starter": "`true`: whoever starts the release.",
    },
    Stage: {
        "name": "One line of at most 60 characters; no other stage has it.",
        "owner": "The role whose people do the steps, and to whom the release is handed.",
        "production": "`true` where the steps change production. Once such a stage has begun, the release cannot be"
        " cancelled.",
        "begin": "`automatic`: with the last approval. `captain`: when the captain or an owner says go.",
        "gates": "The conditions to enter the stage; at most 20.",
        "steps": "The work of the stage, in its order; at most 40.",
    },
    Gate: {
        "name": "One line of at most 60 characters; no other gate of the stage has it.",
        "approvals": "The seats: for each role, how many of its people must approve, from 1 to 20.",
        "remind": "Other reminders for this gate; what is left out is as in `reminders`.",
    },
    Step: {"do": "What a person does and then ticks; at most 300 characters."},
    Reminders: {
        "after": "How long after the gate has opened the first reminder comes, from `1m` to `90d`.",
        "every": "How long after a reminder the next one comes.",
        "limit": "How many reminders there are at most at one gate, from 1 to 50.",
    },
    Handoffs: {
        "at": 'Times of day such as `"09:00"`, in quotes; at most 24.',
        "timezone": "The time zone of these times, such as `Europe/Berlin`.",
    },
}

TITLES: Final[Mapping[type[Part], str]] = {
    Runbook: "At the top",
    Role: "A role: exactly one of these",
    Stage: "A stage",
    Gate: "A gate",
    Step: "A step",
    Reminders: "`reminders` and `remind`",
    Handoffs: "`handoffs`",
}


def runbook_keys() -> str:
    """Return a table of keys for each part of a runbook. Raises KeyError for a key that has no meaning here."""
    extends = "| `extends` | nothing | The name of another runbook, without `.yaml`, that this one changes. |"
    tables = "\n\n".join(f"### {title}\n\n{_keys(part)}" for part, title in TITLES.items())
    return tables.replace("| `service` |", f"{extends}\n| `service` |", 1)


def _keys(part: type[Part]) -> str:
    shown = {key: field for key, field in part.model_fields.items() if not (part is Role and key == "name")}
    rows = [[code(key), _default(part, key, field), MEANINGS[part][key]] for key, field in shown.items()]
    return table(["Key", "when left out", "value"], rows)


def _default(part: type[Part], key: str, field: FieldInfo) -> str:
    if field.is_required():
        return "it is required"
    match field.default:
        case None | () | False:
            return "as in `reminders`" if (part, key) == (Gate, "remind") else "nothing"
        case timedelta() as length:
            return code(duration(length))
        case Begin() | int() as value:
            return code(str(value))
        case Reminders():
            return "the values below"
        case other:
            raise TypeError(f"{key} of {part.__name__} has a default that cannot be shown: {other!r}.")
