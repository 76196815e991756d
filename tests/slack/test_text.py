"""What people wrote, put into Slack's formatting."""

import re

import pytest

from bot.slack.writing.text import escape, quoted, shorten, within

FORMATTED = re.compile(r"(?<![\w\u2060])[*_~`](?!\u2060)|<[^|>]*\|")
"""A sign that Slack would take for formatting, or a link under another name."""


@pytest.mark.parametrize(
    "text", ["*all*", "_a_ ~b~", "`code`", "<https://evil.example|Approve>", "**", "a *b*, c"]
)
def test_no_formatting_comes_of_what_somebody_wrote(text: str) -> None:
    assert not FORMATTED.search(escape(text))
    assert escape(text).replace("\u2060", "").replace("&lt;", "<").replace("&gt;", ">") == text


@pytest.mark.parametrize("text", ["snake_case_name", "2*3*4", "2 * 3 * 4", "https://example.com/a_b~c"])
def test_a_sign_that_formats_nothing_is_left_alone_so_that_it_can_be_copied(text: str) -> None:
    assert escape(text) == text


def test_no_line_of_a_quotation_passes_for_rollcalls_own() -> None:
    assert quoted("It fails.\n✓ security: approved\u2028✓ qa: approved") == (
        "> It fails.\n> ✓ security: approved\n> ✓ qa: approved"
    )


def test_an_address_in_a_quotation_is_a_link_that_shows_itself() -> None:
    assert quoted("See https://example.com/a_b?x=1&y=_2_, or <!here>.") == (
        "> See <https://example.com/a_b?x=1&amp;y=_2_>, or &lt;!here&gt;."
    )


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("four", 4, "four"),
        ("a person", 6, "a per…"),
        ("by <@U0ANA>", 8, "by…"),
        ("this &amp; that", 9, "this…"),
        ("> a <@U0ANA> b", 14, "> a <@U0ANA> b"),
        ("> a <@U0ANA> b", 13, "> a <@U0ANA>…"),
    ],
)
def test_what_is_cut_leaves_no_mark_in_halves(text: str, limit: int, cut: str) -> None:
    assert shorten(text, limit) == cut
    assert len(cut) <= limit


@pytest.mark.parametrize(
    ("lines", "limit", "shown"),
    [
        (["one", "two"], 7, ["one", "two"]),
        (["one", "two", "three" * 9], 30, ["one", "two", "… and 1 more"]),
        (["long " * 9, "two"], 30, ["long long…", "… and 1 more"]),
        (["long " * 9], 30, ["long long…"]),
    ],
)
def test_of_lines_that_are_too_many_the_first_are_told_and_how_many_more(
    lines: list[str], limit: int, shown: list[str]
) -> None:
    assert within(lines, limit) == shown
    assert len("\n".join(shown)) <= limit
