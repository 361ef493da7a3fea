"""A post comes from a page of the console, or is refused."""

import pytest

from gateway.console.origin import is_own

HOST = "gateway.example:8080"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": HOST, "sec-fetch-site": "same-origin", "origin": f"http://{HOST}"},
        {"host": HOST, "origin": f"http://{HOST}"},
        {"host": "upstream:1", "x-forwarded-host": HOST, "origin": f"https://{HOST}"},
    ],
)
def test_our_own_pages_may_post(headers: dict[str, str]) -> None:
    assert is_own(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": HOST},
        {"host": HOST, "origin": "null"},
        {"host": HOST, "origin": ""},
        {"origin": ""},
        {"host": HOST, "origin": "http://["},
        {"host": HOST, "origin": "http://gateway.example"},
        {"host": HOST, "origin": f"http://{HOST}.evil.test"},
        {"host": HOST, "origin": f"http://{HOST}@evil.test"},
        {"host": HOST, "origin": f"http://{HOST}", "sec-fetch-site": "same-site"},
        {"host": HOST, "origin": f"http://{HOST}", "sec-fetch-site": "cross-site"},
        {"host": HOST, "sec-fetch-site": "none"},
    ],
)
def test_nobody_else_may(headers: dict[str, str]) -> None:
    assert not is_own(headers)
