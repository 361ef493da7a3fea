"""The two other gateways, installed once into a cache folder of their own: LiteLLM Proxy by pip, Portkey by npm."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

INSTALL_LIMIT = 600
LITELLM_ENV = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "DO_NOT_TRACK": "1"}
# With a newer one of these its streams end in a 500 (Portkey-AI/gateway issue 1389); this one is inside the range that it asks for.
PORTKEY_OVERRIDES = {"@hono/node-server": "1.14.1"}


class Unavailable(Exception):
    """A contender cannot take part; the words say why."""


def cache_folder() -> Path:
    """`HAECHI_BENCH_CACHE`, else `.bench` here; it hides itself from git."""
    folder = Path(os.environ.get("HAECHI_BENCH_CACHE", ".bench")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n")
    return folder


def litellm(cache: Path) -> tuple[Path, str, str]:
    """The command, what it is, and what is to be said of it. pip takes the newest release whose dependencies can all be had."""
    command = cache / "litellm/bin/litellm"
    python = command.with_name("python")
    if not command.exists():
        began = time.monotonic()
        _run([sys.executable, "-m", "venv", str(cache / "litellm")])
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "litellm[proxy]"])
        sys.stderr.write(f"installed LiteLLM in {time.monotonic() - began:.0f} s\n")
    code = "import importlib.metadata as m; print(m.version('litellm'))"
    version = _run([str(python), "-c", code]).strip()
    newest = _newest_litellm(cache, python)
    note = f"LiteLLM {newest} is published, but its dependencies could not be had here; pip took {version}."
    return command, f"LiteLLM Proxy {version}", "" if newest in ("", version) else note


def portkey(cache: Path) -> tuple[list[str], str, str]:
    """The command line without port, what it is, and what is to be said of it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Unavailable("node and npm are not installed (Debian: apt-get install nodejs npm)")
    home = cache / "portkey"
    package = home / "node_modules/@portkey-ai/gateway"
    if not package.exists():
        began = time.monotonic()
        home.mkdir(exist_ok=True)
        wanted = {"dependencies": {"@portkey-ai/gateway": "latest"}, "overrides": PORTKEY_OVERRIDES}
        (home / "package.json").write_text(json.dumps(wanted))
        _run([npm, "install", "--prefix", str(home), "--no-audit", "--no-fund", "--ignore-scripts"])
        sys.stderr.write(f"installed Portkey in {time.monotonic() - began:.0f} s\n")
    version = json.loads((package / "package.json").read_text())["version"]
    runtime = _run([node, "--version"]).strip()
    argv = [node, str(package / "build/start-server.js"), "--headless"]
    return argv, f"Portkey gateway {version}", f"Portkey ran on Node {runtime}."


def _newest_litellm(cache: Path, python: Path) -> str:
    """The newest published version, asked for once; empty when the index did not say."""
    answer = cache / "litellm/newest.txt"
    if not answer.exists():
        try:
            text = _run([str(python), "-m", "pip", "index", "versions", "litellm"])
        except Unavailable:
            return ""
        found = re.search(r"litellm \(([^)]+)\)", text)
        answer.write_text(found[1] if found else "")
    return answer.read_text()


def _run(argv: list[str]) -> str:
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=INSTALL_LIMIT, check=True, env={**os.environ, **LITELLM_ENV}
        )
    except subprocess.CalledProcessError as error:
        words = (error.stderr.strip() or "no message").splitlines()[-1]
        raise Unavailable(f"`{Path(argv[0]).name} {' '.join(argv[1:4])}` failed: {words}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"`{Path(argv[0]).name}` could not be run: {error}") from error
    return done.stdout
