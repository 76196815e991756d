"""Reading what is asked of people: the releases that wait for something, and who the people are."""

import asyncio
from collections.abc import Sequence

from bot.coordinator import People
from bot.ledger.reader import Reader
from bot.ledger.shown import Shown
from bot.release.ids import WorkspaceId
from bot.release.people.directory import Directory
from bot.slack.asked.watched import Watched


class Asked:
    """Read the releases of a workspace; `url` is its address in Slack, with a slash at its end."""

    def __init__(self, releases: Reader, people: People, workspace: WorkspaceId, url: str) -> None:
        self._releases = releases
        self._people = people
        self._workspace = workspace
        self._url = url

    async def read(self) -> tuple[Sequence[Watched], Directory]:
        """Return the releases that wait for something, the oldest first, and the people by their own word."""
        releases = await self._releases.unsettled(self._workspace)
        cards = await self._releases.cards(self._workspace, [one.key for one in releases])
        links = {key: self._link(card) for key, card in cards.items()}
        directory = self._people.seen().as_told(await self._releases.own(self._workspace))
        # What many releases wait for takes a while to work out, and nobody's press may wait for that.
        every = (Watched.of(one, links.get(one.key, "")) for one in releases)
        return await asyncio.to_thread(list, every), directory

    def _link(self, card: Shown) -> str:
        """Return the address of a card as Slack writes it (docs.slack.dev, chat.getPermalink)."""
        assert card.ts is not None
        return f"{self._url}archives/{card.channel}/p{card.ts.replace('.', '')}"
