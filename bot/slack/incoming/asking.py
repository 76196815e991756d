"""What people write in the thread of a release, or in its own channel.

Who writes a yes there is asked whether it is their approval.

What is written counts for nothing by itself, and is not kept.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from bot.ledger.progress.answers import Delivery
from bot.release.gates.result import gate_results
from bot.release.ids import ChannelId, UserId
from bot.release.release import Release
from bot.slack.buttons import Action, Target
from bot.slack.desk import MENTION, Desk, Reply, typed
from bot.slack.writing.blocks import Block, actions, button, section
from bot.slack.writing.text import escape
from bot.slack.writing.words import mention

AGAIN: Final = timedelta(hours=4)
"""For how long somebody is not asked again about the same gate and the same things that go out."""
LONGEST: Final = 300
"""Characters. A yes is short; what is longer says more than yes."""
SPOKEN: Final = (None, "thread_broadcast")
"""The subtypes of what a person writes; edits, files and the lines of Slack itself have others."""

QUOTED: Final = re.compile(
    r"^&gt;&gt;&gt;.*\Z|^&gt;[^\n]*|```.*?```|`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”", re.DOTALL | re.MULTILINE
)
CLAUSE: Final = re.compile(r"[.,;!()\n–—]|\s-\s|\sand\s")
THUMB: Final = r"(?:\+1|:(?:\+1|thumbsup|shipit):(?::skin-tone-\d:)?|👍)(?:\s+(?:from|for) me)?$"
YES: Final = re.compile(
    r"(?:(?:i|we|i['’]ve|yes|yep|ok|okay|great|nice|cool|thanks|all|hereby)\s+)*"
    rf"(?:(?:lgtm|approved|ship ?it|looks good to me|good to go|signed off)\b|{THUMB})"
    r"|(?:i|we)(?: hereby)? approve\b"
)
"""A yes of one's own, at the beginning of a clause."""
DOUBT: Final = re.compile(
    r"\b(?:not|no|nor|never|nobody|cannot|can|until|unless|if|once|when|after|before|but|except|almost|only"
    r"|nearly|wait|waiting|who|has|had|was|were|will|would|should|could|please|needs?|yet|by)\b"
    r"|n['’]t\b|\?|:-1:|:thumbsdown:|👎"
)
"""What makes a yes less than one, or somebody else's. Rather one question too few than one too many."""


async def asks_back(desk: Desk, event: Mapping[str, Any]) -> Reply:
    """Return the question for who has written a yes where their approval is asked; else nothing."""
    thread, by = event.get("thread_ts"), event.get("user")
    if event.get("subtype") not in SPOKEN or "bot_id" in event or not by:
        return Reply()
    if not says_yes(event.get("text") or ""):
        return Reply()
    release = await desk.releases.about(desk.workspace, ChannelId(event["channel"]), thread)
    if release is None:
        return Reply()
    gates = [gate for gate in _asking(release, UserId(by)) if await _first(desk, release, gate, by)]
    return _question(release, gates) if gates else Reply()


def says_yes(raw: str) -> bool:
    """Return whether a message, as Slack sent it, is a plain yes in its writer's own words."""
    if len(raw) > LONGEST:
        return False
    own = typed(MENTION.sub(" ", QUOTED.sub("\n", raw))).lower()
    return not DOUBT.search(own) and any(YES.match(clause.strip()) for clause in CLAUSE.split(own))


def _asking(release: Release, by: UserId) -> Iterable[str]:
    """Return the gates that ask a person for an approval now."""
    if release.open_gates:
        for result in gate_results(release):
            if not result.status.passes and by in result.asked:
                yield result.gate.name


async def _first(desk: Desk, release: Release, gate: str, by: str) -> bool:
    question = Delivery(f"ask:{by}:{release.key}:{release.stage}:{gate}:{release.bound}")
    return await desk.coordinator.first(release.workspace, question, AGAIN)


def _question(release: Release, gates: Sequence[str]) -> Reply:
    texts = [_text(release, gate) for gate in gates]
    rows = zip(texts, gates, strict=True)
    blocks = [block for text, gate in rows for block in (section(text), _approve(release, gate))]
    return Reply(text="\n".join(texts), blocks=blocks)


def _text(release: Release, gate: str) -> str:
    asks = f"*{escape(gate)}* of {mention(release)} waits for your answer"
    return f"{asks}, and what is written here does not count by itself. Record this as your approval?"


def _approve(release: Release, gate: str) -> Block:
    value = Target(release.key, release.stage, gate, bound=release.bound).value()
    return actions(
        [button("Approve", Action.APPROVE, value, "primary", label=f"Approve {gate} of {release.key}")]
    )
