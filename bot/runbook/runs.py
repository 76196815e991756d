"""What does a step in place of a person: a command that is allowed, or a workflow of GitHub Actions."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from bot.runbook.parts import Few, Part, distinct, fault, fault_at, invalid, missing
from bot.runbook.problems import did_you_mean, found, nearest
from bot.runbook.values import Duration, line, shape_schema, shaped, text_schema

COMMAND: Final = r"[a-z0-9][a-z0-9._-]{0,39}"
WORKFLOW: Final = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}\.ya?ml"
INPUT: Final = r"[A-Za-z_][A-Za-z0-9_-]{0,79}"
INPUTS_LIMIT: Final = 10
OWN_INPUT: Final = "rollcall"
"""The input by which a workflow is told which run it is."""
BEFORE: Final = "before"
COMMIT: Final = "commit"
FIELDS: Final = ("version", COMMIT, BEFORE, "service", "release", "stage", "environment")
"""What may stand in braces; `before` is the version to which a rollback goes back, `commit` the id
of what was approved, where it was read from a repository."""
_FIELD: Final = re.compile(r"\{([^{}]*)\}")


def fields(text: str) -> tuple[str, ...]:
    """Return the names that stand in braces, in order."""
    return tuple(_FIELD.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
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
    WORKFLOW = "workflow"


def _not_our_own(name: str) -> str:
    if name.casefold() == OWN_INPUT:
        raise fault(f"Rollcall says by {found(name)} which run it is; choose another name")
    return name


class Input(Part):
    """A value that a workflow is given."""

    name: Annotated[
        str,
        shaped(INPUT, "the name of an input: letters, digits, _ and -"),
        AfterValidator(_not_our_own),
    ]
    value: Word


def _by_name(value: object) -> object:
    """Read a mapping of values by name as a list of inputs."""
    if isinstance(value, Mapping):
        return [{"name": name, "value": content} for name, content in value.items()]
    if not isinstance(value, list | tuple):
        raise fault(f"expected a mapping, found {found(value)}")
    return value


class Run(Part):
    """What does a step: a command that whoever runs Rollcall has allowed, or a workflow of GitHub Actions."""

    command: Annotated[tuple[Word, ...], Few(1, 40), AfterValidator(_allowed_name)] | None = None
    """The name of an allowed command, and its arguments; no shell reads them. `{version}` and other fields
    stand for what is released."""
    workflow: (
        Annotated[
            str, shaped(WORKFLOW, 'the file of a workflow such as "deploy.yml"'), shape_schema(WORKFLOW)
        ]
        | None
    ) = None
    """The file of a workflow of GitHub Actions, in the `repository` of the runbook; either this or
    `command`."""
    ref: Word | None = None
    """The branch or tag at which the workflow is run; required with `workflow`."""
    inputs: Annotated[
        tuple[Input, ...], BeforeValidator(_by_name), Few(0, INPUTS_LIMIT), distinct("name")
    ] = ()
    """What the workflow is given, by name; at most 10. Rollcall adds `rollcall`, the name of the run."""
    within: Duration = timedelta(minutes=30)
    """How long it may take; then it is stopped, and has failed."""

    @model_validator(mode="after")
    def _has_one_provider(self) -> Self:
        if (self.command is None) == (self.workflow is None):
            number = "none" if self.command is None else "both"
            raise fault(f"expected exactly one of command and workflow, found {number}")
        if self.workflow and not self.ref:
            raise invalid(missing(("ref",)))
        if self.command and (misplaced := [key for key in ("ref", "inputs") if getattr(self, key)]):
            raise invalid(
                *(fault_at((key,), "is for a workflow, and not for a command") for key in misplaced)
            )
        return self

    @property
    def fields(self) -> tuple[str, ...]:
        """The names in braces."""
        return tuple(name for text in self._texts() for name in fields(text))

    def _texts(self) -> Iterator[str]:
        yield from self.command or ()
        yield self.ref or ""
        yield from (one.value for one in self.inputs)
