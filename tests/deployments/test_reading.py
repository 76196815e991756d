"""What is believed of GitHub's question about a deployment, and what is not."""

from typing import Any

import pytest

from bot.deployments.github import Unanswerable, read
from bot.ledger.progress.deployments import Deployment
from tests.pipelines.github_server import GitHub

API = "https://api.github.com"
LARGEST = "x" * 300


def asked(**differs: object) -> dict[str, Any]:
    github = GitHub()
    github.url = API
    content = github.asks(github.deploys(ref="v2.0"))
    content["repository"]["html_url"] = "https://github.com/acme/shop"
    return {**content, **differs}


def test_a_deployment_is_read() -> None:
    assert read(asked(), API) == Deployment(
        repository="https://github.com/acme/shop",
        pipeline="https://github.com/acme/shop/actions/runs/70501",
        environment="production",
        number="501",
        commit="b" * 40,
        ref="v2.0",
        sender="bea-gh",
    )


def test_a_job_that_waits_without_a_deployment_is_read_too() -> None:
    found = read(asked(deployment=None), API)
    assert (found.number, found.commit, found.ref) == ("", "b" * 40, "v2.0")


def test_what_only_tells_is_left_out_where_it_cannot_be_read() -> None:
    found = read(asked(ref="\u202emain", sender={"login": LARGEST}), API)
    assert (found.ref, found.sender) == ("v2.0", "")
    assert read(asked(sender=None, ref=7), API).sender == ""


def test_an_enterprise_server_is_at_its_own_address() -> None:
    api = "https://github.example.com/api/v3"
    content = asked(
        deployment_callback_url=f"{api}/repos/acme/shop/actions/runs/7/deployment_protection_rule",
        repository={"full_name": "acme/shop", "html_url": "https://github.example.com/acme/shop"},
    )
    assert read(content, api).pipeline == "https://github.example.com/acme/shop/actions/runs/7"


CALLBACK = f"{API}/repos/acme/shop/actions/runs/7/deployment_protection_rule"


@pytest.mark.parametrize(
    "differs",
    [
        {"deployment_callback_url": CALLBACK.replace("api.github.com", "evil.example")},
        {"deployment_callback_url": CALLBACK.replace("https:", "http:")},
        {"deployment_callback_url": CALLBACK.replace("api.github.com", "api.github.com@evil.example")},
        {"deployment_callback_url": CALLBACK.replace("api.github.com", "api.github.com.evil.example")},
        {"deployment_callback_url": CALLBACK.replace("api.github.com", "apiXgithub.com")},
        {"deployment_callback_url": CALLBACK.replace("acme/shop", "acme/other")},
        {"deployment_callback_url": CALLBACK.replace("acme/shop", "acme/../shop")},
        {"deployment_callback_url": CALLBACK.replace("/7/", "/7%2f../8/")},
        {"deployment_callback_url": CALLBACK + "?to=elsewhere"},
        {"deployment_callback_url": CALLBACK + "\n"},
        {"deployment_callback_url": CALLBACK.replace("/7/", "/٧/")},
        {"deployment_callback_url": 7},
        {"deployment_callback_url": None},
        {"action": "created"},
        {"environment": ""},
        {"environment": "prod\0uction"},
        {"environment": LARGEST},
        {"environment": ["production"]},
        {"repository": {"full_name": "acme/shop", "html_url": "https://evil.example/acme/shop"}},
        {"repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/other"}},
        {"repository": {"full_name": "acme/shop"}},
        {"repository": "acme/shop"},
        {"deployment": None, "sha": "main"},
        {"deployment": None, "sha": None},
        {"deployment": {"id": 501, "sha": "a" * 39}},
    ],
)
def test_what_is_not_the_own_githubs_or_says_too_little_is_refused(differs: dict[str, object]) -> None:
    with pytest.raises(Unanswerable):
        read(asked(**differs), API)


@pytest.mark.parametrize("content", [None, [], "x", 7, {}, {"action": "requested"}])
def test_what_is_no_question_is_refused(content: object) -> None:
    with pytest.raises(Unanswerable):
        read(content, API)


NEEDED = {"action", "environment", "deployment_callback_url", "repository"}


@pytest.mark.parametrize("drop", [*asked()])
def test_whatever_is_missing_it_is_read_where_it_can_be_answered(drop: str) -> None:
    content = asked()
    del content[drop]
    if drop in NEEDED:
        with pytest.raises(Unanswerable):
            read(content, API)
    else:
        assert read(content, API).commit == "b" * 40
