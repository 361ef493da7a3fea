"""Servers for what is sent by OTLP, over HTTP and over gRPC, on ports that they find themselves."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc

Take = Callable[[str, Mapping[str, str], bytes], bool]
"""Path, headers by lower-case names, body; whether it is accepted."""


@contextmanager
def posted(take: Take) -> Iterator[str]:
    """The address. What is accepted is answered with an empty message, which says that all of it was."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(200 if take(self.path, headers, body) else 400)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)


@contextmanager
def called(add: Callable[[grpc.Server], None]) -> Iterator[str]:
    """The address of a server with a service that `add` puts into it."""
    server = grpc.server(ThreadPoolExecutor(2))
    add(server)
    address = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield address
    finally:
        server.stop(None).wait(30)
