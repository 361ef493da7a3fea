"""From the recorder through the spool and a real process to a file: nothing is lost but what is counted, and its money never is."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from gateway.config.ledger import Ledger
from gateway.config.strict import Secret
from gateway.config.structs import Record
from gateway.record.batch import Batch
from gateway.record.child import Child
from gateway.record.feedback import Feedback
from gateway.record.figures import Figures
from gateway.record.metrics import Metrics
from gateway.record.orders import Orders, read, written
from gateway.record.outbox import Outbox
from gateway.record.recorder import Recorder
from gateway.record.row import Row
from gateway.record.spool import SpoolReader, SpoolWriter, spools
from tests.support.eventually import eventually
from tests.support.exchanges import exchange
from tests.support.filing import request_ids
from tests.support.rows import made

_LONG: Final = 60.0
_NOBODY: Final = ("-c", "import os; os.read(0, 1 << 20); os.read(0, 1)")  # reads no spool, and ends when its input does


def outbox(root: Path, *arguments: str, most: int = 1 << 30) -> Outbox:
    writer = SpoolWriter(root, most)
    orders = Orders(root=str(root), spool=writer.id, ends_within=_LONG)
    return Outbox(writer, Child(written(orders), arguments or _NOBODY), look_every=0.05, last_tries=0.2)


def left(root: Path) -> list[Batch]:
    """What waits in all spools."""
    found = []
    for folder in spools(root):
        reader = SpoolReader(folder)
        while (one := reader.next()) is not None:
            found.append(one[0])
    return found


def spooled(root: Path) -> tuple[list[str], int]:
    """Ids of the rows that wait, and all the money."""
    batches = left(root)
    rows = [row for batch in batches for row in batch.rows]
    settlements = [one.cost_nanodollars for batch in batches for one in batch.settlements]
    return [row.request_id for row in rows], sum(row.cost_nanodollars or 0 for row in rows) + sum(settlements)


@contextmanager
def recording(root: Path, file: Path) -> Iterator[Recorder]:
    """With a process that writes to `file`."""
    made = Recorder(Record(), Metrics(), outbox=outbox(root / "spool", "-m", "tests.support.filing", str(file)))
    try:
        yield made
    finally:
        made.close(_LONG)


def record(recorder: Recorder, *numbers: int) -> None:
    for number in numbers:
        recorder.record(exchange(id=f"req_{number}", outcome="answered", cost_nanodollars=number))


def figures(recorder: Recorder) -> Figures:
    found = recorder.waiting().figures
    assert found is not None
    return found


# -- the whole way


def test_rows_go_through_a_process_that_is_killed_and_come_once(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    with recording(tmp_path, file) as recorder:
        record(recorder, 1, 2)
        eventually(lambda: request_ids(file) == ["req_1", "req_2"], _LONG)
        eventually(lambda: figures(recorder).status.rows == 2, _LONG)
        assert (figures(recorder).up, figures(recorder).starts) == (True, 1)
        child = recorder._outbox._child  # type: ignore[union-attr]
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        record(recorder, 3)
        eventually(lambda: figures(recorder).starts == 2, _LONG)
        eventually(lambda: len(request_ids(file)) == 3, _LONG)
        (tmp_path / "ledger.away").touch()
        record(recorder, 4)
        eventually(lambda: figures(recorder).status.away == {"ledger": "FileIsAway"}, _LONG)
        eventually(lambda: figures(recorder).lag > 0, _LONG)
        (tmp_path / "ledger.away").unlink()
        eventually(lambda: figures(recorder).lag == 0, _LONG)
        record(recorder, 5)
    assert request_ids(file) == [f"req_{number}" for number in range(1, 6)]
    assert not recorder.metrics.dropped
    assert list(spools(tmp_path / "spool")) == []


def test_what_is_left_at_the_end_is_read_though_nobody_was_there_to_read(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    with recording(tmp_path, file) as recorder:
        eventually(lambda: figures(recorder).up, _LONG)
        child = recorder._outbox._child  # type: ignore[union-attr]
        pid = child.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not child.up or child.pid != pid, _LONG)  # or it passes for one who will read
        record(recorder, 1)
    assert request_ids(file) == ["req_1"]


def test_what_a_terminal_sends_to_all_is_not_for_it(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    with recording(tmp_path, file) as recorder:
        record(recorder, 1)
        eventually(lambda: request_ids(file), _LONG)
        pid = recorder._outbox._child.pid  # type: ignore[union-attr]
        assert pid is not None
        assert os.getsid(pid) == pid
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(pid, number)
        record(recorder, 2)
        eventually(lambda: len(request_ids(file)) == 2, _LONG)
        assert figures(recorder).starts == 1


# -- money


def test_a_full_queue_costs_rows_and_no_money(tmp_path: Path) -> None:
    """The recorder's thread is held up by a file that is a pipe which nobody reads."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    recorder = Recorder(Record(file=str(pipe), queue=2), Metrics(), outbox=outbox(tmp_path / "spool"))
    recorder.record(exchange(id="req_0", trace_id="f" * 1_000_000))
    eventually(lambda: not recorder._rows)
    record(recorder, 1, 2, 3, 4)
    assert recorder.metrics.dropped == {"queue": 2}
    os.set_blocking(reader, True)
    draining = threading.Thread(target=lambda: [None for _ in iter(lambda: os.read(reader, 1 << 20), b"")])
    draining.start()
    recorder.close(_LONG)
    draining.join()
    os.close(reader)
    assert spooled(tmp_path / "spool") == (["req_0", "req_1", "req_2"], 10)


