"""The keys of tickets, found in what people wrote by a pattern that is no regular expression."""

import time

import pytest
from pydantic import ValidationError

from bot.runbook.tickets import Tickets


def keys(text: str, pattern: str = "{project}-{number}") -> tuple[str, ...]:
    return Tickets(pattern=pattern).keys_in([text])


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("{project}-{number}", "SHOP-12: Search (PAY-3), SHOP-12 again", ("SHOP-12", "PAY-3")),
        ("{project}-{number}", "shop-12 XSHOP-1a S-1 SHOP-x aSHOP-1 _SHOP-1", ()),
        ("{project}-{number}", "feature/SHOP-12-search\u2028PAY-4\u202e", ("SHOP-12", "PAY-4")),
        ("{project}-{number}", "SHOP-1234567890", ()),
        ("SHOP-{number}", "SHOP-12 PAY-3", ("SHOP-12",)),
        ("#{number}", "See #12, not PR#13 or #x", ("#12",)),
        ("gh-{number}", "gh-7", ("gh-7",)),
    ],
)
def test_keys_are_found_where_no_word_goes_on(pattern: str, text: str, found: tuple[str, ...]) -> None:
    assert keys(text, pattern) == found


@pytest.mark.parametrize(
    "pattern", ["", "SHOP", "{number}{number}", "{key}", "(a+)+{number}", "<{number}>", "SHOP {number}"]
)
def test_a_pattern_has_a_number_in_it_and_nothing_that_is_no_key(pattern: str) -> None:
    with pytest.raises(ValidationError):
        Tickets(pattern=pattern)


@pytest.mark.parametrize(
    "link",
    [
        "http://x.example/{key}",
        "https://x.example",
        "https://x.example/{key}{key}",
        "https://x|y/{key}",
        "https://x.example/{key}>",
        "https://a@x.example/{key}",
        "https://x.example/{other}/{key}",
    ],
)
def test_a_link_is_an_address_with_the_key_in_it(link: str) -> None:
    with pytest.raises(ValidationError):
        Tickets(link=link)


def test_a_ticket_is_read_where_the_runbook_says() -> None:
    assert Tickets(link="https://x.example/{key}?a=1").address("SHOP-1") == "https://x.example/SHOP-1?a=1"
    assert Tickets(link="https://x.example/{key}").address("#1") == "https://x.example/%231"
    assert Tickets().address("SHOP-1") == ""


def test_no_text_makes_the_search_slow() -> None:
    began = time.monotonic()
    for text in ("A" * 400_000, "A0-" * 130_000, "1" * 400_000, "SHOP-" * 80_000 + "x"):
        assert keys(text) == ()
    assert time.monotonic() - began < 2
