"""Where Redis is, read from one line: a server, a cluster, or sentinels that know the server. Pure."""

import re
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import unquote

Kind = Literal["server", "socket", "cluster", "sentinel"]

FORMS: Final = (
    "`redis://[user:password@]host[:port][/database]`, `rediss://…` with TLS, `unix:///path`, "
    "`redis+cluster://host:port,host:port` or `redis+sentinel://host:port,host:port/service[/database]`"
)
_SCHEMES: Final[dict[str, tuple[Kind, bool, int]]] = {
    "redis": ("server", False, 6379),
    "rediss": ("server", True, 6379),
    "unix": ("socket", False, 0),
    "redis+cluster": ("cluster", False, 6379),
    "rediss+cluster": ("cluster", True, 6379),
    "redis+sentinel": ("sentinel", False, 26379),
    "rediss+sentinel": ("sentinel", True, 26379),
}
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_MOST_DATABASES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """`hosts`: one, or those of a cluster or of sentinels by which the rest is found. `path` is a socket's, `service` what sentinels call it."""

    kind: Kind
    tls: bool
    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    service: str = ""
    database: int = 0


def redis_address(url: str) -> RedisAddress:
    """Raises ValueError, which says what is wrong and quotes nothing: there may be a password in it."""
    scheme, mark, rest = url.partition("://")
    if not mark or scheme not in _SCHEMES:
        raise ValueError(f"is no address of Redis; write {FORMS}")
    kind, tls, port = _SCHEMES[scheme]
    if "?" in rest or "#" in rest:
        raise ValueError(
            "has options behind `?` or `#`; what can be set has keys of its own under `redis` (in a password write %3F or %23)"
        )
    if kind == "socket":
        if not rest.startswith("/"):
            raise ValueError("names no socket; write `unix:///path`")
        return RedisAddress(kind, tls, path=unquote(rest))
    place, _, inside = rest.partition("/")
    who, _, where = place.rpartition("@")
    user, _, password = who.partition(":")
    hosts = tuple(_host(one, port) for one in where.split(","))
    if kind == "server" and len(hosts) > 1:
        raise ValueError(
            "names several hosts; a cluster begins with `redis+cluster://`, sentinels with `redis+sentinel://`"
        )
    parts = inside.split("/") if inside else []
    service = unquote(parts.pop(0)) if kind == "sentinel" and parts else ""
    if kind == "sentinel" and not service:
        raise ValueError("lacks the name of the service that the sentinels watch: `redis+sentinel://host:port/service`")
    return RedisAddress(
        kind,
        tls,
        hosts,
        user=unquote(user) or None,
        password=unquote(password) or None,
        service=service,
        database=_database(kind, parts),
    )


def _host(text: str, port: int) -> tuple[str, int]:
    found = _HOST.fullmatch(text)
    if found is None:
        raise ValueError("has a host or port that is none; write `host:port`, and in a password %40 for @, %2F for /")
    number = int(found[2]) if found[2] else port
    if not 0 < number < 65_536:
        raise ValueError("has a port that is none; ports are 1 to 65535")
    return found[1].strip("[]"), number


def _database(kind: Kind, parts: list[str]) -> int:
    if not parts:
        return 0
    (text, *more) = parts
    if more or not text.isdecimal() or not text.isascii() or int(text) > _MOST_DATABASES:
        raise ValueError("ends in something that is no number of a database")
    if kind == "cluster" and int(text):
        raise ValueError("names a database; a cluster has only 0")
    return int(text)
