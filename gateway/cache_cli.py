"""`haechi cache …`: what operators of a cache ask for, of a gateway that runs, of the Redis it shares, or of a file of pairs."""
# ruff: noqa: T201  printing is what a command does

import argparse
import asyncio
import importlib
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from gateway.app import ROWS
from gateway.cache import curve
from gateway.cache.embed import WORDLLAMA, load_library
from gateway.cache.explain import explained
from gateway.cache.pairs import BadPairs
from gateway.cache.purging import NotOne, Purge, name_of
from gateway.cache.redis import Shared
from gateway.cache.stats import Stats, stats_of_store, told
from gateway.cache.trails import Trail
from gateway.config.cache import Cache
from gateway.config.load import load_with_files
from gateway.config.mistakes import ConfigError
from gateway.config.structs import Config
from gateway.store.redis import Redis, load
from gateway.upstream.aiohttp_transport import AiohttpTransport
from gateway.upstream.client import Call, TransportError, TransportLimits

DEFAULT: Final = Path("haechi.yaml")
KEY: Final = "HAECHI_KEY"
_PLACE: Final = "/haechi/cache"
_SECONDS: Final = 10.0
_WAITS_MS: Final = 2_000
"""For Redis: longer than a request would."""
_MOST_BYTES: Final = 4 * 1024 * 1024
_ANYWHERE: Final = ("0.0.0.0", "::", "")  # noqa: S104  what a gateway listens on, not we
_T = TypeVar("_T")


