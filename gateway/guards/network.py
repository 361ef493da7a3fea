"""Addresses of machines, and user names with passwords inside URLs."""

import ipaddress
from collections.abc import Mapping
from typing import Final

from gateway.guards.pattern import Pattern


def address_and_not_a_version(text: str) -> bool:
    """Four parts are a version as often as an address. An address is one with a port, a prefix length or a part above 99."""
    return _of_a_machine(text) and _unlike_a_version(text)


def address_by_its_context(text: str) -> bool:
    return _of_a_machine(text) and not _unlike_a_version(text)


def _of_a_machine(text: str) -> bool:
    """Not one that means the same everywhere: this host, any host, every host."""
    return not text.startswith(("127.", "0.", "255."))


def _unlike_a_version(text: str) -> bool:
    return ":" in text or "/" in text or any(len(part) == 3 for part in text.split("."))


def ipv6(text: str) -> bool:
    """RFC 4291. Something in it is a digit, so that names joined by `::` are not taken for one."""
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return not address.is_loopback and any("0" <= char <= "9" for char in text)


def hardware(text: str) -> bool:
    """Not six two-digit numbers joined by dashes (a date with a time), nor all zeros or ones."""
    found = text.lower()
    return not ("-" in found and found.replace("-", "").isdigit()) and len(set(found) - set(":-.")) > 1


def credentials(text: str) -> bool:
    """Not what documentation writes in their place."""
    password = text.rpartition(":")[2].lower()
    return not password.startswith(("<", "$", "{", "*", "%s", "xxx", "...")) and password not in _SAMPLES


_SAMPLES: Final = frozenset({"password", "pass", "pwd", "your_password", "secret"})
_IP_WORDS: Final = (
    "ip ", "ip:", "ip=", "ip주소", "ip는", "아이피", "address", "host", "server", "서버", "접속", "gateway", "dns", "ssh ", "ping ",
)  # fmt: skip
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"(?<![0-9A-Za-z.-]){_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}(?::[0-9]{{1,5}}|/(?:3[0-2]|[12]?[0-9]))?(?![0-9A-Za-z-])"

NETWORK: Final[Mapping[str, tuple[Pattern, ...]]] = {
    "IP_ADDRESS": (
        Pattern("IP_ADDRESS", _IPV4, address_and_not_a_version, score=0.8),
        Pattern(
            "IP_ADDRESS",
            _IPV4,
            address_by_its_context,
            score=0.8,
            context=_IP_WORDS,
        ),
        Pattern("IP_ADDRESS", "(?<![0-9A-Za-z:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,34}[0-9A-Fa-f](?![0-9A-Za-z:])", ipv6),
    ),
    "MAC_ADDRESS": (
        Pattern(
            "MAC_ADDRESS",
            "(?<![0-9A-Za-z:-])[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5}"
            r"|[0-9A-Fa-f]{2}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![0-9A-Za-z:-])",
            hardware,
        ),
    ),
    "URL_CREDENTIALS": (
        Pattern(
            "URL_CREDENTIALS",
            r"(?<=:)//[A-Za-z0-9._~%!$&'()*+,;=-]{0,64}:[A-Za-z0-9._~%!$&'()*+,;:=?#^|{}\[\]-]{1,128}(?=@)",
            credentials,
        ),
    ),
}
