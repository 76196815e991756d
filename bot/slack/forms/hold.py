"""The form that places a hold."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.release.command import Command
from bot.release.ids import ReleaseKey
from bot.release.reason import LIMIT
from bot.release.refusal import Code
from bot.release.stages.holds import PlaceHold
from bot.slack.buttons import Target
from bot.slack.forms.form import Form, Submission, field, modal, which_release
from bot.slack.writing.blocks import Block, plain

CALLBACK: Final = "hold_v1"
WAITS: Final = {"1h": "In an hour", "4h": "In four hours", "1d": "Tomorrow at this time", "7d": "In a week"}
UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def hold_form(release: ReleaseKey, reason: str = "") -> Block:
    """Return the form, in which a reason may stand already."""
    return modal(CALLBACK, f"Hold {release}", "Hold", Target(release).value(), _fields(reason))


def hold_form_of(releases: Sequence[ReleaseKey], reason: str) -> Block:
    """Return the form that asks besides which of several releases is held."""
    none = Target(ReleaseKey("")).value()
    fields = [which_release(releases), *_fields(reason)]
    return modal(CALLBACK, "Hold a release", "Hold", none, fields)


def _fields(reason: str) -> list[Block]:
    text: Block = {"type": "plain_text_input", "multiline": True, "max_length": LIMIT}
    if reason:
        text["initial_value"] = reason
    options = [{"text": plain(text, 75), "value": value} for value, text in WAITS.items()]
    wait = {"type": "static_select", "options": options, "placeholder": plain("Never", 150)}
    return [
        field("reason", "What is your concern?", text, hint="Nothing moves forward until it is lifted."),
        field("wait", "When is it to be asked whether it is still needed?", wait, optional=True),
    ]


def span(text: str) -> timedelta | None:
    """Return a span such as `30m`, `2h` or `3d`, or None for anything else."""
    written = re.fullmatch(r"([0-9]{1,4})([mhd])", text)
    return timedelta(**{UNITS[written[2]]: int(written[1])}) if written else None


def _means(submission: Submission) -> Command:
    wait = span(submission.values["wait"])
    until: datetime | None = None if wait is None else submission.at + wait
    return PlaceHold(
        workspace=submission.workspace,
        release=ReleaseKey(submission.values.get("release") or Target.read(submission.remembered).release),
        by=submission.user,
        reason=submission.values["reason"],
        until=until,
    )


HOLD: Final = Form(
    callback=CALLBACK,
    means=_means,
    field_of=lambda refused: "wait" if refused.code is Code.TIME_INVALID else "reason",
)
