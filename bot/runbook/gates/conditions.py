"""Conditions: the releases for which something is asked."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, model_validator

from bot.runbook.parts import Few, Part, distinct, fault
from bot.runbook.roles.role import known, one_known
from bot.runbook.values import Name, choice, line, text_schema

CONDITIONS = ("kind", "environment", "labels", "paths", "risk")


class Risk(StrEnum):
    """How much can go wrong with a change."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


def _alone(value: object) -> object:
    """Read one value as a list of it."""
    return (value,) if isinstance(value, str) else value


def _known_kind(kind: str, info: ValidationInfo) -> str:
    there = known(info)
    return one_known(kind, "kind", there.kinds) if there and there.kinds else kind


alone = BeforeValidator(_alone)
Kinds = Annotated[tuple[Annotated[Name, AfterValidator(_known_kind)], ...], alone, Few(0, 20), distinct()]
Names = Annotated[tuple[Name, ...], alone, Few(0, 20), distinct()]
Paths = Annotated[tuple[Annotated[str, line(200), text_schema(200)], ...], alone, Few(0, 50), distinct()]
Risks = Annotated[tuple[Annotated[Risk, choice(Risk)], ...], alone, Few(0, 3), distinct()]


class When(Part):
    """The releases for which something is asked: those for which each key that is given fits."""

    kind: Kinds = ()
    """The release is of one of these kinds; `normal`, or a key of `kinds`."""
    environment: Names = ()
    """The stage is in one of these environments."""
    labels: Names = ()
    """A change of the manifest has one of these labels."""
    paths: Paths = ()
    """A change touches one of these paths: `*` is anything but a `/`, `**` anything, and a `/` at the end
    all that is below."""
    risk: Risks = ()
    """The risk of the manifest is one of `low`, `medium` and `high`."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(getattr(self, key) for key in CONDITIONS):
            raise fault(f"expected at least one of {', '.join(CONDITIONS)}, found none")
        return self


def path_matches(pattern: str, path: str) -> bool:
    """Tell whether a path is one of those that a pattern such as `db/**` means."""
    return _paths(pattern).fullmatch(path) is not None


@lru_cache(maxsize=1_000)
def _paths(pattern: str) -> re.Pattern[str]:
    whole = pattern.removeprefix("/") + ("**" if pattern.endswith("/") else "")
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    pieces = re.split(r"((?:\*\*/)+|\*{2,}|\*)", whole)
    return re.compile("".join(wild.get(_short(piece), re.escape(piece)) for piece in pieces), re.DOTALL)


def _short(piece: str) -> str:
    """Write stars that repeat as the fewest that mean the same."""
    return re.sub(r"^(?:\*\*/)+$|^\*{3,}$", lambda stars: "**/" if "/" in stars[0] else "**", piece)
