"""Changes on disk are noticed: written in place, replaced, swapped by a symbolic link, gone and back."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.load import load_with_files
from gateway.config.mistakes import ConfigError
from gateway.config.source import LARGEST, Stamp, Unreadable, read, stamp_of
from gateway.config.subject import Rows
from gateway.config.watch import Reloader, changed

ROWS = Rows(kinds=["openai"])


def written(path: Path, text: str) -> None:
    path.write_text(text)


def replaced(path: Path, text: str) -> None:
    fresh = path.with_name("fresh")
    fresh.write_text(text)
    fresh.replace(path)


@pytest.mark.parametrize("change", [written, replaced], ids=["written", "replaced"])
def test_a_change_is_noticed_once(change: Callable[[Path, str], None], tmp_path: Path) -> None:
    file = tmp_path / "haechi.yaml"
    file.write_text("listen: {port: 1}")
    reloader = Reloader(load_with_files(file, {}, ROWS).files)
    assert not reloader.is_stale()
    change(file, "listen: {port: 22}")
    assert reloader.is_stale()
    reloader.follow(load_with_files(file, {}, ROWS).files)
    assert not reloader.is_stale()


def test_a_swapped_link_is_noticed_though_size_and_time_are_equal(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "haechi.yaml").write_text("listen: {port: 1}")
        os.utime(tmp_path / name / "haechi.yaml", ns=(0, 0))
    data = tmp_path / "data"
    data.symlink_to("one")
    file = tmp_path / "haechi.yaml"
    file.symlink_to("data/haechi.yaml")
    reloader = Reloader(load_with_files(file, {}, ROWS).files)
    assert not reloader.is_stale()
    (tmp_path / "fresh").symlink_to("two")
    (tmp_path / "fresh").replace(data)
    assert reloader.is_stale()


def test_a_file_that_is_pulled_in_is_watched_even_when_loading_fails(tmp_path: Path) -> None:
    file, key = tmp_path / "haechi.yaml", tmp_path / "key"
    file.write_text("secret: ${file:key}")
    with pytest.raises(ConfigError) as caught:
        load_with_files(file, {}, ROWS)
    reloader = Reloader(caught.value.files)
    assert not reloader.is_stale()
    key.write_text("x")
    assert reloader.is_stale()
    reloader.follow(load_with_files(file, {}, ROWS).files)
    key.write_text("yy")
    assert reloader.is_stale()


def test_a_file_that_goes_and_comes_back_changes_twice(tmp_path: Path) -> None:
    file = tmp_path / "haechi.yaml"
    file.write_text("{}")
    reloader = Reloader(load_with_files(file, {}, ROWS).files)
    file.unlink()
    assert reloader.is_stale()
    with pytest.raises(ConfigError, match="cannot be read: no such file") as caught:
        load_with_files(file, {}, ROWS)
    reloader.follow(caught.value.files)
    assert not reloader.is_stale()
    file.write_text("{}")
    assert reloader.is_stale()


async def test_changes_come_one_by_one_while_the_caller_follows(tmp_path: Path) -> None:
    file = tmp_path / "haechi.yaml"
    file.write_text("listen: {port: 1}")
    reloader = Reloader(load_with_files(file, {}, ROWS).files)
    changes = reloader.changes(every=0.001)
    seen = []
    for port in (22, 333):
        file.write_text(f"listen: {{port: {port}}}")
        await asyncio.wait_for(anext(changes), 30)
        loaded = load_with_files(file, {}, ROWS)
        reloader.follow(loaded.files)
        seen.append(loaded.config.listen.port)
    assert seen == [22, 333]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(changes), 0.02)


stamps = st.builds(Stamp, *[st.integers(0, 2)] * 4) | st.none()


@given(st.dictionaries(st.sampled_from([Path("a"), Path("b")]), stamps), st.data())
def test_equal_stamps_are_no_change_and_any_other_is(before: dict[Path, Stamp | None], data: st.DataObject) -> None:
    assert not changed(before, dict(before))
    if before:
        path = data.draw(st.sampled_from(sorted(before)))
        other = data.draw(stamps.filter(lambda one: one != before[path]))
        assert changed(before, before | {path: other})


def test_a_stamp_is_that_of_what_was_read(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"\xef\xbb\xbfa\r\n")
    source = read(file)
    assert source.text == "a\r\n"
    assert source.stamp == stamp_of(file)
    assert stamp_of(tmp_path / "none") is None


def test_what_is_no_file_to_read_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "big").open("wb") as big:
        big.truncate(LARGEST + 1)
    (tmp_path / "latin").write_bytes(b"a\nb\n\xff")
    for name, says in (
        ("pipe", "regular"),
        ("", "directory|regular"),
        ("big", "larger"),
        ("none", "no such"),
        ("\0", "name"),
    ):
        with pytest.raises(Unreadable, match=says):
            read(tmp_path / name)
    with pytest.raises(Unreadable) as caught:
        read(tmp_path / "latin")
    assert caught.value.line == 3
