"""What is reported of runs elsewhere: kept before it is answered, and without effect where it cannot be true."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from inline_snapshot import snapshot

from bot.coordinator import Answer
from bot.outgoing import networks, outgoing
from bot.pipelines.said import SAID
from bot.release.stages.runs import RunBegan, RunEnded
from bot.release.state import State
from bot.signing import TOLERANCE_S, Key
from bot.web.server import LARGEST_BODY, WebServer
from tests.pipelines.ci_server import CI, SECRET
from tests.pipelines.faulty import listening
from tests.pipelines.place import RUNBOOK
from tests.pipelines.site import Site, healthy

STARTED = json.dumps({"run": "checkout-1/1", "status": "started"}).encode()
KNOWN = "That is known already."
UNSIGNED = "The signature or the time does not fit. Sign with ROLLCALL_WEBHOOK_SECRET."


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A site at which a run has been asked for, and is under way."""
    ci = CI()
    ci.answer = lambda: web.Response(status=202)
    async with listening(ci), outgoing(networks("127.0.0.1"), aiohttp.ClientTimeout(total=10)) as session:
        site = Site(tmp_path, ci, session)
        await site.begins()
        async with site.hearing(), site.rollcall(site.webhooks()):
            await site.has_begun()
            yield site
        site.replica.database.close()


async def told(site: Site) -> list[str]:
    """Return what the ledger was told of runs."""
    entries = await site.replica.entries()
    return [type(one.event).__name__ for one in entries if isinstance(one.event, RunBegan | RunEnded)]


async def test_a_run_is_reported_from_its_start_to_its_end(site: Site) -> None:
    assert await site.ci.reports("started", link="https://ci.acme.example/7") == (200, "ok")
    assert (await site.release()).runs[0].link == "https://ci.acme.example/7"
    assert await site.ci.reports("passed", said="All is well.") == (200, "ok")
    run = (await site.until(State.COMPLETED)).runs[0]
    assert (run.passed, run.said) == (True, "All is well.")


async def test_what_is_reported_twice_has_one_effect(site: Site) -> None:
    link = {"link": "https://ci.acme.example/7"}
    assert await site.ci.reports("started", **link) == (200, "ok")
    assert await site.ci.reports("started", **link) == (200, KNOWN)
    assert await site.ci.reports("failed", **link) == (200, "ok")
    assert await site.ci.reports("failed", **link) == (200, KNOWN)
    assert await told(site) == ["RunBegan", "RunBegan", "RunEnded"]


async def test_what_comes_out_of_order_has_no_effect_afterwards(site: Site) -> None:
    assert await site.ci.reports("failed", said="No.") == (200, "ok")
    assert await site.ci.reports("started", link="https://ci.acme.example/7") == (200, KNOWN)
    assert await site.ci.reports("passed") == (409, "checkout-1/1 has ended already, as failed.")
    assert await told(site) == ["RunBegan", "RunEnded"]
    assert (await site.until(State.FAILED)).runs[0].link == ""


async def test_an_end_with_a_link_says_where_it_was(site: Site) -> None:
    await site.ci.reports("failed", link="https://ci.acme.example/7")
    assert (await site.until(State.FAILED)).runs[0].link == "https://ci.acme.example/7"


@pytest.mark.parametrize("run", ["checkout-1/2", "checkout-1/0", "checkout-7/1", "search-1/1"])
async def test_a_run_that_there_is_not_is_named(site: Site, run: str) -> None:
    assert await site.ci.reports("passed", run=run) == (404, f"There is no run {run}.")
    assert await told(site) == ["RunBegan"]


async def test_what_is_run_by_another_provider_is_not_reported(tmp_path: Path) -> None:
    ci = CI()
    async with aiohttp.ClientSession() as session:
        site = Site(tmp_path, ci, session, RUNBOOK.replace("command: [deploy,", "command: [wait,"))
        await site.begins()
        async with site.hearing():
            answer = await ci.reports("passed", run="checkout-1/1", url=f"{site.url}/runs")
    assert answer == (409, "checkout-1/1 is a command, of which nothing is reported.")
    assert await told(site) == []
    site.replica.database.close()


async def test_a_run_that_was_never_asked_for_is_not_reported(tmp_path: Path) -> None:
    ci = CI()
    async with listening(ci), aiohttp.ClientSession() as session:
        site = Site(tmp_path, ci, session)
        await site.begins()
        async with site.hearing():
            answer = await ci.reports("passed", run="checkout-1/1", url=f"{site.url}/runs")
    assert answer == (409, "checkout-1/1 was not asked for yet.")
    assert await told(site) == []
    site.replica.database.close()


