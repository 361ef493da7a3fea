"""Feedback, and sums of it by quarters of an hour."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"

_NAMED: Final = ("metric", "model", "model_served", "prompt", "source")


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.String) for name in ("request_id", "conversation")),
        *(sa.Column(name, sa.String, nullable=False) for name in ("metric", "level")),
        sa.Column("score", sa.Double),
        sa.Column("label", sa.String),
        sa.Column("bad", sa.Boolean, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("comment", "correction")),
        sa.Column("key", sa.String, nullable=False),
        *(sa.Column(name, sa.String) for name in ("team", "end_user", "model", "model_served", "prompt")),
        *(sa.Column(name, sa.String) for name in ("trace_id", "span_id")),
        sa.Column("digest", sa.String, nullable=False),
    )
    op.create_index("feedback_at", "feedback", ["at", "id"])
    op.create_index("feedback_request_id", "feedback", ["request_id"])
    op.create_index("feedback_end_user", "feedback", ["end_user"])
    op.create_table(
        "feedback_sums",
        sa.Column("bucket", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in _NAMED),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("said", "bad", "scored")),
        sa.Column("total", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("bucket", *_NAMED, name="feedback_sums_pkey"),
        sqlite_with_rowid=False,
    )
    op.execute("UPDATE meta SET value = '3' WHERE name = 'schema'")
