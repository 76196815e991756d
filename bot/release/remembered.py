"""Remembering what was worked out of a release: it never changes, and much asks the same of it."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from bot.release.release import Release

P = ParamSpec("P")
T = TypeVar("T")
MOST: Final = 1_024
"""Answers of each function that are kept."""


class _Same:
    """Arguments that are told apart by being others, not by what they hold, which is quick.

    They are kept, so that no others come to be in their place.
    """

    __slots__ = ("arguments", "places")

    def __init__(self, arguments: tuple[Any, ...]) -> None:
        self.arguments = arguments
        self.places = tuple(map(id, arguments))

    def __hash__(self) -> int:
        return hash(self.places)

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, _Same)
        return self.places == other.places


def remembered(
    function: Callable[Concatenate[Release, P], T],
) -> Callable[Concatenate[Release, P], T]:
    """Return a function that works something out of a release once, as long as there is room for it."""

    @lru_cache(maxsize=MOST)
    def work_out(same: _Same) -> T:
        plain: Callable[..., T] = function
        return plain(*same.arguments)

    @wraps(function)
    def recall(release: Release, /, *args: P.args, **kwargs: P.kwargs) -> T:
        assert not kwargs, "Arguments are told apart by their place."
        return work_out(_Same((release, *args)))

    return recall
