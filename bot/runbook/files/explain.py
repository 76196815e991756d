"""Turn what pydantic found into problems: the place in the file, and what would be right there."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.runbook.files.schema import meanings, part_below
from bot.runbook.files.strict_yaml import Items, Mark, Pairs, Path, Text, Tree, spell
from bot.runbook.model import Runbook
from bot.runbook.parts import Part
from bot.runbook.problems import Problem, did_you_mean, found, nearest


def explain(fault: ValidationError, tree: Pairs, whole: type[Part] = Runbook) -> list[Problem]:
    """Say what is wrong in the tree that was validated as a `whole`, in the order of the file."""
    problems = [_problem(error, tree, whole) for error in fault.errors(include_url=False)]
    return sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))


def _problem(error: ErrorDetails, tree: Pairs, whole: type[Part]) -> Problem:
    """Point to a scalar that is wrong, and to the key where the key is, or a list or mapping."""
    path: Path = ()
    value: Tree = tree
    key, rest = tree.mark, list(error["loc"])
    while rest and (below := _below(value, rest[0])):
        step, key, value = below
        path = (*path, step)
        rest = rest[1:]
    if error["type"] == "missing":
        path = (*path, *rest)
    # Of a role or of seats, the key is read as a field, which the file does not have below the key.
    is_key = error["type"] == "extra_forbidden" or rest in (["name"], ["role"])
    mark = value.mark if isinstance(value, Text) and not is_key else key
    return mark.problem(spell(path), _sentence(error, whole))


def _below(tree: Tree, step: str | int) -> tuple[str | int, Mark, Tree] | None:
    """Take one step down: an index counts the pairs of a mapping, too."""
    match tree, step:
        case Items(items=items), int():
            return step, items[step].mark, items[step]
        case Pairs(pairs=pairs), int():
            key, value = pairs[step]
            return key.value, key.mark, value
        case Pairs(pairs=pairs), str():
            return next(((step, key.mark, value) for key, value in pairs if key.value == step), None)
        case _:
            return None


def _sentence(error: ErrorDetails, whole: type[Part]) -> str:
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return _unknown_key(error["loc"], whole)
        case "string_type":
            return f"expected text, found {found(error['input'])}"
        case "tuple_type":
            return f"expected a list, found {found(error['input'])}"
        case "model_type" | "dict_type":
            return f"expected a mapping, found {found(error['input'])}"
        case _:
            return error["msg"]


def _unknown_key(loc: Path, whole: type[Part]) -> str:
    *above, key = loc
    known = meanings(part_below(above, whole))
    meant = did_you_mean(nearest(str(key), known))
    return f"expected one of the keys {', '.join(known)}; found {found(key)}{meant}"
