"""Block Kit as Slack enforces it: pure checks that answer in Slack's own words.

Each check returns one message per problem, without the `[ERROR]` that Slack puts before it in
`response_metadata.messages`, and an empty list when Slack would accept the payload.
"""

from collections.abc import Mapping

from bot.practice.blockkit.across import across_blocks, across_view
from bot.practice.blockkit.rules import breaches
from bot.practice.blockkit.shapes import BLOCKS, MESSAGE, VIEW, Surface

__all__ = ["Surface", "message_problems", "problems", "view_problems"]


def problems(blocks: object, *, surface: Surface) -> list[str]:
    """Return what Slack would refuse in an array of blocks; pointers start at `/blocks`."""
    return [*breaches(blocks, BLOCKS[surface], "/blocks"), *across_blocks(blocks, "/blocks")]


def view_problems(view: object) -> list[str]:
    """Return what Slack would refuse in a modal or a Home view; pointers start at `/view`."""
    return [*breaches(view, VIEW, "/view"), *across_view(view, "/view")]


def message_problems(payload: Mapping[str, object]) -> list[str]:
    """Return what Slack would refuse in the text, blocks and metadata of a post or an update.

    Other arguments are not looked at. Metadata may be empty: that removes what was there.
    """
    given = {name: payload[name] for name in MESSAGE if payload.get(name) is not None}
    if given.get("metadata") == {}:
        del given["metadata"]
    alone = [found for name, value in given.items() for found in breaches(value, MESSAGE[name], f"/{name}")]
    return [*alone, *across_blocks(given.get("blocks"), "/blocks")]
