"""What GitHub and GitLab have in common as sources: they may be slow, or refuse, and a person waits."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from bot.release.changes import Author, PullRequest, Reading, Unread, Wanted
from bot.sources.source import WITHIN_S, NotKnown, PullRequests

T = TypeVar("T")
PAGE: Final = 100
"""Entries on a page, the most that both give."""
MOST_PAGES: Final = 20
"""Pages of commits, of tags and of paths that are read."""
AT_ONCE: Final = 8
"""Calls that are under way at a time for one reading; GitHub asks that they be few."""
LONGEST_S: Final = 30.0
"""Seconds that a reading goes on after the one who asked was told to try once more."""
KEPT_S: Final = 60.0
"""Seconds that it is kept for who asks again: a tag may be moved meanwhile."""
MOST_LOOKED: Final = 40
"""Commits, the newest, of which it is asked by which pull request they came."""
MOST_REVIEWED: Final = 20
"""Pull requests, the newest, of which it is asked who approved them."""
TOLD_S: Final = 0.8
"""Seconds in which that is asked: it is told to people, and nothing is decided by it but who reviewed."""
ODD: Final = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What is raised where an answer has not the shape that it should have."""


class Hub(Protocol):
    """One repository at a hub, as far as pull requests are asked for."""

    who: str

    async def pulls_of(self, commit: str) -> Iterable[tuple[int, str]]:
        """Return the numbers and titles of the merged pull requests by which a commit came."""
        ...

    async def approved(self, number: int) -> Iterable[Author]:
        """Return who approved a pull request."""
        ...

    def link(self, number: int) -> str:
        """Return where a pull request can be seen."""
        ...

    def trouble(self, error: Exception) -> str:
        """Return what is wrong where a call has failed, as a reason."""
        ...


@dataclass(slots=True)
class _UnderWay:
    """A reading that goes on, or has ended at a time of the loop."""

    task: asyncio.Task[Reading]
    ended: float | None = None


class Timely:
    """Answer in the time that a person waits. What takes longer goes on, and is there when asked again."""

    def __init__(self, who: str, within_s: float = WITHIN_S) -> None:
        self._who = who
        self._within_s = within_s
        self._under_way: dict[Wanted, _UnderWay] = {}

    async def read(self, wanted: Wanted, reading: Callable[[], Awaitable[Reading]]) -> Reading:
        """Return what a reading comes to, or that it is not there yet."""
        self._forget()
        under_way = self._under_way.get(wanted)
        if under_way is None:
            under_way = self._under_way[wanted] = _UnderWay(asyncio.create_task(self._read(reading)))
            under_way.task.add_done_callback(lambda _: self._note(wanted))
        done, _ = await asyncio.wait([under_way.task], timeout=self._within_s)
        if not done:
            return Unread(because=f"{self._who} has not said all of it yet, and is still being asked")
        if self._under_way.get(wanted) is under_way:
            del self._under_way[wanted]
        return under_way.task.result()

    async def stop(self) -> None:
        """End all that is under way."""
        tasks = [one.task for one in self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, reading: Callable[[], Awaitable[Reading]]) -> Reading:
        try:
            async with asyncio.timeout(LONGEST_S):
                return await reading()
        except TimeoutError:
            return Unread(because=f"{self._who} did not answer within {LONGEST_S:.0f} seconds")
        except NotKnown as why:
            return Unread(because=str(why))

    def _note(self, wanted: Wanted) -> None:
        if wanted in self._under_way:
            self._under_way[wanted].ended = asyncio.get_running_loop().time()

    def _forget(self) -> None:
        """Forget what nobody has come back for."""
        now = asyncio.get_running_loop().time()
        late = [key for key, one in self._under_way.items() if one.ended and now - one.ended > KEPT_S]
        for key in late:
            del self._under_way[key]


async def side_by_side(calls: Iterable[Awaitable[T]]) -> Sequence[T]:
    """Return what some calls return, a few of which are under way at a time."""
    few = asyncio.Semaphore(AT_ONCE)

    async def one(call: Awaitable[T]) -> T:
        async with few:
            return await call

    return await asyncio.gather(*map(one, calls))


async def pages(page: Callable[[int], Awaitable[Sequence[Any]]], many: NotKnown) -> Sequence[Any]:
    """Return what is on all pages, of which the last one is not full. Raises `many` where it does not end."""
    found: list[Any] = []
    for number in range(1, MOST_PAGES + 1):
        here = await page(number)
        found += here
        if len(here) < PAGE:
            return found
    raise many


async def nearest(tags: Mapping[str, str], ancestors: Callable[[int], Awaitable[Sequence[str]]]) -> str:
    """Return the tag of the first of some ancestors that has one, or nothing where none has.

    `tags` has names by commit, `ancestors` the commits of a page. Raises NotKnown where they are too many.
    """
    if not tags:
        return ""
    for number in range(1, MOST_PAGES + 1):
        here = await ancestors(number)
        if found := next((tags[commit] for commit in here if commit in tags), ""):
            return found
        if len(here) < PAGE:
            return ""
    raise NotKnown(f"the tag before is not among the newest {MOST_PAGES * PAGE:,} commits")


async def pull_requests(hub: Hub, commits: Sequence[str]) -> PullRequests:
    """Return the pull requests by which commits came, the newest first, as far as there is time to ask."""
    titles: dict[int, str] = {}
    reviewers: dict[int, tuple[Author, ...]] = {}

    async def look(commit: str) -> None:
        titles.update(await hub.pulls_of(commit))

    async def review(number: int) -> None:
        reviewers[number] = tuple(await hub.approved(number))

    unread = ""
    try:
        async with asyncio.timeout(TOLD_S):
            await side_by_side(map(look, commits[:MOST_LOOKED]))
            await side_by_side(map(review, sorted(titles, reverse=True)[:MOST_REVIEWED]))
    except TimeoutError:
        unread = f"{hub.who} took too long"
    except Exception as error:  # noqa: BLE001  # Nothing is decided by it, so nothing that is wrong with it stops a start.
        unread = hub.trouble(error)
    if not unread and len(commits) > MOST_LOOKED:
        unread = f"they were looked for at the newest {MOST_LOOKED} commits"
    found = [
        PullRequest(
            number=number, title=titles[number], link=hub.link(number), reviewers=reviewers.get(number, ())
        )
        for number in sorted(titles, reverse=True)
    ]
    return PullRequests(found=found, unread=unread)
