"""What splits the scopes, found in requests of which only digests are known."""

from typing import Final

import pytest

from gateway.cache.splits import splits
from gateway.cache.trails import Trail, Trails

SAME: Final = {"share": "00", "system prompt": "11", "parameter temperature": "22"}


def trail(number: int, **parts: str) -> Trail:
    made = {**SAME, **{name.replace("_", " "): one for name, one in parts.items()}}
    return Trail(
        request_id=f"req_{number}", caller="k", key="k", model="demo", dialect="chat", time=0.0, mode="use", most_age=None,
        tags=(), parts=made,
    )  # fmt: skip


def test_a_date_in_the_system_prompt_is_named() -> None:
    found = splits([trail(number, system_prompt=f"{number % 97:02x}") for number in range(100)])
    assert [one.part for one in found] == ["system prompt"]
    assert found[0].alike == 100
    assert found[0].share == pytest.approx(96 / 99)
    assert "date" in found[0].hint


def test_equal_requests_split_nothing() -> None:
    assert splits([trail(number) for number in range(10)]) == []
    assert splits([]) == []


def test_a_field_that_only_some_send_splits_and_says_where_to_name_it() -> None:
    found = splits(
        [*(trail(number) for number in range(5)), *(trail(number, field_trace=str(number)) for number in range(5))]
    )
    assert [one.part for one in found] == ["field trace"]
    assert "ignored_fields" in found[0].hint


def test_the_worst_comes_first_and_groups_are_kept_apart() -> None:
    """Two values of temperature, each with many system prompts: the prompt splits far more."""
    made = [trail(n, parameter_temperature=str(n % 2), system_prompt=str(n // 2)) for n in range(40)]
    assert [one.part for one in splits(made)] == ["system prompt", "parameter temperature"]


def test_only_the_last_requests_are_remembered_and_counts_go_on() -> None:
    trails = Trails(most=3)
    for number in range(5):
        trails.add(trail(number))
        trails.looked["miss", "new"] += 1
    assert [one.request_id for one in trails.all()] == ["req_2", "req_3", "req_4"]
    assert trails.find("req_1") is None
    assert trails.looked["miss", "new"] == 5


def test_names_of_fields_are_bounded_in_length_and_number() -> None:
    one = trail(1)
    one.made_of({f"field {'x' * 1000}{number}": -1 for number in range(1000)}, bytes(24))
    assert len(one.parts) <= 48
    assert all(len(name) <= 64 for name in one.parts)
