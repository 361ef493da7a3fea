"""What was appended is read once, in order, whatever was cut off, and whoever is gone."""

import os
import resource
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.record.batch import Batch, Position
from gateway.record.settlement import Settlement
from gateway.record.spool import (
    Full,
    SpoolReader,
    SpoolWriter,
    cursor,
    framed,
    is_free,
    note,
    release,
    remove,
    segments,
    spools,
    take_over,
)
from tests.support.rows import made

_PLENTY: Final = 1 << 30
_BATCHES: Final = st.lists(st.integers(0, 6), max_size=8)


def batch(number: int, rows: int = 1) -> Batch:
    return Batch(float(number), [made(number * 100 + one) for one in range(rows)])


def read(reader: SpoolReader) -> list[Batch]:
    found = []
    while (one := reader.next()) is not None:
        found.append(one[0])
    return found


def writer(root: Path, most: int = _PLENTY, segment: int = 8 << 20) -> SpoolWriter:
    return SpoolWriter(root, most, segment=segment)


# -- order and whole batches


@given(_BATCHES, st.integers(1, 5_000))
def test_what_is_appended_is_read_in_order_however_it_is_segmented(sizes: list[int], segment: int) -> None:
    with TemporaryDirectory() as root:
        made = writer(Path(root), segment=segment)
        reader = SpoolReader(made.folder)
        wanted = [batch(number, rows) for number, rows in enumerate(sizes)]
        seen = []
        for one in wanted:
            made.append(one)
            seen += read(reader)
            assert not reader.finished
        made.sync()
        assert seen == wanted
        assert reader.position == made.position
        made.close()
        assert read(reader) == []
        assert (reader.finished, reader.unreadable) == (True, 0)
        assert read(SpoolReader(made.folder)) == wanted


@given(_BATCHES, st.integers(1, 5_000), st.data())
def test_reading_goes_on_behind_any_position(sizes: list[int], segment: int, data: st.DataObject) -> None:
    with TemporaryDirectory() as root:
        made = writer(Path(root), segment=segment)
        places: list[Position | None] = [None]
        wanted = [batch(number, rows) for number, rows in enumerate(sizes)]
        for one in wanted:
            made.append(one)
            places.append(made.position)
        made.close()
        after = data.draw(st.integers(0, len(wanted)))
        if data.draw(st.booleans()) and (place := places[after]) is not None:
            release(made.folder, place)
        assert read(SpoolReader(made.folder, places[after])) == wanted[after:]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.data())
def test_a_spool_cut_at_any_byte_gives_all_that_is_whole_and_no_more(sizes: list[int], data: st.DataObject) -> None:
    with TemporaryDirectory() as root:
        made = writer(Path(root))
        ends = [0]
        for number, rows in enumerate(sizes):
            made.append(batch(number, rows))
            ends.append(made.position.offset)
        file = made.folder / "00000001.seg"
        cut = data.draw(st.integers(0, ends[-1]))
        os.truncate(file, cut)
        whole = sum(1 for end in ends[1:] if end <= cut)
        reader = SpoolReader(made.folder)
        assert read(reader) == [batch(number, rows) for number, rows in enumerate(sizes[:whole])]
        assert not reader.finished  # its writer may still be about to write the rest
        made.close()
        assert read(reader) == []
        assert (reader.finished, reader.unreadable) == (True, cut - ends[whole])


