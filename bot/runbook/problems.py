"""What is wrong with a runbook, said with its place and with what would be right."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Say what is wrong at one place of one file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    where: str = ""
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}"
        return ": ".join(part for part in (place, self.where, self.message) if part)


class RunbookError(Exception):
    """The runbook cannot be used; each problem names its place and what would be right."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class UnknownService(Exception):
    """No runbook names this service; `nearest` is the known service it resembles, if any does."""

    def __init__(self, key: str, nearest: str | None) -> None:
        self.key = key
        self.nearest = nearest
        super().__init__(f"no runbook names the service {found(key)}{did_you_mean(nearest)}")


class UnknownKind(Exception):
    """The runbook has no such kind of release; `nearest` is the one it resembles, if any does."""

    def __init__(self, kind: str, kinds: tuple[str, ...], nearest: str | None) -> None:
        self.kind = kind
        self.kinds = kinds
        self.nearest = nearest
        there = ", ".join(kinds)
        super().__init__(f"the runbook has no kind {found(kind)}, only {there}{did_you_mean(nearest)}")


def found(value: object) -> str:
    """Show a value from a file in quotes, short and free of characters that cannot be seen."""
    match value:
        case "" | None:
            return "nothing"
        case str():
            return f'"{visible(value)}"'
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return visible(str(value))


def visible(text: str, limit: int = 60) -> str:
    """Write characters that cannot be seen as escapes, and at most `limit` characters of the text."""
    short = text if len(text) <= limit else text[:limit] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` may be a typo of."""
    by_lower_case = {name.lower(): name for name in known}
    matches = get_close_matches(word.lower()[:80], by_lower_case, n=1, cutoff=0.65)
    return by_lower_case[matches[0]] if matches else None


def did_you_mean(word: str | None) -> str:
    """End a sentence with the word that may have been meant."""
    return f'; did you mean "{word}"?' if word is not None else ""


def one_of(allowed: Iterable[str]) -> str:
    """List the allowed values in quotes, joined by "or"."""
    quoted = [f'"{word}"' for word in allowed]
    return " or ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))
