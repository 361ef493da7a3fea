"""The section `ledger` of the configuration."""

from typing import Annotated

from msgspec import Meta, field

from gateway.config.strict import Secret, Strict


class Ledger(Strict, frozen=True):
    """A database with a row for every request. Off unless given."""

    url: Annotated[
        Secret,
        Meta(
            description="`sqlite:///FILE`, or `postgresql://USER:PASSWORD@HOST/NAME` with the extra `postgres` for many replicas."
        ),
    ] = field(default_factory=lambda: Secret("sqlite:///haechi.db"))
