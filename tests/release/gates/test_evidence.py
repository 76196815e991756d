"""Evidence: what may be attached, how much of it, and for how long."""

import pytest

from bot.release.gates.evidence import MOST, Evidence, EvidenceAttached
from bot.release.refusal import Code
from tests.release.given import NINE, ana, ben, completed, events, gus, names, play, refusal, started

LINK = "https://ci.example/7"


def test_anybody_attaches_a_link_and_says_what_it_shows() -> None:
    assert events(started(), gus.attaches(LINK, "All green.")) == (
        EvidenceAttached(at=NINE, by=gus.id, link=LINK, comment="All green."),
    )
    assert play(started(), gus.attaches(LINK, "All green.")).evidence == (
        Evidence(by=gus.id, at=NINE, link=LINK, comment="All green."),
    )


def test_evidence_can_be_attached_after_the_end() -> None:
    assert names(completed(), ben.attaches()) == ["EvidenceAttached"]


def test_the_same_is_attached_once_whoever_does_it() -> None:
    again = refusal(play(started(), ana.attaches(LINK)), ben.attaches(LINK, "Look."))
    assert (again.code, again.because) == (
        Code.ALREADY_DONE,
        "This is attached to checkout-1 already.",
    )


def test_a_release_shows_so_much_evidence_and_no_more() -> None:
    full = play(started(), *(ana.attaches(f"{LINK}/{n}") for n in range(MOST - 1)))
    assert names(full, ana.attaches(LINK)) == ["EvidenceAttached"]
    assert refusal(play(full, ana.attaches(LINK)), ana.attaches(f"{LINK}?")).code is Code.TOO_MANY


@pytest.mark.parametrize(
    "link",
    ["", "ci.example/7", "javascript:alert(1)", f"{LINK} ", f"{LINK}|Approve", f"{LINK}>", LINK + "7" * 481],
)
def test_what_is_no_web_address_is_not_attached(link: str) -> None:
    assert refusal(started(), ana.attaches(link)).code is Code.LINK_INVALID


def test_a_link_and_a_comment_may_be_as_long_as_a_message_shows() -> None:
    assert names(started(), ana.attaches(LINK + "7" * 480, "c" * 500)) == ["EvidenceAttached"]
    assert refusal(started(), ana.attaches(LINK, "c" * 501)).code is Code.TEXT_TOO_LONG
