"""Each question has a process of its own, which the kernel ends."""

import socket
from pathlib import Path

import pytest

from gateway.drafting.__main__ import answered
from gateway.drafts.apart import DIED, DONE, LATE

LONG = 60.0


def test_an_answer_comes_back() -> None:
    assert answered(b"abc", lambda one: one[::-1], LONG) == (DONE, b"cba")


def test_one_that_does_not_end_is_ended() -> None:
    def forever(_: bytes) -> bytes:
        while True:
            pass

    assert answered(b"", forever, 0.2) == (LATE, b"")


def test_one_that_fails_says_nothing_of_what_was_asked(capfd: pytest.CaptureFixture[str]) -> None:
    def fails(question: bytes) -> bytes:
        raise ValueError(question.decode())

    assert answered(b"swordfish", fails, LONG) == (DIED, b"")
    assert "swordfish" not in "".join(capfd.readouterr())


def test_nobody_is_asked() -> None:
    def asks(_: bytes) -> bytes:
        try:
            socket.create_connection(("127.0.0.1", 9)).close()
        except PermissionError:
            return b"refused"
        return b"asked"

    assert answered(b"", asks, LONG) == (DONE, b"refused")


def test_nothing_is_written(tmp_path: Path) -> None:
    def writes(_: bytes) -> bytes:
        (tmp_path / "kept").write_text("something")
        return b"written"

    assert answered(b"", writes, LONG) == (DIED, b"")
    assert not (tmp_path / "kept").exists() or not (tmp_path / "kept").read_text()


def test_an_answer_without_end_is_none() -> None:
    assert answered(b"", lambda _: bytes(8 * 1024 * 1024), LONG)[0] == DIED


def test_memory_without_end_is_not_given() -> None:
    def hoards(_: bytes) -> bytes:
        return bytes([1]) * (4 * 1024**3)

    assert answered(b"", hoards, LONG)[0] == DIED
