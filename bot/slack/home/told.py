"""A private answer to somebody who has pressed a button in the Home tab, where no message can stand."""

from bot.slack.writing.blocks import Block, plain, sections


def told(text: str) -> Block:
    """Return a modal that says something, and can only be closed."""
    return {
        "type": "modal",
        "title": plain("Rollcall", 24),
        "close": plain("Close", 24),
        "blocks": sections(text),
    }
