"""A changed digit is noticed, and only days that exist are days of birth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.guards import checksums

DIGITS = st.text("0123456789", min_size=12, max_size=12)


@pytest.mark.parametrize(
    ("check", "number"),
    [
        (checksums.luhn, "4111111111111111"),
        (checksums.luhn, "378282246310005"),
        (checksums.iban, "DE89370400440532013000"),
        (checksums.iban, "GB29NWBK60161331926819"),
        (checksums.resident, "9001011234568"),
        (checksums.business, "1208147521"),
        (checksums.business, "2208162517"),
    ],
)
def test_numbers_in_public_use_pass_and_fail_with_any_other_last_digit(check: checksums.Check, number: str) -> None:
    others = [number[:-1] + str(digit) for digit in range(10) if str(digit) != number[-1]]
    assert check(number)
    assert not any(check(other) for other in others)


@given(DIGITS)
def test_one_last_digit_makes_a_resident_number_and_another_one_that_of_a_foreigner(first: str) -> None:
    residents = [digit for digit in range(10) if checksums.resident(f"{first}{digit}")]
    foreigners = [digit for digit in range(10) if checksums.foreigner(f"{first}{digit}")]
    assert len(residents) == 1
    assert foreigners == [(residents[0] + 2) % 10]


@pytest.mark.parametrize(
    ("number", "year"),
    [("9902281", 1999), ("9902284", None), ("0002293", 2000), ("0002291", None), ("9913011", None), ("8812319", 1888), ("2010015", 1920), ("2010017", 2020)],
)  # fmt: skip
def test_a_day_of_birth_is_one_that_was(number: str, year: int | None) -> None:
    born = checksums.birth(number + "000000")
    assert (born.year if born else None) == year


@pytest.mark.parametrize(
    ("number", "random"), [("200930", False), ("201001", True), ("210101", True), ("191231", False)]
)
def test_whoever_was_born_since_october_2020_has_a_random_number(number: str, random: bool) -> None:
    born = checksums.birth(number + "3000000")
    assert born is not None
    assert checksums.numbered_at_random(born) is random


def test_zeros_are_no_card() -> None:
    assert not checksums.luhn("0" * 16)
