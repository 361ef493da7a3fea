"""What a ledger cannot do, and whether trying again can help. No message has an address, a password or a value of a row in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.ledger.views import LedgerAway, LedgerError, LedgerRefused

REFUSALS: Final = {
    "28P01": "the user or the password in `ledger.url` is not accepted",
    "28000": "the user in `ledger.url` may not connect from here",
    "3D000": "the database in `ledger.url` does not exist; create it",
    "42501": "the user in `ledger.url` lacks a right; let it own the database",
}
"""By SQLSTATE: what somebody has to set right."""


@contextmanager
def told() -> Iterator[None]:
    """Failures of a database as ours, but for an `IntegrityError`. What a statement had in it is not said."""
    try:
        yield
    except IntegrityError:
        raise  # whoever writes beside others knows what to do
    except DBAPIError as error:
        raise failure(error.orig or error) from None
    except PoolTimeout:
        raise LedgerAway("all connections to the ledger are in use; try again") from None
    except (OSError, TimeoutError) as error:
        raise failure(error) from None


def failure(error: BaseException) -> LedgerError:
    """As ours, of what a driver raised."""
    state = getattr(error, "sqlstate", None)
    if state in REFUSALS:
        return LedgerRefused(f"ledger: {REFUSALS[state]}")
    if isinstance(state, str):
        return LedgerAway(f"ledger: PostgreSQL said {state}")
    if isinstance(error, OSError):
        return LedgerAway(f"ledger: the server cannot be reached: {error.strerror or type(error).__name__}")
    if type(error).__module__ == "sqlite3":
        return LedgerAway(f"ledger: {error}")
    return LedgerAway(f"ledger: the connection failed ({type(error).__name__})")
