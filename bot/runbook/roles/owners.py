"""Who owns the changed paths, in the syntax of a CODEOWNERS file."""

import re
from collections.abc import Iterator
from functools import lru_cache

from codeowners import CodeOwners

from bot.runbook.parts import fault
from bot.runbook.problems import found
from bot.runbook.values import CONTROL

LIMIT = 50_000
COMMENT = re.compile(r"(?:^|\s)#.*")
OWNER = re.compile(r"@(?:[^\s@<>&|/]+/)?[^\s@<>&|/]+")
EXPECTED = 'expected an owner such as "@U02ABCDEF", "@handle" or "@org/handle"'


def owners(text: str, path: str) -> tuple[str, ...]:
    """Return who owns the path: user ids, and handles of user groups; the last line that matches says."""
    return tuple(dict.fromkeys(_token(owner) for _, owner in _parsed(text).of(path)))


def code_owners(text: str) -> str:
    """Accept the text of a CODEOWNERS file, or raise a fault that names the line."""
    if len(text) > LIMIT:
        raise fault(f"expected at most {LIMIT} characters, found {len(text)}")
    for number, line in enumerate(text.splitlines(), start=1):
        for trouble in _troubles(COMMENT.sub("", line)):
            raise fault(f"line {number}: {trouble}")
    return text


def _troubles(line: str) -> Iterator[str]:
    pattern, *named = line.replace("\\ ", "?").split() or [""]
    if pattern.startswith(("!", "^", "@")) or set("[]") & set(pattern) or CONTROL.search(pattern):
        yield f'expected a path such as "/db/" or "*.py", and then its owners; found {found(pattern)}'
    yield from (f"{EXPECTED}; found {found(owner)}" for owner in named if not OWNER.fullmatch(owner))


def _token(owner: str) -> str:
    return owner.removeprefix("@").rsplit("/", 1)[-1]


@lru_cache(maxsize=64)
def _parsed(text: str) -> CodeOwners:
    return CodeOwners("\n".join(COMMENT.sub("", line) for line in text.splitlines()))
