"""Requests are signed as the Standard Webhooks say, and what is not signed, old or changed is known."""

import pytest

from bot.signing import TOLERANCE_S, Key

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
AT = 1_614_265_330
SIGNED = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(AT),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
"""The example by which the libraries of the Standard Webhooks are tested."""


def test_the_example_of_the_standard_is_signed_the_same() -> None:
    key = Key.read(SECRET)
    assert key.sign(SIGNED["webhook-id"], BODY, AT) == SIGNED
    assert key.has_signed(SIGNED, BODY, AT)


def test_what_is_signed_now_is_fresh_now() -> None:
    key = Key.read(SECRET)
    assert key.has_signed(key.sign("one", BODY), BODY)


def test_while_keys_are_changed_one_of_several_signatures_suffices() -> None:
    several = f"v1,AAAA v1a,BBBB {SIGNED['webhook-signature']}"
    assert Key.read(SECRET).has_signed({**SIGNED, "webhook-signature": several}, BODY, AT)


@pytest.mark.parametrize("late_s", [-TOLERANCE_S - 1, TOLERANCE_S + 1])
def test_what_is_old_or_of_the_future_is_refused(late_s: int) -> None:
    key = Key.read(SECRET)
    assert not key.has_signed(SIGNED, BODY, AT + late_s)
    assert key.has_signed(SIGNED, BODY, AT + late_s // abs(late_s) * TOLERANCE_S)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "another"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(AT + 1)},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": f"+{AT}"},
        {"webhook-timestamp": f"{AT}.0"},
        {"webhook-timestamp": "9" * 5_000},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": SIGNED["webhook-signature"].removeprefix("v1,")},
        {"webhook-signature": SIGNED["webhook-signature"].replace("v1,", "v2,")},
        {"webhook-signature": "v1,\udcff"},
    ],
)
def test_what_was_changed_is_refused(change: dict[str, str]) -> None:
    assert not Key.read(SECRET).has_signed({**SIGNED, **change}, BODY, AT)


def test_another_body_and_another_key_are_refused() -> None:
    other = Key.read("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    assert not Key.read(SECRET).has_signed(SIGNED, BODY + b" ", AT)
    assert not other.has_signed(SIGNED, BODY, AT)
    assert not Key.read(SECRET).has_signed({}, BODY, AT)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "secret",
        SECRET.removeprefix("whsec_"),
        "whsec_c2hvcnQ=",
        f"{SECRET}*",
        "whsec_" + "A" * 88,
    ],
)
def test_a_weak_or_broken_secret_is_refused_and_says_what_is_expected(secret: str) -> None:
    with pytest.raises(ValueError, match=r"expected whsec_ and, in base64, 24 to 64 bytes") as refusal:
        Key.read(secret)
    assert secret not in str(refusal.value) or secret in ("", "whsec_")


def test_a_key_is_not_shown() -> None:
    assert repr(Key.read(SECRET)) == "Key()"
