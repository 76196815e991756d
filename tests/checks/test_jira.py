"""The state of tickets at Jira, over real HTTP against a server that behaves like it."""

import base64
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp import web

from bot.checks.jira import Access
from bot.checks.jira import Jira as Tickets
from bot.checks.source import Asked, Reading, Unreadable
from bot.release.gates.checks import Outcome
from bot.runbook.checks import Read
from tests.checks.jira_server import TOKEN, Jira, jira_there, refused

PASSED = Reading(outcome=Outcome.PASSED)
ACCESS = Access(token=TOKEN)


@pytest.fixture
async def jira() -> AsyncIterator[Jira]:
    async with jira_there({"SHOP-1": "Done", "SHOP-2": "In Progress", "REL-7": "RELEASED"}) as there:
        yield there


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session:
        yield session


def asked(ticket: str, *tickets: str, untold: str = "", **values: str) -> Asked:
    wanted = Read(ticket=ticket, states=("Done", "Released"))
    return Asked(read=wanted, repository="", values=values, tickets=tickets, untold=untold)


async def read(jira: Jira, session: aiohttp.ClientSession, what: Asked) -> Reading:
    return await Tickets(session, jira.url, ACCESS).read(what)


async def unreadable(jira: Jira, session: aiohttp.ClientSession, what: Asked) -> str:
    with pytest.raises(Unreadable) as why:
        await read(jira, session, what)
    return str(why.value)


async def test_a_ticket_passes_in_one_of_its_states_however_that_is_written(
    jira: Jira, session: aiohttp.ClientSession
) -> None:
    assert await read(jira, session, asked("SHOP-1")) == PASSED
    assert await read(jira, session, asked("REL-{version}", version="7")) == PASSED
    failed = Reading(outcome=Outcome.FAILED, said="SHOP-2 is In Progress")
    assert await read(jira, session, asked("SHOP-2")) == failed


async def test_every_ticket_of_the_release_must_be_in_one_of_them(
    jira: Jira, session: aiohttp.ClientSession
) -> None:
    assert await read(jira, session, asked("all", "SHOP-1", "REL-7")) == PASSED
    jira.tickets["SHOP-3"] = "To\nDo"
    failed = Reading(outcome=Outcome.FAILED, said="SHOP-3 is To Do, SHOP-2 is In Progress")
    assert await read(jira, session, asked("all", "SHOP-3", "SHOP-1", "SHOP-2")) == failed


async def test_a_few_of_those_that_are_not_are_told(jira: Jira, session: aiohttp.ClientSession) -> None:
    jira.tickets = {f"SHOP-{number}": "Open" for number in range(1, 8)}
    told = await read(jira, session, asked("all", *jira.tickets))
    assert told.said == (
        "SHOP-1 is Open, SHOP-2 is Open, SHOP-3 is Open, SHOP-4 is Open, SHOP-5 is Open, and 2 more"
    )


async def test_a_release_without_tickets_is_not_known(jira: Jira, session: aiohttp.ClientSession) -> None:
    assert await unreadable(jira, session, asked("all")) == "no ticket of this release is known"
    why = await unreadable(jira, session, asked("all", untold="GitHub took too long"))
    assert why == "no ticket of this release is known: GitHub took too long"


async def test_where_there_may_be_more_tickets_one_can_fail_and_none_can_pass(
    jira: Jira, session: aiohttp.ClientSession
) -> None:
    why = await unreadable(jira, session, asked("all", "SHOP-1", untold="GitHub took too long"))
    assert why == "there may be more tickets: GitHub took too long"
    told = await read(jira, session, asked("all", "SHOP-2", untold="GitHub took too long"))
    assert told.outcome is Outcome.FAILED
    assert await read(jira, session, asked("SHOP-1", untold="GitHub took too long")) == PASSED


async def test_no_more_than_twenty_are_asked_for(jira: Jira, session: aiohttp.ClientSession) -> None:
    jira.tickets = {f"SHOP-{number}": "Done" for number in range(21)}
    few, many = [*jira.tickets][:20], [*jira.tickets]
    assert await read(jira, session, asked("all", *few)) == PASSED
    assert len(jira.calls) == 20
    why = await unreadable(jira, session, asked("all", *many))
    assert why == "this release has 21 tickets, and no more than 20 are asked for"
    assert len(jira.calls) == 20


