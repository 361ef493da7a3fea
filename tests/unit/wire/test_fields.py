"""A JSON object under inspection."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.wire.fields import Fields

READERS: list[tuple[Callable[[Fields, str], Any], Any, Any]] = [
    (Fields.text, "안녕", 3),
    (Fields.flag, False, 0),
    (Fields.integer, 0, True),
    (Fields.integer, -1, 1.0),
    (Fields.number, 1, True),
    (Fields.number, 0.5, "0.5"),
    (Fields.mapping, {"a": 1}, []),
    (Fields.items, [1], {}),
    (Fields.any, [1], None),
]


@pytest.mark.parametrize(("reader", "right", "_"), READERS)
def test_a_field_of_the_right_type_is_taken_out(reader: Callable[[Fields, str], Any], right: Any, _: Any) -> None:
    fields = Fields({"x": right, "y": None, "z": 1})
    assert reader(fields, "x") == right
    assert reader(fields, "y") is None
    assert reader(fields, "absent") is None
    assert fields.rest() == {"z": 1}


@pytest.mark.parametrize(("reader", "_", "wrong"), READERS[:-1])
def test_a_field_of_the_wrong_type_is_named(reader: Callable[[Fields, str], Any], _: Any, wrong: Any) -> None:
    with pytest.raises(GatewayError) as caught:
        reader(Fields({"x": wrong}, "a.0"), "x")
    assert (caught.value.code, caught.value.param) == ("invalid_request", "a.0.x")
    assert caught.value.message.startswith("a.0.x: expected ")


def test_the_object_given_is_not_changed() -> None:
    given = {"x": "a"}
    Fields(given).text("x")
    assert given == {"x": "a"}


def test_places_go_down_through_objects_and_lists() -> None:
    first, second = Fields({"list": [{"x": 1}, {"x": {"y": 2}}]}).each("list")
    inner = second.needed_fields("x")
    assert (first.at, inner.at, inner.integer("y")) == ("list.0", "list.1.x", 2)


def test_a_body_that_is_no_object_has_no_param() -> None:
    with pytest.raises(GatewayError, match="the body: expected an object, got a list") as caught:
        Fields([])
    assert caught.value.param is None


@pytest.mark.parametrize("reader", [Fields.needed_text, Fields.needed_fields])
def test_what_is_needed_and_missing_is_named(reader: Callable[[Fields, str], Any]) -> None:
    with pytest.raises(GatewayError, match="it is missing") as caught:
        reader(Fields({"x": None}, code="upstream_invalid_response"), "x")
    assert (caught.value.code, caught.value.param) == ("upstream_invalid_response", "x")
