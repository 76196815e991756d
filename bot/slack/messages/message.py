"""A message that a release should show."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.slack.messages.blocks import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a release, at its `slot`; the one in the slot `card` is the root of the thread.

    `text` says all that the blocks say: it is what notifications show and screen readers read. `born` is
    when there was first reason to show it, which orders the thread.
    """

    slot: str
    born: datetime
    text: str
    blocks: Sequence[Block]

    @property
    def content(self) -> str:
        """The hash of what it shows."""
        whole = json.dumps([self.text, self.blocks], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()