SIGNED = Key.read(SECRET).sign("one", STARTED)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        Key.read("whsec_YW5vdGhlciBvbmUsIHdpdGggdHdlbnR5LWZvdXIgYnl0ZXM=").sign("one", STARTED),
        Key.read(SECRET).sign("one", STARTED + b" "),
        Key.read(SECRET).sign("one", STARTED, time.time() - TOLERANCE_S - 5),
        Key.read(SECRET).sign("one", STARTED, time.time() + TOLERANCE_S + 600),
        {**SIGNED, "webhook-id": "another"},
        {**SIGNED, "webhook-signature": "v1,é"},
    ],
)
async def test_what_is_not_signed_and_fresh_changes_nothing(site: Site, headers: Mapping[str, str]) -> None:
    status, text = await site.ci.sends(f"{site.url}/runs", STARTED, headers)
    assert (status, text) == (401, UNSIGNED)
    assert await told(site) == ["RunBegan"]


async def test_what_rollcall_itself_has_sent_reports_nothing(site: Site) -> None:
    body = json.dumps(site.ci.asked[0]).encode()
    status, _ = await site.ci.sends(f"{site.url}/runs", body)
    assert status == 400


async def test_what_is_no_report_says_what_would_be(site: Site) -> None:
    bodies: list[object] = [
        {},
        [],
        {"run": "checkout-1/1", "status": "done"},
        {"run": "checkout-1", "status": "passed"},
        {"run": 1, "status": "passed", "said": ["x"]},
        {"run": "checkout-1/1", "status": "passed", "link": "javascript:alert(1)"},
        {"run": "checkout-1/1", "status": "passed", "sead": "x"},
        {"run": "checkout-1/1" * 1_000, "status": "passed"},
    ]
    answers = [await site.ci.sends(f"{site.url}/runs", json.dumps(body).encode()) for body in bodies]
    assert {status for status, _ in answers} == {400}
    assert [text for _, text in answers] == snapshot(
        [
            """\
run: Field required
status: Field required\
""",
            "The body: Input should be an object",
            "status: Input should be 'started', 'passed' or 'failed'",
            "run: expected the name of a run such as checkout-42/3",
            """\
run: Input should be a valid string
said: Input should be a valid string\
""",
            "link: expected a web address",
            "sead: Extra inputs are not permitted",
            "run: expected the name of a run such as checkout-42/3",
        ]
    )
    assert await told(site) == ["RunBegan"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"run": "\\ud800"}', b"NaN"])
async def test_what_is_no_json_is_refused(site: Site, body: bytes) -> None:
    assert (await site.ci.sends(f"{site.url}/runs", body))[0] == 400


@pytest.mark.parametrize("size", [LARGEST_BODY + 1, 10_000_000])
async def test_what_is_too_large_is_refused(site: Site, size: int) -> None:
    assert (await site.ci.sends(f"{site.url}/runs", b" " * size))[0] == 413
    assert await told(site) == ["RunBegan"]


async def test_what_was_said_is_shortened_and_can_be_read(site: Site) -> None:
    await site.ci.reports("failed", said="\x1b[31m\u202eIt failed.\x00\n" + "x" * 100_000)
    run = (await site.until(State.FAILED)).runs[0]
    assert run.said.startswith(" It failed.\nxxx")
    assert len(run.said) == SAID


class Full:
    """A door behind which nothing can be kept."""

    async def handle(self, command: object) -> Answer:
        raise OSError("The disk is full.")


async def test_a_report_that_cannot_be_kept_is_not_acknowledged_and_counts_when_it_is_sent_again(
    site: Site,
) -> None:
    server = WebServer(healthy, {"/runs": site.reports(Full()).answer}, {})
    url = f"http://127.0.0.1:{await server.start('127.0.0.1', 0)}/runs"
    assert (await site.ci.reports("passed", url=url))[0] == 500
    assert await site.ci.reports("passed") == (200, "ok")
    assert await site.ci.reports("passed") == (200, KNOWN)
    await site.until(State.COMPLETED)
    assert await told(site) == ["RunBegan", "RunEnded"]
    await server.stop()


async def test_many_reports_at_once_have_one_effect(site: Site) -> None:
    answers = await asyncio.gather(*(site.ci.reports(status) for status in ("passed", "failed") * 10))
    run = (await site.release()).runs[0]
    same = "passed" if run.passed else "failed"
    assert Counter(answers) == {
        (200, "ok"): 1,
        (200, KNOWN): 9,
        (409, f"checkout-1/1 has ended already, as {same}."): 10,
    }
    assert await told(site) == ["RunBegan", "RunEnded"]
