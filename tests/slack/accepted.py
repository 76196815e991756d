"""What Slack, or a reader, would have against something that Rollcall shows. Nothing here asks Rollcall's code.

The limits are written out, from docs.slack.dev; what the practice Slack and Slack's own library say comes on top.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.practice.blockkit import message_problems, view_problems

LONGEST_TEXT: Final = 4_000
LONGEST_SECTION: Final = 3_000
LONGEST_BLOCKS: Final = 13_200
"""Characters of all blocks of a message that Slack accepts (slackapi/bolt-js#2509)."""
LONGEST: Final = {"button": 75, "value": 2_000, "private_metadata": 3_000}
MOST_IN_MESSAGE, MOST_IN_VIEW, MOST_OPTIONS = 50, 100, 100

OWN_MARK: Final = re.compile(
    r"@(?P<person>\w+)|#\w+|!date\^\d+\^[^|<>]*\|[\d: -]+UTC|https?://[^|<>]*(?:\|(?:[0-9a-f]{7}|#[0-9]+))?"
)
"""What Rollcall writes between angle brackets: people, channels, times, addresses that show themselves, and
those of commits, pull requests and tickets, which show the short id or the number.
"""
LINKED: Final = re.compile(r"https?://[^|<>]*\|[a-z0-9-]+")
"""The link of a release's key to its card, which only the Home tab has."""


def against_message(text: str, blocks: list[dict[str, Any]], people: Collection[str]) -> list[str]:
    """Return what is wrong with a message in which nobody but `people` may be named."""
    shown = json.loads(json.dumps(blocks))
    size = len(json.dumps(blocks, ensure_ascii=False))
    return [
        *message_problems({"text": text, "blocks": shown}),
        *_library(Block.parse_all(shown)),
        *_if(len(shown) > MOST_IN_MESSAGE, f"{len(shown)} blocks"),
        *_if(size > LONGEST_BLOCKS, f"blocks of {size} characters"),
        *_elements(shown),
        *against_answer(text, people),
        *(one for raw in formatted(shown) for one in _marks(raw, people)),
        *_untold(text, shown),
    ]


def against_view(view: dict[str, Any], people: Collection[str]) -> list[str]:
    """Return what is wrong with a form or a Home tab."""
    shown = json.loads(json.dumps(view))
    at_home = view["type"] == "home"
    return [
        *view_problems(shown),
        *_library([View(**shown)]),
        *_if(len(shown["blocks"]) > MOST_IN_VIEW, f"{len(shown['blocks'])} blocks"),
        *_elements(shown),
        *(one for raw in formatted(shown) for one in _marks(raw, people, linked=at_home)),
    ]


def against_answer(text: str, people: Collection[str]) -> list[str]:
    """Return what is wrong with a text that stands alone."""
    return [
        *_if(not text.strip(), "an empty text"),
        *_if(len(text) > LONGEST_TEXT, f"a text of {len(text)} characters"),
        *_unsayable(text),
        *_marks(text, people),
    ]


def formatted(shown: object) -> Iterator[str]:
    """Yield each text in which Slack's formatting works."""
    match shown:
        case {"type": "mrkdwn", "text": str(text)}:
            yield text
        case dict():
            for value in shown.values():
                yield from formatted(value)
        case list():
            for value in shown:
                yield from formatted(value)
        case _:
            pass


def _library(objects: Iterable[Any]) -> Iterator[str]:
    """Yield what Slack's own library says, of each object and of those in it."""
    for one in objects:
        if one is None:
            yield "a block that Slack's library does not know"
            continue
        try:
            one.to_dict()
        except Exception as fault:  # noqa: BLE001 - Whatever it says is told.
            yield f"{type(one).__name__}: {fault}"
        parts = [part for name in one.attributes if (part := getattr(one, name, None)) is not None]
        inside = [of for part in parts for of in (part if isinstance(part, list) else [part])]
        yield from _library([of for of in inside if hasattr(of, "validate_json")])


def _elements(shown: object) -> Iterator[str]:
    """Yield what is too long or too many in any object, however deep."""
    match shown:
        case dict():
            yield from _object(shown)
            for value in shown.values():
                yield from _elements(value)
        case list():
            for value in shown:
                yield from _elements(value)
        case str():
            yield from _unsayable(shown)
        case _:
            pass


def _object(shown: Mapping[str, Any]) -> Iterator[str]:
    kind = shown.get("type")
    if kind in ("section", "header", "button"):
        most = {"section": LONGEST_SECTION, "header": 150, "button": 75}[kind]
        length = len(shown["text"]["text"])
        yield from _if(length > most, f"a {kind} of {length} characters")
        yield from _if(not shown["text"]["text"].strip(), f"a {kind} that says nothing")
    for name in ("value", "private_metadata"):
        if isinstance(shown.get(name), str):
            yield from _if(len(shown[name]) > LONGEST[name], f"a {name} of {len(shown[name])} characters")
    if isinstance(options := shown.get("options"), list):
        yield from _if(not 0 < len(options) <= MOST_OPTIONS, f"{len(options)} options")
        values = [option["value"] for option in options]
        yield from _if(len({*values}) < len(values), f"two options of the same value: {values}")
    if isinstance(longest := shown.get("max_length"), int):
        length = len(shown.get("initial_value", ""))
        yield from _if(length > longest, f"{length} characters in a field of {longest}")


def _unsayable(text: str) -> Iterator[str]:
    """Yield halves of characters, which cannot be sent."""
    yield from _if(any("\ud800" <= sign <= "\udfff" for sign in text), f"half a character in {text[:40]!r}")


def _marks(raw: str, people: Collection[str], *, linked: bool = False) -> Iterator[str]:
    """Yield what Slack would take for a mark in a text, and Rollcall does not write."""
    for found in re.finditer(r"<([^>]*)(>?)", raw):
        mark, closed = found.groups()
        own = OWN_MARK.fullmatch(mark)
        if not closed or not (own or (linked and LINKED.fullmatch(mark))):
            yield f"the mark {found[0][:60]!r}"
        elif own and own["person"] and own["person"] not in people:
            yield f"a mention of {own['person']}, who has nothing to do with it"
    if halved := re.search(r"&(?!(?:amp|lt|gt);)", raw):
        yield f"a bare sign in {raw[halved.start() : halved.start() + 20]!r}"


def _untold(text: str, shown: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the words of the blocks that the text leaves out, though it was not shortened (a stamp aside)."""
    texts = [*formatted([*shown])]
    if len(text) >= LONGEST_TEXT - 600 and text.removesuffix("\n" + (texts or [""])[-1]).endswith("…"):
        return
    told = {*text.split()}
    for raw in texts:
        for word in raw.split():
            if word not in told and not word.endswith("…"):
                yield f"the word {word[:60]!r}, which its text leaves out"


def _if(wrong: bool, what: str) -> Iterator[str]:
    if wrong:
        yield what
