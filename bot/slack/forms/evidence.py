"""The form that attaches a message as evidence."""

from collections.abc import Sequence
from typing import Final

from bot.release.command import Command
from bot.release.gates.evidence import AttachEvidence
from bot.release.ids import ReleaseKey
from bot.release.reason import LIMIT
from bot.slack.buttons import Target
from bot.slack.forms.form import Form, Submission, field, modal, which_release
from bot.slack.writing.blocks import Block

CALLBACK: Final = "evidence_v1"


def evidence_form(releases: Sequence[ReleaseKey], link: str) -> Block:
    """Return the form for the message at `link`; of several releases it asks to which."""
    comment = {"type": "plain_text_input", "multiline": True, "max_length": LIMIT}
    hint = "With your name and the link it goes into the ledger, and a message of the release shows it."
    said = field("comment", "What does this message show?", comment, optional=True, hint=hint)
    one = releases[0] if len(releases) == 1 else ReleaseKey("")
    fields = [said] if one else [which_release(releases), said]
    title = f"Evidence for {one}" if one else "Attach as evidence"
    return modal(CALLBACK, title, "Attach", Target(one, name=link).value(), fields)


def _means(submission: Submission) -> Command:
    target = Target.read(submission.remembered)
    return AttachEvidence(
        workspace=submission.workspace,
        release=ReleaseKey(submission.values.get("release") or target.release),
        by=submission.user,
        link=target.name,
        comment=submission.values["comment"],
    )


EVIDENCE: Final = Form(callback=CALLBACK, means=_means, field_of=lambda refused: "comment")
