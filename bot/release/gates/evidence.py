"""Evidence: what people attach to a release so that others can look it up, such as a test report."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event
from bot.release.ids import UserId
from bot.release.reason import LIMIT, comment_trouble, is_link
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.replace import replace

MOST: Final = 20
"""Pieces of evidence of a release: each is a message of its thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A link that somebody has attached, and what they say of it."""

    by: UserId
    at: datetime
    link: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceAttached(Event):
    """Somebody has attached evidence."""

    link: str
    comment: str = ""

    def change(self, release: Release) -> Release:
        attached = Evidence(by=self.by, at=self.at, link=self.link, comment=self.comment)
        return replace(release, evidence=(*release.evidence, attached))


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachEvidence(Command):
    """Attach evidence by its link, to a release that is open or has ended."""

    after_end: ClassVar[bool] = True

    link: str
    comment: str = ""

    def decide(self, release: Release, facts: Facts) -> Decision:
        return (
            self._bad_link()
            or comment_trouble(self.comment)
            or self._one_too_many(release)
            or (EvidenceAttached(at=facts.now, by=self.by, link=self.link, comment=self.comment),)
        )

    def _bad_link(self) -> Refused | None:
        if is_link(self.link):
            return None
        return Refused(
            code=Code.LINK_INVALID,
            because=f"Evidence is attached by a web address of at most {LIMIT} characters.",
            instead="Copy the link of the message or page anew.",
        )

    def _one_too_many(self, release: Release) -> Refused | None:
        if any(attached.link == self.link for attached in release.evidence):
            return Refused(code=Code.ALREADY_DONE, because=f"This is attached to {release.key} already.")
        if len(release.evidence) >= MOST:
            return Refused(
                code=Code.TOO_MANY,
                because=f"{release.key} has {MOST} pieces of evidence, and that is as many as it can show.",
                instead="Put the link into a message, or into a page that is attached already.",
            )
        return None
