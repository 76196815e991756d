"""The form that starts a release."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.release.ids import ChannelId
from bot.release.refusal import Code
from bot.release.start import NOTE_LIMIT, Start
from bot.slack.forms.form import Form, Submission, field, modal
from bot.slack.messages.blocks import Block, plain

CALLBACK: Final = "start_v1"
MOST_OPTIONS: Final = 100
"""Options in one select (docs.slack.dev, select menu element)."""

FIELD_OF: Final[Mapping[Code, str]] = {
    Code.VERSION_INVALID: "version",
    Code.ALREADY_RELEASED: "version",
    Code.TEXT_TOO_LONG: "note",
    Code.TEXT_UNREADABLE: "note",
}


def start_form(services: Sequence[str], channel: ChannelId, service: str = "") -> Block:
    """Return the form. The release is started in `channel`; `service` is chosen beforehand."""
    options = [_option(one) for one in services[:MOST_OPTIONS]]
    select: Block = {"type": "static_select", "options": options}
    if service in services[:MOST_OPTIONS]:
        select["initial_option"] = _option(service)
    elif len(options) == 1:
        select["initial_option"] = options[0]
    version = {"type": "plain_text_input", "placeholder": plain("1.4.0", 150), "max_length": 64}
    note = {"type": "plain_text_input", "multiline": True, "max_length": NOTE_LIMIT}
    fields = [
        field("service", "Service", select),
        field("version", "Version", version),
        field("note", "What goes out", note, optional=True, hint="A few words, or a link to the changes."),
    ]
    return modal(CALLBACK, "Start a release", "Start", channel, fields)


def _option(service: str) -> Block:
    return {"text": plain(service, 75), "value": service}


def _means(submission: Submission) -> Start:
    return Start(
        workspace=submission.workspace,
        by=submission.user,
        channel=ChannelId(submission.remembered),
        service=submission.values["service"],
        version=submission.values["version"],
        note=submission.values["note"],
    )


START: Final = Form(
    callback=CALLBACK, means=_means, field_of=lambda refused: FIELD_OF.get(refused.code, "service")
)
