"""Bodies, apart from rows and with an end of their own, and who read them."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"

_BIG: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "bodies",
        sa.Column("request_id", sa.String, primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("end_user", sa.String),
        *(sa.Column(name, sa.Text) for name in ("request", "answer")),
    )
    op.create_index("bodies_until", "bodies", ["until"])
    op.create_index("bodies_end_user", "bodies", ["end_user"])
    op.create_table(
        "readings",
        sa.Column("id", _BIG, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("reader", "request_id")),
        sa.Column("found", sa.Boolean, nullable=False),
    )
    op.create_index("readings_at", "readings", ["at"])
    op.execute("UPDATE meta SET value = '2' WHERE name = 'schema'")
