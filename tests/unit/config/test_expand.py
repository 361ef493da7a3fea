"""`${...}` in strings, before anything is decoded."""

from pathlib import Path
from typing import Any

import pytest

from gateway.config.expand import STAND_IN, Expanded, expand
from gateway.config.schema import Shape, json_schema

SHAPE = Shape(json_schema())
ENV = {"PORT": "8080", "NAME": "7", "EMPTY": "", "CANARY": "swordfish", "BYTES": "\udcff"}


def expanded(data: Any, directory: Path = Path()) -> Expanded:
    return expand(data, ENV, directory, SHAPE)


def host(text: str) -> Any:
    found = expanded({"listen": {"host": text}})
    assert not found.findings
    return found.data["listen"]["host"]


def complaint(text: str, directory: Path = Path()) -> str:
    found = expanded({"listen": {"host": text}}, directory)
    assert [one.trail for one in found.findings] == [("listen", "host")]
    assert found.data["listen"]["host"] is None
    return found.findings[0].message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${NAME}", "7"),
        ("a-${NAME}-${PORT}", "a-7-8080"),
        ("${NONE:-x}", "x"),
        ("${EMPTY:-x}", "x"),
        ("${NAME:-x}", "7"),
        ("${NONE:-}", ""),
        ("$$", "$"),
        ("$${NAME}", "${NAME}"),
        ("$$$${NAME}", "$${NAME}"),
        ("$$${NAME}", "$7"),
        ("$NAME 5$ $", "$NAME 5$ $"),
        ("${NONE:-a:-b}", "a:-b"),
    ],
)
def test_references_are_replaced(text: str, value: str) -> None:
    assert host(text) == value


def test_a_whole_reference_is_typed_unless_its_place_takes_text() -> None:
    data = {
        "listen": {"host": "${NAME}", "port": "${PORT}"},
        "secret": "${PORT}",
        "keys": [{"name": "${NAME}", "tags": ["${PORT}"]}],
        "retry": {"budget": "${NONE:-0.5}"},
        "models": {"m": {"targets": [{"when": {"tools": "${NONE:-true}"}, "zone": "${NONE:-internal}"}]}},
        "limits": {"json_depth": "1${NAME}"},
    }
    assert expanded(data).data == {
        "listen": {"host": "7", "port": 8080},
        "secret": "8080",
        "keys": [{"name": "7", "tags": ["8080"]}],
        "retry": {"budget": 0.5},
        "models": {"m": {"targets": [{"when": {"tools": True}, "zone": "internal"}]}},
        "limits": {"json_depth": "17"},
    }


def test_emptiness_is_nothing_where_nothing_may_stand() -> None:
    data = {"secret": "${NONE:-}", "listen": {"host": "${NONE:-}"}, "providers": {"p": {"api_key": "${EMPTY:-}"}}}
    assert expanded(data).data == {"secret": None, "listen": {"host": ""}, "providers": {"p": {"api_key": None}}}


def test_a_variable_that_is_missing_or_empty_is_named() -> None:
    assert "the variable NONE is not set" in complaint("${NONE}")
    assert "the variable EMPTY is empty" in complaint("a${EMPTY}")
    assert "the variable BYTES is not UTF-8" in complaint("${BYTES}")


@pytest.mark.parametrize(
    "text", ["${", "${}", "${swordfish", "${sword fish}", "${7}", "${NAME-x}", "x${swordfish$}", "${a\nb}"]
)
def test_a_malformed_reference_is_not_quoted(text: str) -> None:
    said = complaint(text)
    assert "must go on as" in said
    assert "fish" not in said


def test_two_missing_variables_in_one_text_are_both_found() -> None:
    assert len(expanded({"listen": {"host": "${A}${B}"}}).findings) == 2


def test_a_file_is_read_without_its_last_line_break_and_remembered(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a b\nc\r\n")
    found = expanded({"secret": "${file:key}", "listen": {"host": f"${{file:{tmp_path}/key}}"}}, tmp_path)
    assert found.data == {"secret": "a b\nc", "listen": {"host": "a b\nc"}}
    assert list(found.files) == [tmp_path / "key"]


def test_a_file_that_cannot_be_used_is_named_and_watched(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "latin").write_bytes(b"\xff")
    assert "the file none cannot be read" in complaint("${file:none}", tmp_path)
    assert "is empty" in complaint("${file:empty}", tmp_path)
    assert "not UTF-8" in complaint("${file:latin}", tmp_path)
    assert "is a directory" in complaint("${file:.}", tmp_path)
    assert expanded({"secret": "${file:none}"}, tmp_path).files == {tmp_path / "none": None}


def test_a_variable_that_is_no_number_we_take_is_a_finding() -> None:
    assert len(expanded({"listen": {"port": "${NONE:-1e999}"}}).findings) == 1


def test_what_came_from_outside_is_marked() -> None:
    assert expanded({"a": "${NAME}", "b": "x", "c": ["$$", "${NONE:-x}"]}).outside == {("a",), ("c", 1)}


@pytest.mark.parametrize("text", ["${NAME}", "${NONE:-x}", "${file:/etc/hostname}", "${"])
def test_without_an_environment_nothing_from_outside_is_read(text: str) -> None:
    found = expand({"listen": {"host": text}, "secret": text}, None, Path(), SHAPE)
    assert [one.trail for one in found.findings] == [("listen", "host")]
    assert found.data["secret"] == STAND_IN
    assert not found.files


def test_without_an_environment_a_dollar_sign_is_one_all_the_same() -> None:
    assert expand({"listen": {"host": "a$$b"}}, None, Path(), SHAPE).data["listen"]["host"] == "a$b"
