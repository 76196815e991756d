"""Who is in which role: read when it matters, and kept as evidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.release.command import Facts
from bot.release.event import Event
from bot.release.ids import ROLLCALL, UserId
from bot.release.manifest import Manifest
from bot.release.people.directory import Away, Directory
from bot.release.people.duties import leads
from bot.release.people.hours import Hours
from bot.release.refusal import Code, Refused
from bot.release.release import Members, Release
from bot.release.replace import replace
from bot.runbook.model import Runbook
from bot.runbook.roles.role import Role, Standing

Read = Mapping[str, tuple[UserId, ...] | None]
"""Role -> the people in it, sorted; None where that could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersRead(Event):
    """The people in the release's roles, or who stands in for them, may be others than they were before."""

    members: Members
    deputies: Mapping[UserId, Away] = field(default_factory=dict)
    guests: tuple[UserId, ...] = ()
    hours: Mapping[UserId, Hours] = field(default_factory=dict)

    def change(self, release: Release) -> Release:
        return replace(
            release,
            members=self.members,
            deputies=self.deputies,
            guests=self.guests,
            hours=self.hours,
            read_at=self.at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What of a release decides who is in its roles."""

    starter: UserId
    manifest: Manifest


def read_members(runbook: Runbook, about: About, directory: Directory, now: datetime) -> Read:
    """Return who may fill a seat of each role of a runbook at a moment."""
    return {role.name: _people(role, about, directory, now) for role in runbook.roles}


def members_read(release: Release, facts: Facts) -> Sequence[MembersRead]:
    """Return the event that brings the release's people up to date, if they differ and all can be read."""
    members = _members(release, facts)
    if None in members.values():
        return ()
    besides = _besides(release)
    deputies = standing_in(release.runbook, members, besides, facts)
    read = MembersRead(
        at=facts.now,
        by=ROLLCALL,
        members=known(members),
        deputies=deputies,
        guests=guests_in(members, facts.directory),
        hours=hours_in(members, deputies, besides, facts.directory),
    )
    now = (read.members, read.deputies, read.guests, read.hours)
    if now == (release.members, release.deputies, release.guests, release.hours):
        return (read,) if _turned(release, facts.now) else ()
    return (read,)


def people_trouble(release: Release, facts: Facts) -> Refused | None:
    """Refuse when the people in some role are not known just now."""
    about = About(starter=release.starter, manifest=release.manifest)
    return unread(release.runbook, about, facts.directory, facts.now)


def _besides(release: Release) -> Iterable[UserId]:
    """Return who may be asked for something without being in a role: who leads, holds, or has rejected."""
    owners = (hold.owner for hold in release.holds)
    givers = (no.vote.by for no in release.rejections if no.ended is None)
    return {*leads(release), *owners, *givers}


def standing_in(
    runbook: Runbook, members: Read, besides: Iterable[UserId], facts: Facts
) -> Mapping[UserId, Away]:
    """Return who is away now of the people in the roles, and of some others, each with a deputy.

    A deputy is a full member.

    Somebody who would come first in a role belongs to it, too, though another has the turn meanwhile.
    """
    absent = facts.directory.deputies(facts.now)
    if not absent:
        return {}
    concerned = {person for people in members.values() for person in people or ()}
    concerned |= {*besides, *(UserId(person) for role in runbook.roles for person in role.first_of)}
    return {
        person: away
        for person, away in sorted(absent.items())
        if person in concerned and facts.directory.people.get(away.deputy) is Standing.MEMBER
    }


def guests_in(members: Read, directory: Directory) -> tuple[UserId, ...]:
    """Return those in the roles who are active in the workspace and no full members of it."""
    concerned = {person for people in members.values() for person in people or ()}
    others = {Standing.GUEST, Standing.STRANGER, Standing.BOT}
    return tuple(sorted(person for person in concerned if directory.people.get(person) in others))


def hours_in(
    members: Read, deputies: Mapping[UserId, Away], besides: Iterable[UserId], directory: Directory
) -> Mapping[UserId, Hours]:
    """Return when those are at work who may be reminded, as far as it is known.

    They are the people in the roles, some others, and who stands in for any of them.
    """
    concerned = {person for people in members.values() for person in people or ()}
    concerned |= {*besides, *(away.deputy for away in deputies.values())}
    return {person: directory.hours[person] for person in sorted(concerned) if person in directory.hours}


def known(members: Read) -> Members:
    """Return the roles whose people could be read."""
    return {role: people for role, people in members.items() if people is not None}


def next_turn(release: Release) -> datetime | None:
    """Return when a rotation of the release next passes on, or somebody who is away comes back."""
    turns = [role.rotation.next_change(release.read_at) for role in release.runbook.roles if role.rotation]
    return min([*turns, *(away.until for away in release.deputies.values())], default=None)


def unread(runbook: Runbook, about: About, directory: Directory, now: datetime) -> Refused | None:
    """Refuse when it is not known who is in a role, or in the workspace."""
    members = read_members(runbook, about, directory, now)
    roles = [role for role in runbook.roles if members[role.name] is None]
    if directory.readable:
        return _without_group(roles, about, directory) if roles else None
    who = ", ".join(role.name for role in roles) or "the workspace"
    return Refused(
        code=Code.CANNOT_READ_PEOPLE,
        because=f"Who is in {who} cannot be read just now, and what cannot be read counts as no.",
        instead="Try again in a minute.",
    )


def _without_group(roles: Sequence[Role], about: About, directory: Directory) -> Refused:
    """Refuse because all groups that there are were read, and those of some roles are not among them."""
    groups = dict.fromkeys(f"“{group}”" for role in roles for group in _not_there(role, about, directory))
    names = " and ".join(role.name for role in roles)
    return Refused(
        code=Code.CANNOT_READ_PEOPLE,
        because=f"Slack has no user group {' and no '.join(groups)}, to which the runbook binds {names}, and"
        " what is not there counts as no.",
        instead="Create it in Slack, or mend the runbook and start anew.",
    )


def _members(release: Release, facts: Facts) -> Read:
    about = About(starter=release.starter, manifest=release.manifest)
    return read_members(release.runbook, about, facts.directory, facts.now)


def _turned(release: Release, now: datetime) -> bool:
    turn = next_turn(release)
    return turn is not None and turn <= now


def _people(role: Role, about: About, directory: Directory, now: datetime) -> tuple[UserId, ...] | None:
    if role.starter:
        return (about.starter,)
    bound = _bound(role, about, directory, now)
    if bound is None or not directory.readable:
        return None
    standing, admitted = directory.people, {Standing.MEMBER, *role.admits}
    there = [person for person in bound if standing.get(person) in admitted]
    if role.first_of:
        there = [person for person in there if person not in directory.deputies(now)][:1]
    return tuple(sorted({*there}))


def _bound(role: Role, about: About, directory: Directory, now: datetime) -> Iterable[UserId] | None:
    if role.group is not None:
        return directory.groups.get(role.group)
    if role.authors:
        return about.manifest.authors
    if role.reviewers:
        return about.manifest.reviewers
    if role.codeowners is not None:
        return _owners(role, about.manifest.paths, directory)
    if role.rotation is not None:
        return map(UserId, role.rotation.on_call(now))
    return map(UserId, role.users or role.first_of)


def _owners(role: Role, paths: Iterable[str], directory: Directory) -> Iterable[UserId] | None:
    """Return who owns a path, named by id or in a group; None when a group of owners cannot be read."""
    tokens = _tokens(role, paths)
    if not all(_is_known(token, directory) for token in tokens):
        return None
    # The handle of a group is nobody of the workspace, so that it is in no role itself.
    return [person for token in tokens for person in (UserId(token), *directory.groups.get(token, ()))]


def _tokens(role: Role, paths: Iterable[str]) -> set[str]:
    return {token for owners in role.owners_of(paths).values() for token in owners}


def _is_known(token: str, directory: Directory) -> bool:
    """Return whether a person has this id, or a user group this handle or id."""
    return UserId(token) in directory.people or token in directory.groups


def _not_there(role: Role, about: About, directory: Directory) -> Iterable[str]:
    """Return the user groups of a role that are not there, though all there are were read."""
    bound = [role.group] if role.group else sorted(_tokens(role, about.manifest.paths))
    return [handle for handle in bound if not _is_known(handle, directory)]
