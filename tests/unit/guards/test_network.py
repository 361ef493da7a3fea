"""Addresses of machines are told from versions, times and names in programs."""

import pytest

from tests.unit.guards.found import found


@pytest.mark.parametrize(
    ("entity", "text", "value"),
    [
        ("IP_ADDRESS", "서버192.168.0.1에", "192.168.0.1"),
        ("IP_ADDRESS", "10.0.0.1:8080", "10.0.0.1:8080"),
        ("IP_ADDRESS", "route 10.0.0.0/8", "10.0.0.0/8"),
        ("IP_ADDRESS", "ip: 1.2.3.4.", "1.2.3.4"),
        ("IP_ADDRESS", "at 2001:db8::1입니다", "2001:db8::1"),
        ("IP_ADDRESS", "fe80::1", "fe80::1"),
        ("IP_ADDRESS", "2001:0db8:85a3:0000:0000:8a2e:0370:7334", "2001:0db8:85a3:0000:0000:8a2e:0370:7334"),
        ("MAC_ADDRESS", "00:1a:2b:3c:4d:5e로", "00:1a:2b:3c:4d:5e"),
        ("MAC_ADDRESS", "00-1A-2B-3C-4D-5E", "00-1A-2B-3C-4D-5E"),
        ("MAC_ADDRESS", "001a.2b3c.4d5e", "001a.2b3c.4d5e"),
        ("URL_CREDENTIALS", "postgres://app:s3cr3t!x@db/app", "//app:s3cr3t!x"),
        ("URL_CREDENTIALS", "redis://:hunter22@cache", "//:hunter22"),
    ],
)
def test_it_is_found(entity: str, text: str, value: str) -> None:
    assert found(entity, text) == [value]


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        ("IP_ADDRESS", "version 1.2.3.4"),
        ("IP_ADDRESS", "v192.168.0.1"),
        ("IP_ADDRESS", "10.0.19041.1"),
        ("IP_ADDRESS", "256.168.0.1"),
        ("IP_ADDRESS", "http://127.0.0.1:8080 and server 0.0.0.0 and ::1"),
        ("IP_ADDRESS", "12:30:45"),
        ("IP_ADDRESS", "std::vector, abc::def and dead::beef"),
        ("IP_ADDRESS", "1:2:3"),
        ("MAC_ADDRESS", "24-01-15-12-30-45"),
        ("MAC_ADDRESS", "00:00:00:00:00:00"),
        ("MAC_ADDRESS", "00:1a:2b:3c:4d:5e:6f"),
        ("URL_CREDENTIALS", "docker.io/app:1.2@sha256"),
        ("URL_CREDENTIALS", "https://host:8080/@x"),
        ("URL_CREDENTIALS", "postgres://user:password@db"),
        ("URL_CREDENTIALS", "postgres://user:$DB_PASS@db"),
    ],
)
def test_what_looks_alike_is_not_found(entity: str, text: str) -> None:
    assert found(entity, text) == []
