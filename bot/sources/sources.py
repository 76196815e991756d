"""All sources as one: the first that has the repository of a service says what is in its versions."""

import asyncio
from collections.abc import Sequence

from bot.release.changes import Reading, Unread, Wanted
from bot.runbook.problems import RunbookError
from bot.sources.people import PeopleFile
from bot.sources.source import Source


class Sources:
    """Some sources, and the file that says who those are who wrote it."""

    def __init__(self, sources: Sequence[Source], people: PeopleFile) -> None:
        self._sources = sources
        self._people = people

    async def read(self, wanted: Wanted) -> Reading:
        """Return what is in a version, or None of a service of which no source has a repository."""
        for source in self._sources:
            if (reading := await source.read(wanted)) is not None:
                return await self._known(reading)
        return None

    async def _known(self, reading: Reading) -> Reading:
        try:
            return await asyncio.to_thread(self._people.known, reading)
        except RunbookError as error:
            return Unread(because=f"the file of ROLLCALL_AUTHORS cannot be used: {error.problems[0]}")