def test_a_full_spool_costs_rows_and_no_money(tmp_path: Path) -> None:
    out = outbox(tmp_path, most=3_000)
    assert not out.write([made(1)])
    for number in range(2, 30):
        lost = out.write([made(number)])
    assert lost == {"spool": 1}
    out.close(_LONG)
    ids, total = spooled(tmp_path)
    assert 1 <= len(ids) < 5
    assert total == sum(range(30))


def test_a_disk_that_refuses_costs_rows_and_no_money(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    out = outbox(tmp_path)
    with caplog.at_level(logging.ERROR, "haechi"), full_disk(out):
        assert out.write([made(1), made(2)]) == {"disk": 2}
        assert out.write([made(3)]) == {"disk": 1}
        assert out.figures().unsettled_nanodollars == 6
    assert len(caplog.records) == 1  # said once
    assert not out.write([])
    assert out.figures().unsettled_nanodollars == 0
    assert not out.write([made(4)])
    out.close(_LONG)
    assert spooled(tmp_path) == (["req_4"], 10)


@contextmanager
def full_disk(out: Outbox) -> Iterator[None]:
    """Nothing can be written to the file that the spool has open, and no new one be made."""
    writer = out._writer
    if writer._file < 0:
        writer._begin()
    kept = os.dup(writer._file)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, writer._file)
    moved = writer.folder.rename(writer.folder.with_name("elsewhere"))
    try:
        yield
    finally:
        moved.rename(writer.folder)
        if writer._file >= 0:
            os.dup2(kept, writer._file)
        os.close(kept)
        os.close(full)


def test_money_that_no_disk_takes_by_the_end_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    out = outbox(tmp_path)
    with full_disk(out):
        out.write([made(70)])
        out.close(_LONG)
    assert "70 nanodollars" in caplog.text


def test_a_row_that_cannot_be_written_costs_itself_alone(tmp_path: Path) -> None:
    rows: list[Row] = [made(1), made(2, input_tokens=1 << 70), made(3)]
    out = outbox(tmp_path)
    assert out.write(rows) == {"row": 1}
    out.close(_LONG)
    assert spooled(tmp_path) == (["req_1", "req_3"], 6)


@pytest.mark.parametrize("strange", [{"model": "x\ud800"}, {"input_tokens": -(10**40)}])
def test_the_money_of_a_row_that_cannot_be_written_can(tmp_path: Path, strange: dict[str, object]) -> None:
    out = outbox(tmp_path)
    assert out.write([made(1), made(5, **strange)]) == {"row": 1}
    assert spooled(tmp_path) == (["req_1"], 6)
    assert min(one.input_tokens for batch in left(tmp_path) for one in batch.settlements) >= 0
    out.close(_LONG)


def test_many_rows_are_many_batches(tmp_path: Path) -> None:
    out = outbox(tmp_path)
    out.write([made(number) for number in range(1_200)])
    out.close(_LONG)
    assert [len(batch.rows) for batch in left(tmp_path)] == [500, 500, 200]


def test_what_is_said_of_answers_goes_the_same_way(tmp_path: Path) -> None:
    recorder = Recorder(Record(), Metrics(), outbox=outbox(tmp_path))
    one = Feedback(
        id="fb_1", time=1.0, request_id="req_1", conversation=None, metric="thumbs", level="response", score=1.0,
        label="up", bad=False, source="user", comment=None, correction=None, key="anna", team=None, user=None,
        model=None, model_served=None, prompt=None, trace_id=None, span_id=None, digest="d",
    )  # fmt: skip
    recorder.tell(one)
    recorder.close(_LONG)
    assert [batch.feedback for batch in left(tmp_path)] == [[one]]
    Recorder(Record(), Metrics()).tell(one)  # where nobody wants it


# -- the process


def test_what_does_not_live_is_started_again_ever_later() -> None:
    now = 0.0
    child = Child(b"\n", ("-c", "raise SystemExit(3)"), clock=lambda: now)
    starts: list[int] = []
    for second in range(64):
        now = float(second)
        child.look()
        if child.starts > len(starts):
            starts.append(second)
        eventually(lambda: not child.up, _LONG)
    child.end(_LONG)
    assert starts == [0, 2, 5, 10, 19, 36]


def test_what_lived_long_is_started_again_soon() -> None:
    now = 0.0
    child = Child(b"\n", _NOBODY, clock=lambda: now)
    child.look()
    for _ in range(3):
        now += 100
        assert child._process is not None
        child._process.kill()
        child._process.wait()
        child.look()
        assert not child.up
        now += 0.5
        child.look()
        assert child.up
    child.end(_LONG)
    assert child.starts == 4


def test_what_does_not_end_is_ended() -> None:
    child = Child(b"\n", ("-c", "import time; time.sleep(1000)"))
    child.look()
    process = child._process
    assert process is not None
    child.end(0.01)
    assert process.returncode == -signal.SIGKILL
    child.end(0.01)


def test_orders_carry_their_secrets_and_nothing_else_shows_them() -> None:
    orders = Orders(root="/r", spool="s", ends_within=1.0, ledger=Ledger(url=Secret("postgresql://u:p4ss@h/d")))
    assert read(written(orders)) == orders
    assert b"p4ss" in written(orders)
    assert "p4ss" not in repr(orders)
    child = Child(written(orders), _NOBODY)
    child.look()
    assert child.pid is not None
    for name in ("cmdline", "environ"):
        assert b"p4ss" not in Path(f"/proc/{child.pid}/{name}").read_bytes()
    child.end(_LONG)
