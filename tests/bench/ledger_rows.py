"""Fills a ledger with plausible rows and their sums, then times what pages ask of it: `python -m tests.bench.ledger_rows --rows 1000000`.

Rows are drawn from templates, each of which was made by the code that writes real ones, and go in by bulk with the indexes made afterwards;
sums are those of the very rows. `--postgresql` starts a server for it. `--folder` keeps what was made, and uses it the next time.
"""

import argparse
import asyncio
import importlib
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args
from zoneinfo import ZoneInfo

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex

from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.columns import columns
from gateway.ledger.ledger import Ledger
from gateway.ledger.tables import days as days_table
from gateway.ledger.tables import groups, hours, minutes, requests
from gateway.ledger.tallies import DAY, GRAINS, HOUR, MINUTE, Group, Tally, added, by_minute
from gateway.ledger.views import Dimension, Filter
from gateway.ledger.writing import stored_sums
from tests.support.ledgered import NOON, a_row
from tests.support.postgres_server import postgres_server

END: Final = int(NOON) // DAY * DAY
_SEED: Final = 20261120
_TEMPLATES: Final = 4_000
_KEYS: Final = 24
_USERS: Final = 50_000
_MODELS: Final = (("fast", "llama", "house"), ("fast", "llama", "abroad"), ("smart", "gpt", "openai"), ("smart", "claude", "anthropic"),
                  ("embed", "bge", "house"), ("long", "gemini", "google"), ("cheap", "mini", "openai"), ("rare", "old", "house"))  # fmt: skip
_WEIGHTS: Final = (40, 5, 20, 12, 12, 6, 5, 0.02)
_ENDS: Final = (("answered", None, 200), ("failed", "upstream_timeout", 504), ("blocked", "policy_blocked", 400), ("cut", "stream_cut", 200),
                ("client_gone", None, 200), ("failed", "rate_limited", 429))  # fmt: skip
_END_WEIGHTS: Final = (940, 15, 20, 3, 10, 12)
_CACHES: Final = ((None, 20), ("miss", 55), ("hit", 15), ("semantic", 2), ("shadow", 6), ("bypass", 2))
_TRIES: Final = 5
_TARGET: Final = 0.2


class Template(NamedTuple):
    values: dict[str, Any]
    group: Group
    sums: Tally


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--days", type=int, default=30)
    options.add_argument("--postgresql", action="store_true")
    options.add_argument("--folder", type=Path)
    given = options.parse_args()
    with _place(given.folder) as folder:
        if given.postgresql:
            with postgres_server() as server:
                asyncio.run(_run(Settings(url=Secret(server.fresh("ledger"))), given.rows, given.days))
        else:
            file = folder / "ledger.db"
            asyncio.run(_run(Settings(url=Secret(f"sqlite:///{file}")), given.rows, given.days))
            _say(f"{file.stat().st_size / 2**30:.2f} GB")


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    else:
        with tempfile.TemporaryDirectory() as made:
            yield Path(made)


async def _run(settings: Settings, rows: int, days: int) -> None:
    ledger = await Ledger.open(settings)
    if not (await ledger.page(limit=1)).rows:
        began = time.perf_counter()
        await (_fill_sqlite if settings.address.kind == "sqlite" else _fill_postgresql)(settings, rows, days)
        _say(f"{rows:,} rows over {days} days made in {time.perf_counter() - began:.0f} s")
    await _time(ledger, days)
    await ledger.aclose()


async def _fill_sqlite(settings: Settings, rows: int, days: int) -> None:
    connection = sqlite3.connect(settings.address.path, isolation_level=None)
    for pragma in ("synchronous = OFF", "cache_size = -400000"):
        connection.execute(f"PRAGMA {pragma}")
    indexes = list(requests.indexes)
    for index in indexes:
        connection.execute(f"DROP INDEX {index.name}")

    async def put(table: Any, some: list[dict[str, Any]]) -> None:
        names = list(some[0])
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        connection.execute("BEGIN")
        connection.executemany(statement, [tuple(one.values()) for one in some])
        connection.execute("COMMIT")

    await _fill(put, rows, days)
    for index in indexes:
        connection.execute(str(CreateIndex(index).compile(dialect=_sqlite())))
    connection.execute("PRAGMA analysis_limit = 1000")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _sqlite() -> Any:
    return sqlite.dialect()


