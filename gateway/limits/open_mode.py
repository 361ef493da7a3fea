"""A gateway without keys serves this machine alone: nobody from outside, no web page, nothing behind a reverse proxy."""

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from gateway.errors import GatewayError

_FORWARDING: Final = (
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "via",
    "cf-connecting-ip",
    "true-client-ip",
)


def is_loopback(host: str) -> bool:
    """Of a listen address or the host part of a URL."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check(headers: Mapping[str, str]) -> None:
    """Raises `foreign_origin`. A page of another site can reach a loopback port through the user's browser (its `Origin`
    gives it away, `Sec-Fetch-Site` where a GET has none, and `Host` after DNS rebinding), and behind a reverse proxy
    everybody seems to be on this machine.
    """
    host = headers.get("host", "")
    if not is_loopback(_host_of(f"//{host}")):
        raise _foreign("Host")
    origin = headers.get("origin")
    if origin is not None and not is_loopback(_host_of(origin)):
        raise _foreign("Origin")
    if origin is None and headers.get("sec-fetch-site") == "cross-site":
        raise _foreign("Sec-Fetch-Site")
    for name in _FORWARDING:
        if name in headers:
            raise _foreign(name)


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _foreign(header: str) -> GatewayError:
    return GatewayError(
        "foreign_origin",
        f"Without `keys` in its configuration this gateway serves only this machine, and the header {header} "
        "says that the request comes from elsewhere. Configure keys (`haechi key` makes one).",
    )
