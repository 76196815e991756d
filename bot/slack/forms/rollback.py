"""The form that rolls a release back: a reason, and its key typed out, so that no slip does it."""

from typing import Final

from bot.release.command import Command
from bot.release.reason import LIMIT
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.release.stages.recovery import Recoveries
from bot.release.stages.rollback import Rollback
from bot.runbook.runs import BEFORE, BEFORE_COMMIT
from bot.slack.buttons import Target
from bot.slack.forms.form import Form, Submission, field, modal
from bot.slack.writing.blocks import Block, context, plain, section
from bot.slack.writing.drill import last_times
from bot.slack.writing.text import escape
from bot.slack.writing.words import mention

CALLBACK: Final = "rollback_v1"


def rollback_form(release: Release, last: Recoveries) -> Block:
    """Return the form."""
    reason = {"type": "plain_text_input", "multiline": True, "max_length": LIMIT}
    key = {"type": "plain_text_input", "placeholder": plain(release.key, 150), "max_length": 60}
    steps = "\n".join(f"• {step.do}" for step in release.runbook.way_back.steps)
    to = f" to {escape(release.replaces)}" if release.replaces else ""
    fields = [
        section(f"{mention(release)} is taken back{to}, and *{release.service}* stays locked afterwards."),
        {"type": "section", "text": plain(f"What is done then:\n{steps}", 3_000)},
        *([section(lost)] if (lost := _not_run(release)) else []),
        context("\n".join(last_times(last))),
        field("reason", "Why?", reason),
        field("key", f"Type {release.key} to confirm", key),
    ]
    return modal(CALLBACK, "Roll back", "Roll back", Target(release.key).value(), fields)


def _not_run(release: Release) -> str:
    """Return what is not run, as it is not known to what the release goes back; nothing where all is."""
    known = {BEFORE: release.replaces, BEFORE_COMMIT: release.replaces_commit}
    steps = release.runbook.way_back.steps
    lost = [step.do for step in steps if step.run and any(not known.get(it, it) for it in step.run.fields)]
    if not lost:
        return ""
    names = " and ".join(f"“{escape(do)}”" for do in lost)
    return (
        f"⚠ What was in production before is not known, so {names} is not run. Do it by hand, then skip it."
    )


def _means(submission: Submission) -> Command | Refused:
    target = Target.read(submission.remembered)
    if submission.values["key"].strip().lower() != target.release:
        return Refused(
            code=Code.KEY_DIFFERS,
            because=f"This is not the key {target.release}, so nothing was rolled back.",
            instead="Type it just so, or never mind.",
        )
    return Rollback(
        workspace=submission.workspace,
        release=target.release,
        by=submission.user,
        reason=submission.values["reason"],
    )


ROLLBACK: Final = Form(
    callback=CALLBACK,
    means=_means,
    field_of=lambda refused: "key" if refused.code is Code.KEY_DIFFERS else "reason",
)
