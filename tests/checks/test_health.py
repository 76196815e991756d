"""Health URLs, over real HTTP: what passes, what failed, and what says nothing of the health."""

import aiohttp
import pytest

from bot.checks.health import Health
from bot.checks.source import Asked, Reading, Unreadable
from bot.release.gates.checks import Outcome
from bot.runbook.checks import Read
from tests.checks.server import Answer, breaks_off, drips, floods, hangs, leads_to, says
from tests.checks.server import Asked as Server

PASSED = Reading(outcome=Outcome.PASSED)


def asked(url: str, contains: str | None = None, expect: int | None = None, **values: str) -> Asked:
    read = Read(url=url, contains=contains, expect=expect)
    return Asked(read=read, repository="", values=values)


async def unreadable(session: aiohttp.ClientSession, what: Asked) -> str:
    with pytest.raises(Unreadable) as why:
        await Health(session).read(what)
    return str(why.value)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
async def test_what_answers_well_passes(server: Server, inside: aiohttp.ClientSession, status: int) -> None:
    server.answer = says("", status)
    assert await Health(inside).read(asked(f"{server.address}/health")) == PASSED


@pytest.mark.parametrize(("status", "said"), [(500, "Internal Server Error"), (503, "Service Unavailable"), (404, "Not Found")])  # fmt: skip
async def test_what_answers_badly_has_failed(
    server: Server, inside: aiohttp.ClientSession, status: int, said: str
) -> None:
    server.answer = says("", status)
    told = await Health(inside).read(asked(f"{server.address}/health"))
    assert told == Reading(outcome=Outcome.FAILED, said=f"answered {status} {said}")


async def test_a_status_that_is_expected_passes_and_no_other(
    server: Server, inside: aiohttp.ClientSession
) -> None:
    server.answer = says("", 401)
    assert await Health(inside).read(asked(server.address, expect=401)) == PASSED
    server.answer = says("", 200)
    assert (await Health(inside).read(asked(server.address, expect=401))).outcome is Outcome.FAILED


async def test_an_answer_may_have_to_contain_something(server: Server, inside: aiohttp.ClientSession) -> None:
    server.answer = says('{"version":"1.4.0","läuft":true}')
    what = asked(server.address, '"version":"{version}","läuft"', version="1.4.0")
    assert await Health(inside).read(what) == PASSED
    other = await Health(inside).read(asked(server.address, "{version}", version="1.4.1"))
    assert other == Reading(outcome=Outcome.FAILED, said="the answer does not contain what it should")


async def test_values_mean_nothing_in_an_address(server: Server, inside: aiohttp.ClientSession) -> None:
    url = server.address + "/{stage}/health?of={version}"
    await Health(inside).read(asked(url, stage="a/../b?c#d é", version="1.4.0+b&x=y"))
    assert server.heard == ["/a%2F..%2Fb%3Fc%23d%20%C3%A9/health?of=1.4.0%2Bb%26x%3Dy"]


async def test_a_value_that_is_not_known_leaves_it_unread(
    server: Server, inside: aiohttp.ClientSession
) -> None:
    what = asked(server.address + "/{commit}")
    assert await unreadable(inside, what) == "the commit of this release is not known"
    assert server.heard == []


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_who_may_not_ask_knows_nothing(
    server: Server, inside: aiohttp.ClientSession, status: int
) -> None:
    server.answer = says("", status)
    assert (await unreadable(inside, asked(server.address))).startswith(f"answered {status} ")


async def test_a_redirect_is_not_followed_wherever_it_leads(
    server: Server, inside: aiohttp.ClientSession
) -> None:
    server.answer = leads_to(f"http://127.0.0.2:{server.port}/secret")
    assert await unreadable(inside, asked(f"{server.address}/health")) == (
        "answered 302 Found, and no redirect is followed"
    )
    assert server.heard == ["/health"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (hangs(), "no whole answer within 0.5 seconds"),
        (drips(), "no whole answer within 0.5 seconds"),
        (floods(), "the answer has more than 1,048,576 bytes"),
        (breaks_off(), "the answer broke off, or is not HTTP"),
    ],
    ids=["hangs", "drips", "floods", "breaks off"],
)
async def test_an_answer_that_does_not_come_whole_is_not_read(
    server: Server, inside: aiohttp.ClientSession, answer: Answer, why: str
) -> None:
    server.answer = answer
    assert await unreadable(inside, asked(server.address, "fine and well")) == why


async def test_what_is_not_looked_into_need_not_come_whole(
    server: Server, inside: aiohttp.ClientSession
) -> None:
    server.answer = drips()
    assert await Health(inside).read(asked(server.address)) == PASSED


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_an_address_that_leads_inwards_is_not_asked(
    server: Server, outward: aiohttp.ClientSession, host: str
) -> None:
    why = await unreadable(outward, asked(f"http://{host}:{server.port}/health"))
    assert "is not a public address. Whoever runs Rollcall may allow it in ROLLCALL_INSIDE" in why
    assert server.heard == []


@pytest.mark.parametrize("host", ["169.254.169.254", "10.0.0.1", "192.168.0.1", "[fd00::1]", "[fe80::1]"])
async def test_no_private_address_is_asked_even_where_another_is_allowed(
    inside: aiohttp.ClientSession, host: str
) -> None:
    assert "is not a public address" in await unreadable(inside, asked(f"http://{host}/health"))


async def test_where_nobody_listens_nothing_is_read(inside: aiohttp.ClientSession) -> None:
    assert await unreadable(inside, asked("http://127.0.0.1:9/health")) == (
        "127.0.0.1 takes no connection at port 9"
    )


async def test_a_name_that_is_none_is_told(inside: aiohttp.ClientSession) -> None:
    assert await unreadable(inside, asked("http://nowhere.invalid/health")) == (
        "there is no name nowhere.invalid"
    )


async def test_what_speaks_no_https_is_told(server: Server, inside: aiohttp.ClientSession) -> None:
    secure = server.address.replace("http:", "https:")
    assert (
        await unreadable(inside, asked(secure))
    ) == f"127.0.0.1 does not speak HTTPS at port {server.port}"
