"""What a form is: a modal that people fill in, and the command that its submission means."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.release.command import Command
from bot.release.ids import ReleaseKey, UserId, WorkspaceId
from bot.release.people.own import OwnCommand
from bot.release.refusal import Refused
from bot.release.stages.start import Start
from bot.slack.writing.blocks import Block, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A form as a person has filled it in. `values` has what stands in each field, by its name.

    Several choices stand in one field with commas between them.
    """

    workspace: WorkspaceId
    user: UserId
    at: datetime
    remembered: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A kind of form: what its submission means, or why it means nothing, and where a refusal is shown."""

    callback: str
    means: Callable[[Submission], Start | Command | OwnCommand | Refused]
    field_of: Callable[[Refused], str]


def modal(callback: str, title: str, submit: str, remembered: str, blocks: list[Block]) -> Block:
    """Return a modal. `remembered` comes back with the submission; Slack holds 3,000 characters of it."""
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": remembered,
        "title": plain(title, 24),
        "submit": plain(submit, 24),
        "close": plain("Never mind", 24),
        "blocks": blocks,
    }


def notice(title: str, text: str) -> Block:
    """Return a modal that only says something, and is closed again."""
    return {
        "type": "modal",
        "title": plain(title, 24),
        "close": plain("Close", 24),
        "blocks": [{"type": "section", "text": plain(text, 3_000)}],
    }


def field(name: str, label: str, element: Block, *, optional: bool = False, hint: str = "") -> Block:
    """Return an input; its value comes back under `name`."""
    block: Block = {
        "type": "input",
        "block_id": name,
        "label": plain(label, 2_000),
        "element": {**element, "action_id": name},
        "optional": optional,
    }
    return {**block, "hint": plain(hint, 2_000)} if hint else block


def which_release(releases: Sequence[ReleaseKey]) -> Block:
    """Return the input that asks which of several releases is meant; its name is `release`."""
    options = [{"text": plain(key, 75), "value": key} for key in releases]
    return field("release", "Which release?", {"type": "static_select", "options": options})


def filled(view: Mapping[str, Any]) -> dict[str, str]:
    """Return what was filled in, by the names of the fields; what was left empty is an empty text."""
    values: Mapping[str, Mapping[str, Any]] = view["state"]["values"]
    return {name: _value(block.get(name) or {}) for name, block in values.items()}


def _value(element: Mapping[str, Any]) -> str:
    match element:
        case {"selected_option": {"value": str(value)}}:
            return value
        case {"selected_options": list(options)}:
            return ",".join(str(option["value"]) for option in options)
        case {"selected_users": list(users)}:
            return ",".join(map(str, users))
        case {"selected_user": str(user)}:
            return user
        case {"selected_time": str(time)}:
            return time
        case {"selected_date_time": int(second)}:
            return str(second)
        case {"selected_conversation": str(channel)}:
            return channel
        case _:
            return str(element.get("value") or "").strip()
