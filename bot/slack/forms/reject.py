"""The form that asks why a gate is rejected."""

from typing import Final

from bot.release.approval import Reject
from bot.release.reason import LIMIT
from bot.slack.buttons import Target
from bot.slack.forms.form import Form, Submission, field, modal
from bot.slack.messages.blocks import Block

CALLBACK: Final = "reject_v1"


def reject_form(target: Target) -> Block:
    """Return the form for the gate that `target` names."""
    reason = {"type": "plain_text_input", "multiline": True, "max_length": LIMIT}
    hint = f"It blocks {target.release} until you approve it. Everybody in the thread sees the reason."
    fields = [field("reason", f"Why do you reject {target.name}?", reason, hint=hint)]
    return modal(CALLBACK, "Reject", "Reject", target.value(), fields)


def _means(submission: Submission) -> Reject:
    target = Target.read(submission.remembered)
    return Reject(
        workspace=submission.workspace,
        release=target.release,
        by=submission.user,
        stage=target.stage,
        gate=target.name,
        comment=submission.values["reason"],
    )


REJECT: Final = Form(callback=CALLBACK, means=_means, field_of=lambda refused: "reason")