class _CannotDo(Exception):
    """The message says why, and what to do."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """The commands below `haechi cache`."""
    commands = parser.add_subparsers(dest="cache_command", required=True)
    _add_eval(commands.add_parser("eval", help="try threshold and veto on labelled pairs of questions"))
    _add_explain(commands.add_parser("explain", help="say why one of the last requests was answered as it was"))
    _add_purge(
        commands.add_parser("purge", help="let no kept answer count any more, of a tag, a model, a tenant, or all")
    )
    stats = commands.add_parser(
        "stats", help="print what is held, hits and misses by reason, classes, what splits the scopes"
    )
    stats.add_argument("--json", action="store_true", help="print one JSON object")
    _add_where(stats)


def _add_eval(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--log",
        type=Path,
        required=True,
        help="JSON lines with text_a, text_b and duplicate, and perhaps category, lang and similarity",
    )
    parser.add_argument(
        "--embedder",
        default=WORDLLAMA,
        help="wordllama (the default), fastembed:NAME or sentence-transformers:NAME, as in `cache.semantic.embedder`",
    )
    parser.add_argument("--target", type=float, default=0.01, help="share of hits that may be wrong (0.01)")
    parser.add_argument("--plot", type=Path, help="SVG file for precision over recall; without it a table is printed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("request_id", help="as in the header x-haechi-request-id of its answer")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    _add_where(parser)


def _add_purge(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--tag", help="given by the header x-haechi-cache-tags")
    what.add_argument("--model", help="the name that was asked for")
    what.add_argument("--tenant", help="a team, or the name of a key that belongs to none")
    what.add_argument("--all", action="store_true", help="everything")
    _add_where(parser)


def _add_where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="of the gateway; by default ./haechi.yaml, if it is there")
    parser.add_argument("--url", help=f"of a gateway that runs; its key, if it has keys, in the variable {KEY}")


def run(chosen: argparse.Namespace) -> int:
    try:
        return _COMMANDS[chosen.cache_command](chosen)
    except (ConfigError, BadPairs, NotOne, _CannotDo) as error:
        print(error, file=sys.stderr)
        return 1


def _eval(chosen: argparse.Namespace) -> int:
    """The status says whether the target is met."""
    if not 0 < chosen.target < 1:
        raise _CannotDo("--target is a share: more than 0, less than 1")
    try:
        evaluation: Any = importlib.import_module("gateway.cache.evaluation")  # with all tables of words
        found = evaluation.evaluated(chosen.log, load_library(chosen.embedder), chosen.target)
    except ValueError as error:
        raise _CannotDo(str(error)) from None
    if chosen.plot is not None:
        chosen.plot.write_text(curve.chart(found.curves), encoding="utf-8")
    if chosen.json:
        _print([_json(found.data)])
    else:
        _print([found.text] if chosen.plot is not None else [found.text, "", curve.table(found.curves)])
    return 0


def _explain(chosen: argparse.Namespace) -> int:
    trail = _decoded(_ask(_url(chosen), "GET", f"/requests/{quote(chosen.request_id, safe='')}"), Trail)
    _print([_json(trail)] if chosen.json else explained(trail))
    return 0


def _stats(chosen: argparse.Namespace) -> int:
    shared = _of_redis(chosen)
    if shared is None:
        found = _decoded(_ask(_url(chosen), "GET", "/stats"), Stats)
    else:
        config, settings = shared
        found = _with_store(config, lambda store: stats_of_store(settings, store))
    _print([_json(found)] if chosen.json else told(found))
    return 0


def _purge(chosen: argparse.Namespace) -> int:
    wanted = Purge(tag=chosen.tag, model=chosen.model, tenant=chosen.tenant, all=chosen.all)
    shared = _of_redis(chosen)
    if shared is None:
        said: Any = msgspec.json.decode(_ask(_url(chosen), "POST", "/purge", msgspec.json.encode(wanted)))
        _print([f"purged: {said['purged']}"])
        return 0
    name = name_of(wanted, shared[0].keys)
    if _with_store(shared[0], lambda store: store.next_epoch(name)) is None:
        raise _CannotDo("Redis is away or refuses to write: nothing was purged; try again")
    _print([f"purged: {name}"])
    return 0


def _of_redis(chosen: argparse.Namespace) -> tuple[Config, Cache] | None:
    """The configuration, where the store of the cache can be asked without a gateway."""
    config = None if chosen.url else _config(chosen.config)
    if config is None or config.cache is None or config.cache.backend != "redis":
        return None
    return config, config.cache


def _config(path: Path | None) -> Config | None:
    """Raises `ConfigError`."""
    if path is None and not DEFAULT.exists():
        return None
    return load_with_files(path or DEFAULT, os.environ, ROWS).config


def _url(chosen: argparse.Namespace) -> str:
    """As it was given, or where the gateway of the configuration listens."""
    if chosen.url:
        return str(chosen.url).rstrip("/").removesuffix("/v1")
    listen = (_config(chosen.config) or Config()).listen
    host = "127.0.0.1" if listen.host in _ANYWHERE else listen.host
    return f"http://{f'[{host}]' if ':' in host else host}:{listen.port}"


def _with_store(config: Config, use: Callable[[Shared], Awaitable[_T]]) -> _T:
    async def opened() -> _T:
        if config.redis is None:
            raise _CannotDo("the configuration has no section `redis`")
        likes = config.cache is not None and config.cache.semantic is not None
        store = Shared(Redis(config.redis, load(), timeout_ms=_WAITS_MS), most=int(likes))
        try:
            if likes:
                await store.probe()
            return await use(store)
        finally:
            await store.aclose()

    try:
        return asyncio.run(opened())
    except ValueError as error:  # the library is not installed
        raise _CannotDo(str(error)) from None


def _ask(url: str, method: str, path: str, body: bytes = b"") -> bytes:
    """The body of a good answer. Raises `_CannotDo` with what a bad one says."""
    key = os.environ.get(KEY)
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    try:
        status, said = asyncio.run(_asked(Call(method, f"{url}{_PLACE}{path}", headers, body)))
    except (TransportError, ValueError, TimeoutError) as error:
        why = str(error) or f"no answer within {_SECONDS:g} seconds"
        raise _CannotDo(f"{url}: {why}; say where the gateway is by --url or --config") from None
    if status != 200:
        raise _CannotDo(f"{url}: {status}: {_message(said)}{_about_keys(status, key)}")
    return said


async def _asked(call: Call) -> tuple[int, bytes]:
    transport = AiohttpTransport(TransportLimits())
    try:
        async with asyncio.timeout(_SECONDS):
            reply = await transport.open(call)
            try:
                whole = b""
                while (piece := await reply.read()) and len(whole) <= _MOST_BYTES:
                    whole += piece
                return reply.status, whole
            finally:
                await transport.close(reply)
    finally:
        await transport.aclose()


def _decoded(said: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(said, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _CannotDo("what answers there is no gateway of this release") from None


def _message(said: bytes) -> str:
    try:
        answer: Mapping[str, Any] = msgspec.json.decode(said)
        return str(answer["error"]["message"])
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError):
        return "an answer that is none of a gateway"


def _about_keys(status: int, key: str | None) -> str:
    return f" It goes into the variable {KEY}." if status in (401, 403) and key is None else ""


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode()


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "eval": _eval,
    "explain": _explain,
    "purge": _purge,
    "stats": _stats,
}
