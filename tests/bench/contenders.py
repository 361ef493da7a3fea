"""Who takes part: how each is started, and what a request to it looks like."""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.bench import install, nginx
from tests.bench.install import Unavailable
from tests.bench.payloads import http_request

KEY = "sk-bench-0123456789abcdef"
TRACING = ("haechi_untraced", "haechi_traced")
NAMES = ("direct", "nginx", "nginx_defaults", "bare", "bare_parsing", "haechi", *TRACING, "litellm", "portkey")
LIGHT = NAMES[:8]
PARTS = ("start", "unary", "large", "chunks", "first_token", "idle", "tracing")


Start = Callable[[Path, int], tuple[list[str], Mapping[str, str]]]


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
    requests before it is measured: a just-in-time compiler needs thousands. `parts` are those of `PARTS` that it takes part
    in. `note` is for the page.
    """

    name: str
    title: str
    start: Start | None
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    slow: bool = False
    warm: int = 2000
    parts: Sequence[str] = PARTS
    note: str = ""

    def request(self, kind: str, port: int, body: bytes) -> bytes:
        headers = {"Authorization": f"Bearer {KEY}", **self.headers.get(kind, {})}
        return http_request(self.paths.get(kind, "/v1/chat/completions"), port, body, headers)


def chosen(only: str) -> tuple[Sequence[str], Sequence[str]]:
    """Contenders and parts from a comma-separated list of some of either; of the kind that is not named, all.

    `direct` comes along for what is compared with it. `ValueError` for a word that is neither.
    """
    words = set(only.split(","))
    unknown = words - {*NAMES, *PARTS}
    if unknown:
        raise ValueError(
            f"neither a contender nor a part: {', '.join(sorted(unknown))}; there are {', '.join((*NAMES, *PARTS))}"
        )
    parts = [part for part in PARTS if part in words] or PARTS
    if words == {"tracing"}:  # nobody else takes part in it
        return list(TRACING), parts
    named = words & set(NAMES)
    return [name for name in NAMES if not named or name in named or (name == "direct" and "unary" in parts)], parts


def make(name: str, upstreams: Upstreams) -> Contender:
    """The contender of that name; `Unavailable` says why it cannot take part."""
    return _MAKERS[name](upstreams)


def _direct(upstreams: Upstreams) -> Contender:
    return Contender("direct", "direct", None, parts=("unary",))


def _nginx(upstreams: Upstreams) -> Contender:
    return Contender("nginx", "nginx `proxy_pass`", _nginx_start(upstreams, nginx.IN_MEMORY), paths=_PREFIXED)


def _nginx_defaults(upstreams: Upstreams) -> Contender:
    start = _nginx_start(upstreams, nginx.BY_DEFAULT)
    return Contender("nginx_defaults", "nginx with its defaults", start, paths=_PREFIXED, parts=("large",))


def _nginx_start(upstreams: Upstreams, bodies: str) -> Start:
    if nginx.command() is None:
        raise Unavailable("nginx is not installed (Debian: apt-get install nginx)")

    def start(folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
        return nginx.proxy_argv(folder, port, (upstreams.unary, upstreams.stream), upstreams.files, bodies), {}

    return start


def _bare(upstreams: Upstreams) -> Contender:
    return Contender("bare", "bare Starlette + aiohttp", _bare_start(upstreams, "app"), paths=_PREFIXED)


def _bare_parsing(upstreams: Upstreams) -> Contender:
    start = _bare_start(upstreams, "parsing")
    return Contender("bare_parsing", "bare, both bodies parsed", start, paths=_PREFIXED, parts=("unary", "large"))


def _bare_start(upstreams: Upstreams, app: str) -> Start:
    def start(folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
        argv = [sys.executable, "-m", "uvicorn", f"tests.bench.bare:{app}", "--host", "127.0.0.1", "--port", str(port)]
        argv += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        return argv, {"BENCH_UNARY": _base(upstreams.unary), "BENCH_STREAM": _base(upstreams.stream)}

    return start


def _haechi(upstreams: Upstreams) -> Contender:
    command = Path(sys.executable).with_name("haechi")
    if not command.exists():
        raise Unavailable(f"{command.name} is not installed beside this Python (pip install -e .)")

    def start(folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
        config = folder / "haechi.yaml"
        config.write_text(_haechi_yaml(upstreams, port, {"record": {"file": str(folder / "records.jsonl")}}))
        return [str(command), "serve", "--config", str(config)], {}

    return Contender("haechi", "Haechi", start, parts=PARTS[:-1])


def _traced(upstreams: Upstreams, *, share: int) -> Contender:
    """Without any record, or with a trace of every request, sent to the upstream that takes whatever comes."""

    def start(folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
        config = folder / "haechi.yaml"
        tracing = {"endpoint": f"{_base(upstreams.unary)}/v1/traces"}
        record = {"spool": str(folder / "spool")}
        config.write_text(_haechi_yaml(upstreams, port, {"tracing": tracing, "record": record} if share else {}))
        return [sys.executable, "-m", "gateway.cli", "serve", "--config", str(config)], {}

    title = f"Haechi, {share} % traced"
    return Contender("haechi_traced" if share else "haechi_untraced", title, start, parts=("tracing",))


def _haechi_yaml(upstreams: Upstreams, port: int, more: Mapping[str, object]) -> str:
    """One hashed key; priced targets, so that cost is computed. JSON is YAML."""
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
            **more,
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
    "nginx_defaults": _nginx_defaults,
    "bare": _bare,
    "bare_parsing": _bare_parsing,
    "haechi": _haechi,
    "haechi_untraced": partial(_traced, share=0),
    "haechi_traced": partial(_traced, share=100),
    "litellm": _litellm,
    "portkey": _portkey,
}
