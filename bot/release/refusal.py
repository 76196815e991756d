"""A refusal: an answer that changes nothing and tells the next thing to do."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.release.ids import UserId

ENDED: Final = re.compile(r"[.!?:…][”’\"')]*$")
"""How a sentence ends, also one that is quoted."""


class Code(StrEnum):
    """Why a command was refused. Codes are stable: scripts and the docs go by them."""

    ALREADY_ANSWERED = "already_answered"
    ALREADY_BEGUN = "already_begun"
    ALREADY_DONE = "already_done"
    ALREADY_RELEASED = "already_released"
    ANOTHER_ACTIVE = "another_active"
    CANNOT_READ_PEOPLE = "cannot_read_people"
    CHANGES_UNREAD = "changes_unread"
    ENDED = "ended"
    GATES_NOT_MET = "gates_not_met"
    KEY_DIFFERS = "key_differs"
    KIND_UNKNOWN = "kind_unknown"
    LINK_INVALID = "link_invalid"
    LOCKED = "locked"
    MANIFEST_INVALID = "manifest_invalid"
    MANIFEST_SAME = "manifest_same"
    NOTHING_CHANGED = "nothing_changed"
    NO_DRILL = "no_drill"
    NOT_ELIGIBLE = "not_eligible"
    NOT_ENOUGH_PEOPLE = "not_enough_people"
    NOT_NEWEST = "not_newest"
    NOT_READ = "not_read"
    NOT_YET = "not_yet"
    NOT_YOURS = "not_yours"
    NOTHING_TO_DO = "nothing_to_do"
    NOTHING_TO_ROLL_BACK = "nothing_to_roll_back"
    ON_HOLD = "on_hold"
    PRODUCTION_TOUCHED = "production_touched"
    REASON_MISSING = "reason_missing"
    RUNBOOK_BROKEN = "runbook_broken"
    SEAT_NEEDED = "seat_needed"
    STALE = "stale"
    TEXT_TOO_LONG = "text_too_long"
    TEXT_UNREADABLE = "text_unreadable"
    TIME_INVALID = "time_invalid"
    TOO_MANY = "too_many"
    UNKNOWN_RELEASE = "unknown_release"
    UNKNOWN_SERVICE = "unknown_service"
    VERSION_UNKNOWN = "version_unknown"
    VERSION_INVALID = "version_invalid"
    YOUR_OWN_RELEASE = "your_own_release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """No, with the reason, what to do instead, and whom to ask."""

    code: Code
    because: str
    instead: str = ""
    ask: tuple[UserId, ...] = ()


def sentences(*parts: str) -> str:
    """Return sentences one after another: each that another follows ends with a stop."""
    said = [part for part in parts if part]
    return " ".join([*(part if ENDED.search(part) else f"{part}." for part in said[:-1]), *said[-1:]])
