"""Checks that Rollcall reads: what a runbook may say of them, and how their fields are filled."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.runbook.checks import Check, Read, filled_query
from bot.runbook.files.read import read_runbook
from tests.runbook.given import APPROVED, Write, refusals

PROM = "prometheus: up, server: https://p.example"
KINDS = "expected exactly one of ci, url, prometheus, ticket and drill"
LIMITS = "expected exactly one of below, above, at_most and at_least"


def checks(check: str) -> str:
    return f"{APPROVED}checks:\n  smoke: {check}\n"


def read(check: str, write: Write) -> Check:
    return read_runbook(write(checks(check))).check("smoke")


def test_a_check_is_reported_read_or_both(write: Write) -> None:
    assert read("{by: qa}", write).read is None
    assert read("{read: {url: https://shop.example/health}}", write).by is None
    both = read("{by: qa, read: {ci: true}, every: 5m, fresh: 20m, soak: 1h}", write)
    assert (both.by, both.read, both.lasts.total_seconds()) == ("qa", Read(ci=()), 1_200)


def test_every_way_to_read_is_understood(write: Write) -> None:
    health = read('{read: {url: "http://shop:8080/h?v={version}", expect: 204, contains: ok}}', write).read
    assert health == Read(url="http://shop:8080/h?v={version}", expect=204, contains="ok")
    assert read("{read: {ci: [build, 1.10]}}", write).read == Read(ci=("build", "1.10"))
    assert read("{read: {ticket: all, states: [Done, 1.0]}}", write).read == Read(
        ticket="all", states=("Done", "1.0")
    )
    text = f"{{read: {{{PROM}, below: 0.010}}}}"
    assert read(text, write).read == Read(prometheus="up", server="https://p.example", below="0.010")


def test_the_braces_of_a_selector_are_no_fields(write: Write) -> None:
    query = """sum(rate(errors{job="shop",version="{version}",zone=~'a{2}'}[5m])) by (job)"""
    text = (
        f"\n    read:\n      prometheus: >-\n        {query}\n      server: https://p.example\n      below: 1"
    )
    assert read(text, write).read == Read(prometheus=query, server="https://p.example", below="1")


@pytest.mark.parametrize(
    ("check", "where", "message"),
    [
        ("{fresh: 2h}", "", "expected by, read or both, found none"),
        (
            "{by: qa, each: true, read: {url: https://shop.example.com}}",
            ".each",
            "is for a check that only people report, and not for one that is read",
        ),
        ("{by: qa, soak: 1h}", ".soak", "is for a check that is read, and not for one that people report"),
        ("{by: qa, every: 5m}", ".every", "is for a check that is read, and not for one that people report"),
        ("{read: {ci: true}, every: 30s}", ".every", 'expected a duration from "1m" to "90d", found "30s"'),
        (
            "{read: {ci: true}, every: 5m, fresh: 9m}",
            ".fresh",
            "expected at least twice as long as every, which is 5m; found 9m",
        ),
        ("{read: {}}", ".read", f"{KINDS}, found none"),
        ("{read: {ci: true, url: https://a.example}}", ".read", f"{KINDS}, found ci and url"),
        ("{read: {ci: true, expect: 200}}", ".read.expect", "goes with url, and not with ci"),
        ("{read: {ci: false}}", ".read.ci", 'expected "true" or a list of names, found "false"'),
        ("{read: {ci: [a, A]}}", ".read.ci.1", 'expected each only once, found "A" again'),
        ("{read: {prometheus: up}}", ".read.server", "is missing"),
        ("{read: {ticket: SHOP-1}}", ".read.states", "is missing"),
        ("{read: {ticket: SHOP-1, states: []}}", ".read.states", "is missing"),
        ("{read: {ci: true, states: [Done]}}", ".read.states", "goes with ticket, and not with ci"),
        ("{read: {ticket: SHOP-1, states: [Done, done]}}", ".read.states.1", 'expected each only once, found "done" again'),
        ("{read: {ticket: SHOP-1, states: Done}}", ".read.states", 'expected a list, found "Done"'),
        (
            "{read: {ticket: All of them, states: [Done]}}",
            ".read.ticket",
            'expected "all" or the key of a ticket such as "SHOP-123", found "All of them"',
        ),
        (
            "{read: {ticket: 'REL-{versoin}', states: [Done]}}",
            ".read.ticket",
            'expected a field such as {version}, found "versoin"; did you mean "version"?',
        ),
        (f"{{read: {{{PROM}}}}}", ".read", f"{LIMITS}, found none"),
        (f"{{read: {{{PROM}, below: 1, above: 0}}}}", ".read", f"{LIMITS}, found below and above"),
        (f"{{read: {{{PROM}, below: 5%}}}}", ".read.below", 'expected a number such as "0.05", found "5%"'),
        (f"{{read: {{{PROM}, below: NaN}}}}", ".read.below", 'expected a number such as "0.05", found "NaN"'),
        (
            "{read: {url: ftp://a.example}}",
            ".read.url",
            "expected an address such as https://shop.example.com/health, with fields only after its host,"
            ' found "ftp://a.example"',
        ),
        (
            '{read: {url: "https://{service}.example/"}}',
            ".read.url",
            "expected an address such as https://shop.example.com/health, with fields only after its host,"
            ' found "https://{service}.example/"',
        ),
        (
            "{read: {url: https://me:secret@a.example}}",
            ".read.url",
            "expected an address that names no user; a password does not belong in a runbook",
        ),
        (
            "{read: {url: https://a..example/}}",
            ".read.url",
            'expected an address with the name of a host, found "https://a..example/"',
        ),
        (
            "{read: {prometheus: up, server: https://me:secret@p.example, below: 1}}",
            ".read.server",
            "expected an address that names no user; a password does not belong in a runbook",
        ),
        (
            '{read: {url: "https://a.example/{versoin}"}}',
            ".read.url",
            'expected a field such as {version}, found "versoin"; did you mean "version"?',
        ),
        ("{read: {url: https://a.example, expect: 99}}", ".read.expect", "expected a number from 100 to 599, found 99"),
        (
            "{read: {prometheus: 'up{version}', server: https://p.example, below: 1}}",
            ".read.prometheus",
            'a field stands in quotes, such as {version="{version}"}; {version} does not',
        ),
        (
            "{read: {prometheus: 'up{v=`{version}`}', server: https://p.example, below: 1}}",
            ".read.prometheus",
            'a field stands in quotes, such as {version="{version}"}; {version} does not',
        ),
        (
            "{read: {urls: https://a.example}}",
            ".read.urls",
            "expected one of the keys ci, url, ticket, states, drill, expect, contains, prometheus, server, below, above, at_most, at_least;"
            ' found "urls"; did you mean "url"?',
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_stands(check: str, where: str, message: str, write: Write) -> None:
    (told,) = refusals(write(checks(check)))
    assert told.split(": ", 1)[1] == f"checks.smoke{where}: {message}"


def test_ci_is_read_in_a_repository_at_github_or_gitlab(write: Write) -> None:
    text = "service: shop\n" + checks("{read: {ci: true}}")
    (told,) = refusals(write(text))
    assert told.endswith(
        "checks.smoke.read.ci: is in no repository; write its address at the top, such as"
        " repository: https://github.com/acme/shop"
    )
    for repository in ("https://github.com/acme/shop", "https://gitlab.com/acme/web/shop"):
        there = read_runbook(write(f"repository: {repository}\n{text}"))
        assert there.check("smoke").read == Read(ci=())
    (told,) = refusals(write(f"repository: https://git.example.com/shop\n{text}"))
    assert ".read.ci: is in no repository" in told


def test_the_tickets_of_a_release_are_read_where_it_is_said_how_they_are_written(write: Write) -> None:
    text = "service: shop\n" + checks("{read: {ticket: all, states: [Done]}}")
    (told,) = refusals(write(text))
    assert told.endswith(
        "checks.smoke.read.ticket: finds no tickets; say at the top how their keys are written, such as"
        ' tickets: {pattern: "SHOP-{number}"}'
    )
    there = read_runbook(write(f'tickets: {{pattern: "SHOP-{{number}}"}}\n{text}'))
    assert there.check("smoke").read == Read(ticket="all", states=("Done",))
    # One that is named is looked for in no commit.
    named = read_runbook(write("service: shop\n" + checks("{read: {ticket: SHOP-1, states: [Done]}}")))
    assert named.tickets is None


def test_a_drill_is_asked_for_where_it_is_said_in_which_environment_one_is_held(write: Write) -> None:
    text = "service: shop\n" + checks("{read: {drill: 30d}}")
    where = (
        "checks.smoke.read.drill: asks for a drill, and none can be held; say where, such as"
        " rollback: {drill: rehearsal}"
    )
    for back in ("", "rollback: {steps: [do: Undo]}\n"):
        (told,) = refusals(write(text + back))
        assert told.endswith(where)
    there = read_runbook(write(text + "rollback: {drill: rehearsal}\n"))
    assert there.check("smoke").read == Read(drill=timedelta(days=30))
    # The runbook that extends one can say it still.
    assert read_runbook(write(text.removeprefix("service: shop\n"))).service is None


@pytest.mark.parametrize(
    ("check", "text"),
    [
        ("{read: {ticket: all, states: [Done, Released]}}", "every ticket is Done or Released"),
        ("{read: {ticket: 'REL-{version}', states: [Done]}}", "the ticket REL-{version} is Done"),
    ],
)
def test_a_ticket_is_told_in_a_line(check: str, text: str, write: Write) -> None:
    told = read(check, write).read
    assert told is not None
    assert (told.what, told.text) == ("ticket", text)


letters = st.sampled_from("\\\"'{}a") | st.characters(exclude_categories=["Cs"])
values = st.text(alphabet=letters, max_size=20)


@given(values)
def test_a_value_cannot_leave_the_string_in_which_it_stands(value: str) -> None:
    double = filled_query('up{v="{version}"}', {"version": value})
    single = filled_query("up{v='{version}'}", {"version": value})
    assert (_unquoted(double[5:-1]), _unquoted(single[5:-1])) == (value, value)


def _unquoted(text: str) -> str:
    """Read a string of PromQL to its end, as far as a value can be written in it."""
    quote, inner, read = text[0], iter(text[1:]), ""
    for letter in inner:
        if letter == quote:
            assert next(inner, None) is None, f"{text} goes on after its end"
            return read
        read += next(inner) if letter == "\\" else letter
    raise AssertionError(f"{text} has no end")
