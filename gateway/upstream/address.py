"""Where a URL leads: its parsed form, the proxy on the way, and what messages may show of it. Pure."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from yarl import URL

PLAIN: Final = re.compile(r"(?i:https?)://[!-~]+")


class AddressError(ValueError):
    """A URL or a proxy that cannot be used. The text never shows it: it may hold a password."""


class Address(NamedTuple):
    """`origin` is what messages may show: scheme, host and port, no path, query or password."""

    url: URL
    proxy: URL | None
    origin: str


def address(text: str, *, proxy: str | None, variables: Mapping[str, str]) -> Address:
    """Where `text` leads. `proxy` and `variables` as for `proxy_for`. AddressError if it is not a plain http(s) URL.

    Control characters, spaces and letters outside ASCII are refused, because the URL goes on the wire as it stands.
    """
    if PLAIN.fullmatch(text) is None:
        raise AddressError(
            "an upstream URL must be http:// or https:// and a host, in ASCII and without spaces; see `base_url`"
        )
    try:
        url = URL(text, encoded=True)
        host, port = url.raw_host, url.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise AddressError("an upstream URL has no valid host and port; see `base_url`")
    if url.raw_user or url.raw_password:
        raise AddressError("an upstream URL must not hold a user or password; put them into the provider's `headers`")
    through = proxy_for(url.scheme, host, port, explicit=proxy, variables=variables)
    return Address(url, URL(through) if through else None, origin(url))


def origin(url: URL) -> str:
    return f"{url.scheme}://{url.host_port_subcomponent}"


def proxy_for(scheme: str, host: str, port: int, *, explicit: str | None, variables: Mapping[str, str]) -> str | None:
    """The proxy's URL, or None for the direct way.

    `explicit` always wins. `variables` is what `urllib.request.getproxies_environment` gives: lower-case scheme (or `all`, or
    `no` for the exceptions) to address. Loopback is never reached through a proxy that nobody named for this provider.
    """
    if explicit:
        return checked(explicit)
    proxy = variables.get(scheme) or variables.get("all")
    if not proxy or is_loopback(host) or is_excepted(host, port, variables.get("no", "")):
        return None
    return checked(proxy)


def checked(proxy: str) -> str:
    """`proxy` with a scheme, if it is one that can be used."""
    url = proxy if "://" in proxy else f"http://{proxy}"
    if PLAIN.fullmatch(url) is None:
        raise AddressError("the proxy's address must begin with http:// or https://, in ASCII and without spaces")
    return url


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    number = _number(host)
    return number is not None and number.is_loopback


def is_excepted(host: str, port: int, exceptions: str) -> bool:
    """Whether `NO_PROXY` names the host: `*`, a domain (with all below it), an address, a network; each with or without port."""
    number = _number(host)
    for entry in re.split(r"[,\s]+", exceptions.strip().lower()):
        if entry == "*" or (number is not None and _holds(entry, number)):
            return True
        name, wanted = _parted(entry)
        if name and wanted in (None, port) and f".{host.lower()}".endswith(f".{name}"):
            return True
    return False


def _parted(entry: str) -> tuple[str, int | None]:
    name, _, port = entry.rpartition(":")
    if name and port.isdecimal() and (":" not in name or name.endswith("]")):
        return name.strip("[]").lstrip("."), int(port)
    return entry.strip("[]").lstrip("."), None


def _holds(entry: str, number: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return number in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
