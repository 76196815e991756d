"""The generated parts of the documentation: between two marks of a Markdown file stands what the code says."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
Part = Callable[[], str]

_PART: Final = re.compile(r"<!-- generated: (?P<name>[a-z-]+) -->\n.*?<!-- end -->", re.DOTALL)


def markdown_files() -> Sequence[Path]:
    """Return the documentation, the pages at the top of the tree first."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def named_parts(page: str) -> Sequence[str]:
    """Return the names of the generated parts of a page, in order."""
    return [part["name"] for part in _PART.finditer(page)]


def generated(page: str, parts: Mapping[str, Part]) -> str:
    """Return a page with its generated parts as the code says now. Raises KeyError for an unknown part."""
    return _PART.sub(lambda found: _between_marks(found["name"], parts[found["name"]]()), page)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """Return text as code, or nothing for none."""
    return f"`{text}`" if text else ""


def sentence(doc: str | None) -> str:
    """Return a docstring as one line. Raises ValueError where there is none."""
    if not doc:
        raise ValueError("A docstring is missing, so the documentation has nothing to say.")
    return " ".join(doc.split())


def _between_marks(name: str, content: str) -> str:
    return f"<!-- generated: {name} -->\n{content}\n<!-- end -->"
