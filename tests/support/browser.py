"""A real browser without a window, and a web page in it that does what a test tells it.

The page asks a prompter (a server of the test) for scripts and reports what became of them, so nobody waits for a time.
Nothing but loopback can be reached: every other name is unknown to the browser.
"""

import queue
import select
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

NEEDED: Final = "chromium"
_PATIENCE: Final = 60.0  # seconds; a first start on a busy machine is slow
_POLL: Final = 2.0
_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # Chromium's own guard of local addresses asks the user. What is to be seen here is the gateway's.
    "--disable-features=LocalNetworkAccessChecks",
)
_PAGE: Final = """<!doctype html><meta charset="utf-8"><title>A page</title><body><script>
(async () => {
  for (;;) {
    const next = await fetch("PROMPTER/next");
    if (next.status === 204) continue;
    let said;
    try {
      said = await new (async () => {}).constructor(await next.text())();
    } catch (error) {
      said = String(error);
    }
    await fetch("PROMPTER/report", {method: "POST", body: JSON.stringify(said ?? null)});
  }
})();
</script>"""


class Page:
    """An open page. `origin` is what its requests say they come from."""

    def __init__(self, origin: str, log: Path, site: "_Site", prompter: "_Prompter") -> None:
        self.origin = origin
        self._log = log
        self._site = site
        self._prompter = prompter

    def run(self, script: str) -> Any:
        """What the body of this async function returns, or the text of what it throws."""
        self._prompter.scripts.put(script)
        try:
            return self._prompter.reports.get(timeout=_PATIENCE)
        except queue.Empty as error:
            raise AssertionError(f"the page said nothing for {_PATIENCE:g} s: {self._log.read_text()}") from error

    def rebind(self, url: str) -> None:
        """From now on the page's own name and port lead to this server."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._site.rebound = (parts.hostname, parts.port)


@contextmanager
def page(folder: Path, host: str) -> Iterator[Page]:
    """A page of `http://{host}:PORT` in a browser of its own, which ends with the block. The name need not exist."""
    prompter = _Prompter()
    site = _Site(_PAGE.replace("PROMPTER", prompter.url).encode())
    with _serving(prompter), _serving(site):
        origin = f"http://{host}:{site.server_port}"
        log = folder / "chromium.log"
        with _browsing(folder / "profile", log, host, f"{origin}/"):
            opened = Page(origin, log, site, prompter)
            assert opened.run("return location.origin") == origin
            yield opened


@contextmanager
def _browsing(profile: Path, log: Path, host: str, url: str) -> Iterator[None]:
    rules = f"MAP {host} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
    command = [NEEDED, *_FLAGS, f"--user-data-dir={profile}", f"--host-resolver-rules={rules}", url]
    with log.open("w") as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(profile, ignore_errors=True)


class _Server(ThreadingHTTPServer):
    """On a free port. Closing it waits for its threads, so the browser has to go first."""

    daemon_threads = False

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def _serving(server: _Server) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Prompter(_Server):
    """Hands scripts to the page, which may come from anywhere, and takes its reports."""

    def __init__(self) -> None:
        super().__init__(_Prompting)
        self.scripts: queue.Queue[str] = queue.Queue()
        self.reports: queue.Queue[Any] = queue.Queue()


class _Site(_Server):
    """Serves the page under every path, and `/away?to=URL`, which leads elsewhere with method and body."""

    def __init__(self, document: bytes) -> None:
        super().__init__(_Serving)
        self.document = document
        self.rebound: tuple[str, int] | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Where a connection leads is decided when it says something: a browser opens some in advance."""
        select.select([request], [], [])
        if self.rebound is None:
            super().finish_request(request, client_address)
        else:
            with socket.create_connection(self.rebound, _PATIENCE) as server:
                _join(request, server)


def _join(one: socket.socket, other: socket.socket) -> None:
    """Bytes of each go to the other, until either ends."""
    to = {one: other, other: one}
    while True:
        for ready in select.select([one, other], [], [])[0]:
            try:
                piece = ready.recv(65536)
                to[ready].sendall(piece)
            except ConnectionError:
                return
            if not piece:
                return


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.0: a connection serves one request, so that the next one goes where the name then leads."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
        """Says nothing."""

    def content(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True  # the browser ended while it waited


class _Prompting(_Handler):
    server: _Prompter

    def do_GET(self) -> None:
        try:
            script = self.server.scripts.get(timeout=_POLL)
        except queue.Empty:
            self.answer(204, access_control_allow_origin="*")
        else:
            self.answer(200, script.encode(), access_control_allow_origin="*")

    def do_POST(self) -> None:
        self.server.reports.put(msgspec.json.decode(self.content()))
        self.answer(200, access_control_allow_origin="*")


class _Serving(_Handler):
    server: _Site

    def do_GET(self) -> None:
        self.answer(200, self.server.document, content_type="text/html; charset=utf-8")

    def do_POST(self) -> None:
        self.content()
        (to,) = parse_qs(urlsplit(self.path).query)["to"]
        self.answer(307, location=to)
