"""The kinds of rule that Block Kit's shapes are made of, and the walk that applies them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A string, by its length in characters and, where it matters, its form."""

    longest: int | None = None
    shortest: int = 1
    form: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """An integer between two bounds, both included."""

    least: int
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a few strings."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """An array of things that follow one rule."""

    item: "Rule"
    fewest: int = 1
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An object with known fields and no others.

    At least one field of `any_of` and exactly one field of `one_of` must be there.
    """

    required: "Mapping[str, Rule]" = field(default_factory=dict)
    optional: "Mapping[str, Rule]" = field(default_factory=dict)
    any_of: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ByType:
    """An object whose `type` says which shape the rest of it has."""

    shapes: Mapping[str, Shape]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatObject:
    """An object with any keys, holding strings, numbers, flags and lists of those."""


Rule: TypeAlias = Text | Flag | Whole | Choice | ListOf | Shape | ByType | FlatObject


def breach(message: str, at: str) -> str:
    """Word one problem as Slack does: the message, then the JSON pointer of the culprit."""
    return f"{message} [json-pointer:{at}]"


def breaches(value: object, rule: Rule, at: str) -> Iterator[str]:
    """Yield what is wrong with a parsed JSON value that stands at the JSON pointer `at`."""
    match rule:
        case Text():
            return _text(value, rule, at)
        case Flag():
            return _flag(value, at)
        case Whole():
            return _whole(value, rule, at)
        case Choice():
            return _choice(value, rule, at)
        case ListOf():
            return _list(value, rule, at)
        case Shape():
            return _object(value, rule, at)
        case ByType():
            return _by_type(value, rule, at)
        case FlatObject():
            return _flat(value, at)
        case _:
            assert_never(rule)


def _text(value: object, rule: Text, at: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield breach("must provide a string", at)
        return
    if len(value) < rule.shortest:
        yield breach(f"must be more than {rule.shortest - 1} characters", at)
    elif rule.longest is not None and len(value) > rule.longest:
        yield breach(f"must be less than {rule.longest + 1} characters", at)
    elif rule.form is not None and not re.fullmatch(rule.form, value):
        yield breach("failed to match the expected format", at)


def _flag(value: object, at: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield breach("must provide a boolean", at)


def _whole(value: object, rule: Whole, at: str) -> Iterator[str]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield breach("must provide an integer", at)
        return
    if value < rule.least:
        yield breach(f"must be greater than {rule.least - 1}", at)
    elif rule.most is not None and value > rule.most:
        yield breach(f"must be less than {rule.most + 1}", at)


def _choice(value: object, rule: Choice, at: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield breach("must provide a string", at)
    elif value not in rule.values:
        yield breach(f"must be one of: {', '.join(rule.values)}", at)


def _list(value: object, rule: ListOf, at: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield breach("must provide an array", at)
        return
    if len(value) < rule.fewest:
        yield breach(f"must provide at least {rule.fewest} items", at)
    if rule.most is not None and len(value) > rule.most:
        yield breach(f"no more than {rule.most} items allowed", at)
    for place, item in enumerate(value):
        yield from breaches(item, rule.item, f"{at}/{place}")


def _by_type(value: object, rule: ByType, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield breach("must provide an object", at)
    elif "type" not in value:
        yield breach("missing required field: type", at)
    elif not isinstance(value["type"], str):
        yield breach("must provide a string", f"{at}/type")
    elif value["type"] not in rule.shapes:
        yield breach(f"unsupported type: {value['type']}", f"{at}/type")
    else:
        rest = {name: of for name, of in value.items() if name != "type"}
        yield from _object(rest, rule.shapes[value["type"]], at)


def _object(value: object, rule: Shape, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield breach("must provide an object", at)
        return
    fields = {**rule.required, **rule.optional}
    for name in _missing(value, rule):
        yield breach(f"missing required field: {name}", at)
    if len([name for name in rule.one_of if name in value]) > 1:
        yield breach(f"must provide only one of: {', '.join(rule.one_of)}", at)
    for name, of in value.items():
        if name in fields:
            yield from breaches(of, fields[name], f"{at}/{name}")
        else:
            yield breach(f"invalid additional property: {name}", at)


def _missing(value: Mapping[str, object], rule: Shape) -> Iterator[str]:
    yield from (name for name in rule.required if name not in value)
    for names in (rule.any_of, rule.one_of):
        if names and not any(name in value for name in names):
            yield names[0]


def _flat(value: object, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield breach("must provide an object", at)
        return
    for name, of in value.items():
        if not all(isinstance(one, str | int | float) for one in _each(of)):
            yield breach("must provide a string, a number, a boolean or an array of those", f"{at}/{name}")


def _each(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else (value,)
