"""Tickets: how their keys are written, and where they are read.

A pattern is text in which fields stand in braces, and no regular expression: what it finds is plain to see,
and looking for it takes a time that grows with the text and with nothing else.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Final

from pydantic import AfterValidator

from bot.runbook.parts import Part, fault
from bot.runbook.problems import found
from bot.runbook.values import CONTROL, line, text_schema

PROJECT: Final = "{project}"
NUMBER: Final = "{number}"
KEY: Final = "{key}"
_FIELDS: Final = {PROJECT: "[A-Z][A-Z0-9]{1,9}", NUMBER: "[0-9]{1,9}"}
_FIELD: Final = re.compile(r"(\{project\}|\{number\})")
_PLAIN: Final = re.compile(r"[A-Za-z0-9#_-]*")
_LINK: Final = re.compile(r"https://[^\s<>|@{}]+")


def _pattern(text: str) -> str:
    rest = text.replace(PROJECT, "", 1).replace(NUMBER, "", 1)
    if text.count(NUMBER) != 1 or _PLAIN.fullmatch(rest) is None:
        raise fault(
            "expected letters, digits, # _ and - with {number} in it once, and {project} at most once,"
            f' such as "SHOP-{{number}}"; found {found(text)}'
        )
    return text


def _link(text: str) -> str:
    if text.count(KEY) != 1 or CONTROL.search(text) or _LINK.fullmatch(text.replace(KEY, "x")) is None:
        raise fault(
            'expected an address with {key} in it once, such as "https://tickets.example.com/{key}",'
            f" found {found(text)}"
        )
    return text


class Tickets(Part):
    """How the keys of tickets are written in commits and pull requests, and where a ticket is read."""

    pattern: Annotated[str, line(60), AfterValidator(_pattern), text_schema(60)] = f"{PROJECT}-{NUMBER}"
    """How a key is written. `{number}` stands for digits, `{project}` for 2 to 10 capital letters and digits
    that begin with a letter: `SHOP-{number}`, `#{number}`."""
    link: Annotated[str, line(200), AfterValidator(_link), text_schema(200)] | None = None
    """Where a ticket is read: an address that begins with `https://` and has `{key}` in it."""

    def keys_in(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the keys that are in some texts, each once, in the order in which they come."""
        written = _written(self.pattern)
        return tuple(dict.fromkeys(key for text in texts for key in written.findall(text)))

    def address(self, key: str) -> str:
        """Return where a ticket is read, or nothing where the runbook does not say it."""
        return self.link.replace(KEY, key.replace("#", "%23")) if self.link else ""


@cache
def _written(pattern: str) -> re.Pattern[str]:
    """Return what finds the keys: no word goes on before or after one."""
    parts = (_FIELDS.get(part) or re.escape(part) for part in _FIELD.split(pattern))
    return re.compile(rf"(?<![A-Za-z0-9_]){''.join(parts)}(?![A-Za-z0-9_])", re.ASCII)
