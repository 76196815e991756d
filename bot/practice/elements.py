"""What can be pressed or filled in within blocks, and the values that it holds."""

import re
import secrets
from collections.abc import Callable, Iterator
from datetime import date

from bot.practice.shapes import Impossible, Json

Finder = Callable[[object], object]

TYPED = {"plain_text_input", "number_input", "email_text_input", "url_text_input"}
ONE_OPTION = {"static_select", "external_select", "radio_buttons", "overflow"}
MANY_OPTIONS = {"multi_static_select", "multi_external_select", "checkboxes"}
PICKED = {
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "rich_text_input": ("rich_text_value", "initial_value"),
}


def interactive(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Go through the pairs of block and element that a person can act on."""
    for block in blocks:
        inside = [block.get("element"), block.get("accessory")]
        if block.get("type") in ("actions", "context_actions"):
            inside += block.get("elements", [])
        for element in inside:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def options(element: Json) -> list[Json]:
    """List an element's options, those in groups among them."""
    grouped = [option for group in element.get("option_groups", []) for option in group["options"]]
    return [*element.get("options", []), *grouped]


def untouched(element: Json) -> Json | None:
    """Return the state of an element that nobody has touched, or None for a button or a menu."""
    kind = element["type"]
    if kind in TYPED:
        return {"type": kind, "value": element.get("initial_value")}
    if kind in MANY_OPTIONS:
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    if kind in ONE_OPTION and kind != "overflow":
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in PICKED:
        held, initial = PICKED[kind]
        return {"type": kind, held: element.get(initial, [] if kind.startswith("multi_") else None)}
    return None


def filled(element: Json, given: object, *, person: Finder, channel: Finder) -> Json:
    """Return the state of an element that somebody filled with a plain value.

    Options are given by their value, people and channels by id or name, many of them as a list.
    Raises Impossible when the element offers no such thing.
    """
    kind = element["type"]
    if kind in TYPED:
        return {"type": kind, "value": None if given in (None, "") else str(given)}
    if kind in ONE_OPTION:
        chosen = given or kind == "overflow"
        return {"type": kind, "selected_option": _option(element, given) if chosen else None}
    if kind in MANY_OPTIONS:
        return {"type": kind, "selected_options": _several(element, given, lambda one: _option(element, one))}
    if kind not in PICKED:
        raise Impossible(f"{element['action_id']} is a {kind}, which holds no value.")
    held = PICKED[kind][0]
    find = person if "users" in kind else channel if "select" in kind else _moment_of(element)
    if kind.startswith("multi_"):
        return {"type": kind, held: _several(element, given, find)}
    return {"type": kind, held: find(given) if given not in (None, "") else None}


def is_empty(state: Json) -> bool:
    """Tell whether an element's state holds nothing."""
    return all(value in (None, "", []) for key, value in state.items() if key != "type")


def states(blocks: list[Json], before: Json | None = None) -> Json:
    """Return `state.values` for blocks: what was held before under the same ids, else the initial values."""
    values: Json = {}
    for block, element in interactive(blocks):
        state = untouched(element)
        if state is None:
            continue
        held = (before or {}).get(block["block_id"], {}).get(element["action_id"])
        same_kind = held is not None and held["type"] == element["type"]
        values.setdefault(block["block_id"], {})[element["action_id"]] = held if same_kind else state
    return values


def complaint(block: Json, element: Json, state: Json) -> str | None:
    """Say what Slack itself finds wrong with an input before the app hears of it."""
    if is_empty(state):
        return None if block.get("optional") else "Please complete this required field."
    text = state.get("value") or ""
    if len(text) < element.get("min_length", 0):
        return f"Must be at least {element['min_length']} characters."
    if len(text) > element.get("max_length", 3000):
        return f"Must be at most {element.get('max_length', 3000)} characters."
    if element["type"] == "number_input":
        return _number_complaint(element, text)
    return None


def _number_complaint(element: Json, text: str) -> str | None:
    try:
        number = float(text)
    except ValueError:
        return "Enter a number."
    if not element.get("is_decimal_allowed") and not number.is_integer():
        return "Enter a whole number."
    if number < float(element.get("min_value", "-inf")):
        return f"Must be at least {element['min_value']}."
    if number > float(element.get("max_value", "inf")):
        return f"Must be at most {element['max_value']}."
    return None


def _option(element: Json, value: object) -> Json:
    for option in options(element):
        if option.get("value") == value:
            return option
    known = ", ".join(str(option.get("value")) for option in options(element))
    raise Impossible(f"{element['action_id']} has no option {value!r}. Its options are {known}.", 404)


def _several(element: Json, given: object, find: Finder) -> list[object]:
    """Find all that is given, each once; raise Impossible when it is more than can be chosen."""
    listed = given if isinstance(given, list) else [] if given in (None, "") else [given]
    found = [find(one) for one in listed]
    chosen = [one for place, one in enumerate(found) if one not in found[:place]]
    most = element.get("max_selected_items", len(chosen))
    if len(chosen) > most:
        raise Impossible(f"{element['action_id']} takes {most} at most, not {len(chosen)}.")
    return chosen


def _moment_of(element: Json) -> Callable[[object], object]:
    """Return the check of a date, a time or a moment as its picker would hand it over."""
    example, fits = MOMENTS.get(element["type"], ("", lambda _: True))

    def check(given: object) -> object:
        if not fits(given):
            raise Impossible(f"{element['action_id']} holds something like {example}, not {given!r}.")
        return given

    return check


def _is_date(given: object) -> bool:
    try:
        return isinstance(given, str) and date.fromisoformat(given).isoformat() == given
    except ValueError:
        return False


def _is_time(given: object) -> bool:
    return isinstance(given, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", given) is not None


def _is_unix_second(given: object) -> bool:
    return isinstance(given, int) and 10**9 <= given < 10**10


MOMENTS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "datepicker": ("2026-11-23", _is_date),
    "timepicker": ("14:05", _is_time),
    "datetimepicker": ("the Unix second 1795426200", _is_unix_second),
}


def with_ids(blocks: list[Json]) -> list[Json]:
    """Return the blocks with the block_ids and action_ids that Slack makes up where the app gave none."""
    return [_block_with_ids(block) for block in blocks]


def _block_with_ids(block: Json) -> Json:
    named = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)[:5]}
    for key in ("element", "accessory"):
        if isinstance(block.get(key), dict):
            named[key] = _element_with_id(block[key])
    if block.get("type") in ("actions", "context_actions"):
        named["elements"] = [_element_with_id(element) for element in block["elements"]]
    return named


def _element_with_id(element: Json) -> Json:
    if element.get("type") == "image" or element.get("action_id"):
        return element
    return {**element, "action_id": secrets.token_urlsafe(4)[:5]}