@given(st.lists(st.integers(0, 3), min_size=2, max_size=4), st.data())
def test_bytes_that_a_disk_has_spoiled_cost_the_batch_they_are_in(sizes: list[int], data: st.DataObject) -> None:
    with TemporaryDirectory() as root:
        made = writer(Path(root))
        ends = [0]
        for number, rows in enumerate(sizes):
            made.append(batch(number, rows))
            ends.append(made.position.offset)
        made.close()
        file = made.folder / "00000001.seg"
        content = bytearray(file.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        file.write_bytes(content)
        spoiled = next(index for index, end in enumerate(ends[1:]) if place < end)
        reader = SpoolReader(made.folder)
        assert read(reader) == [batch(number, rows) for number, rows in enumerate(sizes) if number != spoiled]
        assert reader.unreadable == ends[spoiled + 1] - ends[spoiled]


def test_zeros_that_a_machine_left_are_no_batch(tmp_path: Path) -> None:
    made = writer(tmp_path)
    made.append(batch(1))
    made.close()
    with (made.folder / "00000001.seg").open("ab") as file:
        file.write(bytes(4096))
    reader = SpoolReader(made.folder)
    assert read(reader) == [batch(1)]
    assert (reader.finished, reader.unreadable) == (True, 4096)


def test_what_another_version_wrote_is_passed_over_at_once(tmp_path: Path) -> None:
    made = writer(tmp_path)
    made.append(batch(1))
    with (made.folder / "00000001.seg").open("ab") as file:
        file.write(framed(b"\x81\xa7written\xa3now"))
    made.append(batch(2))
    assert read(SpoolReader(made.folder)) == [batch(1), batch(2)]


def test_settlements_travel_with_the_rows(tmp_path: Path) -> None:
    made = writer(tmp_path)
    one = Settlement(0, "anna", None, "m", None, requests=2, cost_nanodollars=1 << 62)
    made.append(Batch(1.0, [], [one]))
    assert read(SpoolReader(made.folder)) == [Batch(1.0, [], [one])]


# -- disks


def test_what_a_full_disk_took_in_part_is_taken_back(tmp_path: Path) -> None:
    made = writer(tmp_path)
    made.append(batch(1))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (made.position.offset + 100, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            made.append(batch(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    made.append(batch(3))
    made.close()
    reader = SpoolReader(made.folder)
    assert read(reader) == [batch(1), batch(3)]
    assert reader.unreadable == 0


def test_a_spool_holds_so_much_and_no_more_until_a_reader_is_done(tmp_path: Path) -> None:
    now = 0.0
    made = SpoolWriter(tmp_path, 10_000, segment=1, clock=lambda: now)
    fit = 10_000 // len(framed(msgspec.msgpack.encode(batch(10))))
    for number in range(fit):
        made.append(batch(10 + number))
    with pytest.raises(Full):
        made.append(batch(10 + fit))
    assert made.measure() <= 10_000
    reader = SpoolReader(made.folder)
    assert len(read(reader)) == fit
    release(made.folder, reader.position)
    assert len(segments(made.folder)) == 1
    now = 2.0
    made.append(batch(50))
    assert read(reader) == [batch(50)]


def test_a_batch_may_fill_a_spool_by_half_and_more_once_the_one_before_is_read(tmp_path: Path) -> None:
    now = 0.0
    made = SpoolWriter(tmp_path, 10_000, clock=lambda: now)
    reader = SpoolReader(made.folder)
    for number in range(5):
        made.append(batch(number, 9))
        with pytest.raises(Full):
            made.append(batch(number, 9))
        assert read(reader) == [batch(number, 9)]
        release(made.folder, reader.position)
        now += 2.0


def test_the_bound_is_of_all_spools_of_a_root(tmp_path: Path) -> None:
    first = SpoolWriter(tmp_path, 10_000)
    first.append(batch(1))
    second = SpoolWriter(tmp_path, first.bytes + 10)
    with pytest.raises(Full):
        second.append(batch(2))
    assert second.bytes == first.bytes


def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        writer(tmp_path / "file" / "spool")


def test_nobody_else_may_look_into_a_spool(tmp_path: Path) -> None:
    made = writer(tmp_path / "root")
    made.append(batch(1))
    for path in [tmp_path / "root", *(tmp_path / "root").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


# -- who writes and who reads


def test_a_spool_has_a_writer_until_that_is_closed(tmp_path: Path) -> None:
    made = writer(tmp_path)
    lock = made.folder / "writer.lock"
    assert not is_free(lock)
    made.close()
    made.close()
    assert is_free(lock)
    assert is_free(tmp_path / "nothing")


def test_one_reads_at_a_time(tmp_path: Path) -> None:
    made = writer(tmp_path)
    held = take_over(made.folder)
    assert held is not None
    assert take_over(made.folder) is None
    os.close(held)
    again = take_over(made.folder)
    assert again is not None
    os.close(again)
    assert take_over(tmp_path / "gone") is None


def test_spools_are_found_the_oldest_first_and_removed_whole(tmp_path: Path) -> None:
    made = [writer(tmp_path) for _ in range(3)]
    (tmp_path / ".half-made").mkdir()
    (tmp_path / "users.key").write_text("")
    assert [one.name for one in spools(tmp_path)] == sorted(one.id for one in made)
    remove(made[0].folder)
    assert len(list(spools(tmp_path))) == 2
    assert list(spools(tmp_path / "nothing")) == []


def test_how_far_a_sink_has_got_is_noted_as_a_hint(tmp_path: Path) -> None:
    assert cursor(tmp_path, "ledger") is None
    note(tmp_path, "ledger", Position("s", 3, 5))
    assert cursor(tmp_path, "ledger") == Position("s", 3, 5)
    assert cursor(tmp_path, "spans") is None
    (tmp_path / "ledger.at").write_bytes(b'["s",')
    assert cursor(tmp_path, "ledger") is None
