"""Libraries that compute for milliseconds, as small stand-ins for them show it: they are not installed here.

What is shown is what is asked of them and what becomes of their answers, in a process of its own, with a whole gateway.
"""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any, Final

import numpy as np
import pytest

from gateway.cache.awaited import Awaited
from gateway.cache.embed import check_library, load_library
from gateway.cache.embedder import TextRefused, Unembedded
from gateway.cache.heavy_embedder import Heavy
from gateway.cache.remembered import Remembered
from gateway.cache.threaded import Threaded
from tests.support.matrix import CANARY
from tests.support.simulation import Simulation, in_thread

WORDS: Final = """
import numpy as np
SMALL = set("what is the of please tell me".split())
def vector(text):
    made = np.zeros(32)
    for word in text.lower().strip("?.").replace("?", "").split():
        if word.strip(".") not in SMALL:
            made[sum(map(ord, word.strip("."))) % 32] += 2.0
    return made
"""
STAND_INS: Final = {
    "fastembed": WORDS
    + """
class TextEmbedding:
    def __init__(self, model_name, local_files_only=False, cuda=True):
        assert local_files_only and cuda is False
        if model_name != "tiny":
            raise ValueError(f"no {model_name} here")
    def embed(self, documents):
        for document in documents:
            yield vector(document)
""",
    "sentence_transformers": WORDS
    + """
import logging, warnings
logging.basicConfig(level=logging.DEBUG)
warnings.warn("a warning at import")
class SentenceTransformer:
    def __init__(self, model, device=None, local_files_only=False, trust_remote_code=True):
        assert device == "cpu" and local_files_only and trust_remote_code is False
        if model != "tiny":
            raise OSError(f"no {model} here")
    def encode(self, sentences, show_progress_bar=True, convert_to_numpy=False):
        assert show_progress_bar is False and convert_to_numpy is True
        return np.stack([vector(one) for one in sentences]).astype(np.float32)
""",
}
SERVED: Final = """
import asyncio, json, logging, sys
from gateway.app import start
from gateway.config.cache import Cache, CacheClass, Semantic
from gateway.config.structs import Config, Model, Provider, Target
from gateway.trying.calling import called

name, url = sys.argv[1:]
semantic = Semantic(classes={"all": CacheClass(temperature=1.0)}, embedder=name, deadline_ms=5000)
config = Config(
    providers={"sim": Provider(base_url=f"{url}/v1")},
    models={"demo": Model(targets=[Target(provider="sim", model="demo")])},
    cache=Cache(semantic=semantic),
)

async def ask(gateway, text):
    body = json.dumps({"model": "demo", "messages": [{"role": "user", "content": text}]}).encode()
    answer = await called(gateway.app, "/v1/chat/completions", body, {"content-type": "application/json"}, "POST")
    await gateway.gate.pipeline.setup.cache.semantic.drain()
    return dict(answer.headers)[b"x-haechi-cache"].decode()

async def main():
    gateway = await start(config)
    print(await ask(gateway, "What is the capital of Ruritania?"))
    print(await ask(gateway, "Please tell me what the capital of Ruritania is."))
    figures = gateway.gate.pipeline.setup.cache.semantic.embedding()
    print(figures.id, figures.state, figures.made, figures.failed)
    print(len(logging.getLogger().handlers))
    await gateway.close()

asyncio.run(main())
"""


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    with in_thread() as made:
        yield made


