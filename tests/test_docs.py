"""The documentation says what the code says, and its links lead somewhere."""

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from bot.clock import MovableClock
from bot.practice import Practice
from bot.runbook.runs import OWN_VARIABLE
from tests.browser.window import NEEDS_CHROMIUM
from tests.docs.generate import ROOT, generated, markdown_files, named_parts
from tests.docs.parts import PARTS
from tests.docs.pictures import PICTURES, take_pictures

PAGES: Final = [pytest.param(page, id=page.name) for page in markdown_files()]
LINK: Final = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)|<(?P<address>https?://[^>]+)>")
CODE: Final = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
LARGEST_PICTURE: Final = 200_000


@pytest.mark.parametrize("page", PAGES)
def test_what_is_generated_is_as_the_code_says(page: Path) -> None:
    written = page.read_text()
    assert written == generated(written, PARTS), "Run `make docs`."


def test_each_generated_part_stands_on_one_page() -> None:
    places = Counter(name for page in markdown_files() for name in named_parts(page.read_text()))
    assert places == dict.fromkeys(PARTS, 1)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [found["target"] for found in LINK.finditer(CODE.sub("", page.read_text())) if found["target"]]
    dead = [target for target in targets if not _exists(page, target)]
    assert dead == []


def _exists(page: Path, target: str) -> bool:
    if target.startswith("https://"):
        return True
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    return file.exists() and file.is_relative_to(ROOT) and (not anchor or anchor in _anchors(file))


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    linked = {found["target"] for found in LINK.finditer(readme) if found["target"]}
    pages = {page.relative_to(ROOT).as_posix() for page in markdown_files()} - {"README.md"}
    assert pages <= linked


def test_the_readme_begins_with_a_sentence_a_picture_and_two_commands() -> None:
    title, sentence, picture, commands, *_ = (ROOT / "README.md").read_text().split("\n\n")
    assert title == "# Rollcall"
    assert sentence.count(".") == 1
    assert picture.startswith("![")
    assert re.findall(r"^make \w+", commands, re.MULTILINE) == ["make run", "make test"]


def test_every_call_of_the_control_api_is_documented() -> None:
    app = Practice(MovableClock())._app()
    there = {
        f"`{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.resource and route.resource.canonical.startswith("/_control/") and route.method != "HEAD"
    }
    described = set(re.findall(r"^\| (`(?:GET|POST) /_control/\w+)", _docs("practice"), re.MULTILINE))
    # The stream is the page's own; scripts read the messages.
    assert described == there - {"`GET /_control/stream"}


def test_every_test_that_the_promises_name_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", _docs("promises")))
    sources = [file.read_text() for file in (ROOT / "tests").rglob("test_*.py")]
    there = {
        name for source in sources for name in re.findall(r"^(?:async )?def (test_\w+)", source, re.MULTILINE)
    }
    assert named
    assert named - there == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_and_command_that_is_named_is_there(page: Path) -> None:
    snippets = CODE.findall(page.read_text())
    targets = {
        name for snippet in snippets for name in re.findall(r"(?:`|^)make ([a-z]+)", snippet, re.MULTILINE)
    }
    assert targets <= set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    words = {name for snippet in snippets for name in re.findall(r"\brollcall ([a-z]+)\b", snippet)}
    assert words <= set(re.findall(r"`rollcall (\w+)", PARTS["command-line"]())) | {"rollcall"}


def test_every_setting_that_is_named_is_one() -> None:
    named = {
        name
        for page in markdown_files()
        for name in re.findall(
            r"\b((?:SLACK|ROLLCALL|GITHUB|GITLAB)_[A-Z_]+|DATABASE_URL)\b", page.read_text()
        )
    }
    # A pipeline has that one, and not Rollcall.
    assert named - {OWN_VARIABLE} == set(
        re.findall(
            r"^\| `((?:SLACK|ROLLCALL|GITHUB|GITLAB)_[A-Z_]+|DATABASE_URL)`",
            PARTS["settings"](),
            re.MULTILINE,
        )
    )


def test_every_path_of_the_tree_that_is_named_is_there() -> None:
    named = {
        path
        for page in markdown_files()
        for path in re.findall(r"`((?:bot|tests|docs|migrations|runbooks)/[\w./]*)`", page.read_text())
    }
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_pictures_are_small() -> None:
    pictures = list((ROOT / "docs" / "pictures").iterdir())
    assert pictures
    assert [picture.name for picture in pictures if picture.stat().st_size > LARGEST_PICTURE] == []


@pytest.mark.proof
@NEEDS_CHROMIUM
def test_each_picture_can_be_taken_anew(tmp_path: Path) -> None:
    asyncio.run(take_pictures(tmp_path))
    there = {picture.name for picture in PICTURES.iterdir()}
    assert {picture.name for picture in tmp_path.iterdir()} == there


def test_each_picture_stands_on_a_page() -> None:
    linked = {
        (page.parent / found["target"]).resolve()
        for page in markdown_files()
        for found in LINK.finditer(page.read_text())
        if found["target"] and found["target"].endswith(".png")
    }
    assert linked == {picture.resolve() for picture in (ROOT / "docs" / "pictures").iterdir()}


def test_a_part_that_nobody_makes_is_an_error() -> None:
    with pytest.raises(KeyError, match="no-such-part"):
        generated("<!-- generated: no-such-part -->\n<!-- end -->", PARTS)


def _docs(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text()
