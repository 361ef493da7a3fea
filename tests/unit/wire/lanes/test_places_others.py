"""Requests of the smaller APIs."""

from typing import Any

import pytest

from gateway.wire.lanes.places import places


@pytest.mark.parametrize(
    ("dialect", "body", "texts", "opaque"),
    [
        ("completions", {"prompt": "a", "suffix": "b", "stop": ["c"], "echo": True}, ["a", "b", "c"], []),
        ("completions", {"prompt": ["a", "b"]}, ["a", "b"], []),
        ("completions", {"prompt": [1, 2]}, [], [("tokens", "prompt")]),
        ("completions", {"prompt": [[1, 2], [3]]}, [], [("tokens", "prompt.0"), ("tokens", "prompt.1")]),
        ("completions", {"prompt": [[1, "a"], "b", 5]}, ["a", "b"], [("tokens", "prompt"), ("tokens", "prompt.0")]),
        ("embeddings", {"input": "a", "user": "b"}, ["a", "b"], []),
        ("embeddings", {"input": [[1.5]]}, [], [("tokens", "input.0")]),
        ("embeddings", {"messages": [{"role": "user", "content": "a"}]}, ["a"], []),
        ("embeddings", {"input": [["a", ["b"]]]}, ["a", "b"], []),
        (
            "moderations",
            {"input": ["a", {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]},
            ["a"],
            [("image", "input.1.image_url.url")],
        ),
        ("rerank", {"query": "a", "documents": ["b", {"text": "c", "year": 1999}]}, ["a", "b", "c", "1999"], []),
        ("images", {"prompt": "a", "image": "data:image/png;base64,AA"}, ["a"], [("image", "image")]),
        ("audio", {"input": "a", "voice": "alloy", "instructions": "b"}, ["a", "b"], []),
        ("files", {"purpose": "batch", "file": "AAAA"}, [], [("file", "file")]),
        ("batches", {"input_file_id": "f", "metadata": {"k": "v"}}, ["k", "v"], [("file", "input_file_id")]),
    ],
)
def test_the_text_of(dialect: str, body: dict[str, Any], texts: list[str], opaque: list[tuple[str, str]]) -> None:
    found = places(dialect, body)
    assert [place.text for place in found.places] == texts
    assert [note[:2] for note in found.opaque] == opaque


def test_instructions_of_speech_are_the_systems() -> None:
    assert places("audio", {"instructions": "slowly"}).places[0].role == "system"
