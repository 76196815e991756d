"""YAML is read as text with places, and everything that surprises or explodes is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.runbook.files.strict_yaml import DEPTH_LIMIT, SIZE_LIMIT, parse, plain
from bot.runbook.problems import Problem, RunbookError


def refusals(content: str | bytes) -> list[str]:
    """Read YAML that must be refused, and return what is said about it."""
    with pytest.raises(RunbookError) as refusal:
        parse(content.encode() if isinstance(content, str) else content, "r.yaml")
    return [str(problem) for problem in refusal.value.problems]


@pytest.mark.parametrize(
    "written",
    [
        "on",
        "NO",
        "yes",
        "true",
        "12:30",
        "1.10",
        "0o17",
        "0x1F",
        "1e3",
        ".inf",
        "2024-01-31",
        "=",
        "+1",
        "1_000",
    ],
)
def test_a_scalar_stays_the_text_that_was_written(written: str) -> None:
    assert plain(parse(f"key: {written}\n{written}: value".encode(), "r.yaml")) == {
        "key": written,
        written: "value",
    }


def test_lists_and_mappings_keep_their_order_and_their_places() -> None:
    tree = parse(b"b: [x, {y: z}]\na:\n  - 'quoted'\n", "r.yaml")
    assert plain(tree) == {"b": ["x", {"y": "z"}], "a": ["quoted"]}
    key, value = tree.pairs[1]
    assert (key.mark.line, key.mark.column) == (2, 1)
    assert (value.mark.line, value.mark.column) == (3, 3)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "r.yaml:1:1: the file is empty"),
        ("# only this\n", "r.yaml:2:1: the file is empty"),
        ("- a", "r.yaml:1:1: expected a mapping, found a list"),
        ("text", 'r.yaml:1:1: expected a mapping, found "text"'),
        ("a: 1\n---\nb: 2", "r.yaml:2:1: a second document begins; a runbook is one"),
        ("a: 1\nb: 2\na: 3", "r.yaml:3:1: a: the key is given a second time; the first is on line 1"),
        ("a: {b: 1, 'b': 2}", "r.yaml:1:11: a.b: the key is given a second time; the first is on line 1"),
        ("a: &x 1", "r.yaml:1:4: a: anchors are not allowed; remove &x"),
        ("a: *x", "r.yaml:1:4: a: aliases are not allowed; write out what *x stands for"),
        ("a: !!int 1", "r.yaml:1:4: a: tags are not allowed; remove tag:yaml.org,2002:int"),
        (
            "a: !!python/object/apply:os.system ['id']",
            "r.yaml:1:4: a: tags are not allowed; remove tag:yaml.org,2002:python/object/apply:os.system",
        ),
        ("a: ! 1", "r.yaml:1:4: a: tags are not allowed; remove !"),
        ("<<: {a: 1}", "r.yaml:1:1: merge keys are not allowed; write the keys out"),
        ("? [a]\n: b", "r.yaml:1:3: expected a key, found a list"),
        ("a:\nb: c", "r.yaml:1:3: a: has no value; write one or leave the key out"),
        ("a: [x, ~]", "r.yaml:1:8: a.1: has no value; write one or leave the key out"),
        ("a: null", "r.yaml:1:4: a: has no value; write one or leave the key out"),
        (
            "a: b: c",
            "r.yaml:1:5: not valid YAML: mapping values are not allowed here; "
            "text with a colon and a space in it needs quotes",
        ),
        (
            "a:\n\tb: c",
            "r.yaml:2:1: not valid YAML: found character '\\t' that cannot start any token; "
            "indent with spaces, not with tabs",
        ),
        ("a: [", "r.yaml:1:5: not valid YAML: expected the node content, but found '<stream end>'"),
        ('a: "\\UFFFFFFFF"', "r.yaml:1:2: not valid YAML: a number here is too large"),
        ("a: b\nc: \x07", "r.yaml:2:4: the character U+0007 is not allowed"),
        ("# read me\u2028a: b", "r.yaml:1:10: the character U+2028 is not allowed"),
        ("a: x\u202ey", "r.yaml:1:5: the character U+202E is not allowed"),
        (b"a: b\nc: \xff", "r.yaml:2:4: not UTF-8 text: the byte 0xFF does not fit"),
        ("a: b".encode("utf-16"), "r.yaml:1:1: not UTF-8 text: the byte 0xFF does not fit"),
        (b"a: b #" + b"x" * SIZE_LIMIT, "r.yaml:1:1: larger than 256 KB"),
        ("[" * 3000, "r.yaml:1:22: nested deeper than 20 levels"),
        (
            "".join(" " * depth + "a:\n" for depth in range(3000))[:SIZE_LIMIT],
            "r.yaml:21:21: nested deeper than 20 levels",
        ),
    ],
)
def test_what_is_not_strict_is_refused_with_its_place(content: str | bytes, said: str) -> None:
    assert refusals(content)[-1] == said


def test_all_that_is_refused_is_said_at_once() -> None:
    assert refusals("a: &x 1\nb: *x\na: !t ~\n") == [
        "r.yaml:1:4: a: anchors are not allowed; remove &x",
        "r.yaml:2:4: b: aliases are not allowed; write out what *x stands for",
        "r.yaml:3:1: a: the key is given a second time; the first is on line 1",
        "r.yaml:3:4: a: has no value; write one or leave the key out",
        "r.yaml:3:4: a: tags are not allowed; remove !t",
    ]


def test_a_bomb_of_aliases_does_not_go_off() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for name, below in zip("bcdefghi", "abcdefgh", strict=True):
        bomb += f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]\n"
    assert len(refusals(bomb)) == 9 + 8 * 9
    assert (
        refusals("a: &a [*a]")[-1] == "r.yaml:1:8: a.0: aliases are not allowed; write out what *a stands for"
    )


def test_a_file_of_nothing_but_problems_is_not_read_to_its_end() -> None:
    assert len(refusals("- &a b\n" * 30_000)) == 100


def test_the_deepest_that_is_allowed_is_read() -> None:
    nested = "a: " + "[" * (DEPTH_LIMIT - 1) + "]" * (DEPTH_LIMIT - 1)
    assert plain(parse(nested.encode(), "r.yaml"))


def test_a_byte_order_mark_is_passed_over() -> None:
    assert plain(parse(b"\xef\xbb\xbfa: b", "r.yaml")) == {"a": "b"}


fragments = st.sampled_from(
    [
        "a",
        "b",
        "- ",
        ": ",
        ":",
        "\n",
        "\n  ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&a ",
        "*a",
        "!t ",
        "<<",
        "? ",
        "'",
        '"',
        "#",
        "|",
        ">",
        "---",
        "...",
        "%YAML 1.2\n",
        "%TAG ! x\n",
        "\\",
        "\\U",
        "\\x",
        "\\ud800",
        "\t",
        "~",
        "\u2028",
        "é",
        "😀",
    ]
)


@settings(deadline=None)
@given(st.one_of(st.binary(), st.text(), st.lists(fragments, max_size=40).map("".join)))
def test_whatever_is_read_is_a_mapping_or_is_refused(content: str | bytes) -> None:
    raw = content if isinstance(content, bytes) else content.encode(errors="replace")
    read: object = None
    told: tuple[Problem, ...] = ()
    try:
        read = plain(parse(raw, "r.yaml"))
    except RunbookError as refusal:
        told = refusal.problems
    assert isinstance(read, dict) or told
    assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in told)
