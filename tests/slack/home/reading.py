"""A Home tab as a person reads it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.world import plain


def readable_home(view: Mapping[str, Any]) -> str:
    """Return a Home tab as lines: `#` before a heading, small print in parentheses, buttons in brackets.

    Of a link only its text is read.
    """
    return re.sub(r"<https?://[^|>]*\|([^>]*)>", r"\1", "\n".join(_lines(view)))


def _lines(view: Mapping[str, Any]) -> Iterator[str]:
    for block in view["blocks"]:
        match block["type"]:
            case "header":
                yield f"# {plain(block['text']['text'])}"
            case "section":
                yield plain(block["text"]["text"])
            case "context":
                yield f"({plain(block['elements'][0]['text'])})"
            case "divider":
                yield ""
            case "actions":
                yield " ".join(f"[{element['text']['text']}]" for element in block["elements"])
            case other:
                raise AssertionError(f"A Home tab has no {other}.")
