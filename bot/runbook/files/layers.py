"""What lies over what: a file over the one that it extends, and a kind of release over its runbook."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import ValidationError

from bot.runbook.files.explain import explain
from bot.runbook.files.schema import OWN_KEYS
from bot.runbook.files.strict_yaml import Pairs, Tree, plain, spell
from bot.runbook.model import DRILL, NORMAL, PARTS_LIMIT, Runbook
from bot.runbook.parts import WRITTEN
from bot.runbook.problems import Problem, RunbookError, found
from bot.runbook.values import SERVICE_KEY

KINDS = "kinds"
HANDOFFS = "handoffs"
FILE_KEYS = tuple(key for key in OWN_KEYS if key != KINDS)
"""These say which service a file is for, so a file that extends another does not inherit them."""

INSTEAD = {"shifts": ("at", "timezone"), "at": ("shifts",), "timezone": ("shifts",)}
"""Of `handoffs`: the keys that a file leaves behind of the one below it when it says another way."""


def combined(trees: Sequence[Pairs]) -> Pairs:
    """Lay each file over the one that it extends."""
    own, *bases = trees
    tree = own.without("extends")
    for base in bases:
        tree = _over(base.without(*FILE_KEYS), tree)
    return tree


def runbooks_of(tree: Pairs) -> tuple[Runbook, ...]:
    """Return the runbook of each kind of release, the normal one first.

    Raises RunbookError with all problems; one that only a kind has is told by its path below `kinds`.
    """
    if problems := [*_misplaced(tree)]:
        raise RunbookError(problems)
    normal = tree.without(KINDS)
    trees = {NORMAL: normal}
    for kind, differs in _kinds(tree):
        trees[kind] = replace(_over(normal, differs), mark=normal.mark)
    runbooks: list[Runbook] = []
    for kind, whole in trees.items():
        try:
            runbooks.append(_validated(whole, kind, tuple(trees)))
        except RunbookError as error:
            problems += [_in_kind(kind, one) for one in error.problems if one not in problems]
    if problems:
        raise RunbookError(problems)
    return tuple(runbooks)


def _validated(tree: Pairs, kind: str, kinds: tuple[str, ...]) -> Runbook:
    said = {key.value: plain(value) for key, value in tree.pairs}
    try:
        return Runbook.model_validate({**said, "kind": kind, "kinds": kinds}, context=WRITTEN)
    except ValidationError as fault:
        raise RunbookError(explain(fault, tree)) from None


def _in_kind(kind: str, problem: Problem) -> Problem:
    if kind == NORMAL:
        return problem
    return replace(problem, where=spell(tuple(filter(None, (KINDS, kind, problem.where)))))


def _kinds(tree: Pairs) -> Iterator[tuple[str, Pairs]]:
    kinds = tree.get(KINDS)
    for kind, differs in kinds.pairs if isinstance(kinds, Pairs) else ():
        if isinstance(differs, Pairs):
            yield kind.value, differs


def _misplaced(tree: Pairs) -> Iterator[Problem]:
    """Find what is not a kind under `kinds`, and the keys that say for what a file or a kind is."""
    yield from _keys(tree, ("kind",), "", "is not written in a file; write what differs under kinds")
    kinds = tree.get(KINDS)
    if kinds is None:
        return
    if not isinstance(kinds, Pairs):
        yield kinds.mark.problem(KINDS, f"expected a mapping, found {found(plain(kinds))}")
        return
    if not 0 < len(kinds.pairs) < PARTS_LIMIT:
        number = f"at most {PARTS_LIMIT - 1}" if kinds.pairs else "at least one"
        yield kinds.mark.problem(KINDS, f"expected {number}, found {len(kinds.pairs) or 'none'}")
    for kind, differs in kinds.pairs:
        path = spell((KINDS, kind.value))
        if trouble := _trouble(kind.value):
            yield kind.mark.problem(path, trouble)
        if isinstance(differs, Pairs):
            yield from _keys(differs, (*OWN_KEYS, "kind"), f"{path}.", "cannot stand inside a kind")
        else:
            yield differs.mark.problem(path, f"expected a mapping, found {found(plain(differs))}")


def _keys(tree: Pairs, keys: Sequence[str], above: str, message: str) -> Iterator[Problem]:
    for key, _ in tree.pairs:
        if key.value in keys:
            yield key.mark.problem(f"{above}{key.value}", message)


def _trouble(kind: str) -> str | None:
    if kind == NORMAL:
        return f"{found(NORMAL)} is the runbook itself; write its keys at the top"
    if kind == DRILL:
        return f"{found(DRILL)} is what rehearses the way back; choose another key"
    if re.fullmatch(SERVICE_KEY, kind) is None:
        shape = "at most 40 small letters, digits and hyphens"
        return f'expected a key such as "hotfix": {shape}, found {found(kind)}'
    return None


def _over(base: Pairs, own: Pairs, levels: int = 2) -> Pairs:
    """Merge the top level, and the mappings in it, key by key; what lies deeper is replaced.

    So a role that is bound anew loses its old binding. Each kind of release is merged as a file is.
    """
    pairs = {key.value: (key, value) for key, value in base.pairs}
    for key, value in own.pairs:
        _, before = pairs.get(key.value, (None, None))
        before = _still_said(before, value) if key.value == HANDOFFS else before
        pairs[key.value] = (key, _value_over(before, value, 3 if key.value == KINDS else levels - 1))
    return Pairs(pairs=tuple(pairs.values()), mark=own.mark)


def _value_over(before: Tree | None, value: Tree, levels: int) -> Tree:
    if levels and isinstance(before, Pairs) and isinstance(value, Pairs):
        return _over(before, value, levels)
    return value


def _still_said(before: Tree | None, own: Tree) -> Tree | None:
    """Return the times of the handoffs below that those above do not do away with: `at` or `shifts`."""
    if not isinstance(before, Pairs) or not isinstance(own, Pairs):
        return before
    return before.without(*(other for key, _ in own.pairs for other in INSTEAD.get(key.value, ())))
