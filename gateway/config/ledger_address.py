"""Where the ledger is, read from one line: a file of SQLite or a PostgreSQL server. Pure."""

from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlsplit

FORMS: Final = (
    "`sqlite:///file.db` (below the working folder), `sqlite:////absolute/file.db` "
    "or `postgresql://user:password@host:port/database`"
)
_POSTGRES: Final = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class LedgerAddress:
    """`path` of a file for SQLite, `dsn` for PostgreSQL, as its own tools read it."""

    kind: Literal["sqlite", "postgresql"]
    path: str = ""
    dsn: str = field(default="", repr=False)


def ledger_address(url: str) -> LedgerAddress:
    """Raises ValueError, which says what is wrong and quotes nothing: there may be a password in it."""
    scheme, mark, rest = url.partition("://")
    if mark and scheme == "sqlite":
        return LedgerAddress("sqlite", path=_path(rest))
    if mark and scheme in _POSTGRES:
        return LedgerAddress("postgresql", dsn=_dsn(f"postgresql://{rest}"))
    raise ValueError(f"is no address of a ledger; write {FORMS}")


def _path(rest: str) -> str:
    if not rest.startswith("/") or rest == "/":
        raise ValueError("names no file; write `sqlite:///file.db`, with a fourth slash for an absolute path")
    if "?" in rest or "#" in rest:
        raise ValueError("has options behind `?` or `#`, which a file of SQLite has not; leave them out")
    return rest[1:]


def _dsn(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(
            "has a host or port that is none; write `host:port`, and in a password %40 for @, %2F for /"
        ) from None
    if len(parts.path) < 2 or "/" in parts.path[1:]:
        raise ValueError("names no database; write `postgresql://user:password@host:port/database`")
    return url
