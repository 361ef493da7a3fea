"""Sessions: nobody makes one but the gateway, nobody changes one, and each ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.sessions import Sessions, is_token, token

SECRET = b"a secret"
NOW = 1_700_000_000.0


def test_a_session_says_whose_it_is_until_it_ends() -> None:
    sessions = Sessions(60)
    cookie = sessions.begun(SECRET, "0123456789abcdef", NOW)
    session = sessions.open(SECRET, cookie, NOW + 59)
    assert session is not None
    assert session.key_id == "0123456789abcdef"
    assert sessions.open(SECRET, cookie, NOW + 60) is None
    assert sessions.open(b"another", cookie, NOW) is None


def test_it_opens_on_another_replica_until_it_is_ended_there() -> None:
    one, other = Sessions(60), Sessions(60)
    cookie = one.begun(SECRET, "id", NOW)
    session = one.open(SECRET, cookie, NOW)
    assert session is not None
    one.end(session, NOW)
    assert one.open(SECRET, cookie, NOW) is None
    assert other.open(SECRET, cookie, NOW) is not None


@given(st.data())
def test_a_session_with_any_character_changed_opens_for_nobody(data: st.DataObject) -> None:
    sessions = Sessions(60)
    cookie = sessions.begun(SECRET, "0123456789abcdef", NOW)
    place = data.draw(st.integers(0, len(cookie) - 1))
    other = data.draw(st.characters(max_codepoint=255).filter(lambda char: char != cookie[place]))
    assert sessions.open(SECRET, cookie[:place] + other + cookie[place + 1 :], NOW) is None


@given(st.text(max_size=300))
def test_what_is_no_session_opens_for_nobody(cookie: str) -> None:
    assert Sessions(60).open(SECRET, cookie, NOW) is None


def test_two_sessions_of_a_key_are_two() -> None:
    sessions = Sessions(60)
    cookies = [sessions.begun(SECRET, "id", NOW) for _ in range(2)]
    first, second = (sessions.open(SECRET, cookie, NOW) for cookie in cookies)
    assert first is not None
    assert second is not None
    assert not is_token(SECRET, second.nonce, token(SECRET, first.nonce))


@pytest.mark.parametrize("given", ["", "0", "\udcff", "ü" * 64])
def test_a_token_that_is_none_is_refused(given: str) -> None:
    assert not is_token(SECRET, "nonce", given)
    assert is_token(SECRET, "nonce", token(SECRET, "nonce"))


def test_sessions_that_were_ended_are_forgotten_once_they_would_have_ended_anyway() -> None:
    sessions = Sessions(60)
    for second in range(200):
        session = sessions.open(SECRET, sessions.begun(SECRET, "id", NOW + second), NOW + second)
        assert session is not None
        sessions.end(session, NOW + second)
    assert len(sessions._ended) <= 61
