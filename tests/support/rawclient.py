"""An HTTP client that hides nothing: bytes out, bytes in, and how the answer ended. Sync sockets, every wait bounded."""

import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import msgspec

End = Literal["whole", "cut"]


@dataclass(frozen=True, slots=True)
class Answer:
    """`end`: `whole` only if the framing (length or last chunk) says that everything came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    end: End

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def events(self) -> list[tuple[str | None, str]]:
        """Name and data of each server-sent event; comments are left out."""
        return [event for block in self.body.decode().split("\n\n") if (event := _event(block))[1]]


def _event(block: str) -> tuple[str | None, str]:
    name, data = None, []
    for line in block.split("\n"):
        field_name, _, value = line.partition(":")
        if field_name == "event":
            name = value.strip()
        elif field_name == "data":
            data.append(value.removeprefix(" "))
    return name, "\n".join(data)


class Line:
    """One connection to a gateway."""

    def __init__(self, url: str, timeout: float = 30) -> None:
        parts = urlsplit(url)
        self.host = f"{parts.hostname}:{parts.port}"
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout)
        self._held = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def reset(self) -> None:
        """Go away with RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def send(self, raw: bytes) -> None:
        self._socket.sendall(raw)

    def send_some(self, raw: bytes) -> bool:
        """True if everything could be sent; False if the peer broke the line before."""
        try:
            self._socket.sendall(raw)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def ask(self, path: str, body: Any, *, method: str = "POST", headers: Mapping[str, str] | None = None) -> None:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        self.send(request(method, path, self.host, raw, headers))

    def read_until(self, mark: bytes, timeout: float = 30) -> bytes:
        """Everything up to and with `mark`; what came behind it is kept for the next read."""
        self._socket.settimeout(timeout)
        while mark not in self._held:
            more = self._more()
            assert more, f"the line ended before {mark!r}: {self._held!r}"
            self._held += more
        found, _, self._held = self._held.partition(mark)
        return found + mark

    def answer(self, timeout: float = 30) -> Answer:
        """The next final answer. Informational ones are skipped."""
        status, headers = self.head(timeout)
        while status < 200:
            status, headers = self.head(timeout)
        if headers.get("transfer-encoding") == "chunked":
            body, end = self._chunks()
        else:
            body, end = self._length(headers.get("content-length"))
        return Answer(status, headers, body, end)

    def answer_or_end(self) -> Answer | None:
        """None where the peer ended the line instead."""
        try:
            return self.answer()
        except (AssertionError, ConnectionResetError, BrokenPipeError):
            return None

    def answer_rest(self, timeout: float = 30) -> bytes:
        """What is left of a chunked body whose beginning has been read; asserts that it ends as chunks do."""
        self._socket.settimeout(timeout)
        while not self._held.endswith(b"\r\n0\r\n\r\n"):
            assert self._take(), f"the body was cut: {self._held[-200:]!r}"
        rest, self._held = self._held, b""
        return b"\n".join(line for line in rest.split(b"\r\n") if not _is_size(line))

    def head(self, timeout: float = 30) -> tuple[int, dict[str, str]]:
        first, *lines = self.read_until(b"\r\n\r\n", timeout).decode("latin-1").rstrip().split("\r\n")
        pairs = [line.partition(":") for line in lines]
        return int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs}

    def is_closed(self, timeout: float = 30) -> bool:
        """Whether the peer ends the line within `timeout`, whatever it still sends."""
        self._socket.settimeout(timeout)
        try:
            while self._more():
                pass
        except TimeoutError:
            return False
        return True

    def is_reset(self, timeout: float = 30) -> bool:
        """Whether the peer breaks the line, rather than ending it, within `timeout`."""
        self._socket.settimeout(timeout)
        try:
            while self._socket.recv(65536):
                pass
        except ConnectionResetError:
            return True
        return False

    def _more(self) -> bytes:
        try:
            return self._socket.recv(65536)
        except ConnectionResetError:
            return b""

    def _length(self, length: str | None) -> tuple[bytes, End]:
        wanted = int(length) if length is not None else None
        while wanted is None or len(self._held) < wanted:
            more = self._more()
            if not more:
                body, self._held = self._held, b""
                return body, "whole" if wanted is None else "cut"
            self._held += more
        body, self._held = self._held[:wanted], self._held[wanted:]
        return body, "whole"

    def _chunks(self) -> tuple[bytes, End]:
        body = b""
        while True:
            while b"\r\n" not in self._held:
                if not self._take():
                    return body, "cut"
            head, _, rest = self._held.partition(b"\r\n")
            size = int(head, 16)
            while len(rest) < size + 2:
                if not self._take():
                    return body + rest[:size], "cut"
                rest = self._held.partition(b"\r\n")[2]
            self._held = rest[size + 2 :]
            if size == 0:
                return body, "whole"
            body += rest[:size]

    def _take(self) -> bool:
        more = self._more()
        self._held += more
        return bool(more)


def _is_size(line: bytes) -> bool:
    return all(byte in b"0123456789abcdef" for byte in line)


def request(method: str, path: str, host: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a request; `headers` may replace the usual ones. A value of "" leaves one out."""
    given = {"host": host, "content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body


def ask(
    url: str,
    path: str,
    body: Any,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    timeout: float = 30,
) -> Answer:
    """One request on a connection of its own."""
    with Line(url) as line:
        line.ask(path, body, method=method, headers=headers)
        return line.answer(timeout)


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port on loopback that accepts nobody: its backlog is full, so that connecting takes for ever."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = []
        for _ in range(4):  # the kernel takes one or two more than the backlog says
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
            waiting.append(one)
        try:
            yield listening.getsockname()[1]
        finally:
            for one in waiting:
                one.close()


@contextmanager
def closed_port() -> Iterator[int]:
    """A port on loopback where nobody listens, held so that nobody begins to."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
