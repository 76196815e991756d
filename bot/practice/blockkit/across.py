"""The rules of Block Kit that tie parts of one payload together.

They read payloads that may be malformed in any way, and pass over what they cannot read:
that has been reported by the rules of shape.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from bot.practice.blockkit.rules import breach
from bot.practice.blockkit.shapes import MARKDOWN_LONGEST, VIEW_LARGEST

Placed: TypeAlias = tuple[str, Mapping[str, object]]  # An object and the JSON pointer it stands at.


def across_blocks(blocks: object, at: str) -> Iterator[str]:
    """Yield what is wrong between the blocks and elements of one payload."""
    found = _objects(blocks, at)
    yield from _repeated("block_id", found)
    yield from _too_much_markdown(found)
    elements_by_block = [_elements(block) for block in found]
    for elements in elements_by_block:
        yield from _repeated("action_id", elements)
    everything = [element for elements in elements_by_block for element in elements]
    yield from _focused_twice(everything)
    for element in everything:
        yield from _not_offered(element)


def across_view(view: object, at: str) -> Iterator[str]:
    """Yield what is wrong between the parts of a view."""
    if not isinstance(view, dict):
        return
    yield from across_blocks(view.get("blocks"), f"{at}/blocks")
    if view.get("type") == "modal" and "submit" not in view:
        for place, block in _objects(view.get("blocks"), f"{at}/blocks"):
            if block.get("type") == "input":
                yield breach("must define `submit` to use an `input` block in modals", f"{place}/input")
    if _bytes(view) > VIEW_LARGEST:
        yield breach(f"must be less than {VIEW_LARGEST + 1} bytes", at)


def _bytes(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))


def _objects(value: object, at: str) -> list[Placed]:
    items = value if isinstance(value, list) else []
    return [(f"{at}/{place}", item) for place, item in enumerate(items) if isinstance(item, dict)]


def _elements(block: Placed) -> list[Placed]:
    at, fields = block
    single = [
        (f"{at}/{name}", element)
        for name in ("accessory", "element")
        if isinstance(element := fields.get(name), dict)
    ]
    return single + _objects(fields.get("elements"), f"{at}/elements")


def _repeated(name: str, objects: Iterable[Placed]) -> Iterator[str]:
    seen = set()
    for at, fields in objects:
        value = fields.get(name)
        if isinstance(value, str) and value in seen:
            yield breach(f'`{name}` "{value}" already exists', f"{at}/{name}")
        elif isinstance(value, str):
            seen.add(value)


def _too_much_markdown(blocks: Iterable[Placed]) -> Iterator[str]:
    total = 0
    for at, fields in blocks:
        text = fields.get("text")
        if fields.get("type") == "markdown" and isinstance(text, str):
            before, total = total, total + len(text)
            if 0 < before <= MARKDOWN_LONGEST < total:
                yield breach(f"must be less than {MARKDOWN_LONGEST + 1} characters in all", f"{at}/text")


def _focused_twice(elements: Iterable[Placed]) -> Iterator[str]:
    focused = [at for at, fields in elements if fields.get("focus_on_load") is True]
    for at in focused[1:]:
        yield breach("only one element may have focus on load", f"{at}/focus_on_load")


def _not_offered(element: Placed) -> Iterator[str]:
    at, fields = element
    groups = [fields, *(group for _, group in _objects(fields.get("option_groups"), at))]
    offered = [option for group in groups for _, option in _objects(group.get("options"), at)]
    chosen = _objects(fields.get("initial_options"), f"{at}/initial_options")
    if isinstance(first := fields.get("initial_option"), dict):
        chosen.append((f"{at}/initial_option", first))
    for place, option in chosen:
        if offered and option not in offered:
            yield breach("must match one of the options", place)
