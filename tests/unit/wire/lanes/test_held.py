"""Writing into objects and lists of a body."""

import time
from typing import Any

from gateway.wire.lanes.held import Held, Keys, written
from gateway.wire.lanes.place import Inside, Place


def test_numbers_are_told_as_json_writes_them() -> None:
    assert [written(n) for n in (0, -7, 10**20, 1.5, 1e300)] == ["0", "-7", "1" + "0" * 20, "1.5", "1e300"]


def test_a_renamed_key_keeps_its_place_and_its_value_stays_reachable() -> None:
    body: dict[str, Any] = {"a": 1, "b": {"c": 2}, "d": "x"}
    held = Held(body)
    Place("user", "b", "#1", Keys(held), "b").put("new")
    Place("user", "1", "#0", held, "a").put("one")
    Place("user", "x", "#1", held, "d").put("y")
    Place("user", "b", "#1", Keys(held), "b").put("newer")
    assert list(body.items()) == [("a", "one"), ("newer", {"c": 2}), ("d", "y")]


def test_a_value_is_written_under_the_key_it_was_read_with() -> None:
    body: dict[str, Any] = {"a": "x"}
    held = Held(body)
    Place("user", "a", "#0", Keys(held), "a").put("b")
    Place("user", "x", "#0", held, "a").put("y")
    assert body == {"b": "y"}


def test_keys_that_become_equal_are_told_apart() -> None:
    body: dict[str, Any] = {"a": 1, "b": 2, "***": 3, "c": 4}
    held = Held(body)
    found = Inside([Place("user", key, "", Keys(held), key) for key in body], [])
    found.rewrite({0: "***", 1: "***", 2: "***", 3: "c"})
    assert body == {"*** (2)": 1, "*** (3)": 2, "***": 3, "c": 4}
    assert list(body.values()) == [1, 2, 3, 4]


def test_many_edits_of_one_object_or_one_json_text_take_time_in_proportion() -> None:
    """A quadratic way takes minutes for these."""
    body: dict[str, Any] = {f"k{index} x": "v" for index in range(20_000)}
    held = Held(body)
    found = Inside([Place("user", key, "", Keys(held), key) for key in body], [])
    begun = time.process_time()
    found.rewrite(dict.fromkeys(range(20_000), "***"))
    assert time.process_time() - begun < 5
    assert len(body) == 20_000
