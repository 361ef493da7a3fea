"""A file of pieces is read whole or refused, whatever became of it."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.cache.pieces import Unreadable, Writer, read
from tests.support.eventually import eventually

MOST: Final = 10_000_000
SECRETS: Final = [None, b"a secret"]


def write(file: Path, payloads: list[bytes], secret: bytes | None) -> bytes:
    writer = Writer(file, secret)
    for one in payloads:
        writer.add(one)
    writer.finish()
    return file.read_bytes()


def secrets(*some: bytes | None) -> list[bytes]:
    return [one for one in some if one is not None]


@pytest.mark.parametrize("secret", SECRETS)
def test_what_is_written_is_read_and_nobody_else_may(secret: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "cache"
    for payloads in ([], [b""], [b"one", b"", b"three" * 1000]):
        stored = write(file, payloads, secret)
        assert read(file, secrets(secret), MOST) == payloads
        assert file.stat().st_mode & 0o777 == 0o600
        assert (b"three" in stored) is (secret is None and len(payloads) == 3)
    assert [one.name for one in tmp_path.iterdir()] == ["cache"]


def test_no_file_is_no_mistake(tmp_path: Path) -> None:
    assert read(tmp_path / "none", [], MOST) is None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from(SECRETS))
def test_whatever_is_changed_cut_off_or_added_is_refused(
    tmp_path: Path, data: st.DataObject, secret: bytes | None
) -> None:
    file = tmp_path / "cache"
    stored = write(file, [b"one", b"two" * 20, b"three"], secret)
    place = data.draw(st.integers(0, len(stored) - 1))
    kind = data.draw(st.sampled_from(["change", "cut", "add"]))
    changed = bytearray(stored)
    if kind == "change":
        changed[place] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        del changed[place:]
    else:
        changed += data.draw(st.binary(min_size=1, max_size=9))
    file.write_bytes(bytes(changed))
    with pytest.raises(Unreadable):
        read(file, secrets(secret), MOST)


@pytest.mark.parametrize("secret", SECRETS)
def test_every_single_bit_counts(secret: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "cache"
    stored = write(file, [b"one"], secret)
    for place, byte in enumerate(stored):
        for bit in range(8):
            file.write_bytes(stored[:place] + bytes([byte ^ 1 << bit]) + stored[place + 1 :])
            with pytest.raises(Unreadable):
                read(file, secrets(secret), MOST)


@pytest.mark.parametrize("secret", SECRETS)
def test_pieces_cannot_change_places_or_files(secret: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "cache"
    stored = write(file, [b"1111", b"2222"], secret)
    other = write(file, [b"1111", b"3333"], secret)
    head, each = 14 + 1 + 16, 5 + 4 + 16
    one, two, end = stored[head : head + each], stored[head + each : head + 2 * each], stored[head + 2 * each :]
    for said in (head_of(stored) + two + one + end, head_of(stored) + one + end, head_of(other) + one + two + end):
        file.write_bytes(said)
        with pytest.raises(Unreadable):
            read(file, secrets(secret), MOST)


@pytest.mark.parametrize("secret", SECRETS)
def test_no_piece_can_be_made_the_last(secret: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "cache"
    stored = write(file, [b"1111", b"2222"], secret)
    cut = bytearray(stored[: 14 + 1 + 16 + 5 + 4 + 16])
    assert cut[14 + 1 + 16 + 4] == 0
    cut[14 + 1 + 16 + 4] = 1
    file.write_bytes(bytes(cut))
    with pytest.raises(Unreadable):
        read(file, secrets(secret), MOST)


def head_of(stored: bytes) -> bytes:
    return stored[: 14 + 1 + 16]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.booleans())
def test_what_is_foreign_is_refused(tmp_path: Path, said: bytes, begins: bool) -> None:
    file = tmp_path / "cache"
    file.write_bytes((b"haechi cache\n\x01s" if begins else b"") + said)
    with pytest.raises(Unreadable):
        read(file, [b"a secret"], MOST)


def test_secrets_are_replaced_with_overlap_and_never_left_out(tmp_path: Path) -> None:
    file = tmp_path / "cache"
    write(file, [b"one"], b"older")
    assert read(file, [b"newer", b"older"], MOST) == [b"one"]
    with pytest.raises(Unreadable, match="another `secret`"):
        read(file, [b"newer"], MOST)
    with pytest.raises(Unreadable, match="there is no `secret`"):
        read(file, [], MOST)
    write(file, [b"one"], None)
    with pytest.raises(Unreadable, match="not encrypted"):
        read(file, [b"newer"], MOST)


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "cache"
    stored = write(file, [b"x" * 1000], None)
    assert read(file, [], len(stored)) == [b"x" * 1000]
    with pytest.raises(Unreadable, match="are the most"):
        read(file, [], len(stored) - 1)


def test_what_is_not_finished_leaves_the_former_file(tmp_path: Path) -> None:
    file = tmp_path / "cache"
    stored = write(file, [b"one"], None)
    writer = Writer(file, None)
    writer.add(b"two" * 100_000)
    assert file.read_bytes() == stored
    writer.give_up()
    assert [one.name for one in tmp_path.iterdir()] == ["cache"]
    (tmp_path / "cache.new").write_bytes(b"what somebody who was killed has left")
    (tmp_path / "cache.new").chmod(0o644)
    write(file, [b"three"], None)
    assert read(file, [], MOST) == [b"three"]
    assert file.stat().st_mode & 0o777 == 0o600


def size_of(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


WRITES: Final = """
import sys
from pathlib import Path
from gateway.cache.pieces import Writer
while True:
    writer = Writer(Path(sys.argv[1]), None)
    for number in range(400):
        writer.add(b"x" * 50_000)
    writer.finish()
"""


def test_a_process_that_is_killed_while_it_writes_leaves_a_whole_file(tmp_path: Path) -> None:
    file, new = tmp_path / "cache", tmp_path / "cache.new"
    for _ in range(4):
        writing = subprocess.Popen([sys.executable, "-c", WRITES, str(file)], cwd=Path(__file__).parents[3])
        try:
            eventually(lambda: file.exists() and size_of(new) > 100_000, 30)
        finally:
            writing.kill()
            writing.wait()
        pieces = read(file, [], 100_000_000)
        assert pieces is not None
        assert len(pieces) == 400
