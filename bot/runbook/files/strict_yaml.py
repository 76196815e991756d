"""A strict reading of YAML: mappings, lists and text, each with its place in the file.

Every scalar stays the text that was written, so `no`, `12:30` and `1.10` are never something else.
What makes YAML surprising or explosive is refused: duplicate keys, anchors, aliases, tags, merge keys,
keys that are not text, values left empty, several documents, deep nesting and large files.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Protocol

import yaml

from bot.runbook.problems import Problem, RunbookError, found, visible

SIZE_LIMIT = 256 * 1024
DEPTH_LIMIT = 20
PROBLEM_LIMIT = 100
HINTS = {
    "mapping values are not allowed": "; text with a colon and a space in it needs quotes",
    "'\\t'": "; indent with spaces, not with tabs",
}
EMPTY = {"", "~", "null", "Null", "NULL"}
# Line breaks that only YAML 1.1 sees, and controls that reorder text on the screen: with them a file
# reads otherwise than it looks.
DECEPTIVE = re.compile("[\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Name a place in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def problem(self, where: str, message: str) -> Problem:
        """Say what is wrong at this place."""
        return Problem(file=self.file, line=self.line, column=self.column, where=where, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A scalar, exactly as written."""

    value: str
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list."""

    items: tuple["Tree", ...]
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """A mapping, in the order in which it was written."""

    pairs: tuple[tuple[Text, "Tree"], ...]
    mark: Mark

    def get(self, key: str) -> "Tree | None":
        """Return the value under a key, or None."""
        return next((value for text, value in self.pairs if text.value == key), None)

    def without(self, *keys: str) -> "Pairs":
        """Return the mapping without some of its keys."""
        return Pairs(pairs=tuple(pair for pair in self.pairs if pair[0].value not in keys), mark=self.mark)


Tree = Text | Items | Pairs
Path = tuple[str | int, ...]


def parse(content: bytes, file: str) -> Pairs:
    """Read one YAML document with a mapping at its top.

    Raises RunbookError with the places of all that is refused.
    """
    text = _decode(content, file)
    try:
        return _Reading(text, file).whole()
    except yaml.reader.ReaderError as fault:
        raise RunbookError([_forbidden(text, fault.position, file)]) from None


def plain(tree: Tree) -> object:
    """Return the tree as dicts, lists and strings."""
    match tree:
        case Text():
            return tree.value
        case Items():
            return [plain(item) for item in tree.items]
        case Pairs():
            return {key.value: plain(value) for key, value in tree.pairs}


def spell(path: Path) -> str:
    """Write a path as `stages.1.begin`."""
    return ".".join(visible(str(step)) for step in path)


def _decode(content: bytes, file: str) -> str:
    if len(content) > SIZE_LIMIT:
        raise RunbookError([_place("", file).problem("", f"larger than {SIZE_LIMIT // 1024} KB")])
    try:
        text = content.decode()
    except UnicodeDecodeError as fault:
        place = _place(content[: fault.start].decode(), file)
        message = f"not UTF-8 text: the byte 0x{content[fault.start]:02X} does not fit"
        raise RunbookError([place.problem("", message)]) from None
    if deceptive := DECEPTIVE.search(text):
        raise RunbookError([_forbidden(text, deceptive.start(), file)])
    return text


def _forbidden(text: str, position: int, file: str) -> Problem:
    message = f"the character U+{ord(text[position]):04X} is not allowed"
    return _place(text[:position], file).problem("", message)


def _place(before: str, file: str) -> Mark:
    lines = before.split("\n")
    return Mark(file=file, line=len(lines), column=len(lines[-1]) + 1)


class Place(Protocol):
    """A place as PyYAML counts it, from 0."""

    line: int
    column: int


class _Reading:
    """Build the tree from the parser's events, and gather what is refused on the way."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        # The parser written in Python is the same everywhere, and tells the places more truly than the C one.
        self.events: Iterator[yaml.Event] = yaml.parse(text, yaml.SafeLoader)
        self.ahead = next(self.events)

    def whole(self) -> Pairs:
        """Return the document, or raise RunbookError with all problems."""
        tree: Tree | None = None
        try:
            tree = self.document()
        except yaml.MarkedYAMLError as fault:
            problem = fault.problem or ""
            hint = next((hint for part, hint in HINTS.items() if part in problem), "")
            self.refuse(self.mark(fault.problem_mark), (), f"not valid YAML: {problem}{hint}")
        except (ValueError, OverflowError):
            # PyYAML hands the digits of an escape such as "\UFFFFFFFF" to chr() unchecked.
            self.refuse(self.mark(self.ahead.end_mark), (), "not valid YAML: a number here is too large")
        if not isinstance(tree, Pairs) or self.problems:
            raise RunbookError(self.problems)
        return tree

    def document(self) -> Tree:
        """Read the one document of the stream."""
        self.take()
        if isinstance(self.ahead, yaml.StreamEndEvent):
            raise RunbookError([self.here().problem("", "the file is empty")])
        self.take()
        tree = self.tree(())
        if not isinstance(tree, Pairs):
            self.refuse(tree.mark, (), f"expected a mapping, found {found(plain(tree))}")
        self.take()
        if not isinstance(self.ahead, yaml.StreamEndEvent):
            self.refuse(self.here(), (), "a second document begins; a runbook is one")
        return tree

    def tree(self, path: Path) -> Tree:
        """Read the next value, and what is in it."""
        mark = self.here()
        self.refuse_references(mark, path)
        match self.take():
            case yaml.MappingStartEvent():
                return Pairs(pairs=tuple(self.pairs(path)), mark=mark)
            case yaml.SequenceStartEvent():
                return Items(items=tuple(self.items(path)), mark=mark)
            case yaml.ScalarEvent(value=value):
                return Text(value=value, mark=mark)
            case _:
                return Text(value="", mark=mark)

    def items(self, path: Path) -> Iterator[Tree]:
        """Read the items up to the end of the list."""
        self.refuse_depth(path)
        for index in count():
            if isinstance(self.ahead, yaml.SequenceEndEvent):
                break
            yield self.value((*path, index))
        self.take()

    def pairs(self, path: Path) -> Iterator[tuple[Text, Tree]]:
        """Read the pairs up to the end of the mapping."""
        self.refuse_depth(path)
        lines: dict[str, int] = {}
        while not isinstance(self.ahead, yaml.MappingEndEvent):
            key = self.key(path)
            if key.value in lines:
                message = f"the key is given a second time; the first is on line {lines[key.value]}"
                self.refuse(key.mark, (*path, key.value), message)
            lines.setdefault(key.value, key.mark.line)
            yield key, self.value((*path, key.value))
        self.take()

    def key(self, path: Path) -> Text:
        """Read a key, which is text."""
        key = self.tree((*path, "?"))
        if not isinstance(key, Text):
            self.refuse(key.mark, path, f"expected a key, found {found(plain(key))}")
            return Text(value="?", mark=key.mark)
        if key.value == "<<":
            self.refuse(key.mark, path, "merge keys are not allowed; write the keys out")
        return key

    def value(self, path: Path) -> Tree:
        """Read the value of an item or a key, which may not be left empty."""
        scalar = self.ahead if isinstance(self.ahead, yaml.ScalarEvent) else None
        if scalar and scalar.style is None and scalar.value in EMPTY:
            self.refuse(self.here(), path, "has no value; write one or leave the key out")
        return self.tree(path)

    def refuse_depth(self, path: Path) -> None:
        """Stop reading at a depth that only an attack has."""
        if len(path) >= DEPTH_LIMIT:
            self.refuse(self.here(), (), f"nested deeper than {DEPTH_LIMIT} levels")
            raise RunbookError(self.problems)

    def refuse_references(self, mark: Mark, path: Path) -> None:
        """Refuse an alias, an anchor and a tag, so that each value is only what is written at its place."""
        anchor = visible(getattr(self.ahead, "anchor", None) or "")
        tag = visible(getattr(self.ahead, "tag", None) or "")
        if isinstance(self.ahead, yaml.AliasEvent):
            self.refuse(mark, path, f"aliases are not allowed; write out what *{anchor} stands for")
        elif anchor:
            self.refuse(mark, path, f"anchors are not allowed; remove &{anchor}")
        if tag:
            self.refuse(mark, path, f"tags are not allowed; remove {tag}")

    def refuse(self, mark: Mark, path: Path, message: str) -> None:
        """Note a problem and read on, but for a file that has nothing but problems."""
        self.problems.append(mark.problem(spell(path), message))
        if len(self.problems) == PROBLEM_LIMIT:
            raise RunbookError(self.problems)

    def take(self) -> yaml.Event:
        """Return the event ahead, and look at the next one."""
        event, self.ahead = self.ahead, next(self.events, self.ahead)
        return event

    def here(self) -> Mark:
        """Return the place of the event ahead."""
        return self.mark(self.ahead.start_mark)

    def mark(self, place: Place | None) -> Mark:
        """Return a place as people count it, from 1."""
        line, column = (place.line, place.column) if place else (0, 0)
        return Mark(file=self.file, line=line + 1, column=column + 1)
