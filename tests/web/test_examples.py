"""GitHub's published examples of all its events, sent to Rollcall as GitHub sends them.

`examples.json.xz` has those of the npm package `@octokit/webhooks-examples` 7.6.1 by event, unchanged
(https://github.com/octokit/webhooks, MIT License, © Octokit contributors).
"""

import json
import lzma
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from sqlalchemy import func, select

from bot.ledger.tables import metadata
from bot.web.server import LARGEST_BODY
from tests.deployments.test_protection_rule import RUNBOOK, Town, town_with, until
from tests.pipelines.test_github_webhook import SECRET, signed, written

EXAMPLES: dict[str, Sequence[dict[str, Any]]] = json.loads(
    lzma.decompress((Path(__file__).parent / "examples.json.xz").read_bytes())
)
THEIRS = RUNBOOK.replace("127.0.0.1/acme/shop", "github.com/Codertocat/Hello-World")
"""A runbook of the repository that most examples are about, so that what they say could be taken for meant."""


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with town_with(tmp_path, THEIRS) as town:
        yield town


async def rows(town: Town) -> dict[str, int]:
    """Return how many rows each table has."""
    return await town.world.database.read(
        lambda c: {
            name: c.scalar(select(func.count()).select_from(table)) or 0
            for name, table in metadata.tables.items()
        }
    )


async def test_all_published_examples_are_taken_and_change_nothing(town: Town) -> None:
    await town.world.ana.types("/release start shop 2.0")
    before, release = await rows(town), await town.world.release("shop-1")
    answers: Counter[int] = Counter()
    for event, examples in EXAMPLES.items():
        for example in examples:
            answers[await town.hears(event, written(example))] += 1
    assert answers == {200: 329}
    assert (len(EXAMPLES), sum(map(len, EXAMPLES.values()))) == (58, 329)
    assert (await rows(town), await town.world.release("shop-1")) == (before, release)
    assert town.github.calls == []


@pytest.mark.proof
async def test_all_published_examples_are_refused_as_a_question_about_a_deployment(town: Town) -> None:
    """Whatever else a body holds, what does not ask about a deployment is none."""
    before = await rows(town)
    answers: Counter[int] = Counter()
    for examples in EXAMPLES.values():
        for example in examples:
            answers[await town.hears("deployment_protection_rule", written(example))] += 1
    assert answers == {422: 329}
    assert await rows(town) == before


async def test_the_same_delivery_again_changes_nothing(town: Town) -> None:
    deployment = town.github.deploys()
    body, before = written(town.github.asks(deployment)), await rows(town)
    for _ in range(3):
        assert await town.hears("deployment_protection_rule", body, X_GitHub_Delivery="the-same") == 200
        await until(lambda: deployment.answer == "rejected")
    assert await rows(town) == {**before, "deployments": 1}
    assert town.github.count("deployment_protection_rule") == 1


DEEP = b"[" * 100_000 + b"]" * 100_000
QUESTION = written({"action": "requested", "environment": "production"})


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x" * 10_000_000, {}, 413),
        (b'"' + b"x" * LARGEST_BODY + b'"', {}, 413),
        (DEEP, {}, 400),
        (b'{"environment": "\xff\xfe"}', {}, 400),
        (b"\xed\xa0\x80", {}, 400),
        (
            b"payload=%7B%22action%22%3A%22requested%22%7D",
            {"Content_Type": "application/x-www-form-urlencoded"},
            400,
        ),
        (QUESTION, {"Content_Type": "application/x-www-form-urlencoded"}, 422),
        (QUESTION, {"X_Hub_Signature_256": ""}, 401),
        (QUESTION, {"X_Hub_Signature_256": signed(QUESTION, "another")}, 401),
        (QUESTION, {"X_Hub_Signature_256": signed(b"{}")}, 401),
        (QUESTION, {"X_GitHub_Event": ""}, 200),
        (QUESTION, {"X_GitHub_Event": "Deployment_Protection_Rule"}, 200),
        (QUESTION, {}, 422),
        (b'{"action": "requested", "environment": 1e999, "deployment": NaN}', {}, 422),
        (b'{"action": "requested", "environment": ' + b"9" * 5_000 + b"}", {}, 400),
    ],
    ids=lambda value: f"{len(value)} bytes" if isinstance(value, bytes) else str(value)[:40],
)
async def test_what_cannot_be_read_is_refused(
    town: Town, body: bytes, headers: dict[str, str], status: int
) -> None:
    before = await rows(town)
    assert await town.hears("deployment_protection_rule", body, **headers) == status
    assert await rows(town) == before


async def test_a_refusal_says_why(town: Town) -> None:
    headers = {
        "X-GitHub-Event": "deployment_protection_rule",
        "X-Hub-Signature-256": signed(QUESTION, SECRET),
    }
    address = f"{town.world.address}/github"
    async with town.world.session.post(address, data=QUESTION, headers=headers) as answer:
        assert await answer.text() == snapshot(
            "It does not say which environment of which repository it is about."
        )
