"""A server that reports the usage of a stream for each choice by itself is recorded with all of it."""

from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import running, written
from tests.support.simulation import Simulation


@pytest.mark.parametrize("kind", ["llamacpp", "vllm"])
def test_what_each_choice_used_is_added_up_where_the_server_counts_so(
    kind: str, simulation: Simulation, tmp_path: Path
) -> None:
    """A server of another kind may report running counts, so there the last word counts."""
    simulation.misbehave({"usage_per_choice": True, "cached_tokens": 2})
    file = tmp_path / "records.jsonl"
    config = {
        "providers": {"house": {"kind": kind, "base_url": simulation.v1}},
        "models": {"demo": {"targets": [{"provider": "house", "model": "demo"}]}},
        "record": {"file": str(file)},
    }
    asked: dict[str, Any] = {"model": "demo", "n": 3, "stream": True, "stream_options": {"include_usage": True}}
    with (
        running(tmp_path, written(tmp_path, config)) as process,
        OpenAI(base_url=process.v1, api_key="any", max_retries=0) as client,
    ):
        chat = list(client.chat.completions.create(messages=[{"role": "user", "content": "one two"}], **asked))
        text = list(client.completions.create(prompt="one two", **asked))
        rows = eventually(lambda: found if len(found := records(file)) == 2 else [])
    for chunks, row in ((chat, rows[0]), (text, rows[1])):
        usages = [chunk.usage for chunk in chunks if chunk.usage]
        assert len(usages) == 3, "the caller gets what the server says"
        told = [usage.completion_tokens for usage in usages]
        assert row["output_tokens"] == (sum(told) if kind == "llamacpp" else told[-1])
        assert row["input_tokens"] == usages[0].prompt_tokens
        assert row["cached_tokens"] == 2
        assert not row["usage_estimated"]
