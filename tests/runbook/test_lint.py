"""`rollcall lint` prints each problem on a line, then how many there are."""

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from bot.runbook.files.lint import lint

ROOT = Path(__file__).parents[2]
SHIPPED, DOCS = ROOT / "runbooks", ROOT / "docs" / "runbooks.md"


def linted(*paths: Path) -> tuple[int, list[str]]:
    out = StringIO()
    return lint(paths, out), out.getvalue().splitlines()


def test_the_shipped_runbooks_are_clean() -> None:
    assert linted(SHIPPED) == (0, ["4 runbooks checked, no problems"])


def test_each_problem_is_a_line(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write("title: T\nroles: {qa: {group: qa}}\nstages: [{name: s, owner: q}]\nx: y")
    code, (owner, key, summary) = linted(tmp_path)
    assert code == 1
    assert owner == (
        f"{path.as_posix()}:3:27: stages.0.owner: expected a role of this runbook (qa), "
        'found "q"; did you mean "qa"?'
    )
    assert key.startswith(f"{path.as_posix()}:4:1: x: expected one of the keys ")
    assert summary == "1 runbook checked, 2 problems"
    assert linted(path)[1] == [owner, key, summary]


def test_a_path_that_holds_no_runbook_is_a_problem(tmp_path: Path) -> None:
    assert linted(tmp_path) == (
        1,
        [f"{tmp_path.as_posix()}:1:1: holds no runbook", "no runbooks checked, 1 problem"],
    )
    missing = tmp_path / "none.yaml"
    code, (problem, _) = linted(missing)
    assert code == 1
    assert problem == f"{missing.as_posix()}:1:1: cannot be read: No such file or directory"


def test_what_the_docs_show_can_stand_in_a_runbook(write: Callable[..., Path], tmp_path: Path) -> None:
    write((SHIPPED / "standard.yaml").read_text(), "standard.yaml")
    page = re.sub(r"<!-- generated.*?<!-- end -->", "", DOCS.read_text(), flags=re.DOTALL)
    shown = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    for number, text in enumerate(shown):
        write(f"extends: standard\n{text}", f"shown-{number}.yaml")
    assert len(shown) > 5
    assert linted(tmp_path) == (0, [f"{len(shown) + 1} runbooks checked, no problems"])
