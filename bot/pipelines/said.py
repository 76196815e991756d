"""What a run says of itself, as lines that can be read."""

import re
from collections.abc import Iterable
from typing import Final

SAID: Final = 500
"""Characters of what a run said last, as a reason holds them."""
_ESCAPES: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


def readable(said: str) -> str:
    """Return what a program said without colours, and without what cannot be seen."""
    lines = _ESCAPES.sub("", said).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(c if c.isprintable() else " " for c in line).rstrip() for line in lines)


def as_reason(lines: Iterable[str]) -> str:
    """Return as much of some lines as a reason holds."""
    text = readable("\n".join(lines))
    return text if len(text) <= SAID else f"{text[: SAID - 1]}…"
