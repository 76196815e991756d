"""A message that a release should show."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.release.release import Release
from bot.slack.writing.blocks import Block, context, sections
from bot.slack.writing.text import LONGEST_TEXT, shorten
from bot.slack.writing.words import mention


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a release, at its `slot`; the one in the slot `card` is the root of the thread.

    `text` says all that the blocks say: it is what notifications show and screen readers read. `born` is
    when there was first reason to show it, which orders the thread. One that is `broadcast` is shown in the
    channel besides, and so stands in the thread also where the others stand in a channel of the release. One
    that is `fleeting` is rather missed than shown twice, where Rollcall may not read whether it is there, and
    stays away once somebody has deleted it; any other is rather shown twice. `stamp` is small print beneath
    all else that is as new as the last call, and is never worth a call by itself.
    """

    slot: str
    born: datetime
    text: str
    blocks: Sequence[Block]
    broadcast: bool = False
    fleeting: bool = False
    stamp: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", shorten(self.text, LONGEST_TEXT - len(self._stamped(""))))

    @property
    def sent(self) -> tuple[str, Sequence[Block]]:
        """The text and the blocks as Slack gets them, with the stamp."""
        return self._stamped(self.text), [*self.blocks, context(self.stamp)] if self.stamp else self.blocks

    @property
    def pressable(self) -> bool:
        """Whether it has buttons."""
        return any(block["type"] == "actions" for block in self.blocks)

    @property
    def content(self) -> str:
        """The hash of what it shows, the stamp left out: Slack is called when it differs."""
        whole = json.dumps([self.text, self.blocks], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()

    def _stamped(self, text: str) -> str:
        return f"{text}\n{self.stamp}" if self.stamp else text


def entry(
    release: Release,
    slot: str,
    born: datetime,
    lines: Iterable[str],
    buttons: Iterable[Block] = (),
    *,
    broadcast: bool = False,
    fleeting: bool = False,
) -> Message:
    """Return a message of the thread. Who reads the thread knows the release, so only `text` names it."""
    body = "\n".join(lines)
    blocks = [*sections(body), *buttons]
    text = f"{mention(release)}: {body}"
    return Message(slot=slot, born=born, text=text, blocks=blocks, broadcast=broadcast, fleeting=fleeting)
