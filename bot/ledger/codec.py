"""Events as canonical JSON, and the hash chain over them.

The hash of an event is SHA-256 over the canonical JSON of {release, seq, prev, event, v, workspace}, where
`prev` is the hash of the event before it, or 64 zeros. Canonical: keys sorted, no spaces, UTF-8, no floats.
"""

import hashlib
import json
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from bot.release.event import Event
from bot.release.ids import ReleaseId
from bot.release.kinds import EVENTS, OWN_EVENTS
from bot.release.people.own import OwnEvent

FORMAT: Final = 1
NO_EVENT: Final = "0" * 64
"""What stands before the first event of a release."""

_KINDS: Final = {kind.__name__: kind for kind in (*EVENTS, *OWN_EVENTS)}


class UnknownEvent(Exception):
    """The ledger has an event of a kind that this version of Rollcall does not know. Install a newer one."""


def encode(event: Event | OwnEvent) -> str:
    """Return the event as canonical JSON."""
    kind = type(event).__name__
    content: dict[str, Any] = _adapter(kind).dump_python(event, mode="json")
    return canonical({"kind": kind, **content})


def decode(body: str) -> Event:
    """Return the event of a release that `encode` wrote. Raises UnknownEvent for one that is none."""
    event = decode_any(body)
    if not isinstance(event, Event):
        raise UnknownEvent(f"{type(event).__name__} is no event of a release.")
    return event


def decode_own(body: str) -> OwnEvent:
    """Return the event of a person that `encode` wrote. Raises UnknownEvent for one that is none."""
    event = decode_any(body)
    if not isinstance(event, OwnEvent):
        raise UnknownEvent(f"{type(event).__name__} is no event of a person.")
    return event


def decode_any(body: str) -> Event | OwnEvent:
    """Return the event that `encode` wrote. Raises UnknownEvent for a kind of a newer version."""
    content: dict[str, Any] = json.loads(body)
    kind = content.pop("kind")
    if kind not in _KINDS:
        raise UnknownEvent(f"{kind} is of a newer version of Rollcall.")
    event: Event | OwnEvent = _adapter(kind).validate_python(content)
    return event


def chained(release: ReleaseId, seq: int, prev: str, body: str) -> str:
    """Return the hash of the event with the canonical JSON `body` at its place in the chain."""
    head = {"release": release.key, "seq": seq, "prev": prev, "v": FORMAT, "workspace": release.workspace}
    content = canonical({**head, "event": json.loads(body)})
    return hashlib.sha256(content.encode()).hexdigest()


def canonical(content: object) -> str:
    """Return `content` as canonical JSON. Raises TypeError for a float."""
    _refuse_floats(content)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _refuse_floats(content: object) -> None:
    if isinstance(content, float):
        raise TypeError("A float has more than one way to be written, so it has no place in the ledger.")
    if isinstance(content, dict):
        for value in content.values():
            _refuse_floats(value)
    elif isinstance(content, list | tuple):
        for value in content:
            _refuse_floats(value)


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[kind])