async def test_a_field_must_be_known_and_make_a_key(jira: Jira, session: aiohttp.ClientSession) -> None:
    assert await unreadable(jira, session, asked("REL-{version}")) == (
        "the version of this release is not known"
    )
    for version in ("1.4.0", "7/../../2/myself", "7?fields=summary"):
        why = await unreadable(jira, session, asked("REL-{version}", version=version))
        assert why == f"REL-{version} is no key of Jira, such as SHOP-123"
    assert await unreadable(jira, session, asked("all", "SHOP-1", "#12")) == (
        "#12 is no key of Jira, such as SHOP-123"
    )
    assert jira.calls == []


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (lambda: refused(401, "You are not authenticated."), "Jira does not take JIRA_TOKEN. Whoever runs Rollcall renews it"),
        (lambda: refused(403, "Forbidden"), "Jira answered 403 Forbidden, asked for SHOP-1"),
        (lambda: refused(429, "Rate limit exceeded"), "Jira answered 429 Too Many Requests, asked for SHOP-1"),
        (lambda: web.Response(status=503, text="<html>"), "Jira answered 503 Service Unavailable, asked for SHOP-1"),
        (lambda: web.Response(status=302, headers={"Location": "/login.jsp"}), "Jira answered 302 Found, asked for SHOP-1"),
        (lambda: web.Response(text="<html>Log in</html>", content_type="text/html"), "what Jira answers is not JSON"),
        (lambda: web.Response(text="[" * 100_000), "what Jira answers is not JSON"),
        (lambda: web.json_response({"fields": {"status": None}}), "what Jira answers cannot be understood"),
        (lambda: web.json_response({"fields": {"status": {"name": 3}}}), "what Jira answers cannot be understood"),
        (lambda: web.Response(text=" " * (1 << 21)), "the answer has more than 1,048,576 bytes"),
    ],
)  # fmt: skip
async def test_what_jira_does_not_tell_is_not_known(
    jira: Jira, session: aiohttp.ClientSession, fault: Callable[[], web.Response], why: str
) -> None:
    jira.fails(fault)
    assert await unreadable(jira, session, asked("SHOP-1")) == why


async def test_one_ticket_that_is_not_there_leaves_all_of_it_unknown(
    jira: Jira, session: aiohttp.ClientSession
) -> None:
    why = await unreadable(jira, session, asked("all", "SHOP-1", "SHOP-404"))
    assert why == "Jira shows no ticket SHOP-404 to Rollcall"


async def test_jira_is_left_alone_when_it_asks_for_it(jira: Jira, session: aiohttp.ClientSession) -> None:
    tickets = Tickets(session, jira.url, ACCESS)
    jira.fails(lambda: refused(429, "Rate limit exceeded", **{"Retry-After": "60"}))
    with pytest.raises(Unreadable, match="Jira answered 429"):
        await tickets.read(asked("SHOP-1"))
    with pytest.raises(Unreadable, match="Jira has asked to be left alone for a while"):
        await tickets.read(asked("SHOP-1"))
    assert len(jira.calls) == 1


async def test_a_jira_that_is_slow_or_gone_is_not_known(jira: Jira, session: aiohttp.ClientSession) -> None:
    jira.slow_s = 0.1
    slow = Tickets(session, jira.url, ACCESS, within_s=0.15)
    with pytest.raises(Unreadable, match=r"Jira took more than 0\.15 seconds"):
        await slow.read(asked("all", "SHOP-1", "REL-7"))
    jira.slow_s = 5
    assert await unreadable(jira, session, asked("SHOP-1")) == "no whole answer within 1 seconds"
    with pytest.raises(Unreadable, match=r"127\.0\.0\.1 takes no connection at port 1"):
        await Tickets(session, "http://127.0.0.1:1", ACCESS).read(asked("SHOP-1"))


async def test_a_user_of_jira_cloud_is_named_with_the_token(
    jira: Jira, session: aiohttp.ClientSession
) -> None:
    jira.auth = f"Basic {base64.b64encode(b'ana@acme.example:' + TOKEN.encode()).decode()}"
    access = Access(token=TOKEN, user="ana@acme.example")
    assert await Tickets(session, f"{jira.url}/", access).read(asked("SHOP-1")) == PASSED
    assert await unreadable(jira, session, asked("SHOP-1")) == (
        "Jira does not take JIRA_TOKEN. Whoever runs Rollcall renews it"
    )


async def test_without_access_nothing_is_known_and_the_token_is_never_shown(
    jira: Jira, session: aiohttp.ClientSession
) -> None:
    for address, access in (("", ACCESS), (jira.url, None)):
        with pytest.raises(Unreadable, match="Whoever runs it sets JIRA_URL and JIRA_TOKEN"):
            await Tickets(session, address, access).read(asked("SHOP-1"))
    assert jira.calls == []
    assert TOKEN not in repr(ACCESS)
