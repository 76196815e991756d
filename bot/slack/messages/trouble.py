"""The private message to a captain whose release cannot be shown in its channel."""

from typing import Final

from bot.release.release import Release
from bot.slack.messages.message import Message
from bot.slack.writing.blocks import section
from bot.slack.writing.words import mention

PRIVATE: Final = "trouble:"
"""What the slots of these messages begin with."""

TELLABLE: Final = {
    "not_in_channel": "I am not in that channel. Invite me: type `/invite @Rollcall` there.",
    "channel_not_found": "I cannot see that channel. Invite me: type `/invite @Rollcall` there.",
    "is_archived": "That channel is archived. Take it out of the archive.",
    "restricted_action": "I may not write in that channel. Ask a workspace admin to let me.",
}
"""The errors of a post that a person can do something about, with what that is."""


def is_trouble(slot: str) -> bool:
    """Whether the message at a slot tells the captain of a trouble."""
    return slot.startswith(PRIVATE)


def trouble(release: Release, error: str) -> Message:
    """Return what the captain is told about `error`, one of TELLABLE."""
    text = (
        f"{mention(release)} goes on, but I cannot show it in <#{release.channel}>. {TELLABLE[error]}"
        " I try again by myself."
    )
    return Message(slot=f"{PRIVATE}{error}", born=release.started_at, text=text, blocks=[section(text)])


def trouble_over(release: Release, slot: str) -> Message:
    """Return what stands in the place of what the captain was told, once the release is shown again."""
    text = f"{mention(release)} is shown in <#{release.channel}> again. Nothing was lost meanwhile."
    return Message(slot=slot, born=release.started_at, text=text, blocks=[section(text)])
