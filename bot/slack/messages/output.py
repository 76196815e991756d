"""What a run has said, in a modal."""

from typing import Final

from bot.slack.buttons import Target
from bot.slack.writing.blocks import Block, context, plain, section, weight
from bot.slack.writing.text import escape

LONGEST_PART: Final = 2_900
"""Characters of one paragraph, of which Slack holds 3,000."""
LONGEST_LINE: Final = 500
"""Characters of a line; a longer one goes on in the next. One that is escaped is five times as long."""
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
    lines = [line[at : at + LONGEST_LINE] for line in said.split("\n") for at in _cuts(line)]
    parts: list[str] = []
    for line in reversed(lines if said.strip() else []):
        safe = _safe(line)
        if not parts or weight(parts[-1]) + weight(safe) + 2 > LONGEST_PART:
            parts.append(safe)
        else:
            parts[-1] = f"{safe}\n{parts[-1]}"
    return parts


def _cuts(line: str) -> range:
    """Return where the pieces of a long line begin."""
    return range(0, max(len(line), 1), LONGEST_LINE)


def _safe(line: str) -> str:
    entities = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return entities.replace("`", "\u2060`\u2060")
