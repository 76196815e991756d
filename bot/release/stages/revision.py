"""Changing what is in a release: whom that asks again, and whose word carries over."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event, Told
from bot.release.ids import UserId
from bot.release.manifest import Manifest, bound_to, changed_paths, manifest_trouble, untold_paths
from bot.release.people.duties import Circle, barred, not_yours
from bot.release.people.roles import members_read
from bot.release.refusal import Code, Refused
from bot.release.release import Ending, Release, Verdict, Vote
from bot.release.replace import replace
from bot.release.stages.cancel import production_touched
from bot.release.state import State
from bot.runbook.gates.gate import path_matches

USER: Final = re.compile("[UW][A-Z0-9]{2,20}", re.ASCII)
"""What the id of a person in Slack looks like."""
NONE: Final = frozenset[str]()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAgain:
    """Somebody whose approval was for something else, and what has changed since."""

    stage: int
    gate: str
    person: UserId
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestChanged(Event):
    """Something else is to be released than before, from the first stage on."""

    version: str
    manifest: Manifest
    asked_again: tuple[AskedAgain, ...] = ()

    def change(self, release: Release) -> Release:
        again = {(one.stage, one.gate, one.person): one.because for one in self.asked_again}
        voided = {
            vote: again[vote.stage, vote.gate, vote.by]
            for vote in release.votes
            if (vote.stage, vote.gate, vote.by) in again
        }
        # Whose own release it has become is not asked again, but what they approved is not what goes out.
        given = [vote for vote in release.votes if _is_approval(vote)]
        own = {vote: f"they {why}" for vote in given if (why := _apart(release, vote, self.manifest))}
        ending = Ending(by=self.by, at=self.at, how="changed what goes out")
        left = release.voiding(self.at, {**voided, **own}).without_failure(ending)
        return replace(
            left,
            version=self.version,
            manifest=self.manifest,
            revisions=(*release.revisions, self),
            votes=tuple(replace(vote, carried=self.version) for vote in left.votes),
            earlier=None,
            reports={},
            overridden=frozenset(),
            stage=0,
            opened={0: self.at},
            began={},
            done=(),
            attempt=1,
            reminders=(),
            since=self.at,
        )

    def told(self) -> Told:
        return Told("changed what goes out to", self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeManifest(Command):
    """Release something else than was started, before production is touched."""

    asks_neighbours: ClassVar[bool] = True

    version: str
    manifest: Manifest

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            self._too_late(release)
            or not_yours(release, self.by, "Changing what goes out", Circle.LEAD, Circle.STARTER)
            or manifest_trouble(self.version, self.manifest)
            or self._released(release, facts)
            or self._same(release)
            or self._changed(release, facts)
        )

    def _too_late(self, release: Release) -> Refused | None:
        if release.rehearsal:
            return Refused(
                code=Code.NOTHING_TO_DO,
                because=f"{release.key} rehearses the way back from what is in production, and nothing else.",
            )
        if release.state is State.ROLLING_BACK:
            return production_touched(release, "it is rolled back")
        return production_touched(release, "what was approved is what went there")

    def _released(self, release: Release, facts: Facts) -> Refused | None:
        if facts.neighbours.released_as is None:
            return None
        return Refused(
            code=Code.ALREADY_RELEASED,
            because=f"{release.service} {self.version} was released as {facts.neighbours.released_as}.",
            instead="Name the version that is new, or cancel the release.",
        )

    def _same(self, release: Release) -> Refused | None:
        if bound_to(self.version, self.manifest) != release.bound:
            return None
        return Refused(
            code=Code.MANIFEST_SAME,
            because=f"{release.key} is {release.version} with just this manifest already.",
        )

    def _changed(self, release: Release, facts: Facts) -> Decision:
        again = tuple(
            AskedAgain(stage=vote.stage, gate=vote.gate, person=vote.by, because=because)
            for vote, because in asks_again(release, self.version, self.manifest).items()
        )
        changed = ManifestChanged(
            at=facts.now, by=self.by, version=self.version, manifest=self.manifest, asked_again=again
        )
        # Who is in a role may follow from the manifest, so it is read again before anything follows from it.
        return (changed, *members_read(changed.change(release), facts))


def asks_again(release: Release, version: str, manifest: Manifest) -> Mapping[Vote, str]:
    """Return the approvals that do not carry over to another manifest, each with what has changed.

    An approval covers the paths that its gate is about, or those that its giver owns; all others cover
    everything. What is not known to be the same counts as changed. A rejection stays until it is withdrawn
    or settled.
    """
    changed = changed_paths(release.manifest, manifest)
    untold = untold_paths(release.manifest, manifest) if version != release.version else NONE
    found = {}
    for vote in release.votes:
        # Who has become an author is not asked again: the approval is set aside for that.
        if _is_approval(vote) and not _apart(release, vote, manifest):
            because = _because(release, vote, manifest, (changed, untold))
            if because:
                since = vote.carried or vote.version
                found[vote] = f"it was for {since}; since then {because}"
    return found


def _apart(release: Release, vote: Vote, manifest: Manifest) -> str:
    """Return why who gave an approval fills no seat under another manifest; nothing where they may."""
    return barred(replace(release, manifest=manifest), vote.gate).get(vote.by, "")


def _is_approval(vote: Vote) -> bool:
    return vote.verdict is Verdict.APPROVED


def _because(
    release: Release, vote: Vote, manifest: Manifest, paths: tuple[frozenset[str], frozenset[str]]
) -> str:
    if manifest.risk is not release.manifest.risk:
        return f"the risk has become {manifest.risk}"
    if manifest.labels != release.manifest.labels:
        return "the labels have changed"
    if not any(paths):
        return "what goes out has changed, and nothing tells where"
    changed, untold = (_covered(release, vote, those) for those in paths)
    if changed:
        return f"{_some(changed)} changed"
    return f"{_some(untold, 'may have', 'may have')} changed" if untold else ""


def _covered(release: Release, vote: Vote, changed: frozenset[str]) -> frozenset[str]:
    """Return those of the changed paths that an approval is about."""
    gate = release.gate(vote.stage, vote.gate)
    if gate is not None and gate.when is not None and gate.when.paths:
        return frozenset(p for p in changed for glob in gate.when.paths if path_matches(glob, p))
    owned = [release.runbook.role(role) for role in vote.roles]
    if owned and all(role.codeowners is not None for role in owned):
        owners = [(path, who) for role in owned for path, who in role.owners_of(changed).items()]
        # Who stood in for an owner has answered for the owner's paths.
        givers = (vote.by, vote.behalf)
        return frozenset(path for path, who in owners if any(_may_be(givers, token) for token in who))
    return changed


def _may_be(people: Collection[UserId | None], owner: str) -> bool:
    """Return whether an owner is one of some people, or a group in which they may be."""
    return owner in people or not USER.fullmatch(owner)


def _some(paths: frozenset[str], one: str = "has", many: str = "have") -> str:
    first, *more = sorted(paths)
    return f"{first} and {len(more)} more {many}" if more else f"{first} {one}"
