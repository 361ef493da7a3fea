"""The tables, as the newest migration leaves them. `docs/ledger.md` tells them for who reads them with SQL."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.ledger.tallies import GRAINS, MEASURES, SKETCHES

metadata: Final = MetaData()
_BIG: Final = BigInteger().with_variant(Integer, "sqlite")

requests: Final = Table(
    "requests",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("request_id", String, nullable=False),
    Column("trace_id", String, nullable=False),
    Column("key", String),
    Column("team", String),
    Column("end_user", String),
    Column("dialect", String, nullable=False),
    Column("model", String),
    Column("model_served", String),
    Column("provider", String),
    Column("region", String),
    Column("outcome", String, nullable=False),
    Column("code", String),
    Column("status", SmallInteger, nullable=False),
    Column("cache", String),
    Column("prompt", String),
    Column("conversation", String),
    Column("response_id", String),
    Column("seconds", Double, nullable=False),
    Column("first_token_seconds", Double),
    Column("overhead_seconds", Double),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cached_tokens", BigInteger),
    Column("cost_nanodollars", BigInteger),
    Column("saved_nanodollars", BigInteger),
    Column("rest", Text, nullable=False),
    UniqueConstraint("request_id", name="requests_request_id"),
)
FILTERS: Final = (
    "key",
    "team",
    "end_user",
    "model",
    "model_served",
    "provider",
    "outcome",
    "code",
    "cache",
    "prompt",
    "conversation",
    "response_id",
    "trace_id",
)
"""Columns of `requests` that pages filter by. Each has an index with the time behind it, without the rows that say nothing."""

Index("requests_at", requests.c.at, requests.c.id)
for _name in FILTERS:
    _column = requests.c[_name]
    _known = text(f"{_name} IS NOT NULL") if _column.nullable else None
    Index(f"requests_{_name}", _column, requests.c.at, sqlite_where=_known, postgresql_where=_known)

groups: Final = Table(
    "groups",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=True),
    Column("grain", String, nullable=False),
    *(Column(name, String, nullable=False) for name in GRAINS["full"]),
    UniqueConstraint("grain", *GRAINS["full"], name="groups_names"),
)


def _sums(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("group_id", BigInteger, nullable=False),
        Column("bucket", BigInteger, nullable=False),
        *(Column(measure, BigInteger, nullable=False, server_default=text("0")) for measure in MEASURES),
        *(Column(sketch, LargeBinary, nullable=False) for sketch in SKETCHES),
        PrimaryKeyConstraint("group_id", "bucket", name=f"{name}_pkey"),
        sqlite_with_rowid=False,
    )


minutes: Final = _sums("minutes")
hours: Final = _sums("hours")
days: Final = _sums("days")

positions: Final = Table(
    "positions",
    metadata,
    Column("spool", String, primary_key=True),
    Column("segment", BigInteger, nullable=False),
    Column("place", BigInteger, nullable=False),
)

bodies: Final = Table(
    "bodies",
    metadata,
    Column("request_id", String, primary_key=True),
    Column("until", BigInteger, nullable=False),
    Column("end_user", String),
    Column("request", Text),
    Column("answer", Text),
    Index("bodies_until", "until"),
    Index("bodies_end_user", "end_user"),
)

readings: Final = Table(
    "readings",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("reader", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("found", Boolean, nullable=False),
    Index("readings_at", "at"),
)

feedback: Final = Table(
    "feedback",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("request_id", String),
    Column("conversation", String),
    Column("metric", String, nullable=False),
    Column("level", String, nullable=False),
    Column("score", Double),
    Column("label", String),
    Column("bad", Boolean, nullable=False),
    Column("source", String, nullable=False),
    Column("comment", Text),
    Column("correction", Text),
    Column("key", String, nullable=False),
    Column("team", String),
    Column("end_user", String),
    Column("model", String),
    Column("model_served", String),
    Column("prompt", String),
    Column("trace_id", String),
    Column("span_id", String),
    Column("digest", String, nullable=False),
    Index("feedback_at", "at", "id"),
    Index("feedback_request_id", "request_id"),
    Index("feedback_end_user", "end_user"),
)

feedback_sums: Final = Table(
    "feedback_sums",
    metadata,
    Column("bucket", BigInteger, nullable=False),
    *(Column(name, String, nullable=False) for name in ("metric", "model", "model_served", "prompt", "source")),
    *(Column(name, BigInteger, nullable=False) for name in ("said", "bad", "scored")),
    Column("total", Double, nullable=False),
    PrimaryKeyConstraint("bucket", "metric", "model", "model_served", "prompt", "source", name="feedback_sums_pkey"),
    sqlite_with_rowid=False,
)

settings: Final = Table(
    "meta",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)
