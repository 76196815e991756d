"""What a run has said, in a modal."""

from typing import Final

from bot.slack.buttons import Target
from bot.slack.messages.blocks import Block, context, plain, section, weight
from bot.slack.messages.text import escape

LONGEST_PART: Final = 2_900
"""Characters of one paragraph, of which Slack holds 3,000."""
PARTS: Final = 4
NOTHING: Final = "It has said nothing so far."


def output_of(target: Target, said: str) -> Block:
    """Return a modal with the last of what a run has said, and which run it is."""
    parts = list(_parts(said.rstrip("\n")))
    cut = len(parts) > PARTS
    which = f"{target.release} · run {target.number} · {escape(target.name)}"
    shown = [section(f"```{part}```") for part in reversed(parts[:PARTS])] or [section(NOTHING)]
    small = f"{which} · only the last lines are shown here" if cut else which
    blocks = [*shown, context(small)]
    return {"type": "modal", "title": plain("Output", 24), "close": plain("Close", 24), "blocks": blocks}


def _parts(said: str) -> list[str]:
    """Return the lines of a text in parts that fit into a paragraph each, the last first."""
    parts: list[str] = [] if not said.strip() else [""]
    for line in reversed(said.split("\n") if parts else []):
        # A sign takes more room where it is escaped, and three of these would end the part.
        safe = _safe(line)[-LONGEST_PART:]
        if weight(parts[-1]) + weight(safe) + 2 > LONGEST_PART:
            parts.append("")
        parts[-1] = f"{safe}\n{parts[-1]}" if parts[-1] else safe
    return parts


def _safe(line: str) -> str:
    entities = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return entities.replace("`", "\u2060`\u2060")
