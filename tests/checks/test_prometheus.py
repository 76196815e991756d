"""Queries of Prometheus, over real HTTP: one number that keeps a limit, or nothing that is known."""

from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from bot.checks.prometheus import Prometheus
from bot.checks.source import Asked, Reading, Unreadable
from bot.release.gates.checks import Outcome
from bot.runbook.checks import Read
from tests.checks.server import Answer, drips, floods, gives, says, tells
from tests.checks.server import Asked as Server

PASSED = Reading(outcome=Outcome.PASSED)


def asked(server: Server, query: str = "errors", *, path: str = "", **more: str) -> Asked:
    limits = {key: more.pop(key) for key in ("below", "above", "at_most", "at_least") if key in more}
    read = Read.model_validate(
        {"prometheus": query, "server": server.address + path, **(limits or {"below": "1"})}
    )
    return Asked(read=read, repository="", values=more)


@pytest.mark.parametrize(
    ("limit", "passing", "failing", "said"),
    [
        ("below", "0.0099", "0.01", "it is 0.01, and not below 0.01"),
        ("above", "0.0101", "0.01", "it is 0.01, and not above 0.01"),
        ("at_most", "0.01", "0.0123456789", "it is 0.0123457, and not at most 0.01"),
        ("at_least", "0.01", "-3", "it is -3, and not at least 0.01"),
    ],
)
async def test_a_number_keeps_its_limit_or_does_not(
    server: Server, inside: aiohttp.ClientSession, limit: str, passing: str, failing: str, said: str
) -> None:
    server.answer = gives(passing)
    assert await Prometheus(inside).read(asked(server, **{limit: "0.01"})) == PASSED
    server.answer = gives(failing)
    told = await Prometheus(inside).read(asked(server, **{limit: "0.01"}))
    assert told == Reading(outcome=Outcome.FAILED, said=said)


async def test_a_scalar_is_a_number_too(server: Server, inside: aiohttp.ClientSession) -> None:
    server.answer = tells({"status": "success", "data": {"resultType": "scalar", "result": [1.0, "0.5"]}})
    assert await Prometheus(inside).read(asked(server)) == PASSED


async def test_what_is_asked_is_the_query_with_its_fields_escaped(
    server: Server, inside: aiohttp.ClientSession
) -> None:
    server.answer = gives("0")
    query = """sum(rate(errors{v="{version}",stage='{stage}'}[5m]))"""
    await Prometheus(inside).read(asked(server, query, path="/prom/", version='1"0\\', stage="Bob's"))
    (path,) = server.heard
    assert urlsplit(path).path == "/prom/api/v1/query"
    assert parse_qs(urlsplit(path).query) == {
        "query": [r"""sum(rate(errors{v="1\"0\\",stage='Bob\'s'}[5m]))"""]
    }


ERROR = {"status": "error", "errorType": "bad_data", "error": 'invalid parameter "query"'}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (gives(), "the query gives nothing"),
        (gives("1", "2"), "the query gives 2 series, and not one"),
        (gives("NaN"), "the query gives NaN, which is no number"),
        (gives("+Inf"), "the query gives +Inf, which is no number"),
        (gives("many"), "the query gives many, which is no number"),
        (tells(ERROR, 400), 'answered 400 Bad Request: invalid parameter "query"'),
        (tells({"status": "success"}, 503), "answered 503 Service Unavailable, and not as Prometheus does"),
        (tells({"status": "success", "data": {"resultType": "matrix", "result": []}}), "the query gives a matrix, and not one number"),
        (tells({"status": "success", "data": 7}), "the answer is not as that of Prometheus"),
        (tells({"status": "success", "warnings": ["a store is\nmissing"], "data": {}}), "Prometheus warns: a store is missing"),
        (tells([]), "answered 200 OK, and not as Prometheus does"),
        (says("0.5", kind="application/json"), "answered 200 OK, and not as Prometheus does"),
        (says("no", kind="application/json"), "answered 200 OK, and not JSON"),
        (says("[" * 100_000, kind="application/json"), "answered 200 OK, and not JSON"),
        (says("<p>Sign in", kind="text/html"), "not JSON, but text/html"),
        (says("", 401), "answered 401 Unauthorized, and not JSON, but text/plain"),
        (says("", 500), "answered 500 Internal Server Error, and not JSON, but text/plain"),
        (floods(), "the answer has more than 1,048,576 bytes"),
        (drips(), "no whole answer within 0.5 seconds"),
    ],
)  # fmt: skip
async def test_what_is_not_one_number_is_not_known(
    server: Server, inside: aiohttp.ClientSession, answer: Answer, why: str
) -> None:
    server.answer = answer
    with pytest.raises(Unreadable) as told:
        await Prometheus(inside).read(asked(server))
    assert str(told.value) == why


async def test_a_server_inside_is_not_asked_unless_it_is_allowed(
    server: Server, outward: aiohttp.ClientSession
) -> None:
    with pytest.raises(Unreadable, match=r"127\.0\.0\.1 is not a public address"):
        await Prometheus(outward).read(asked(server))
    assert server.heard == []
