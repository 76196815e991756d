"""Roles are bound in one way; who owns a path is read from the text of a CODEOWNERS file."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.runbook.files.read import read_runbook
from bot.runbook.roles.role import Role, Rotation, Standing
from tests.runbook.given import STAGE, Write, refusals

OWNERS = """\
# Who looks after what.
*           @acme/release-managers
/db/        @U02DBA @dba   # The tables are shared.
*.md        @docs
docs/*      @acme/docs @docs
/db/free\\ text/
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("bot/app.py", ("release-managers",)),
        ("db/schema.sql", ("U02DBA", "dba")),
        ("db/deep/down.sql", ("U02DBA", "dba")),
        ("a/db/x.sql", ("release-managers",)),
        ("README.md", ("docs",)),
        ("docs/runbooks.md", ("docs",)),
        ("docs/deep/x.txt", ("release-managers",)),
        ("db/free text/x", ()),
    ],
)
def test_the_last_line_that_matches_says_who_owns_a_path(path: str, owners: tuple[str, ...]) -> None:
    assert Role(name="owners", codeowners=OWNERS).owners_of([path]) == {path: owners}


def test_each_path_has_its_owners() -> None:
    role = Role(name="owners", codeowners="/db/ @dba\n")
    assert role.owners_of(["db/x", "web/x"]) == {"db/x": ("dba",), "web/x": ()}
    assert Role(name="qa", group="qa").owners_of(["db/x"]) == {"db/x": ()}


@settings(deadline=None)
@given(st.text(max_size=40) | st.text("ab/*?[]!\\@# \n", max_size=30))
def test_whatever_is_taken_can_be_asked(text: str) -> None:
    try:
        role = Role(name="owners", codeowners=text)
    except ValidationError:
        return
    for owners in role.owners_of(["a", "a/b", "b/a/a b"]).values():
        assert all(owner and "@" not in owner and "/" not in owner for owner in owners)


def test_a_codeowners_file_may_stand_in_a_block(write: Write) -> None:
    binding = "{group: qa}"
    block = "\n    codeowners: |\n      /db/ @U02DBA\n      *.md @acme/docs"
    role = read_runbook(write(STAGE.replace(f" {binding}", block))).role("qa")
    assert role.owners_of(["db/x", "a.md"]) == {"db/x": ("U02DBA",), "a.md": ("docs",)}


def test_the_people_whom_the_runbook_names_are_known() -> None:
    rotation = Rotation.model_validate(
        {"timezone": "UTC", "starting": "2026-01-05", "people": ["U0BEN", "U0BEA", "U0BEN"]}
    )
    roles = [
        Role(name="r", users=("U0BEN", "U0BEA")),
        Role(name="r", first_of=("U0BEN", "U0BEA")),
        Role(name="r", rotation=rotation),
        Role(name="r", group="qa"),
    ]
    assert [role.named for role in roles] == [("U0BEN", "U0BEA")] * 3 + [()]
    assert [role.most for role in roles] == [2, 1, 1, None]


def test_a_role_may_admit_others_than_members(write: Write) -> None:
    text = STAGE.replace("{group: qa}", "{group: qa, admits: [guest, bot]}")
    assert read_runbook(write(text)).role("qa").admits == (Standing.GUEST, Standing.BOT)


OWNER = 'expected an owner such as "@U02ABCDEF", "@handle" or "@org/handle"'
PATH = 'expected a path such as "/db/" or "*.py", and then its owners'
ONCE = "expected exactly one of group, users, starter, authors, reviewers, codeowners, rotation and first_of"


@pytest.mark.parametrize(
    ("binding", "message"),
    [
        ("{starter: true, authors: true}", f"4:3: roles.qa: {ONCE}, found 2"),
        ("{first_of: []}", f"4:3: roles.qa: {ONCE}, found none"),
        (
            "{group: qa, admits: [member]}",
            '4:28: roles.qa.admits.0: expected "guest", "stranger" or "bot", found "member"',
        ),
        (
            "{group: qa, admits: [bto]}",
            '4:28: roles.qa.admits.0: expected "guest", "stranger" or "bot", found "bto"; did you mean "bot"?',
        ),
        ("{group: qa, admits: guest}", '4:27: roles.qa.admits: expected a list, found "guest"'),
        (
            "{codeowners: '* ben@example.com'}",
            f'4:20: roles.qa.codeowners: line 1: {OWNER}; found "ben@example.com"',
        ),
        (
            '{codeowners: "*.py @qa\\n/db/ qa\\n"}',
            f'4:20: roles.qa.codeowners: line 2: {OWNER}; found "qa"',
        ),
        ('{codeowners: "!x @qa"}', f'4:20: roles.qa.codeowners: line 1: {PATH}; found "!x"'),
        ('{codeowners: "[Docs]"}', f'4:20: roles.qa.codeowners: line 1: {PATH}; found "[Docs]"'),
        ('{codeowners: "@qa"}', f'4:20: roles.qa.codeowners: line 1: {PATH}; found "@qa"'),
        (
            f"{{codeowners: '{'x' * 50_001}'}}",
            "4:20: roles.qa.codeowners: expected at most 50000 characters, found 50001",
        ),
    ],
)
def test_a_role_that_is_wrong_is_told_with_its_place(binding: str, message: str, write: Write) -> None:
    assert refusals(write(STAGE.replace("{group: qa}", binding))) == [f"r.yaml:{message}"]


@pytest.mark.parametrize("word", ["all", "any", "at least", "of", "check", "when", "Any"])
def test_a_word_of_needs_names_no_role(word: str, write: Write) -> None:
    assert refusals(write(STAGE.replace("  qa:", f"  {word}:"))) == [
        f'r.yaml:4:3: roles.{word}: "{word}" is a word of needs, so it cannot name a role; choose another name'
    ]
