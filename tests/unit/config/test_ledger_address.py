import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.ledger import Ledger
from gateway.config.ledger_address import LedgerAddress, ledger_address
from gateway.config.strict import Secret


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("sqlite:///haechi.db", LedgerAddress("sqlite", path="haechi.db")),
        ("sqlite:////var/lib/haechi.db", LedgerAddress("sqlite", path="/var/lib/haechi.db")),
        ("postgresql://me:p%40ss@db:5432/haechi", LedgerAddress("postgresql", dsn="postgresql://me:p%40ss@db:5432/haechi")),
        ("postgres://db/haechi?sslmode=require", LedgerAddress("postgresql", dsn="postgresql://db/haechi?sslmode=require")),
        ("postgresql:///haechi?host=/run/postgresql", LedgerAddress("postgresql", dsn="postgresql:///haechi?host=/run/postgresql")),
    ],
)  # fmt: skip
def test_every_form_says_where_the_ledger_is(url: str, address: LedgerAddress) -> None:
    assert ledger_address(url) == address


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is no address of a ledger"),
        ("haechi.db", "is no address of a ledger"),
        ("mysql://host/haechi", "is no address of a ledger"),
        ("postgresql+asyncpg://host/haechi", "is no address of a ledger"),
        ("sqlite://haechi.db", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite:///haechi.db?mode=ro", "has options"),
        ("postgresql://host", "names no database"),
        ("postgresql://host/", "names no database"),
        ("postgresql://host:port/haechi", "host or port that is none"),
    ],
)
def test_what_is_no_address_is_refused_with_what_to_write(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ledger_address(url)


@given(st.text(), st.text(alphabet=st.characters(exclude_characters="0123456789")))
def test_a_password_is_never_quoted(before: str, after: str) -> None:
    secret = "1234567890"
    for url in (f"{before}:{secret}@{after}", f"postgresql://{before}:{secret}@{after}"):
        try:
            shown = repr(ledger_address(url))
        except ValueError as error:
            shown = str(error)
        assert secret not in shown or secret in before


def test_a_ledger_shows_no_password_of_its_own() -> None:
    settings = Ledger(url=Secret("postgresql://me:geheim@db/haechi"))
    assert "geheim" not in repr(settings) + repr(settings.address)
