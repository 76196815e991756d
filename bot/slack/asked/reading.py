"""Reading what is asked of people: the releases that wait for something, and who the people are."""

import asyncio
from collections.abc import Sequence

from bot.coordinator import People
from bot.ledger.progress.shown import Shown
from bot.ledger.reader import Reader
from bot.release.ids import ReleaseKey, WorkspaceId
from bot.release.people.directory import Directory
from bot.release.release import Release
from bot.slack.asked.watched import Watched
from bot.slack.writing.text import address


class Asked:
    """Read the releases of a workspace; `url` is its address in Slack, with a slash at its end."""

    def __init__(self, releases: Reader, people: People, workspace: WorkspaceId, url: str) -> None:
        self._releases = releases
        self._people = people
        self._workspace = workspace
        self._url = url
        self._kept: dict[ReleaseKey, Watched] = {}

    async def read(self) -> tuple[Sequence[Watched], Directory]:
        """Return the releases that wait for something, the oldest first, and the people by their own word."""
        releases = await self._releases.unsettled(self._workspace)
        cards = await self._releases.cards(self._workspace, [one.key for one in releases])
        links = {key: self._link(card) for key, card in cards.items()}
        directory = self._people.seen().as_told(await self._releases.own(self._workspace))
        # What many releases wait for takes a while to work out, and nobody's press may wait for that.
        every = (self._watched(one, links.get(one.key, "")) for one in releases)
        self._kept = {one.release.key: one for one in await asyncio.to_thread(list, every)}
        return tuple(self._kept.values()), directory

    def _watched(self, release: Release, link: str) -> Watched:
        """Return what a release waits for; of one that is the same as before, what was worked out then."""
        kept = self._kept.get(release.key)
        same = kept is not None and kept.release is release and kept.link == link
        return kept if kept is not None and same else Watched.of(release, link)

    def _link(self, card: Shown) -> str:
        assert card.ts is not None
        return address(self._url, card.channel, card.ts)
