"""Hiding secrets in what commands say."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bot.pipelines.said import readable

SHORTEST: Final = 4
"""Characters of a secret; what is shorter is in many words."""
SHORTEST_LINE: Final = 8
"""Characters of one line of a secret that has several, such as a key, which may be printed one by one."""
HIDDEN: Final = "***"
_LEFT_OUT: Final = re.compile(r"(\n… [0-9,]+ bytes are left out …\n)")
_TORN: Final = "\N{REPLACEMENT CHARACTER}"
"""What is read where a character was cut."""


class Secrets:
    """The values that are shown to nobody."""

    def __init__(self, values: Iterable[str]) -> None:
        self._secrets = frozenset(one for value in values for one in _secrets(readable(value).strip()))

    def hide(self, said: str) -> str:
        """Return what was said without secrets, and without what may be a part of one where it was cut.

        It may end in the middle of one as well, for more may come: a few characters are no secret there.
        """
        parts = _LEFT_OUT.split(said)
        for index in range(0, len(parts), 2):
            is_first, is_last = index == 0, index == len(parts) - 1
            text = parts[index] if is_first else parts[index].lstrip(_TORN)
            text = text if is_last else text.rstrip(_TORN)
            spans = [*self._whole(text), *self._at_end(text, SHORTEST if is_last else 1)]
            parts[index] = _without(text, spans if is_first else [*spans, *self._at_start(text)])
        return "".join(parts)

    def _whole(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where secrets begin and end; one may be a part of another, or overlap it."""
        for secret in self._secrets:
            at = text.find(secret)
            while at >= 0:
                yield at, at + len(secret)
                at = text.find(secret, at + 1)

    def _at_end(self, text: str, least: int) -> Iterator[tuple[int, int]]:
        for secret in self._secrets:
            for size in range(least, len(secret)):
                if text.endswith(secret[:size]):
                    yield len(text) - size, len(text)

    def _at_start(self, text: str) -> Iterator[tuple[int, int]]:
        for secret in self._secrets:
            for size in range(1, len(secret)):
                if text.startswith(secret[-size:]):
                    yield 0, size


def _secrets(value: str) -> Iterator[str]:
    if len(value) >= SHORTEST:
        yield value
    for line in value.split("\n"):
        if len(line.strip()) >= SHORTEST_LINE:
            yield line.strip()


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return a text with what is hidden in place of each span; those that overlap are one."""
    shown, end = [], 0
    for first, last in sorted(spans):
        if first >= end:
            shown += [text[end:first], HIDDEN]
        end = max(end, last)
    return "".join([*shown, text[end:]])
