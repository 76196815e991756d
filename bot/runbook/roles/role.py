"""Roles: names in a runbook that are bound to people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, ValidationInfo, WithJsonSchema, model_validator

from bot.runbook.parts import Few, Part, distinct, fault
from bot.runbook.problems import did_you_mean, found, nearest
from bot.runbook.roles.owners import code_owners, owners
from bot.runbook.roles.rotation import Rotation as Rotation
from bot.runbook.roles.rotation import Shift as Shift
from bot.runbook.values import Group, Name, Truth, UserId, choice

BINDINGS = ("group", "users", "starter", "authors", "reviewers", "codeowners", "rotation", "first_of")
RESERVED = ("all", "any", "at least", "of", "check", "when")


class Standing(StrEnum):
    """What a person is to the workspace."""

    MEMBER = "member"
    GUEST = "guest"
    STRANGER = "stranger"
    BOT = "bot"
    DEACTIVATED = "deactivated"


class Duties(StrEnum):
    """Whether who starts a release, or wrote a change in it, may fill a seat."""

    STRICT = "strict"
    WARN = "warn"
    OFF = "off"


ADMISSIBLE = (Standing.GUEST, Standing.STRANGER, Standing.BOT)
Admissible = Annotated[Standing, choice(ADMISSIBLE), WithJsonSchema({"enum": list(ADMISSIBLE)})]


def _free(name: str) -> str:
    if name.casefold() in RESERVED:
        raise fault(f"{found(name)} is a word of needs, so it cannot name a role; choose another name")
    return name


class Role(Part):
    """A name bound to people in one way."""

    name: Annotated[Name, AfterValidator(_free)]
    group: Group | None = None
    """A Slack user group, by its handle without @ or by its id."""
    users: Annotated[tuple[UserId, ...], Few(0, 100), distinct()] = ()
    """People, by their Slack user ids."""
    starter: Truth = False
    """`true`: whoever starts the release."""
    authors: Truth = False
    """`true`: whoever wrote a change of the manifest."""
    reviewers: Truth = False
    """`true`: whoever reviewed a change of the manifest."""
    codeowners: Annotated[str, AfterValidator(code_owners)] | None = None
    """Who owns the changed paths: the text of a CODEOWNERS file, whose owners are `@U02ABCDEF` (a person),
    `@handle` or `@org/handle` (a Slack user group)."""
    rotation: Rotation | None = None
    """People who take turns."""
    first_of: Annotated[tuple[UserId, ...], Few(0, 100), distinct()] = ()
    """People, by their Slack user ids: the first of them who is there."""
    admits: Annotated[tuple[Admissible, ...], Few(0, 3), distinct()] = ()
    """Who else of the role may fill a seat: `guest`, `stranger` (from another workspace), `bot`."""

    @model_validator(mode="after")
    def _is_bound_once(self) -> Self:
        bound = sum(bool(getattr(self, binding)) for binding in BINDINGS)
        if bound != 1:
            ways = f"{', '.join(BINDINGS[:-1])} and {BINDINGS[-1]}"
            raise fault(f"expected exactly one of {ways}, found {bound or 'none'}")
        return self

    @property
    def named(self) -> tuple[str, ...]:
        """Return the people whom the runbook itself names."""
        return self.users or self.first_of or (self.rotation.everybody if self.rotation else ())

    @property
    def most(self) -> int | None:
        """Return how many people are in the role at a time, at most; None where the runbook cannot know."""
        if self.rotation:
            return self.rotation.most
        return 1 if self.first_of else len(self.users) or None

    def owners_of(self, paths: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return, for each path, who owns it: user ids, and handles of user groups."""
        return {path: owners(self.codeowners or "", path) for path in paths}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a runbook says before its stages, and its stages refer to; None where that is not right itself."""

    roles: Mapping[str, Role]
    duties: Duties
    reminders: Mapping[str, object]
    checks: tuple[str, ...] | None
    kinds: tuple[str, ...] | None
    stage: str = ""
    gate: str = ""

    @property
    def place(self) -> str:
        """Say which gate is read now."""
        return f"the gate {self.gate} of {self.stage}"


def known(info: ValidationInfo) -> Known | None:
    """Return what is known where a part is read."""
    return info.context if isinstance(info.context, Known) else None


def one_known(word: str, thing: str, words: Iterable[str]) -> str:
    """Accept one of the words that the runbook has for a thing."""
    words = tuple(words)
    if word not in words:
        meant = did_you_mean(nearest(word, words))
        there = ", ".join(words) or "there is none"
        raise fault(f"expected a {thing} of this runbook ({there}), found {found(word)}{meant}")
    return word


def _known_role(name: str, info: ValidationInfo) -> str:
    there = known(info)
    return one_known(name, "role", there.roles) if there else name


RoleName = Annotated[Name, AfterValidator(_known_role)]
