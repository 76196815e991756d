"""The shortcuts: what people choose from Slack's own menus, of everything or of one message.

Each opens a form. Whatever there is to say instead is a modal, too: a global shortcut is in no channel, and
in a thread nothing else is seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.release.ids import ChannelId, ReleaseKey
from bot.slack.desk import Desk, Reply
from bot.slack.forms.evidence import evidence_form
from bot.slack.forms.form import notice
from bot.slack.forms.hold import hold_form, hold_form_of
from bot.slack.forms.start import start_form
from bot.slack.writing.blocks import Block

Body = Mapping[str, Any]

NO_SERVICES: Final = "No runbook names a service yet, so there is nothing to start. Add one under runbooks/."
NOTHING_OPEN: Final = (
    "No release is open in this channel. Choose this at a message of a release, or type"
    " {command} list to see those of other channels."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """A shortcut as the manifest names it: Slack holds 24 characters of the name, 150 of the description."""

    callback: str
    kind: str
    name: str
    description: str


START: Final = Shortcut(
    callback="start_release_v1",
    kind="global",
    name="Start a release",
    description="Choose what goes out, and in which channel it is led",
)
HOLD: Final = Shortcut(
    callback="hold_for_message_v1",
    kind="message",
    name="Hold the release for it",
    description="Stop the release until the concern in this message is settled",
)
EVIDENCE: Final = Shortcut(
    callback="attach_message_v1",
    kind="message",
    name="Attach as evidence",
    description="Keep the link of this message with a release, for those who decide and look back",
)
SHORTCUTS: Final = (START, HOLD, EVIDENCE)


async def chosen(desk: Desk, body: Body, link: str) -> Block:
    """Return the modal that a shortcut opens; `link` leads to the message that it was chosen at, if any."""
    if body["callback_id"] == START.callback:
        return _start(desk)
    keys = await _releases(desk, body)
    if not keys:
        return notice("Which release?", NOTHING_OPEN.format(command=desk.command))
    if body["callback_id"] == EVIDENCE.callback:
        return evidence_form(keys, link)
    return hold_form(keys[0], link) if len(keys) == 1 else hold_form_of(keys, link)


def shown(reply: Reply) -> Block:
    """Return the modal that says why a shortcut opens nothing else."""
    return notice("That did not work", reply.text)


def _start(desk: Desk) -> Block:
    services = desk.runbooks.services()
    if not services:
        return notice(START.name, NO_SERVICES)
    return start_form(services, desk.runbooks.kinds(), None)


async def _releases(desk: Desk, body: Body) -> Sequence[ReleaseKey]:
    """Return the release in whose thread a message is; of one elsewhere, those open in the channel."""
    channel, message = ChannelId(body["channel"]["id"]), body["message"]
    thread = message.get("thread_ts") or message["ts"]
    if release := await desk.releases.about(desk.workspace, channel, thread):
        return [release.key]
    return [row.id.key for row in await desk.releases.open_in(desk.workspace, channel)]
