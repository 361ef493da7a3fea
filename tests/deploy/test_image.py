"""The image: what it installs is locked, enough, and no more trusted than what tests run on; and its file does what it should."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Final

import msgspec
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.generate import ROOT

LOCKS: Final = ROOT / "deploy" / "locks"
FILE: Final = ROOT / "deploy" / "Containerfile"
EXTRAS: Final = ("postgres", "grpc", "semantic")
BUILDS: Final = ("hatchling",)
_BLOCK: Final = re.compile(r"\n(?=[a-z0-9])")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("gateway")
    with running(folder, env={"XDG_STATE_HOME": str(folder)}) as process:
        yield process


def test_what_is_installed_is_locked_as_for_the_tests() -> None:
    locked, tested = blocks(LOCKS / "image.txt"), blocks(LOCKS / "dev.txt")
    assert {name: pins for name, pins in locked.items() if tested.get(name) != pins} == {}
    assert all("--hash=sha256:" in pin for pins in locked.values() for pin in pins)


def test_nothing_that_it_needs_is_missing() -> None:
    needed = _needed() & blocks(LOCKS / "dev.txt").keys()
    assert {"asyncpg", "wordllama", "grpcio", "hatchling", "uvloop"} <= needed
    assert needed - blocks(LOCKS / "image.txt").keys() == set()


def test_it_is_small() -> None:
    """Neither litellm nor Presidio, nor what tests are written with."""
    heavy = {"litellm", "presidio-analyzer", "spacy", "guardrails-ai", "pytest", "mypy", "playwright", "xllamacpp"}
    assert heavy & blocks(LOCKS / "image.txt").keys() == set()


def test_its_file_pins_checks_and_drops_rights() -> None:
    lines = FILE.read_text().splitlines()
    stages = [line.split() for line in lines if line.startswith("FROM ")]
    assert len(stages) == 2
    assert {stage[1] for stage in stages} == {"python:3.11.13-slim-bookworm"}
    text = FILE.read_text()
    assert text.count("pip install") == text.count("--require-hashes") + 1  # the gateway itself has none
    assert "USER 10001:10001" in lines
    assert text.index("USER 10001") > text.rindex("RUN ")
    assert "ADD " not in text


def test_what_it_copies_is_there_and_is_let_in() -> None:
    ignored = (FILE.parent / "Containerfile.dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    let_in = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    copied = [
        word
        for line in FILE.read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    inputs = {"pyproject.toml", built["hooks"]["custom"]["path"], *built["targets"]["wheel"]["packages"]}
    assert inputs | built["targets"]["wheel"]["force-include"].keys() <= {*copied}
    for name in copied:
        assert (ROOT / name).exists()
        assert any(name == one or name.startswith(f"{one}/") for one in let_in), name


def test_its_health_check_asks_a_gateway(gateway: GatewayProcess) -> None:
    found = re.search(r'^\s+CMD (\["python", .+)$', FILE.read_text(), re.MULTILINE)
    assert found is not None
    _, *arguments = msgspec.json.decode(found[1], type=list[str])
    here = [one.replace("http://127.0.0.1:8080", gateway.url) for one in arguments]
    assert here != arguments
    assert subprocess.run([sys.executable, *here], timeout=200, check=False).returncode == 0
    nowhere = [one.replace("http://127.0.0.1:8080", "http://127.0.0.1:9") for one in arguments]
    assert (
        subprocess.run([sys.executable, *nowhere], stderr=subprocess.DEVNULL, timeout=200, check=False).returncode != 0
    )


def blocks(lock: Path) -> dict[str, list[str]]:
    """The pins of each package, with their hashes; several where they differ by platform."""
    found: dict[str, list[str]] = {}
    for block in _BLOCK.split(lock.read_text(encoding="utf-8").strip()):
        found.setdefault(canonicalize_name(re.split(r"[ =@;\[]", block, maxsplit=1)[0]), []).append(block)
    return found


def _needed() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    first = [
        *project["dependencies"],
        *BUILDS,
        *(one for extra in EXTRAS for one in project["optional-dependencies"][extra]),
    ]
    waiting, done = [Requirement(one) for one in first], set[tuple[str, str]]()
    while waiting:
        one = waiting.pop()
        for extra in ("", *one.extras):
            if (one.name, extra) not in done:
                done.add((one.name, extra))
                waiting += _of(one.name, extra)
    return {canonicalize_name(name) for name, _ in done}


def _of(name: str, extra: str) -> Iterator[Requirement]:
    """What it asks for on some platform. What is not installed here asks for nothing: the lock would be too short, which pip notices."""
    try:
        asked: Iterable[str] = requires(name) or []
    except PackageNotFoundError:
        return
    for one in map(Requirement, asked):
        if one.marker is None or "extra" not in str(one.marker) or one.marker.evaluate({"extra": extra}):
            yield one
