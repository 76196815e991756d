"""An event as others are told of it: a CloudEvent (specification 1.0) as structured JSON."""

import json
import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from bot.ledger.codec import FORMAT
from bot.ledger.ledger import Entry
from bot.release.kinds import EVENTS
from bot.release.release import Release

CONTENT_TYPE: Final = "application/cloudevents+json"
PREFIX: Final = "rollcall.release."
SEQUENCE_DIGITS: Final = 10
"""With leading zeros, so that the order of the texts is that of the numbers."""


def word_of(kind: str) -> str:
    """Return the last word of the type of a kind of event: of `StageBegan` it is `stage_began`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()


KINDS: Final[Mapping[str, str]] = {word_of(kind.__name__): kind.__name__ for kind in EVENTS}
"""The last word of each type -> the kind of event."""


def type_of(kind: str) -> str:
    """Return the type of a kind of event: of `StageBegan` it is `rollcall.release.stage_began`."""
    return PREFIX + word_of(kind)


def cloud_event(entry: Entry, release: Release) -> Mapping[str, Any]:
    """Return an event as others are told of it; `release` is its release as it stood after the event.

    The id is the hash in the chain of the release, so it is the same each time, and no other event has it.
    Of `data`, what the hash is over is there as the ledger has it: event, prev, release, seq, v, workspace.
    """
    return {
        "specversion": "1.0",
        "id": entry.hash,
        "source": f"/rollcall/{release.workspace}/{release.service}",
        "type": type_of(type(entry.event).__name__),
        "subject": release.key,
        "time": entry.event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "sequence": f"{entry.seq:0{SEQUENCE_DIGITS}}",
        "datacontenttype": "application/json",
        "data": {
            "workspace": release.workspace,
            "release": release.key,
            "service": release.service,
            "version": release.version,
            "kind": release.runbook.kind,
            "state": release.state,
            "seq": entry.seq,
            "event": json.loads(entry.body),
            "prev": entry.prev,
            "hash": entry.hash,
            "v": FORMAT,
        },
    }


def written(event: Mapping[str, Any]) -> bytes:
    """Return a CloudEvent as it is sent."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
