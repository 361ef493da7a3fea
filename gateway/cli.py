"""The command `haechi`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from gateway import cache_cli, policy_cli, records_cli
from gateway.app import Read, check_library, check_policies, read_config
from gateway.caches import check_cache, remark_of
from gateway.config.mistakes import ConfigError
from gateway.config.schema import schema_text
from gateway.limits.keys import new_key
from gateway.serve import run as serve
from gateway.simulator.serve import run as simulate
from gateway.upstream.providers import row_of

DEFAULT: Final = Path("haechi.yaml")
_NOBODY_READS: Final = 141
"""As a shell tells of a command that SIGPIPE has ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status. Whoever reads what a command prints may stop when it likes, as `head` does: then the command ends, without a word."""
    try:
        try:
            return _run(arguments)
        finally:  # `--help` leaves by an exception
            sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):  # or the interpreter complains when it flushes them
            os.dup2(nowhere, stream.fileno())
        return _NOBODY_READS


def _run(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.command == "serve":
        return serve(chosen.config or _here(), os.environ, chosen.host, chosen.port)
    if chosen.command == "simulate":
        return simulate(chosen.host, chosen.port, chosen.script)
    if chosen.command == "policy":
        return policy_cli.run(chosen)
    if chosen.command == "cache":
        return cache_cli.run(chosen)
    if chosen.command in ("export", "forget"):
        return records_cli.run(chosen)
    if chosen.command == "check":
        return _check(chosen.named or chosen.config)
    if chosen.command == "schema":
        print(schema_text(), end="")
        return 0
    key, hashed = new_key()
    print(f"key:  {key}   (give it to the caller; it is not kept)\nhash: {hashed}   (goes into `keys`)")
    return 0


def _here() -> Path | None:
    """The file that `haechi check` looks at by itself."""
    return DEFAULT if DEFAULT.exists() else None


def _check(path: Path) -> int:
    try:
        read = read_config(path, os.environ)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    config = read.config
    if not config.models:
        print(f"{path}: nothing is wrong, but it names no models: nobody could ask for anything", file=sys.stderr)
        return 1
    try:
        check_library(config)
        check_policies(config, read.policies)
        check_cache(config)
    except ValueError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    print(
        f"{path}: good. Models: {', '.join(config.models)}. Providers: {', '.join(config.providers)}.{_policies(read)}"
    )
    asks_library = any(row_of(name, provider).library for name, provider in config.providers.items())
    if asks_library and find_spec("litellm") is None:
        print(f'{path}: a provider needs the extra "providers": pip install "haechi[providers]"', file=sys.stderr)
        return 1
    if remark := asyncio.run(remark_of(config)):
        print(f"{path}: {remark}")
    return 0


def _policies(read: Read) -> str:
    return f" Policies: {', '.join(read.policies)}." if read.policies else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="haechi", description="An LLM gateway.")
    parser.add_argument("--version", action="version", version=f"haechi {metadata.version('haechi')}")
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="run the gateway")
    serving.add_argument(
        "--config", type=Path, help="by default ./haechi.yaml; without one a demo and the vendors whose keys are set"
    )
    serving.add_argument("--host", help="replaces listen.host")
    serving.add_argument("--port", type=int, help="replaces listen.port")
    simulating = commands.add_parser("simulate", help="run the simulated upstream")
    simulating.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    simulating.add_argument("--port", type=int, default=8081, help="port to listen on (8081; 0 takes a free one)")
    simulating.add_argument("--script", type=Path, help="YAML or JSON: faults by model name")
    checking = commands.add_parser("check", help="check a configuration and name every mistake")
    checking.add_argument("config", type=Path, nargs="?", default=DEFAULT, help="by default ./haechi.yaml")
    checking.add_argument("--config", dest="named", type=Path, help=argparse.SUPPRESS)  # as `serve` takes it
    policy_cli.add_to(commands.add_parser("policy", help="look at policies: mistakes, remarks, coverage"))
    cache_cli.add_to(commands.add_parser("cache", help="look at the cache: why, how well; and purge it"))
    records_cli.add_export(
        commands.add_parser("export", help="write what the ledger holds: figures, texts, preferences")
    )
    records_cli.add_forget(commands.add_parser("forget", help="remove what the ledger holds of an end user"))
    commands.add_parser("schema", help="print the JSON Schema of haechi.yaml")
    commands.add_parser("key", help="make a key for a caller and print its hash")
    return parser


if __name__ == "__main__":
    sys.exit(main())
