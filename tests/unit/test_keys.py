"""Who asks: a key becomes a principal, wherever an SDK puts it; nothing about a wrong key is told or kept."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.structs import Key
from gateway.errors import GatewayError
from gateway.limits.keys import ANYONE, KeyRing, hashed, new_key, presented

_RING = KeyRing(
    [
        Key(name="app", hash=hashed("hk-app"), team="search", tags=["blue"], models=["gpt-*"]),
        Key(name="other", hash=hashed("hk-other")),
        Key(name="한글", hash=hashed("hk-한글")),
    ]
)


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer hk-app"},
        {"authorization": "bearer   hk-app "},
        {"x-api-key": "hk-app"},
        {"api-key": "hk-app"},
        {"authorization": "Basic abc", "x-api-key": "hk-app"},
        {"authorization": "Bearer ", "api-key": "hk-app"},
        {"authorization": "Bearer hk-app", "x-api-key": "hk-other"},
    ],
)
def test_a_key_is_found_where_the_sdks_put_it(headers: dict[str, str]) -> None:
    found = _RING.identify(headers)
    assert (found.name, found.team, found.tags, found.models) == ("app", "search", frozenset({"blue"}), ("gpt-*",))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": "hk-app"},
        {"authorization": "Bearer canary"},
        {"x-api-key": "canary"},
        {"authorization": "Bearer canary", "x-api-key": "hk-app"},
        {"x-api-key": hashed("hk-app")},
        {"authorization": "Bearer hk-app\udcff"},
        {"cookie": "hk-app"},
    ],
)
def test_anything_else_is_refused_and_not_quoted(headers: dict[str, str]) -> None:
    with pytest.raises(GatewayError) as caught:
        _RING.identify(headers)
    assert (caught.value.code, caught.value.status) == ("invalid_api_key", 401)
    assert "canary" not in caught.value.message


def test_what_resources_are_bound_to_tells_keys_apart_and_is_not_the_key() -> None:
    app, other = (_RING.identify({"x-api-key": key}) for key in ("hk-app", "hk-other"))
    assert app.id != other.id
    assert "hk-app" not in repr(app)
    assert KeyRing([Key(name="renamed", hash=hashed("hk-app"))]).identify({"x-api-key": "hk-app"}).id == app.id


def test_without_keys_everybody_on_this_machine_is_the_same() -> None:
    ring = KeyRing([])
    assert not ring
    assert _RING
    assert ring.identify({"host": "127.0.0.1:8080", "authorization": "Bearer whatever"}) is ANYONE
    with pytest.raises(GatewayError) as caught:
        ring.identify({"host": "gateway.example"})
    assert caught.value.code == "foreign_origin"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_a_key_opens_exactly_its_own_ring(key: str) -> None:
    ring = KeyRing([Key(name="one", hash=hashed(key))])
    assert ring.identify({"authorization": f"Bearer {key}"}).name == "one"
    with pytest.raises(GatewayError):
        ring.identify({"authorization": f"Bearer {key}x"})
    assert presented({"x-api-key": key}) == key


def test_new_keys_are_long_different_and_hashed_as_written() -> None:
    made = {new_key() for _ in range(20)}
    assert len({key for key, _ in made}) == 20
    for key, digest in made:
        assert len(key) >= 40
        assert digest == "sha256:" + hashlib.sha256(key.encode()).hexdigest()
