"""YAML to data: the core schema of YAML 1.2, positions, bounds."""

import contextlib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.document import DEEPEST, FASTEST, LARGEST, Document, NotANumber, Unparsable, parse, resolve
from gateway.config.mistakes import Mark


def refused(text: str, parser: Any = FASTEST) -> tuple[str, Mark | None]:
    with pytest.raises(Unparsable) as caught:
        parse(text, parser)
    return caught.value.finding.message, caught.value.finding.mark


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("no", "no"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-7", -7),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-01-02", "2026-01-02"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("+.5E-1", 0.05),
        (".", "."),
        ("-", "-"),
        ("1.2.3", "1.2.3"),
        ("٣", "٣"),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    found = resolve(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan", "1e999", "9" * 19, "9" * 5000, "0x" + "f" * 30])
def test_numbers_that_no_field_takes_are_refused(text: str) -> None:
    with pytest.raises(NotANumber):
        resolve(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_read_as_it_is_written(number: float) -> None:
    assert resolve(repr(number)) == number


def test_keys_are_the_words_that_stand_there() -> None:
    assert parse("on: 1\n1: 2\ntrue: 3\n~: 4\n'a b': 5").data == {"on": 1, "1": 2, "true": 3, "~": 4, "a b": 5}


def test_quoted_and_tagged_text_is_text() -> None:
    assert parse("a: 'true'\nb: \"1\"\nc: !!str 1\nd: |\n  true\ne: !!int 0x10").data == {
        "a": "true",
        "b": "1",
        "c": "1",
        "d": "true\n",
        "e": 16,
    }


def test_every_key_and_value_has_its_position() -> None:
    document = parse("# comment\na:\n  - b: 1\n    c:\n      d: x\n")
    assert document.mark(("a",)) == Mark(2, 1)  # a collection is looked for at its key
    assert document.mark(("a", 0)) == Mark(3, 5)
    assert document.mark(("a", 0, "b")) == Mark(3, 8)
    assert document.mark(("a", 0, "b"), about_key=True) == Mark(3, 5)
    assert document.mark(("a", 0, "c", "d")) == Mark(5, 10)
    assert document.mark(("a", 0, "c", "missing")) == Mark(4, 5)
    assert document.mark(("nowhere", "at", "all")) == Mark(2, 1)


def test_an_alias_stands_for_its_anchor() -> None:
    document = parse("a: &x {b: 1}\nc: *x\n")
    assert document.data == {"a": {"b": 1}, "c": {"b": 1}}
    assert document.mark(("c",)) == Mark(2, 1)
    assert document.mark(("c", "b")) == Mark(1, 11)


def test_aliases_cannot_multiply_without_bound() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    message, mark = refused("\n".join(levels))
    assert str(LARGEST) in message
    assert mark is not None


def test_aliases_cannot_nest_without_bound() -> None:
    levels = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, DEEPEST + 5)]
    assert f"deeper than {DEEPEST}" in refused("\n".join(levels))[0]


def test_a_huge_flat_document_is_refused() -> None:
    message, mark = refused("[" + "1," * (2 * LARGEST + 5) + "1]")
    assert message == f"more than {LARGEST} values"  # refused while reading, not when all of it stands in memory
    assert mark is not None


@pytest.mark.parametrize(
    ("text", "says", "mark"),
    [
        ("a:\n\tb: 1", "a tab stands here", Mark(2, 1)),
        ("a: [1\n", "has no end", Mark(1, 4)),
        ("a: [1,\n", "not YAML", Mark(2, 1)),
        ("a: 'x\n\n", "has no end", Mark(1, 4)),
        ("a: b: c", "not YAML", Mark(1, 5)),
        ("a: 1\n---\nb: 1", "a second document", Mark(2, 1)),
        ("a: 1\nb: *x", "no anchor", Mark(2, 4)),
        ("a: &a [*a]", "no anchor", Mark(1, 8)),
        ("a: 1\nb: \x07", "control character", Mark(2, 4)),
        ("a: \ud800", "control character", Mark(1, 4)),
        ("[" * (DEEPEST + 1), "nested deeper", Mark(1, DEEPEST + 1)),
        ("[" * 50_000, "nested deeper", Mark(1, DEEPEST + 1)),
    ],
)
def test_what_is_no_document_is_refused_with_its_position(text: str, says: str, mark: Mark) -> None:
    message, found = refused(text)
    assert says in message
    assert found == mark


def test_a_parser_message_never_quotes_the_file() -> None:
    for text in (
        "a: *canary",
        "a: !<canary",
        "a: %canary",
        "%canary\n",
        "a: @canary",
        "a: !canary!canary x",
        '"\\canary"',
    ):
        assert "canary" not in refused(text)[0]


def test_neither_does_that_of_the_parser_in_python() -> None:
    for text in ("a: !canary!canary x", "a: !<canary", '"\\canary"', "a: @canary", "a: [canary'", "- a\ncanary: 1"):
        message, _ = refused(text, yaml.SafeLoader)
        assert "canary" not in message
        assert "'" not in message


def findings(document: Document) -> list[tuple[Any, int]]:
    return [(one.trail, (one.mark or document.mark(one.trail)).line) for one in document.findings]


def test_a_key_that_stands_twice_is_found_and_both_are_read() -> None:
    document = parse("a:\n  x: 1\nb: 2\na:\n  y: 3\n  x: 4\nb: 5")
    assert findings(document) == [(("a",), 4), (("b",), 7)]
    assert document.data == {"a": {"x": 1, "y": 3}, "b": 2}
    assert document.mark(("a", "y")) == Mark(5, 6)


@pytest.mark.parametrize("text", ["<<: {a: 1}", "[a]: 1", "a: !mine 1", "a: !mine {}", "a: !!int x", "a: .nan"])
def test_what_yaml_allows_but_we_do_not_is_a_finding(text: str) -> None:
    assert [line for _, line in findings(parse(text))] == [1]


@given(st.text(alphabet=st.sampled_from("ab:-[]{},&*!|>'\"#%@ \n\t?~<0.$\x07"), max_size=60) | st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with contextlib.suppress(Unparsable):
        assert () in parse(text).places
