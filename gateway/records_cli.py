"""`haechi export` and `haechi forget`: what leaves the ledger, as a file or for good. They ask the database of the configuration, and no gateway."""
# ruff: noqa: T201  printing is what a command does

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gateway.app import read_config
from gateway.config.mistakes import ConfigError
from gateway.config.structs import Config
from gateway.ledger.export import example, figures, pair
from gateway.ledger.port import load
from gateway.ledger.sheets import SHEETS, opened
from gateway.ledger.views import Filter, LedgerError
from gateway.record.row import Row
from gateway.record.users import keys_of, pseudonym

DEFAULT: Final = Path("haechi.yaml")
TEXTS: Final = ("openai-jsonl", "dpo")
READER: Final = "haechi export"
_AT_ONCE: Final = 500
_FILTERS: Final = ("key", "team", "model", "provider", "outcome", "prompt")
_NO_TEXTS: Final = (
    "the ledger holds no texts of these requests, so there is nothing for {}: bodies are kept only where that is switched on; "
    "csv and parquet have the figures"
)


class _CannotDo(Exception):
    """The message says why, and what to do."""


def add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        choices=(*TEXTS, *SHEETS),
        required=True,
        help="csv and parquet: figures of requests; openai-jsonl: conversations to train on; dpo: pairs from corrections",
    )
    parser.add_argument("--out", default="-", help="file, which is there once it is whole; - is standard output (-)")
    parser.add_argument(
        "--since", type=_moment, help="from this time on: 2026-11-20 or 2026-11-20T09:00+09:00 (UTC unless it says)"
    )
    parser.add_argument("--until", type=_moment, help="up to this time, without it")
    for name in _FILTERS:
        parser.add_argument(
            f"--{name}", action="append", default=[], help=f"only this {name}; may be given several times"
        )
    parser.add_argument("--user", help="only this end user, as requests name it")
    _add_where(parser)


def add_forget(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", required=True, help="end user, as requests name it")
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    _add_where(parser)


def _add_where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="of the gateway; by default ./haechi.yaml, if it is there")


def run(chosen: argparse.Namespace) -> int:
    """The status is 1 where something asked for is not to be had; then nothing is removed, and no file is made."""
    try:
        path: Path | None = chosen.config or (DEFAULT if DEFAULT.exists() else None)
        config = read_config(path, os.environ).config
        return asyncio.run(_COMMANDS[chosen.command](chosen, config))
    except OSError as error:
        print(f"{error.filename or 'file'}: {error.strerror}", file=sys.stderr)
    except (ConfigError, LedgerError, ValueError, _CannotDo) as error:
        print(error, file=sys.stderr)
    return 1


# --- export ----------------------------------------------------------------------------------------------------------


async def _export(chosen: argparse.Namespace, config: Config) -> int:
    ledger = await _open(config)
    try:
        if chosen.format in SHEETS:
            written = await _sheet(chosen, config, ledger)
        else:
            written = await _lines(chosen, config, ledger)
    finally:
        await ledger.aclose()
    print(f"{written:,} {'lines' if chosen.format in TEXTS else 'rows'}", file=sys.stderr)
    return 0


async def _sheet(chosen: argparse.Namespace, config: Config, ledger: Any) -> int:
    written = 0
    with opened(chosen.out) as out:
        sheet = SHEETS[chosen.format](out)
        async for rows in _rows(chosen, config, ledger):
            said = await _said_of(ledger, rows)
            sheet.write([figures(row, said.get(row.request_id, [])) for row in rows])
            written += len(rows)
        sheet.close()
    return written


async def _lines(chosen: argparse.Namespace, config: Config, ledger: Any) -> int:
    """Nothing is made where there are no texts at all."""
    made = (_pairs if chosen.format == "dpo" else _examples)(chosen, config, ledger)
    first = await anext(made, None)
    if first is None:
        raise _CannotDo(_NO_TEXTS.format(chosen.format))
    written = 0
    with opened(chosen.out) as out:
        for line in first:
            out.write(line + b"\n")
            written += 1
        async for lines in made:
            for line in lines:
                out.write(line + b"\n")
                written += 1
    return written


