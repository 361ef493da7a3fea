"""The section `ledger` of the configuration."""

from typing import Annotated, Final

from msgspec import Meta, field

from gateway.config.ledger_address import LedgerAddress, ledger_address
from gateway.config.strict import Secret, Strict

DEFAULT_URL: Final = "sqlite:///haechi.db"
Days = Annotated[int, Meta(ge=1, le=36_500)]


class Ledger(Strict, frozen=True):
    """Every request as a row in a database, with sums by minute and hour. Without this section there is none."""

    url: Annotated[
        Secret,
        Meta(
            description="`sqlite:///file.db`, for the processes of one machine; `postgresql://user:password@host:port/database`, for many."
            " The latter needs the extra `postgres`."
        ),
    ] = field(default_factory=lambda: Secret(DEFAULT_URL))
    keep_days: Annotated[Days, Meta(description="How long rows are kept, and sums by minute.")] = 30
    sums_days: Annotated[Days, Meta(description="How long sums by hour are kept, which hold no end user.")] = 730
    connections: Annotated[int, Meta(ge=1, le=100, description="Pool limit of one process that reads.")] = 4

    @property
    def address(self) -> LedgerAddress:
        """Raises ValueError where the `url` is none, which `haechi check` says."""
        return ledger_address(self.url.reveal())
