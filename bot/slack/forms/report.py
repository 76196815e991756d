"""The form that says how a check went."""

from collections.abc import Sequence
from typing import Final

from bot.release.command import Command
from bot.release.gates.checks import ReportCheck
from bot.release.reason import LIMIT
from bot.release.refusal import Code
from bot.slack.buttons import Target
from bot.slack.forms.form import Form, Submission, field, modal
from bot.slack.writing.blocks import Block, plain

CALLBACK: Final = "report_v1"
MOST_RADIO_BUTTONS: Final = 10
"""Options of radio buttons; a select has up to 100 (docs.slack.dev, Block Kit)."""


def report_form(checks: Sequence[str], target: Target) -> Block:
    """Return the form for those checks of a gate that whoever opens it can report."""
    names = [{"text": plain(name, 75), "value": name} for name in checks]
    outcomes = [
        {"text": plain(text, 75), "value": value}
        for value, text in (("passed", "It passed"), ("failed", "It failed"))
    ]
    comment = {"type": "plain_text_input", "multiline": True, "max_length": LIMIT}
    choice = "radio_buttons" if len(names) <= MOST_RADIO_BUTTONS else "static_select"
    fields = [
        field("check", "Which check?", {"type": choice, "options": names, "initial_option": names[0]}),
        field("outcome", "How did it go?", {"type": "radio_buttons", "options": outcomes}),
        field("comment", "Comment", comment, optional=True, hint="A link to what it found, for example."),
    ]
    return modal(CALLBACK, "Report a check", "Report", target.value(), fields)


def _means(submission: Submission) -> Command:
    target = Target.read(submission.remembered)
    return ReportCheck(
        workspace=submission.workspace,
        release=target.release,
        by=submission.user,
        bound=target.bound,
        check=submission.values["check"],
        passed=submission.values["outcome"] == "passed",
        comment=submission.values["comment"],
    )


REPORT: Final = Form(
    callback=CALLBACK,
    means=_means,
    field_of=lambda refused: (
        "comment" if refused.code in (Code.TEXT_TOO_LONG, Code.TEXT_UNREADABLE) else "check"
    ),
)
