"""Who takes part: how each is started, and what a request to it looks like."""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import install, nginx
from tests.bench.install import Unavailable
from tests.bench.payloads import http_request

KEY = "sk-bench-0123456789abcdef"
NAMES = ("direct", "nginx", "bare", "haechi", "litellm", "portkey")


@dataclass(frozen=True)
class Upstreams:
    """Ports of the two upstreams, and the most files that one process may open."""

    unary: int
    stream: int
    files: int


@dataclass(frozen=True)
class Contender:
    """`start` writes what the contender needs below a folder and gives its command line and environment.

    `headers` and `paths` have one entry for unary and one for streamed requests. A `slow` one gets a gentler load, and `warm`
    requests before it is measured: a just-in-time compiler needs thousands. `note` is for the page.
    """

    name: str
    title: str
    start: Callable[[Path, int], tuple[list[str], Mapping[str, str]]] | None
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    slow: bool = False
    warm: int = 2000
    note: str = ""

    def request(self, kind: str, port: int, body: bytes) -> bytes:
        headers = {"Authorization": f"Bearer {KEY}", **self.headers.get(kind, {})}
        return http_request(self.paths.get(kind, "/v1/chat/completions"), port, body, headers)


def make(name: str, upstreams: Upstreams) -> Contender:
    """The contender of that name; `Unavailable` says why it cannot take part."""
    return _MAKERS[name](upstreams)


def _direct(upstreams: Upstreams) -> Contender:
    return Contender("direct", "direct", None)


def _nginx(upstreams: Upstreams) -> Contender:
    if nginx.command() is None:
        raise Unavailable("nginx is not installed (Debian: apt-get install nginx)")

    def start(folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
        return nginx.proxy_argv(folder, port, upstreams.unary, upstreams.stream, upstreams.files), {}

    return Contender("nginx", "nginx `proxy_pass`", start, paths=_PREFIXED)


def _bare(upstreams: Upstreams) -> Contender:
    def start(folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
        argv = [sys.executable, "-m", "uvicorn", "tests.bench.bare:app", "--host", "127.0.0.1", "--port", str(port)]
        argv += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        return argv, {"BENCH_UNARY": _base(upstreams.unary), "BENCH_STREAM": _base(upstreams.stream)}

    return Contender("bare", "bare Starlette + aiohttp", start, paths=_PREFIXED)


def _haechi(upstreams: Upstreams) -> Contender:
    command = Path(sys.executable).with_name("haechi")
    if not command.exists():
        raise Unavailable(f"{command.name} is not installed beside this Python (pip install -e .)")

    def start(folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
        config = folder / "haechi.yaml"
        config.write_text(_haechi_yaml(upstreams, port, folder / "records.jsonl"))
        return [str(command), "serve", "--config", str(config)], {}

    return Contender("haechi", "Haechi", start)


def _haechi_yaml(upstreams: Upstreams, port: int, records: Path) -> str:
    """One hashed key; priced targets, so that cost is computed; records on. JSON is YAML."""
    prices = {"input": 0.15, "output": 0.6, "cached_input": 0.075}
    parts = {"unary": upstreams.unary, "stream": upstreams.stream}
    return json.dumps(
        {
            "listen": {"host": "127.0.0.1", "port": port},
            "keys": [{"name": "bench", "hash": "sha256:" + hashlib.sha256(KEY.encode()).hexdigest(), "team": "bench"}],
            "providers": {
                kind: {"kind": "openai_compatible", "base_url": _base(at) + "/v1", "connections": upstreams.files}
                for kind, at in parts.items()
            },
            "models": {
                f"bench-{kind}": {"targets": [{"provider": kind, "model": f"bench-{kind}", "prices": prices}]}
                for kind in parts
            },
            "record": {"file": str(records)},
        },
        indent=2,
    )


def _litellm(upstreams: Upstreams) -> Contender:
    command, title, note = install.litellm(install.cache_folder())

    def start(folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
        config = folder / "litellm.yaml"
        config.write_text(_litellm_yaml(upstreams))
        argv = [str(command), "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
        settings = {"LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "LITELLM_MASTER_KEY": KEY}
        return argv, {**install.LITELLM_ENV, **settings}

    return Contender("litellm", title, start, slow=True, warm=200, note=note)


def _litellm_yaml(upstreams: Upstreams) -> str:
    """The settings of LiteLLM's own page on production, as far as they apply to one worker without database and Redis."""
    models = [
        {
            "model_name": f"bench-{kind}",
            "litellm_params": {"model": f"openai/bench-{kind}", "api_key": KEY, "api_base": _base(port) + "/v1"},
        }
        for kind, port in (("unary", upstreams.unary), ("stream", upstreams.stream))
    ]
    settings = {"request_timeout": 600, "set_verbose": False, "json_logs": True, "callbacks": []}
    return json.dumps({"model_list": models, "general_settings": {"master_key": KEY}, "litellm_settings": settings})


def _portkey(upstreams: Upstreams) -> Contender:
    argv, title, note = install.portkey(install.cache_folder())

    def start(folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
        return [*argv, f"--port={port}"], {"NODE_ENV": "production"}

    headers = {
        kind: {"x-portkey-provider": "openai", "x-portkey-custom-host": _base(port) + "/v1"}
        for kind, port in (("unary", upstreams.unary), ("stream", upstreams.stream))
    }
    return Contender("portkey", title, start, headers=headers, slow=True, warm=4000, note=note)


def _base(port: int) -> str:
    return f"http://127.0.0.1:{port}"


_PREFIXED = {kind: f"/{kind}/v1/chat/completions" for kind in ("unary", "stream")}
_MAKERS: dict[str, Callable[[Upstreams], Contender]] = {
    "direct": _direct,
    "nginx": _nginx,
    "bare": _bare,
    "haechi": _haechi,
    "litellm": _litellm,
    "portkey": _portkey,
}
