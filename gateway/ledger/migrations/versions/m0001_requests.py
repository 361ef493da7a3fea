"""Rows, sums by minute, hour and day, and where each spool stands."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None

_BIG: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAMES: Final = ("key", "team", "model", "model_served", "provider", "outcome", "code", "cache")
_MEASURES: Final = (
    "requests",
    "failed",
    "blocked",
    "streamed",
    "attempts",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "estimated",
    "cost_nanodollars",
    "unpriced",
    "saved_nanodollars",
    "lookups",
    "hits",
    "unscanned",
    "latency_us",
    "first_token_us",
    "overhead_us",
)
_ALWAYS: Final = ("outcome", "trace_id")
_SOMETIMES: Final = (
    "key",
    "team",
    "end_user",
    "model",
    "model_served",
    "provider",
    "code",
    "cache",
    "prompt",
    "conversation",
    "response_id",
)


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("id", _BIG, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("request_id", "trace_id")),
        *(sa.Column(name, sa.String) for name in ("key", "team", "end_user")),
        sa.Column("dialect", sa.String, nullable=False),
        *(sa.Column(name, sa.String) for name in ("model", "model_served", "provider", "region")),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("code", sa.String),
        sa.Column("status", sa.SmallInteger, nullable=False),
        *(sa.Column(name, sa.String) for name in ("cache", "prompt", "conversation", "response_id")),
        sa.Column("seconds", sa.Double, nullable=False),
        *(sa.Column(name, sa.Double) for name in ("first_token_seconds", "overhead_seconds")),
        *(sa.Column(name, sa.BigInteger) for name in ("input_tokens", "output_tokens", "cached_tokens")),
        *(sa.Column(name, sa.BigInteger) for name in ("cost_nanodollars", "saved_nanodollars")),
        sa.Column("rest", sa.Text, nullable=False),
        sa.UniqueConstraint("request_id", name="requests_request_id"),
    )
    op.create_index("requests_at", "requests", ["at", "id"])
    for name in _ALWAYS:
        op.create_index(f"requests_{name}", "requests", [name, "at"])
    for name in _SOMETIMES:
        known = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"requests_{name}", "requests", [name, "at"], sqlite_where=known, postgresql_where=known)
    op.create_table(
        "groups",
        sa.Column("id", _BIG, primary_key=True, autoincrement=True),
        sa.Column("grain", sa.String, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in _NAMES),
        sa.UniqueConstraint("grain", *_NAMES, name="groups_names"),
    )
    for table in ("minutes", "hours", "days"):
        op.create_table(
            table,
            sa.Column("group_id", sa.BigInteger, nullable=False),
            sa.Column("bucket", sa.BigInteger, nullable=False),
            *(sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text("0")) for name in _MEASURES),
            *(sa.Column(name, sa.LargeBinary, nullable=False) for name in ("latency", "first_token")),
            sa.PrimaryKeyConstraint("group_id", "bucket", name=f"{table}_pkey"),
            sqlite_with_rowid=False,
        )
    op.create_table(
        "positions",
        sa.Column("spool", sa.String, primary_key=True),
        sa.Column("segment", sa.BigInteger, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
    )
    meta = op.create_table(
        "meta",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
    )
    op.bulk_insert(meta, [{"name": "schema", "value": "1"}, {"name": "oldest", "value": "1"}])