async def _examples(chosen: argparse.Namespace, config: Config, ledger: Any) -> AsyncIterator[list[bytes]]:
    async for rows in _rows(chosen, config, ledger):
        names = [row.request_id for row in rows if row.outcome == "answered"]
        if bodies := await ledger.read_bodies(names, READER, time.time()):
            said = await _said_of(ledger, rows)
            yield [line for body in bodies if (line := example(body, said.get(body.request_id, []))) is not None]


async def _pairs(chosen: argparse.Namespace, config: Config, ledger: Any) -> AsyncIterator[list[bytes]]:
    """One for each correction; the filters are those of its request."""
    async for rows in _rows(chosen, config, ledger):
        said = await _said_of(ledger, rows)
        corrected = [name for name, every in said.items() if any(one.correction for one in every)]
        if corrected and (bodies := await ledger.read_bodies(corrected, READER, time.time())):
            yield [line for body in bodies for one in said[body.request_id] if (line := pair(body, one)) is not None]


async def _rows(chosen: argparse.Namespace, config: Config, ledger: Any) -> AsyncIterator[list[Row]]:
    """The newest first."""
    users = () if chosen.user is None else tuple(_names(config, chosen.user))
    which = Filter(user=users, **{name: tuple(getattr(chosen, name)) for name in _FILTERS})
    before: str | None = None
    while True:
        page = await ledger.page(which, before=before, since=chosen.since, until=chosen.until, limit=_AT_ONCE)
        if page.rows:
            yield page.rows
        before = page.older
        if before is None:
            return


async def _said_of(ledger: Any, rows: Sequence[Row]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one in await ledger.feedback_of_all([row.request_id for row in rows]):
        found.setdefault(one.request_id, []).append(one)
    return found


# --- forget ----------------------------------------------------------------------------------------------------------


async def _forget(chosen: argparse.Namespace, config: Config) -> int:
    names = _names(config, chosen.user)
    ledger = await _open(config)
    gone: dict[str, int] = {}
    try:
        for name in names:
            found = await (ledger.held(name) if chosen.dry_run else ledger.forget(name))
            gone = {table: gone.get(table, 0) + count for table, count in found.items()}
    finally:
        await ledger.aclose()
    print("Would be removed from the ledger:" if chosen.dry_run else "Removed from the ledger:")
    for table, count in gone.items():
        print(f"  {table}: {count:,}")
    print("Sums by minute, hour and model stay: they hold no end user.")
    print("Not here, and not removed:")
    for line in _elsewhere(config):
        print(f"  {line}")
    return 0


def _elsewhere(config: Config) -> list[str]:
    """What else may tell of somebody, how long, and what to do."""
    found = [f"requests that are being served or wait in {config.record.spool}: run this again when they have come in"]
    if config.record.file is not None:
        found.append(
            f"lines of record.file ({config.record.file}), with the end user as `record.users` lets it be told"
        )
    if config.cache is not None:
        found.append(
            f"answers in the cache: their keys are digests, so nobody can tell whose they are; they leave within {config.cache.seconds:g} s,"
            " or at once by `haechi cache purge --tenant NAME` with all others of the key"
        )
    found.append(
        f"what is kept encrypted for `previous_response_id`, of which a key is the owner: it leaves within {config.kept.seconds:g} s"
    )
    found.append("traces and logs that went elsewhere, and what providers keep: ask whoever runs these")
    return found


# --- both ------------------------------------------------------------------------------------------------------------


def _names(config: Config, user: str) -> list[str]:
    """All names under which rows may tell of somebody: plain, and by pseudonyms of every secret."""
    secrets = [*([config.secret] if config.secret is not None else []), *config.other_secrets]
    keys = keys_of(secrets, Path(config.record.spool).absolute())
    return list(dict.fromkeys([*(pseudonym(user, key) for key in keys), user]))


async def _open(config: Config) -> Any:
    if config.ledger is None:
        raise _CannotDo("the configuration has no section `ledger`, so nothing of requests is kept in a database")
    opens: Any = await asyncio.to_thread(load)
    return await opens(config.ledger)


def _moment(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("write 2026-11-20 or 2026-11-20T09:00+09:00") from None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()


_COMMANDS: Final[dict[str, Callable[[argparse.Namespace, Config], Coroutine[Any, Any, int]]]] = {
    "export": _export,
    "forget": _forget,
}
