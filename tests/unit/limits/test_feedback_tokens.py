"""Tokens of one request: what opens, for how long, and for whom."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.limits.feedback_tokens import FeedbackTokens

REQUEST = "req_0123456789abcdef01234567"
SOON, NOW = 100.0, 1_000_000.0


def minted(tokens: FeedbackTokens, key: str = "desk") -> str:
    return tokens.mint(REQUEST, key, NOW).decode()


def test_a_token_opens_for_its_request_and_its_key_until_its_time_is_over() -> None:
    tokens = FeedbackTokens(SOON, b"one")
    token = minted(tokens)
    assert tokens.open(token, NOW + 99, ["other", "desk"]) == (REQUEST, "desk")
    assert tokens.open(token, NOW + 100, ["desk"]) is None
    assert tokens.open(token, NOW, ["other"]) is None, "the key is not there any more"


def test_what_another_secret_of_the_ring_signed_opens_and_what_none_of_them_signed_does_not() -> None:
    token = minted(FeedbackTokens(SOON, b"old"))
    assert FeedbackTokens(SOON, b"new", b"old").open(token, NOW, ["desk"]) == (REQUEST, "desk")
    assert FeedbackTokens(SOON, b"new").open(token, NOW, ["desk"]) is None


def test_a_token_names_nobody() -> None:
    token = minted(FeedbackTokens(SOON, b"one"), "support-desk")
    assert b"support" not in urlsafe_b64decode(token.removeprefix("hft_") + "=")


@given(place=some.integers(0, 41), bit=some.integers(0, 7))
def test_no_bit_of_a_token_can_be_another(place: int, bit: int) -> None:
    tokens = FeedbackTokens(SOON, b"one")
    raw = bytearray(urlsafe_b64decode(minted(tokens).removeprefix("hft_") + "="))
    raw[place % len(raw)] ^= 1 << bit
    forged = "hft_" + urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
    assert tokens.open(forged, NOW, ["desk"]) is None


@pytest.mark.parametrize("token", ["", "hft_", "hft_가", "hft_!!!", "hft_" + "A" * 56, "x" * 5000])
def test_what_is_no_token_opens_nothing(token: str) -> None:
    assert FeedbackTokens(SOON, b"one").open(token, NOW, ["desk"]) is None


def test_there_is_one_way_to_write_a_token() -> None:
    tokens = FeedbackTokens(SOON, b"one")
    token = minted(tokens)
    assert len(token) == 60
    for other in (token + "=", token.replace("hft_", ""), f"{token} ", token + "\n"):
        assert tokens.open(other, NOW, ["desk"]) is None
