"""An account is found in the groups of a bank, where a word says that it is one."""

import pytest

from gateway.guards.korean_banks import GROUPINGS
from tests.unit.guards.found import found


@pytest.mark.parametrize("grouping", sorted({one for every in GROUPINGS.values() for one in every}))
def test_every_grouping_of_every_bank_is_found_with_a_word_in_front_and_a_particle_behind(
    grouping: tuple[int, ...],
) -> None:
    for separator in ("-", " ", ""):
        value = separator.join("9" * count for count in grouping)
        assert found("KR_BANK_ACCOUNT", f"계좌 {value}에 입금") == [value]
        assert found("KR_BANK_ACCOUNT", f"운송장 {value}에 있음") == []


@pytest.mark.parametrize("word", ["신한은행", "카카오뱅크", "계좌번호:", "ACCOUNT no.", "입금은"])
def test_names_of_banks_and_words_for_accounts_count(word: str) -> None:
    assert found("KR_BANK_ACCOUNT", f"{word} 110-123-456789에") == ["110-123-456789"]


@pytest.mark.parametrize(
    "text",
    ["계좌 110-123-4567890", "계좌 110-1234-56789", "계좌 123456789", "110-123-456789 계좌", "계좌 1-110-123-456789"],
)
def test_another_grouping_or_a_word_behind_is_none(text: str) -> None:
    assert found("KR_BANK_ACCOUNT", text) == []
