"""The refusals, read from the source: each code with what the rules that give it say."""

import ast
from collections.abc import Iterable

from bot.release.refusal import Code, sentences
from tests.docs.generate import ROOT, code, table

HOLE = "…"
"""What stands for a name or a number that is filled in when the refusal is given."""


def refusals() -> str:
    """Return each code with the sentences that it is given with. Raises ValueError for one that is never given."""
    given = list(_given())
    return table(["Code", "says"], [[code(one), "<br>".join(_sayings(one, given))] for one in Code])


def _sayings(one: Code, given: Iterable[tuple[str, str]]) -> Iterable[str]:
    sayings = list(dict.fromkeys(text for name, text in given if name == one.name))
    if not sayings:
        raise ValueError(f"No rule gives the code {one}.")
    return sayings


def _given() -> Iterable[tuple[str, str]]:
    """Return the name of the code and the text of each refusal in the source."""
    for file in sorted((ROOT / "bot").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                parts = {keyword.arg: keyword.value for keyword in node.keywords}
                if isinstance(name := parts.get("code"), ast.Attribute):
                    yield (
                        name.attr,
                        sentences(*(_text(parts[key]) for key in ("because", "instead") if key in parts)),
                    )


def _text(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text(value) for value in values)
        case ast.IfExp(body=body, orelse=orelse):
            return f"{_text(body)} Or: {_text(orelse)}"
        case _:
            return HOLE
