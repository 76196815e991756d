"""What a run has said, in its modal: the last of it, whole lines, and never more than Slack takes."""

from bot.release.ids import ReleaseKey
from bot.slack.buttons import Target
from bot.slack.messages.output import LONGEST_LINE, NOTHING, PARTS, output_of
from tests.slack.accepted import against_view

TARGET = Target(ReleaseKey("shop-1"), 0, "Deploy", 2)


def paragraphs(said: str) -> list[str]:
    view = output_of(TARGET, said)
    assert [*against_view(view, ())] == []
    return [block["text"]["text"] for block in view["blocks"] if block["type"] == "section"]


def test_lines_are_shown_as_they_were_said() -> None:
    assert paragraphs("one\n\n  two\n") == ["```one\n\n  two```"]


def test_of_nothing_it_is_said_that_it_is_nothing() -> None:
    assert paragraphs("") == paragraphs(" \n\n") == [NOTHING]


def test_of_very_much_the_last_is_shown_in_the_order_in_which_it_was_said() -> None:
    shown = paragraphs("\n".join(f"line {number}" for number in range(10_000)))
    assert len(shown) == PARTS
    lines = "\n".join(part.strip("`") for part in shown).split("\n")
    assert lines == [f"line {number}" for number in range(10_000 - len(lines), 10_000)]


def test_a_long_line_goes_on_in_the_next_and_nothing_of_it_is_lost() -> None:
    said = "".join(chr(97 + number % 26) for number in range(LONGEST_LINE * 4 + 7))
    assert "".join(part.strip("`").replace("\n", "") for part in paragraphs(said)) == said


def test_what_is_escaped_or_quoted_fits_and_ends_no_part() -> None:
    for sign in ("&", "<", "`", '"', "\\", "👩"):
        assert all(part.startswith("```") and part.endswith("```") for part in paragraphs(sign * 9_000))
    assert paragraphs("a```b <!channel>") == [
        "```a\u2060`\u2060\u2060`\u2060\u2060`\u2060b &lt;!channel&gt;```"
    ]
