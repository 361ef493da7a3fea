"""Where URLs lead: proxies and their exceptions, and what may not be shown."""

import pytest

from gateway.upstream.address import AddressError, address, proxy_for

VARIABLES = {"http": "http://plain:3128", "https": "secure:3128", "all": "http://any:1"}

CASES: list[tuple[str, str, int, str, str | None]] = [
    # scheme, host, port, NO_PROXY, proxy
    ("http", "api.test", 80, "", "http://plain:3128"),
    ("https", "api.test", 443, "", "http://secure:3128"),
    ("https", "api.test", 443, "*", None),
    ("https", "api.test", 443, "other.test", "http://secure:3128"),
    ("https", "api.test", 443, "api.test", None),
    ("https", "API.test", 443, "Api.Test", None),
    ("https", "eu.api.test", 443, "other, api.test", None),
    ("https", "eu.api.test", 443, ".api.test", None),
    ("https", "notapi.test", 443, "api.test", "http://secure:3128"),
    ("https", "api.test", 443, "api.test:443", None),
    ("https", "api.test", 8443, "api.test:443", "http://secure:3128"),
    ("http", "10.1.2.3", 80, "10.0.0.0/8", None),
    ("http", "11.1.2.3", 80, "10.0.0.0/8", "http://plain:3128"),
    ("http", "2001:db8::1", 80, "2001:db8::1", None),
    ("http", "2001:db8::1", 80, "[2001:db8::1]:80", None),
    ("http", "2001:db8::1", 80, "[2001:db8::1]:81", "http://plain:3128"),
    ("http", "2001:db8::1", 80, "2001:db8::/32", None),
    ("http", "127.0.0.2", 80, "", None),
    ("http", "::1", 80, "", None),
    ("http", "localhost", 80, "", None),
    ("http", "a.localhost", 80, "", None),
    ("http", "localhost.test", 80, "", "http://plain:3128"),
]


@pytest.mark.parametrize(("scheme", "host", "port", "exceptions", "expected"), CASES)
def test_the_variables_decide_but_for_exceptions_and_loopback(
    scheme: str, host: str, port: int, exceptions: str, expected: str | None
) -> None:
    found = proxy_for(scheme, host, port, explicit=None, variables={**VARIABLES, "no": exceptions})
    assert found == expected
    assert proxy_for(scheme, host, port, explicit="http://own:1", variables={"no": "*"}) == "http://own:1"
    assert proxy_for(scheme, host, port, explicit=None, variables={}) is None


def test_one_variable_serves_all_schemes_unless_a_scheme_has_its_own() -> None:
    assert proxy_for("https", "a.test", 443, explicit=None, variables={"all": "any:1"}) == "http://any:1"


@pytest.mark.parametrize(
    "text",
    [
        "http://canary @a.test/",
        "http://canary:canary@a.test/",
        "socks5://canary",
        "//canary",
        "http://canary:x/",
        "http://é/canary",
    ],
)
def test_what_cannot_be_used_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        address(text, proxy=None, variables={})
    assert "canary" not in str(caught.value)


def test_an_unusable_proxy_is_refused_without_being_shown() -> None:
    with pytest.raises(AddressError) as caught:
        address("http://a.test/", proxy="socks5://user:canary@b.test", variables={})
    assert "canary" not in str(caught.value)


def test_the_origin_shows_no_path_and_the_url_stays_as_it_was_written() -> None:
    found = address("https://a.test:8443/v1/a%2Fb?key=canary", proxy=None, variables={})
    assert found.origin == "https://a.test:8443"
    assert found.url.raw_path_qs == "/v1/a%2Fb?key=canary"
    assert address("http://[::1]/", proxy=None, variables={}).origin == "http://[::1]"
