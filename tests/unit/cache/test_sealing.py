"""Entries in Redis: nobody without the secret reads one, or has one read."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.sealing import Sealing

ONE: Final = Sealing([b"one"])
KEY: Final = b"k" * 24


@given(st.binary(max_size=500), st.binary(min_size=24, max_size=24))
def test_what_was_sealed_opens_under_its_key_alone(value: bytes, key: bytes) -> None:
    stored = ONE.sealed(key, value)
    assert ONE.opened(key, stored) == value
    assert ONE.opened(bytes([key[0] ^ 1]) + key[1:], stored) is None
    assert len(value) < 8 or value not in stored
    assert ONE.sealed(key, value) != stored


@given(st.data())
def test_whatever_is_changed_or_cut_off_does_not_open(data: st.DataObject) -> None:
    stored = bytearray(ONE.sealed(KEY, b"an answer"))
    place = data.draw(st.integers(0, len(stored) - 1))
    if data.draw(st.booleans()):
        stored[place] ^= data.draw(st.integers(1, 255))
    else:
        del stored[place:]
    assert ONE.opened(KEY, bytes(stored)) is None


@given(st.binary(max_size=100))
def test_what_is_foreign_does_not_open(stored: bytes) -> None:
    assert ONE.opened(KEY, stored) is None
    assert ONE.opened(KEY, b"\x01" + stored) is None


def test_secrets_are_replaced_with_overlap() -> None:
    stored = ONE.sealed(KEY, b"an answer")
    both = Sealing([b"two", b"one"])
    assert both.opened(KEY, stored) == b"an answer"
    assert Sealing([b"two"]).opened(KEY, stored) is None
    assert ONE.opened(KEY, both.sealed(KEY, b"a later one")) is None
