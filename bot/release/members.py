"""Who is in which role: read when it matters, and kept as evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.release.command import Facts
from bot.release.event import Event
from bot.release.ids import ROLLCALL, UserId
from bot.release.refusal import Code, Refused
from bot.release.release import Members, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersRead(Event):
    """The people in the release's roles are others than they were before."""

    members: Members

    def change(self, release: Release) -> Release:
        return replace(release, members=self.members)


def members_read(release: Release, facts: Facts) -> Sequence[MembersRead]:
    """Return the event that brings the release's members up to date, if they differ and all can be read."""
    if not facts.readable or facts.members == release.members:
        return ()
    return (MembersRead(at=facts.now, by=ROLLCALL, members=known(facts.members)),)


def known(members: Mapping[str, tuple[UserId, ...] | None]) -> Members:
    """Return the roles whose people could be read."""
    return {role: people for role, people in members.items() if people is not None}


def cannot_read_people(members: Mapping[str, tuple[UserId, ...] | None]) -> Refused:
    """Refuse because the people in a role are not known just now."""
    unread = ", ".join(role for role, people in members.items() if people is None)
    return Refused(
        code=Code.CANNOT_READ_PEOPLE,
        because=f"Who is in {unread} cannot be read just now, and what cannot be read counts as no.",
        instead="Try again in a minute. If it stays so, check that the user group exists.",
    )
