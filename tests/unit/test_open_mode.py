"""Without keys the gateway serves this machine alone, and notices who only seems to be on it."""

import pytest

from gateway.errors import GatewayError
from gateway.limits.open_mode import check, is_loopback


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("gateway.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("notlocalhost", False),
        ("127.0.0.1.example", False),
        ("2130706433", False),
        ("", False),
    ],
)
def test_loopback_is_told_from_what_looks_like_it(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "127.0.0.1:8080"},
        {"host": "localhost"},
        {"host": "[::1]:8080"},
        {"host": "localhost:8080", "origin": "http://localhost:3000"},
        {"host": "localhost:8080", "origin": "http://127.0.0.1"},
        {"host": "localhost:8080", "user-agent": "x", "x-forwarded": ""},
    ],
)
def test_this_machine_is_served(headers: dict[str, str]) -> None:
    check(headers)


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({}, "Host"),
        ({"host": ""}, "Host"),
        ({"host": "evil.example:8080"}, "Host"),
        ({"host": "127.0.0.1.evil.example"}, "Host"),
        ({"host": "evil.example#localhost"}, "Host"),
        ({"host": "localhost@evil.example"}, "Host"),
        ({"host": "[::1"}, "Host"),
        ({"host": "192.168.0.7:8080"}, "Host"),
        ({"host": "localhost", "origin": "https://evil.example"}, "Origin"),
        ({"host": "localhost", "origin": "null"}, "Origin"),
        ({"host": "localhost", "origin": ""}, "Origin"),
        ({"host": "localhost", "origin": "http://[::1"}, "Origin"),
        *(
            ({"host": "localhost", name: "127.0.0.1"}, name)
            for name in (
                "forwarded",
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-proto",
                "x-real-ip",
                "via",
                "cf-connecting-ip",
                "true-client-ip",
            )
        ),
    ],
)
def test_what_comes_from_elsewhere_is_refused_and_told_why(headers: dict[str, str], named: str) -> None:
    with pytest.raises(GatewayError) as caught:
        check(headers)
    assert (caught.value.code, caught.value.status) == ("foreign_origin", 403)
    assert f"header {named} " in caught.value.message
    assert "evil" not in caught.value.message