def _postgresql() -> Any:
    return postgresql.dialect()  # type: ignore[no-untyped-call]


async def _fill_postgresql(settings: Settings, rows: int, days: int) -> None:
    connection = await importlib.import_module("asyncpg").connect(settings.address.dsn)
    indexes = list(requests.indexes)
    for index in indexes:
        await connection.execute(f"DROP INDEX {index.name}")

    async def put(table: Any, some: list[dict[str, Any]]) -> None:
        await connection.copy_records_to_table(
            table.name, records=[tuple(one.values()) for one in some], columns=list(some[0])
        )

    await _fill(put, rows, days)
    for index in indexes:
        await connection.execute(str(CreateIndex(index).compile(dialect=_postgresql())))
    await connection.execute("ANALYZE")
    await connection.close()


Put = Callable[[Any, list[dict[str, Any]]], Awaitable[None]]


async def _fill(put: Put, rows: int, days: int) -> None:
    rng = random.Random(_SEED)
    templates = _templates(rng)
    ids = {group: number for number, group in enumerate(_groups(templates), 1)}
    await put(groups, [{"id": number, **group._asdict()} for group, number in ids.items()])
    coarse = {grain: {ids[one.group]: ids[_coarse(one.group, grain)] for one in templates} for grain in GRAINS}
    of = [ids[one.group] for one in templates]
    begin = END - days * DAY
    by_days: dict[str, dict[tuple[int, int], Tally]] = {}
    spans = days * 24
    made = 0
    for hour in range(spans):
        first, until = begin + hour * HOUR, rows * (hour + 1) // spans
        times = sorted(rng.random() * HOUR for _ in range(until - made))
        made = until
        sums: dict[tuple[int, int], Tally] = {}
        some = []
        for offset in times:
            place = rng.randrange(_TEMPLATES)
            template = templates[place]
            at = first + offset
            some.append(
                template.values
                | {
                    "at": int(at * 1_000_000),
                    "request_id": f"req_{rng.getrandbits(96):024x}",
                    "trace_id": f"{rng.getrandbits(128):032x}",
                    "end_user": f"u{rng.randrange(_USERS)}",
                }
            )
            _put(sums, of[place], int(at) // MINUTE * MINUTE, template.sums)
        if some:
            await put(requests, some)
        for grain in GRAINS:
            by_minutes: dict[tuple[int, int], Tally] = {}
            by_hours: dict[tuple[int, int], Tally] = {}
            if hour % 24 == 0:
                by_days[grain] = {}
            for (group, bucket), one in sums.items():
                _put(by_minutes, coarse[grain][group], bucket, one)
                _put(by_hours, coarse[grain][group], first, one)
                _put(by_days[grain], coarse[grain][group], first // DAY * DAY, one)
            for table, found in (
                (minutes, by_minutes),
                (hours, by_hours),
                (days_table, by_days[grain] if hour % 24 == 23 else {}),
            ):
                if found:
                    await put(table, [stored_sums(key, one) for key, one in sorted(found.items())])


def _put(sums: dict[tuple[int, int], Tally], group: int, bucket: int, one: Tally) -> None:
    held = sums.get((group, bucket))
    sums[group, bucket] = one if held is None else added(held, one)


def _templates(rng: random.Random) -> list[Template]:
    found = []
    for _ in range(_TEMPLATES):
        model, served, provider = rng.choices(_MODELS, _WEIGHTS)[0]
        outcome, code, status = rng.choices(_ENDS, _END_WEIGHTS)[0]
        cache = rng.choices([name for name, _ in _CACHES], [weight for _, weight in _CACHES])[0]
        key = min(int(rng.expovariate(0.2)), _KEYS - 1)
        seconds = min(rng.lognormvariate(-0.3, 1.0), 300)
        row = a_row(
            key=f"key-{key}", team=f"team-{key % 6}", model=model, model_served=served, provider=provider, outcome=outcome, code=code,
            status=status, cache=cache, seconds=seconds, first_token_seconds=seconds * rng.random(), input_tokens=int(rng.lognormvariate(6, 1)),
            output_tokens=int(rng.lognormvariate(5, 1)), cost_nanodollars=int(rng.lognormvariate(12, 1)),
            saved_nanodollars=1_000 if cache == "hit" else None, prompt=f"prompt@{rng.randrange(20)}" if rng.random() < 0.3 else None,
        )  # fmt: skip
        (((group, _), sums),) = by_minute([row], []).items()
        values = columns(row)
        found.append(Template(values, group, sums))
    return found


def _groups(templates: list[Template]) -> list[Group]:
    return sorted({_coarse(one.group, grain) for one in templates for grain in GRAINS})


def _coarse(group: Group, grain: str) -> Group:
    return group._replace(grain=grain, **dict.fromkeys(set(GRAINS["full"]) - set(GRAINS[grain]), ""))


async def _time(ledger: Ledger, days: int) -> None:
    end, seoul = END, ZoneInfo("Asia/Seoul")
    begin = end - days * 24 * HOUR
    middle = await ledger.page(until=(begin + end) / 2, limit=1)
    everything, one_key = Filter(), Filter(key=("key-3",))
    cross = Filter(model=("smart",), team=("team-2",))
    pages: dict[str, Filter] = {
        "everything": everything,
        "a key": one_key,
        "a rare model": Filter(model=("rare",)),
        "a user": Filter(user=("u77",)),
        "failed or cut": Filter(outcome=("failed", "cut")),
        "a code": Filter(code=("upstream_timeout",)),
        "a model and a team": cross,
        "a rare model, blocked": Filter(model=("rare",), outcome=("blocked",)),
        "a key that failed at a provider": Filter(key=("key-9",), provider=("anthropic",), outcome=("failed",)),
        "what is not there": Filter(key=("key-3",), model=("none",)),
        "a rare model and a common key": Filter(key=("key-0",), model=("rare",)),
        "no cache": Filter(cache=("",), model=("smart",)),
        "a prompt": Filter(prompt=("prompt@3",)),
    }
    for name, rows in pages.items():
        await _timed(f"page of {name}", partial(ledger.page, rows))
    await _timed("page from the middle", lambda: ledger.page(before=middle.newest))
    await _timed("page of a user, last day", lambda: ledger.page(Filter(user=("u77",)), since=end - 24 * HOUR))
    known = (await ledger.page(limit=1)).rows[0].request_id
    await _timed("one request", lambda: ledger.find(known))
    for name, rows in {"everything": everything, "a key": one_key, "a model and a team": cross}.items():
        for title, hours_back in {"an hour": 1, "a day": 24, "a week": 7 * 24, "all": days * 24}.items():
            since = end - hours_back * HOUR - 17 * 60
            await _timed(f"summary of {name}, {title}", partial(ledger.summary, rows, since, end - 60))
    for name, rows in {"everything": everything, "a model and a team": cross}.items():
        await _timed(f"series of {name}, an hour by minutes", partial(ledger.series, rows, end - HOUR, end, "minute"))
        await _timed(
            f"series of {name}, a day by quarters",
            partial(ledger.series, rows, end - 24 * HOUR, end, "quarter"),
        )
        await _timed(
            f"series of {name}, a week by hours",
            partial(ledger.series, rows, end - 7 * 24 * HOUR, end, "hour", seoul),
        )
        await _timed(f"series of {name}, all by days", partial(ledger.series, rows, begin, end, "day", seoul))
    for by in get_args(Dimension):
        await _timed(f"split by {by}, all", partial(ledger.split, by, everything, begin, end))
    await _timed("split by key of a model, all", partial(ledger.split, "key", Filter(model=("smart",)), begin, end))
    await _timed("names of models", lambda: ledger.names("model"))


async def _timed(name: str, ask: Callable[[], Awaitable[Any]]) -> None:
    taken = []
    for _ in range(_TRIES):
        began = time.perf_counter()
        await ask()
        taken.append(time.perf_counter() - began)
    middle = statistics.median(taken)
    _say(
        f"{name:45} first {taken[0] * 1000:7.1f} ms   median {middle * 1000:7.1f} ms{'' if middle < _TARGET else '   SLOW'}"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
