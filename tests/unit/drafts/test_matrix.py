"""Coverage as a table."""

from pathlib import Path

from gateway.drafts.matrix import COLUMNS, Row, Square, matrix, unscanned
from gateway.policy.coverage import SURFACES
from gateway.policy.load import load_files

POLICY = """\
haechi: policy/v1
name: one
bind: {surfaces: [chat, files, images]}
detectors: {code: {kind: pattern, match: 'INT-[0-9]{6}'}}
rules:
  - {id: block, where: [user], detect: [code], action: block}
  - {id: watch, where: [user, content], detect: [code], action: block, mode: shadow}
"""


def rows(folder: Path, text: str = POLICY) -> list[Row]:
    path = folder / "one.yaml"
    path.write_text(text)
    return matrix(load_files([path], {}, frozenset()).policies.values())


def square(of: list[Row], surface: str, place: str) -> Square:
    row = next(one for one in of if one.surface == surface)
    return next(one for one in row.squares if one.place == place)


def test_every_surface_is_a_row_and_every_place_a_column(tmp_path: Path) -> None:
    found = rows(tmp_path)
    assert [one.surface for one in found] == list(SURFACES)
    assert all([one.place for one in row.squares] == list(COLUMNS) for row in found)


def test_the_strongest_rule_gives_a_square_its_shade_and_all_are_named(tmp_path: Path) -> None:
    one = square(rows(tmp_path), "chat", "user")
    assert one.shade == "enforced"
    assert [(look.rule, look.unary, look.stream) for look in one.looks] == [
        ("block", "enforced", "enforced"),
        ("watch", "shadow", "shadow"),
    ]


def test_what_nobody_looks_at_what_nobody_can_read_and_what_is_not_there_differ(tmp_path: Path) -> None:
    found = rows(tmp_path)
    assert square(found, "chat", "content").shade == "shadow"
    assert square(found, "chat", "system").shade == "nobody"
    assert square(found, "responses", "user").shade == "nobody"
    assert square(found, "batches", "user").shade == "opaque"
    assert square(found, "files", "user").shade == "refused"
    assert square(found, "embeddings", "content").shade == "absent"


def test_a_stream_that_cannot_be_read_is_told_beside_a_body_that_can(tmp_path: Path) -> None:
    looks = square(rows(tmp_path, POLICY.replace("where: [user]", "where: [content]")), "images", "content").looks
    assert next((one.rule, one.unary, one.stream) for one in looks) == ("block", "enforced", "refused")


def test_what_is_unscanned_is_listed(tmp_path: Path) -> None:
    found = unscanned(rows(tmp_path))
    assert ("batches", "user", "opaque") in found
    assert ("chat", "content", "shadow") in found
    assert not [one for one in found if one[:2] == ("chat", "user")]