@pytest.fixture
def stand_ins(tmp_path: Path) -> Path:
    for name, code in STAND_INS.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(code)
        release = tmp_path / f"{name}-1.2.3.dist-info"
        release.mkdir()
        (release / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.2.3\n")
    return tmp_path


def python(stand_ins: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = f"import sys; sys.path[:0] = [{str(Path.cwd())!r}, {str(stand_ins)!r}]\n"
    command = [sys.executable, "-W", "error", "-c", paths + dedent(code), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)


@pytest.mark.parametrize("kind", ["fastembed", "sentence-transformers"])
def test_a_gateway_embeds_by_a_library_that_is_installed(kind: str, stand_ins: Path, simulation: Simulation) -> None:
    done = python(stand_ins, SERVED, f"{kind}:tiny", simulation.url)
    assert done.returncode == 0, done.stderr
    two_questions_and_their_answers = 4
    by = f"{kind}-1.2.3-tiny-32 ready {two_questions_and_their_answers} 0"
    assert done.stdout.splitlines() == ["miss", "shadow", by, "0"]


@pytest.mark.parametrize(
    ("kind", "hint"), [("fastembed", "FASTEMBED_CACHE_PATH"), ("sentence-transformers", "HF_HOME")]
)
def test_a_model_that_is_not_there_is_told_with_what_to_do(
    kind: str, hint: str, stand_ins: Path, simulation: Simulation
) -> None:
    done = python(stand_ins, SERVED, f"{kind}:other", simulation.url)
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ValueError: the embedder `{kind}:other` cannot be loaded; nothing is downloaded")
    assert hint in last
    assert "no other here" in last


@pytest.mark.parametrize("kind", ["fastembed", "sentence-transformers"])
def test_a_library_that_is_not_installed_is_named(kind: str) -> None:
    with pytest.raises(ValueError, match=f"not installed: pip install {kind}"):
        check_library(f"{kind}:tiny")
    with pytest.raises(ValueError, match=f"not installed: pip install {kind}"):
        load_library(f"{kind}:tiny")


@pytest.mark.parametrize("name", ["wordllama:x", "fastembed:", "bert:x", ""])
def test_what_is_no_embedder_is_told_with_what_is(name: str) -> None:
    with pytest.raises(ValueError, match="wordllama, fastembed:NAME"):
        check_library(name)


def test_a_model_of_a_gateway_needs_the_gateway() -> None:
    check_library("model:e5")
    with pytest.raises(ValueError, match="asks a running gateway"):
        load_library("model:e5")


def test_what_is_in_the_folder_of_a_model_is_in_its_id(stand_ins: Path, tmp_path: Path) -> None:
    """Other weights are another model, whatever they are called."""
    (stand_ins / "fastembed" / "__init__.py").write_text(STAND_INS["fastembed"].replace('!= "tiny"', "is None"))
    folder = tmp_path / "model"
    (folder / "inner").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    weights = folder / "inner" / "weights"
    code = "from gateway.cache.embed import load_library; print(load_library(f'fastembed:{sys.argv[1]}').id)"
    ids = []
    for content in (b"one", b"two", b"one"):
        weights.write_bytes(content)
        done = python(stand_ins, code, str(folder))
        assert done.returncode == 0, done.stderr
        ids.append(done.stdout)
    assert ids[0] == ids[2] != ids[1]


class Slow:
    """A library that computes until it is let go."""

    id, dimensions = "slow-2", 2

    def __init__(self) -> None:
        self.go = threading.Event()
        self.threads: set[str] = set()

    def embed(self, texts: Sequence[str], /) -> Any:
        self.threads.add(threading.current_thread().name)
        assert self.go.wait(10)
        if CANARY in texts[0]:
            raise RuntimeError(texts[0])
        return np.array([[0.0, 0.0 if text == "zeros" else 1.0] for text in texts], np.float32)


async def test_the_event_loop_goes_on_while_one_thread_computes() -> None:
    library = Slow()
    embedder = Awaited(Threaded("slow:x", library), Remembered(), deadline=5.0)
    tasks = [asyncio.create_task(embedder.embed(str(number), None)) for number in range(20)]
    for _ in range(100):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)
    library.go.set()
    assert len(await asyncio.gather(*tasks)) == 20
    assert library.threads == {"haechi-embedder"}
    await embedder.aclose()


async def test_what_a_library_raises_is_told_without_the_text(caplog: pytest.LogCaptureFixture) -> None:
    library = Slow()
    library.go.set()
    embedder = Awaited(Threaded("slow:x", library), Remembered(), deadline=5.0)
    with pytest.raises(Unembedded):
        await embedder.embed(CANARY, None)
    assert "RuntimeError" in caplog.text
    assert CANARY not in caplog.text
    await embedder.aclose()


async def test_more_texts_than_may_wait_are_turned_away_and_zeros_are_no_vector() -> None:
    library = Slow()
    source = Threaded("slow:x", library)
    tasks = [asyncio.create_task(source.vector(str(number), None)) for number in range(100)]
    done, waiting = await asyncio.wait(tasks, timeout=0.05)
    assert {type(task.exception()) for task in done} == {Unembedded}
    assert 64 <= len(waiting) <= 65
    library.go.set()
    await asyncio.gather(*waiting)
    with pytest.raises(TextRefused):
        await source.vector("zeros", None)


def test_rows_have_length_one_and_a_text_of_which_it_makes_nothing_gives_zeros() -> None:
    heavy = Heavy("x", lambda texts: ([len(text), 0.0] for text in texts))
    rows = heavy.embed(["abc", "", "\ud800"])
    assert rows.tolist() == [[1, 0], [0, 0], [1, 0]]
    assert heavy.id == "x-2"
