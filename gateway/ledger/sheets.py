"""Files that rows are written to as they come: whole under their name, or not there at all."""

import csv
import importlib
import io
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from gateway.ledger.export import COLUMNS, Kind, cell


class Sheet(Protocol):
    def write(self, rows: list[dict[str, Any]]) -> None: ...

    def close(self) -> None: ...


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """`-` is standard output. A file is for this user alone, and under its name once it is whole. Raises OSError."""
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class Csv:
    def __init__(self, out: BinaryIO) -> None:
        self._text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
        self._rows = csv.DictWriter(self._text, list(COLUMNS))
        self._rows.writeheader()

    def write(self, rows: list[dict[str, Any]]) -> None:
        self._rows.writerows({name: cell(value) for name, value in row.items()} for row in rows)

    def close(self) -> None:
        self._text.detach()  # whose file it is closes it


class Parquet:
    """Loads pyarrow. Raises ValueError where that is not installed."""

    def __init__(self, out: BinaryIO) -> None:
        try:
            self._arrow: Any = importlib.import_module("pyarrow")
            parquet: Any = importlib.import_module("pyarrow.parquet")
        except ModuleNotFoundError:
            raise ValueError('parquet needs a library that is not installed: pip install "haechi[parquet]"') from None
        types: Mapping[Kind, Any] = {
            "text": self._arrow.string(),
            "number": self._arrow.int64(),
            "float": self._arrow.float64(),
            "flag": self._arrow.bool_(),
        }
        self._schema = self._arrow.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
        self._rows = parquet.ParquetWriter(out, self._schema, compression="zstd")

    def write(self, rows: list[dict[str, Any]]) -> None:
        self._rows.write_table(self._arrow.Table.from_pylist(rows, schema=self._schema))

    def close(self) -> None:
        self._rows.close()


SHEETS: Final[dict[str, Callable[[BinaryIO], Sheet]]] = {"csv": Csv, "parquet": Parquet}
