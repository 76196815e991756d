"""Sabotage, one small change at a time: what could be wrong in the bodies of the core's functions.

Only what a function does is changed: names, defaults and the texts of messages stay as they are.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Final

SWAPS: Final[dict[type[ast.AST], type[ast.AST]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
NAMES: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One function with one thing wrong in it. `name` says where and what, and holds when lines move."""

    name: str
    function: str
    code: CodeType


def mutants_of(path: Path, root: Path) -> Iterator[Mutant]:
    """Return every mutant of the functions in the module at `path`; names begin with the path from `root`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    seen: Counter[str] = Counter()
    for qualified, function in _functions(tree, ""):
        for node in [node for statement in function.body for node in ast.walk(statement)]:
            for change in _changes(node):
                before = _shown(node)
                after, code = _changed(tree, node, change, path, qualified)
                name = f"{path.relative_to(root)} {qualified}: {before} => {after}"
                seen[name] += 1
                yield Mutant(
                    name=f"{name} ({seen[name]})" if seen[name] > 1 else name, function=qualified, code=code
                )


def _functions(tree: ast.AST, within: str) -> Iterator[tuple[str, Function]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{within}{node.name}.")
        elif isinstance(node, Function):
            yield f"{within}{node.name}", node


def _changes(node: ast.AST) -> Iterator[dict[str, object]]:
    """Return what to set in a node, for each thing that could be wrong in it."""
    match node:
        case ast.Compare(ops=[op, *more]) if type(op) in SWAPS:
            yield {"ops": [SWAPS[type(op)](), *more]}
        case ast.BoolOp(op=op) | ast.BinOp(op=op) if type(op) in SWAPS:
            yield {"op": SWAPS[type(op)]()}
        case ast.Call(func=ast.Name(id=name)) if name in NAMES:
            yield {"func": ast.Name(id=NAMES[name], ctx=ast.Load())}
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield {"test": ast.UnaryOp(op=ast.Not(), operand=deepcopy(test))}
        case ast.comprehension(ifs=[_, *more]):
            yield {"ifs": more}
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield {"op": ast.Not(), "operand": ast.UnaryOp(op=ast.Not(), operand=deepcopy(operand))}
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield {"value": ast.Constant(value=None)}
        case ast.Constant(value=bool(value)):
            yield {"value": not value}
        case ast.Constant(value=int(value)):
            yield {"value": value + 1}
        case _:
            return


def _changed(
    tree: ast.Module, node: ast.AST, change: dict[str, object], path: Path, function: str
) -> tuple[str, CodeType]:
    """Return what a node reads as when changed, and the code of the function that holds it then."""
    kept = {field: getattr(node, field) for field in change}
    for field, value in change.items():
        setattr(node, field, value)
    try:
        code = compile(ast.fix_missing_locations(tree), str(path), "exec")
        return _shown(node), next(one for one in _codes(code) if one.co_qualname == function)
    finally:
        for field, value in kept.items():
            setattr(node, field, value)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from _codes(inner)


def _shown(node: ast.AST) -> str:
    match node:
        case ast.If(test=test):
            return f"if {_shown(test)}"
        case ast.comprehension(ifs=ifs):
            return " ".join((f"for {_shown(node.target)}", *(f"if {_shown(one)}" for one in ifs)))
        case _:
            return " ".join(ast.unparse(node).split())
