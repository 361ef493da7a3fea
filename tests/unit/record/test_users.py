"""End users are told apart without their names, and found again by whoever has the key."""

from pathlib import Path

import pytest

from gateway.config.strict import Secret
from gateway.record.users import How, Users, key_of, keys_of, pseudonym
from tests.support.exchanges import said

_CHAT = b'{"model":"m","messages":[],"user":"kim@example.com"}'


@pytest.mark.parametrize(
    ("body", "dialect"),
    [
        (_CHAT, "chat"),
        (b'{"model":"m","messages":[],"safety_identifier":"kim@example.com","user":"other"}', "chat"),
        (b'{"model":"m","messages":[],"metadata":{"user_id":"kim@example.com"}}', "messages"),
    ],
)
def test_the_user_is_whom_the_request_names(body: bytes, dialect: str) -> None:
    x = said(body, dialect)
    assert Users("plain", b"").told(x) == "kim@example.com"
    assert Users("off", b"k").told(x) is None
    hashed = Users("hashed", b"k").told(x)
    assert hashed == pseudonym("kim@example.com", b"k")
    assert hashed != Users("hashed", b"another").told(x)
    assert "kim" not in hashed


@pytest.mark.parametrize("how", ["hashed", "plain", "off"])
def test_nobody_is_named_where_the_request_names_nobody(how: How) -> None:
    assert Users(how, b"k").told(said(b'{"model":"m","messages":[],"user":7}')) is None
    assert Users(how, b"k").told(said(b'{"model":"m","messages":[],"user":""}')) is None


def test_a_plain_name_is_the_one_that_rules_have_left() -> None:
    x = said(_CHAT)
    x.body = {**(x.parsed or {}), "user": "<EMAIL_0123456789>"}
    assert Users("plain", b"").told(x) == "<EMAIL_0123456789>"
    assert Users("hashed", b"k").told(x) == pseudonym("kim@example.com", b"k")


def test_the_key_comes_from_the_secret_and_is_not_it(tmp_path: Path) -> None:
    key = key_of(Secret("s3cret"), tmp_path)
    assert key == key_of(Secret("s3cret"), None)
    assert key != key_of(Secret("other"), None)
    assert b"s3cret" not in key
    assert not list(tmp_path.iterdir())


def test_without_a_secret_the_key_is_in_a_file_that_is_nobody_elses(tmp_path: Path) -> None:
    root = tmp_path / "spool"
    key = key_of(None, root)
    assert key == key_of(None, root)
    assert [one.name for one in root.iterdir()] == ["users.key"]
    assert (root / "users.key").stat().st_mode & 0o777 == 0o600
    assert len(key) == 32


def test_with_nowhere_to_keep_it_the_key_is_of_this_process() -> None:
    assert key_of(None, None) != key_of(None, None)


def test_all_keys_that_may_have_been_used_are_found(tmp_path: Path) -> None:
    """Those of secrets that were replaced, and the file from before there was one."""
    assert keys_of([], tmp_path) == []
    file = key_of(None, tmp_path)
    old, new = Secret("old"), Secret("new")
    assert keys_of([new, old], tmp_path) == [key_of(new, None), key_of(old, None), file]
