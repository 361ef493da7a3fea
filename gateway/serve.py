"""A gateway as a process: start, signals, reload, drain."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import uvloop
from msgspec import structs

from gateway.api.server import Server, server
from gateway.app import Gateway, Read, read_config, start
from gateway.caches import remark_of
from gateway.config.mistakes import ConfigError
from gateway.config.structs import Config
from gateway.config.watch import Reloader
from gateway.greeting import greeting
from gateway.listening import listen

log = logging.getLogger("haechi")

_LOOK_EVERY: Final = 1.0
_AT_START: Final = ("listen", "breaker", "kept", "record", "ledger", "tracing", "console")
"""Sections that a running process has built itself on."""


def run(path: Path | None, env: Mapping[str, str], host: str | None, port: int | None) -> int:
    """Serves until SIGTERM or SIGINT, then drains. Returns the exit status: 0 after a clean end, 1 for a bad start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    try:
        loaded = read_config(path, env)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(loaded, path, env, host, port))


async def _serve(loaded: Read, path: Path | None, env: Mapping[str, str], host: str | None, port: int | None) -> int:
    host = host or loaded.config.listen.host
    port = loaded.config.listen.port if port is None else port
    config = _listening_on(host, loaded.config)
    try:
        listening = listen(host, port)
    except OSError as error:
        sys.stderr.write(f"cannot listen on {host} port {port}: {error.strerror}; choose another with --port\n")
        return 1
    try:
        gateway = await start(config, loaded.policies, written=loaded.written)
    except ValueError as error:
        listening.close()
        sys.stderr.write(f"{path or 'haechi'}: {error}\n")
        return 1
    _calm_the_collector()
    serving = server(gateway.app, config.limits)
    again = asyncio.Event()
    _on_signals(gateway, serving, again, config.limits.drain)
    reloading = asyncio.create_task(_reload(gateway, loaded, path, env, host, again)) if path else None
    port, remark = listening.getsockname()[1], await remark_of(config)
    sys.stdout.write(greeting(config, host, port, shows_placeholders=path is None, remark=remark))
    sys.stdout.flush()
    await serving.serve(sockets=[listening])
    if reloading is not None:
        reloading.cancel()
    await gateway.close()
    return 0


def _calm_the_collector() -> None:
    """What start-up made stays for good, so the cyclic collector need not look at it again; and a request makes so many
    short-lived objects that the default of a run every 700 is a tenth of its cost.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _on_signals(gateway: Gateway, serving: Server, again: asyncio.Event, drain: float) -> None:
    loop = asyncio.get_running_loop()

    def leave() -> None:
        if serving.should_exit:  # the second signal: now
            gateway.gate.clear()
            serving.force_exit = True
            return
        log.info("draining: new requests are refused, streams have %g seconds", drain)
        gateway.gate.drain()
        serving.should_exit = True
        loop.call_later(drain, gateway.gate.clear)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    loop.add_signal_handler(signal.SIGHUP, again.set)


def _listening_on(host: str, config: Config) -> Config:
    """What a configuration may leave open depends on where this process really listens, whatever the file says now."""
    return structs.replace(config, listen=structs.replace(config.listen, host=host))


async def _reload(
    gateway: Gateway, loaded: Read, path: Path, env: Mapping[str, str], host: str, again: asyncio.Event
) -> None:
    """On SIGHUP, and when one of the files has changed. A bad file leaves the old configuration running."""
    reloader = Reloader(loaded.files)
    while True:
        try:
            async with asyncio.timeout(_LOOK_EVERY):
                await again.wait()
        except TimeoutError:
            if not reloader.is_stale():
                continue
        again.clear()
        try:
            new = await asyncio.to_thread(read_config, path, env)  # else every stream would stand still meanwhile
            reloader.follow(new.files)
            await gateway.prepare(_listening_on(host, new.config), new.policies, new.written)
        except ConfigError as error:
            reloader.follow(error.files)
            log.error("the configuration has mistakes; the old one stays in force:\n%s", error)  # noqa: TRY400 - no trace is wanted
        except ValueError as error:
            log.error("the configuration cannot be used; the old one stays in force: %s", error)  # noqa: TRY400 - as above
        else:
            log.info("the configuration was reloaded")
            if waiting := [name for name in _AT_START if getattr(new.config, name) != getattr(loaded.config, name)]:
                log.warning("changes of %s take effect at the next start", ", ".join(waiting))
