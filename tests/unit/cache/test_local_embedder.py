"""The embedder that comes with its weights."""

import logging
import os
import subprocess
import sys

import numpy as np
import pytest

from gateway.cache.embed import load_library
from gateway.cache.embedder import Library
from tests.e2e.test_imports_offline import DENIED


@pytest.fixture(scope="module")
def embedder() -> Library:
    return load_library()


def test_rows_have_length_one_and_as_many_dimensions_as_it_says(embedder: Library) -> None:
    rows = embedder.embed(["Where is my order?", "제 주문은 어디에 있나요?", "x" * 100_000])
    assert rows.shape == (3, embedder.dimensions)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_texts_without_tokens_and_half_characters_are_no_error(embedder: Library) -> None:
    rows = embedder.embed(["", "\ud800", "\0"])
    assert not np.isnan(rows).any()
    assert not rows[0].any()


def test_a_text_has_one_vector_whatever_stands_beside_it(embedder: Library) -> None:
    together = embedder.embed(["short", "a text that is longer than the other one"])
    assert np.array_equal(together[0], embedder.embed(["short"])[0])


def test_likes_are_nearer_than_others_and_case_decides_nothing(embedder: Library) -> None:
    asked, same, loud, other = embedder.embed(
        [
            "How do I reset my password?",
            "What is the way to reset a password?",
            "HOW DO I RESET MY PASSWORD?",
            "Who painted Guernica?",
        ]
    )
    assert asked @ same > 0.8 > asked @ other
    assert asked @ loud == pytest.approx(1, abs=1e-5)


def test_its_id_names_what_changes_the_vectors(embedder: Library) -> None:
    assert embedder.id.startswith("wordllama-")
    assert str(embedder.dimensions) in embedder.id


def test_loading_leaves_the_logging_of_the_process_alone() -> None:
    root = logging.getLogger()
    before = ([*root.handlers], root.level)
    load_library()
    assert ([*root.handlers], root.level) == before


def test_it_loads_and_embeds_where_every_connection_is_denied_and_warnings_are_errors() -> None:
    code = (
        DENIED
        + """
import logging
from gateway.cache.embed import load_library
assert load_library().embed(["Is it open?"]).any()
assert not tried, tried
assert not logging.getLogger().handlers
"""
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "HF_"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=env, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_veto_alone_imports_neither_numpy_nor_the_embedder() -> None:
    code = "import sys, gateway.cache.vetoes; assert not {'numpy', 'wordllama'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=200)
