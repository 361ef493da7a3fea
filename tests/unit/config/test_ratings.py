"""Metrics whose settings do not fit each other are named, with their line."""

from pathlib import Path

import pytest

from gateway.app import ROWS
from gateway.config.load import load_with_files
from gateway.config.mistakes import ConfigError


def said(text: str, folder: Path) -> list[str]:
    path = folder / "haechi.yaml"
    path.write_text(f"feedback:\n  metrics:\n{text}")
    try:
        load_with_files(path, {}, ROWS)
    except ConfigError as error:
        return [f"{one.line} {one.key}: {one.message}" for one in error.mistakes]
    return []


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("    m: {min: 1}\n", "3 feedback.metrics.m.min: is not read of `kind: thumbs`"),
        ("    m: {kind: score, values: [a, b]}\n", "3 feedback.metrics.m.values: is not read of `kind: score`"),
        ("    m: {kind: score, min: 5, max: 5}\n", "3 feedback.metrics.m.min: is not less than `max`"),
        ("    m: {kind: score, bad: 2}\n", "3 feedback.metrics.m.bad: is no score from 0 to 1"),
        ("    m: {kind: category}\n", "3 feedback.metrics.m: are fewer than two: there is nothing to choose"),
        (
            "    m: {kind: category, values: [a, b], bad_values: [c]}\n",
            "3 feedback.metrics.m.bad_values[0]: 'c' is none of `values`",
        ),
        ("    {}\n", "2 feedback.metrics: has 0 metrics; write 1 to 32, as each is a label of its own"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, text: str, mistake: str) -> None:
    (found,) = said(text, tmp_path)
    assert found.split(": ", 1)[1] == mistake.split(": ", 1)[1]
    assert found.startswith(mistake.split(": ", 1)[0].rsplit(".", 1)[0])


def test_what_fits_is_taken(tmp_path: Path) -> None:
    text = (
        "    stars: {kind: score, min: 1, max: 5, bad: 2}\n"
        "    seconds: {kind: score, max: 60, better: lower, bad: 30}\n"
        "    reason: {kind: category, values: [wrong, fine], bad_values: [wrong]}\n"
        "    solved: {level: conversation}\n"
    )
    assert said(text, tmp_path) == []
