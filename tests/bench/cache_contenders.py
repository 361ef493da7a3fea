"""Who answers from its exact cache: how each is started with it, and the same gateway without it to compare with."""

import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from tests.bench import contenders, install
from tests.bench.contenders import KEY, Contender, Upstreams
from tests.bench.process import LOAD_CORE, Process, StartError, free_port

Asks = Literal["same", "others"]
REDIS_LIMIT: Final = 10.0
PORTKEY_NOTE: Final = (
    "Portkey's package on npm is built with `cache: false`, and the code of its cache is not in it: asked for its cache, it asks "
    "the upstream each time. It stands in the table with that, and no bar is held against it."
)


@dataclass(frozen=True)
class Entrant:
    """`asks`: the same question again and again, or another one each time. `alone`: its upstream is ended before it is measured, so
    that every answer must come from its cache.
    """

    contender: Contender
    asks: Asks = "same"
    alone: bool = False


Maker = Callable[[Upstreams, int | None], Entrant]


class RedisServer:
    """On a free port of this machine, on the load's core; ended by `end`."""

    def __init__(self, program: str, folder: Path) -> None:
        self.port = free_port()
        argv = [program, "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder), "--save", ""]
        self._process = Process([*argv, "--appendonly", "no"], LOAD_CORE, folder / "redis.log")
        self._wait()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def end(self) -> None:
        self._process.end()

    def _wait(self) -> None:
        until = time.perf_counter() + REDIS_LIMIT
        while time.perf_counter() < until:
            self._process.check_alive()
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                    line.sendall(b"PING\r\n")
                    if line.recv(64).startswith(b"+PONG"):
                        return
            except OSError:
                time.sleep(0.01)
        raise StartError(f"redis-server gave no answer within {REDIS_LIMIT:g} s")


def make(name: str, upstreams: Upstreams, redis: int | None) -> Entrant:
    """The entrant of that name; `redis` is the port of a server. `Unavailable` says why it cannot take part."""
    return _MAKERS[name](upstreams, redis)


def _haechi(name: str, title: str, cache: dict[str, Any] | None) -> Callable[[Upstreams, int | None], Contender]:
    def made(upstreams: Upstreams, redis: int | None) -> Contender:
        plain = contenders.make("haechi", upstreams)
        start = _started(plain, "haechi.yaml", lambda config: with_cache(config, cache, redis))
        return replace(plain, name=name, title=title, start=start)

    return made


def _started(plain: Contender, file: str, changed: Callable[[dict[str, Any]], dict[str, Any]]) -> contenders.Start:
    """How it is started without a cache, with its configuration changed."""
    if plain.start is None:
        raise install.Unavailable("it has no command")
    begin = plain.start

    def start(folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
        argv, env = begin(folder, port)
        config = folder / file
        config.write_text(json.dumps(changed(json.loads(config.read_text()))))
        return argv, env

    return start


def with_cache(config: dict[str, Any], cache: dict[str, Any] | None, redis: int | None) -> dict[str, Any]:
    """The configuration with this section; with the address of the server where it names Redis."""
    made = {**config, "cache": cache}
    if cache is not None and cache.get("backend") == "redis":
        made |= {"redis": {"url": f"redis://127.0.0.1:{redis}"}, "secret": "0123456789abcdef" * 4}
    return made


def _litellm(name: str, title: str, kind: str) -> Callable[[Upstreams, int | None], Contender]:
    def made(upstreams: Upstreams, redis: int | None) -> Contender:
        where = {} if kind == "local" else {"host": "127.0.0.1", "port": str(redis)}
        cached = {"cache": True, "cache_params": {"type": kind, **where}}

        def changed(said: dict[str, Any]) -> dict[str, Any]:
            return {**said, "litellm_settings": {**said["litellm_settings"], **cached}}

        plain = contenders.make("litellm", upstreams)
        start = _started(plain, "litellm.yaml", changed)
        return replace(plain, name=name, title=f"{plain.title}, {title}", start=start)

    return made


def _portkey(upstreams: Upstreams, redis: int | None) -> Contender:
    plain = contenders.make("portkey", upstreams)
    config = {"x-portkey-config": json.dumps(_portkey_config(upstreams))}
    title = f"{plain.title}, which has no cache in its package"
    return replace(plain, title=title, headers={"unary": config}, note=f"{PORTKEY_NOTE} {plain.note}".strip())


def _portkey_config(upstreams: Upstreams) -> dict[str, Any]:
    at = f"http://127.0.0.1:{upstreams.unary}/v1"
    return {"provider": "openai", "custom_host": at, "api_key": KEY, "cache": {"mode": "simple"}}


def _maker(
    made: Callable[[Upstreams, int | None], Contender], asks: Asks = "same", *, alone: bool = False, redis: bool = False
) -> Maker:
    def make_one(upstreams: Upstreams, port: int | None) -> Entrant:
        if redis and port is None:
            raise install.Unavailable("there is no redis-server (Debian: apt-get install redis-server)")
        return Entrant(made(upstreams, port), asks, alone)

    return make_one


_MAKERS: dict[str, Maker] = {
    "haechi_off": _maker(_haechi("haechi_off", "Haechi without cache", None)),
    "haechi_miss": _maker(_haechi("haechi_miss", "Haechi, memory: misses, each kept", {}), "others"),
    "haechi": _maker(_haechi("haechi", "Haechi, memory: hits", {}), alone=True),
    "haechi_redis": _maker(
        _haechi("haechi_redis", "Haechi, Redis: hits", {"backend": "redis"}), alone=True, redis=True
    ),
    "litellm": _maker(_litellm("litellm", "memory: hits", "local"), alone=True),
    "litellm_redis": _maker(_litellm("litellm_redis", "Redis: hits", "redis"), alone=True, redis=True),
    "portkey": _maker(_portkey),
}
NAMES: Final = tuple(_MAKERS)
