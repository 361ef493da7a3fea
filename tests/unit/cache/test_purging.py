"""What a purge is about, by the names that entries were stored under."""

from typing import Final

import pytest

from gateway.cache.purging import NotOne, Purge, name_of
from gateway.config.structs import Key
from gateway.limits.keys import hashed

ALONE: Final = Key(name="ci", hash=hashed("hk-ci"))
KEYS: Final = [ALONE, Key(name="desk", hash=hashed("hk-desk"), team="support")]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (Purge(tag="spring"), "tag:spring"),
        (Purge(model="fast"), "model:fast"),
        (Purge(tenant="support"), "tenant:team support"),
        (Purge(tenant="ci"), f"tenant:key {ALONE.id}"),
        (Purge(all=True), "all"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_each_has_its_name(wanted: Purge, name: str) -> None:
    assert name_of(wanted, KEYS) == name


def test_without_keys_there_is_one_tenant() -> None:
    assert name_of(Purge(tenant="local"), []) == "tenant:key local"


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Purge(), "one of"),
        (Purge(tag="a", all=True), "one of"),
        (Purge(tag=""), "one of"),
        (Purge(tenant="nobody"), "no team and no key"),
        (Purge(tenant="local"), "no team and no key"),
        (Purge(tenant="desk"), "belongs to a team"),
    ],
    ids=["nothing", "two", "empty", "unknown", "not local", "in a team"],
)
def test_what_is_not_one_thing_is_refused_and_says_what_to_write(wanted: Purge, says: str) -> None:
    with pytest.raises(NotOne, match=says):
        name_of(wanted, KEYS)
