"""What the listeners work with, and the private answers that they give."""

import html
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.clock import Clock
from bot.coordinator import Answer, Coordinator, Noted
from bot.ledger.progress.answers import Delivery
from bot.ledger.reader import Reader
from bot.release.command import Command
from bot.release.ids import ChannelId, UserId, WorkspaceId
from bot.release.people.own import OwnCommand
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.runbook.files.read import Runbooks
from bot.slack.writing.blocks import Block
from bot.slack.writing.text import LONGEST_TEXT, shorten
from bot.slack.writing.words import refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The door to the releases, and what is read for answers that change nothing."""

    coordinator: Coordinator
    releases: Reader
    workspace: WorkspaceId
    runbooks: Runbooks
    clock: Clock
    own_changed: Callable[[], None]
    """What is told when somebody has said something of themselves."""
    output: Callable[[Release, int], Awaitable[str]]
    """What a run has said so far, by its number."""
    command: str
    """The slash command with its slash, as it is installed."""

    async def refuses(self, command: Command) -> Refused | None:
        """Return why a command would be refused whatever reason a form still asks for, or None.

        A form cannot mention people, so who may not do something is told before it opens.
        """
        refused = await self.coordinator.refuses(command)
        return None if refused and refused.code is Code.REASON_MISSING else refused

    async def note(self, command: OwnCommand) -> Noted | Refused:
        """Answer what somebody says of themselves, and have the releases follow."""
        noted = await self.coordinator.note(command)
        if isinstance(noted, Noted):
            self.own_changed()
        return noted


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A slash command as a person typed it.

    `text` is what follows the subcommand; `raw` is the same as Slack sent it, in which people have their ids.
    `about` is the release in whose thread, or own channel, it was written; `public` tells that all there see
    the answer.
    """

    workspace: WorkspaceId
    user: UserId
    channel: ChannelId
    text: str
    raw: str
    delivery: Delivery
    about: Release | None = None
    public: bool = False

    @property
    def sees(self) -> ChannelId | None:
        """The channel of which releases are told: in public, what goes on elsewhere is not; else all."""
        return self.channel if self.public else None

    def saying(self, text: str) -> "Call":
        """Return the same call with another text."""
        return replace(self, text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A private answer to the caller: a text, a form to be opened, or nothing more than an acknowledgement.

    `field` is the field of a form at which the text is shown; `blocks` show the text with buttons.
    """

    text: str = ""
    field: str = ""
    form: Block | None = None
    blocks: Sequence[Block] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", shorten(self.text, LONGEST_TEXT))


QUOTES: Final = ('""', "“”", "„“", "„”", "””", "''", "‘’")
MENTIONED: Final = "@Rollcall"
"""How people mention Rollcall, as its manifest names it."""
MENTION: Final = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
"""A person whom somebody mentioned (docs.slack.dev, escaping in slash commands)."""
MARKUP: Final = (
    (re.compile(r"<(https?://[^|>]+)(\|[^>]*)?>"), r"\1"),
    (re.compile(r"<[#@!][^|>]*\|([^>]+)>"), r"\1"),
)
"""Slack's links, and its mentions that have a name (docs.slack.dev, formatting message text)."""


def first_word(text: str) -> tuple[str, str]:
    """Return the first word of a text, and the rest."""
    first, rest = (*text.split(None, 1), "", "")[:2]
    return first, rest


def typed(text: str) -> str:
    """Return what a person typed, from what Slack sent: links, names and its three entities are undone."""
    for marked, written in MARKUP:
        text = marked.sub(written, text)
    return html.unescape(text).strip()


def unquoted(text: str) -> str:
    """Return a text without the quotes around it, which a phone turns into curly ones."""
    quotes = text[:1] + text[-1:]
    return text[1:-1].strip() if len(text) > 1 and quotes in QUOTES else text


def mentioned(raw: str) -> tuple[UserId | None, str]:
    """Return the first person who is mentioned in what Slack sent, and the rest as it was typed."""
    found = MENTION.search(raw)
    if found is None:
        return None, typed(raw)
    rest = f"{raw[: found.start()]} {raw[found.end() :]}"
    return UserId(found[1]), " ".join(typed(rest).split())


def answered(answer: Answer, yes: str) -> Reply:
    """Return the reply to a command: `yes` if it was accepted, else why not."""
    if isinstance(answer, Refused):
        return Reply(text=refusal(answer))
    return Reply(text=f"{yes} (It was counted already, and nothing happened twice.)" if answer.again else yes)
