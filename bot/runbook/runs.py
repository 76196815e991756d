"""What does a step in place of a person: a command that is allowed."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator

from bot.runbook.parts import Few, Part, fault, fault_at, invalid
from bot.runbook.problems import did_you_mean, found, nearest
from bot.runbook.values import Duration, line, text_schema

COMMAND: Final = r"[a-z0-9][a-z0-9._-]{0,39}"
BEFORE: Final = "before"
FIELDS: Final = ("version", BEFORE, "service", "release", "stage", "environment")
"""What may stand in braces; `before` is the version to which a rollback goes back."""
_FIELD: Final = re.compile(r"\{([^{}]*)\}")


def fields(text: str) -> tuple[str, ...]:
    """Return the names that stand in braces, in order."""
    return tuple(_FIELD.findall(text))


def filled(text: str, values: dict[str, str]) -> str:
    """Return the text with each name in braces replaced by its value. Raises KeyError for one without."""
    return _FIELD.sub(lambda found: values[found[1]], text)


def _with_known_fields(text: str) -> str:
    if "{" in (rest := _FIELD.sub("", text)) or "}" in rest:
        raise fault("a brace stands alone; braces are for fields such as {version}")
    for name in fields(text):
        if name not in FIELDS:
            meant = did_you_mean(nearest(name, FIELDS))
            raise fault(f"expected a field such as {{version}}, found {found(name)}{meant}")
    return text


def _allowed_name(words: tuple[str, ...]) -> tuple[str, ...]:
    if re.fullmatch(COMMAND, words[0]) is None:
        message = f"expected the name of a command, with small letters and no path, found {found(words[0])}"
        raise invalid(fault_at((0,), message))
    return words


Word = Annotated[str, line(300), AfterValidator(_with_known_fields), text_schema(300)]


class Provider(StrEnum):
    """What can do a step."""

    COMMAND = "command"


class Run(Part):
    """What does a step: a command that whoever runs Rollcall has allowed."""

    command: Annotated[tuple[Word, ...], Few(1, 40), AfterValidator(_allowed_name)]
    """The name of an allowed command, and its arguments; no shell reads them. `{version}` and other fields
    stand for what is released."""
    within: Duration = timedelta(minutes=30)
    """How long it may take; then it is stopped, and has failed."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names in braces."""
        return tuple(name for word in self.command for name in fields(word))
