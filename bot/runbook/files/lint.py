"""Check runbooks and print what is wrong with them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from bot.runbook.files.read import Runbooks, read_runbook, runbook_files
from bot.runbook.problems import Problem, RunbookError


def lint(paths: Sequence[Path], out: TextIO) -> int:
    """Print each problem of the runbooks on a line, and a summary; return 0 when there is none, else 1.

    A path is a runbook or a folder of runbooks.
    """
    problems = list(dict.fromkeys(problem for path in paths for problem in _problems(path)))
    for problem in problems:
        print(problem, file=out)
    checked = len({file.resolve() for path in paths for file in _files(path)})
    print(f"{_counted(checked, 'runbook')} checked, {_counted(len(problems), 'problem')}", file=out)
    return 1 if problems else 0


def _problems(path: Path) -> Sequence[Problem]:
    if path.is_dir():
        empty = Problem(file=path.as_posix(), line=1, column=1, message="holds no runbook")
        return Runbooks(path).check() if _files(path) else [empty]
    try:
        read_runbook(path)
    except RunbookError as error:
        return error.problems
    return ()


def _files(path: Path) -> Sequence[Path]:
    return runbook_files(path) if path.is_dir() else [path]


def _counted(number: int, thing: str) -> str:
    """Say how many there are, in words where there is none or one."""
    return f"{number or 'no'} {thing}{'' if number == 1 else 's'}"
