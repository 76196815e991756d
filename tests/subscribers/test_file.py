"""The file of subscribers: what is wrong in it is told with its place, and no secret is ever shown."""

from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot.app import running
from bot.clock import SystemClock
from bot.settings import Misconfigured, Settings
from bot.subscribers.file import Unusable, read_subscribers
from bot.subscribers.subscriber import Subscriber
from tests.subscribers.receiver import SECRET

ENVIRONMENT = {"LOG_SECRET": SECRET, "SHORT": "whsec_QUJD", "BARE": "a password of somebody", "EMPTY": " "}


def read(folder: Path, text: str) -> list[Subscriber]:
    path = folder / "subscribers.yaml"
    path.write_text(text)
    return list(read_subscribers(path, ENVIRONMENT))


def refused(folder: Path, text: str) -> str:
    with pytest.raises(Unusable) as trouble:
        read(folder, text)
    return str(trouble.value).replace(f"{folder}/", "")


def test_subscribers_are_read_with_their_secrets(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\nwhsec_{'A' * 43}=\n")
    log, other = read(
        tmp_path,
        """\
subscribers:
  deploy-log:
    url: https://log.example.com/rollcall?token=x
    secret_env: LOG_SECRET
    services: [checkout, payments]
    kinds: [started, rollcall.release.stage_began]
  other:
    url: http://10.0.0.7:8080
    secret_file: secret
""",
    )
    assert (log.name, log.where) == ("deploy-log", "https://log.example.com/rollcall")
    assert log.wants("checkout", "StageBegan")
    assert not log.wants("checkout", "Approved")
    assert not log.wants("shop", "Started")
    assert len(other.keys) == 2
    assert other.wants("shop", "Approved")
    assert str(log.keys[0].value) not in repr(log)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "subscribers: {log: {url: 'https://a.example'}}",
            snapshot("subscribers.yaml:1:15: subscribers.log: expected one of secret_env and secret_file"),
        ),
        (
            "subscribers: {log: {url: 'https://a.example', secret_env: LOG_SECRET, secret_file: x}}",
            snapshot("subscribers.yaml:1:15: subscribers.log: expected one of secret_env and secret_file"),
        ),
        (
            "subscribers: {log: {url: a.example, secret_env: LOG_SECRET}}",
            snapshot(
                'subscribers.yaml:1:26: subscribers.log.url: expected an address such as https://example.com/rollcall, found "a.example"'
            ),
        ),
        (
            "subscribers: {log: {url: 'ftp://a.example', secret_env: LOG_SECRET}}",
            snapshot(
                'subscribers.yaml:1:26: subscribers.log.url: expected an address such as https://example.com/rollcall, found "ftp://a.example"'
            ),
        ),
        (
            "subscribers: {log: {url: 'https://me:pass@a.example', secret_env: LOG_SECRET}}",
            snapshot(
                "subscribers.yaml:1:26: subscribers.log.url: expected an address that names no user; what is sent is signed with the secret"
            ),
        ),
        (
            "subscribers: {log: {url: 'https://me:password@a..b', secret_env: LOG_SECRET}}",
            snapshot(
                "subscribers.yaml:1:26: subscribers.log.url: expected an address that names no user; what is sent is signed with the secret"
            ),
        ),
        (
            "subscribers: {log: {url: 'https://a..b/', secret_env: LOG_SECRET}}",
            snapshot(
                'subscribers.yaml:1:26: subscribers.log.url: expected an address such as https://example.com/rollcall, found "https://a..b/"'
            ),
        ),
        (
            "subscribers: {log: {url: 'https://a.example:99999', secret_env: LOG_SECRET}}",
            snapshot(
                'subscribers.yaml:1:26: subscribers.log.url: expected an address such as https://example.com/rollcall, found "https://a.example:99999"'
            ),
        ),
        (
            "subscribers: {log: {url: 'https://[a.example', secret_env: LOG_SECRET}}",
            snapshot(
                'subscribers.yaml:1:26: subscribers.log.url: expected an address such as https://example.com/rollcall, found "https://[a.example"'
            ),
        ),
        (
            "subscribers: {log: {url: 'https://a.example/#x', secret_env: LOG_SECRET}}",
            snapshot(
                "subscribers.yaml:1:26: subscribers.log.url: expected an address without #, which is sent to nobody"
            ),
        ),
        (
            "subscribers: {log: {url: 'https://a.example', secret_env: NOWHERE}}",
            snapshot(
                "subscribers.yaml: subscribers.log: NOWHERE is not set, or empty. Make one: echo whsec_$(openssl rand -base64 32)"
            ),
        ),
        (
            "subscribers: {log: {url: 'https://a.example', secret_env: EMPTY}}",
            snapshot(
                "subscribers.yaml: subscribers.log: EMPTY is not set, or empty. Make one: echo whsec_$(openssl rand -base64 32)"
            ),
        ),
        (
            "subscribers: {log: {url: 'https://a.example', secret_env: SHORT}}",
            snapshot(
                'subscribers.yaml: subscribers.log: SHORT holds no secret: expected whsec_ and, in base64, 24 to 64 bytes, such as from echo "whsec_$(openssl rand -base64 32)"'
            ),
        ),
        (
            "subscribers: {log: {url: 'https://a.example', secret_env: BARE}}",
            snapshot(
                'subscribers.yaml: subscribers.log: BARE holds no secret: expected whsec_ and, in base64, 24 to 64 bytes, such as from echo "whsec_$(openssl rand -base64 32)"'
            ),
        ),
        (
            "subscribers: {log: {url: 'https://a.example', secret_file: missing}}",
            snapshot("subscribers.yaml: subscribers.log: missing cannot be read: No such file or directory"),
        ),
        (
            "subscribers: {log: {url: 'https://a.example', secret: x}}",
            snapshot(
                'subscribers.yaml:1:47: subscribers.log.secret: expected one of the keys url, secret_env, secret_file, services, kinds; found "secret"; did you mean "secret_env"?'
            ),
        ),
        (
            "subscribers: {log: {url: 'https://a.example', secret_env: LOG_SECRET, kinds: [aproved]}}",
            snapshot(
                'subscribers.yaml:1:79: subscribers.log.kinds.0: expected a kind of event such as approved or stage_began, found "aproved"; did you mean "approved"?'
            ),
        ),
        (
            "subscribers: {log: {url: 'https://a.example', secret_env: LOG_SECRET, services: []}}",
            snapshot("subscribers.yaml:1:71: subscribers.log.services: expected at least one, found none"),
        ),
        (
            "subscribers: {Log!: {url: 'https://a.example', secret_env: LOG_SECRET}}",
            snapshot(
                'subscribers.yaml:1:15: subscribers.Log!: expected a name such as deploy-log: small letters, digits and -, found "Log!"'
            ),
        ),
        (
            "subscribers: [log]",
            snapshot("subscribers.yaml:1:1: subscribers: expected a mapping, found a list"),
        ),
        ("- name: log", snapshot("subscribers.yaml:1:1: expected a mapping, found a list")),
        ("{}", snapshot("subscribers.yaml:1:1: subscribers: is missing")),
        ("", snapshot("subscribers.yaml:1:1: the file is empty")),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    said = refused(tmp_path, text)
    assert said == problem
    assert "password" not in said


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"nowhere\.yaml cannot be read: No such file or directory"):
        read_subscribers(tmp_path / "nowhere.yaml", {})


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("rollcall_subscribers", "subscribers.yaml", "expected an address"),
        ("rollcall_inside", "10.0.0.1/8", "ROLLCALL_INSIDE names no network"),
    ],
)
async def test_what_is_wrong_stops_the_start_before_anything_is_done(
    tmp_path: Path, setting: str, value: str, said: str
) -> None:
    file, ledger = tmp_path / "subscribers.yaml", tmp_path / "ledger.db"
    file.write_text("subscribers: {log: {url: a.example, secret_env: LOG_SECRET}}")
    settings = {
        "slack_bot_token": "xoxb-1",
        "slack_app_token": "xapp-1",
        "database_url": f"sqlite:///{ledger}",
        setting: str(file) if value == file.name else value,
    }
    with pytest.raises(Misconfigured, match=said):
        async with running(Settings.model_validate(settings), SystemClock()):
            pass
    assert not ledger.exists()
