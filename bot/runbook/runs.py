"""What does a step in place of a person: a command, a workflow of GitHub, a pipeline of GitLab, a webhook."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BeforeValidator, model_validator
from pydantic_core import InitErrorDetails

from bot.runbook.parts import Few, Part, distinct, fault, fault_at, invalid, missing
from bot.runbook.problems import did_you_mean, found, nearest
from bot.runbook.values import Duration, line, shape_schema, shaped, text_schema, with_host, without_user

COMMAND: Final = r"[a-z0-9][a-z0-9._-]{0,39}"
WORKFLOW: Final = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}\.ya?ml"
ADDRESS: Final = r"https?://[!-;=?-z~]+"
"""A web address without spaces, braces and what Slack would take for its own marks."""
INPUT: Final = r"[A-Za-z_][A-Za-z0-9_-]{0,79}"
VARIABLE: Final = r"[A-Za-z_][A-Za-z0-9_]{0,79}"
INPUTS_LIMIT: Final = 10
OWN_INPUT: Final = "rollcall"
"""The input by which a workflow is told which run it is."""
OWN_VARIABLE: Final = "ROLLCALL_RUN"
"""The variable by which a pipeline is told that."""
COMMIT: Final = "commit"
BEFORE: Final = "before"
BEFORE_COMMIT: Final = "before_commit"
FIELDS: Final = ("version", COMMIT, BEFORE, BEFORE_COMMIT, "service", "release", "stage", "environment")
"""What may stand in braces; `before` is the version to which a rollback goes back, `commit` and
`before_commit` are the ids of what was approved as both, where they were read from a repository."""
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
    PIPELINE = "pipeline"
    WEBHOOK = "webhook"


PARTS: Final[Mapping[str, tuple[Provider, ...]]] = {
    "ref": (Provider.WORKFLOW,),
    "inputs": (Provider.WORKFLOW, Provider.PIPELINE, Provider.WEBHOOK),
}
"""The keys that only some of them have."""


def _not_our_own(name: str) -> str:
    if name.casefold() in (OWN_INPUT, OWN_VARIABLE.casefold()):
        raise fault(f"Rollcall says by {found(name)} which run it is; choose another name")
    return name


class Input(Part):
    """A value that a run is given."""

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
    """What does a step: exactly one of `command`, `workflow`, `pipeline` and `webhook`."""

    command: Annotated[tuple[Word, ...], Few(1, 40), AfterValidator(_allowed_name)] | None = None
    """The name of an allowed command, and its arguments; no shell reads them. `{version}` and other fields
    stand for what is released."""
    workflow: (
        Annotated[
            str, shaped(WORKFLOW, 'the file of a workflow such as "deploy.yml"'), shape_schema(WORKFLOW)
        ]
        | None
    ) = None
    """The file of a workflow of GitHub Actions, in the `repository` of the runbook."""
    ref: Word | None = None
    """The branch or tag at which the workflow is run; required with `workflow`."""
    pipeline: Word | None = None
    """The branch or tag at which a pipeline of GitLab is run, in the `repository` of the runbook."""
    webhook: (
        Annotated[
            str,
            line(300),
            without_user,
            shaped(ADDRESS, "an address that begins with https:// or http://, without braces"),
            with_host,
            shape_schema(ADDRESS),
        ]
        | None
    ) = None
    """The address of something else that is asked to do it, by a signed request, and that reports how it
    went."""
    inputs: Annotated[
        tuple[Input, ...], BeforeValidator(_by_name), Few(0, INPUTS_LIMIT), distinct("name")
    ] = ()
    """What a workflow or a webhook is given, by name, or the variables of a pipeline; at most 10. Rollcall
    adds the name of the run: to a workflow as `rollcall`, to a pipeline as `ROLLCALL_RUN`."""
    within: Duration = timedelta(minutes=30)
    """How long it may take; then it is stopped, and has failed."""

    @model_validator(mode="after")
    def _has_one_provider(self) -> Self:
        there = [one for one in Provider if getattr(self, one) is not None]
        if len(there) != 1:
            number = " and ".join(there) or "none"
            raise fault(f"expected exactly one of command, workflow, pipeline and webhook, found {number}")
        if self.workflow and not self.ref:
            raise invalid(missing(("ref",)))
        misplaced = [key for key, of in PARTS.items() if getattr(self, key) and self.by not in of]
        if misplaced:
            raise invalid(*(fault_at((key,), _belongs(key, self.by)) for key in misplaced))
        return self

    @model_validator(mode="after")
    def _gives_variables(self) -> Self:
        if self.pipeline and (others := [*self._no_variables()]):
            raise invalid(*others)
        return self

    def _no_variables(self) -> Iterator[InitErrorDetails]:
        for index, one in enumerate(self.inputs):
            if re.fullmatch(VARIABLE, one.name) is None:
                message = f"expected the name of a variable: letters, digits and _, found {found(one.name)}"
                yield fault_at(("inputs", index, "name"), message)

    @property
    def by(self) -> Provider:
        """What does it."""
        return next(one for one in Provider if getattr(self, one) is not None)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names in braces."""
        return tuple(name for text in self._texts() for name in fields(text))

    def _texts(self) -> Iterator[str]:
        yield from self.command or ()
        yield self.ref or ""
        yield self.pipeline or ""
        yield from (one.value for one in self.inputs)


def _belongs(key: str, by: Provider) -> str:
    *others, last = (f"a {one}" for one in PARTS[key])
    owners = " or ".join(filter(None, [", ".join(others), last]))
    return f"is for {owners}, and not for a {by}"
