"""The ways in which Redis stands somewhere: a socket, TLS, a cluster, behind sentinels."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from gateway.store.redis import Redis
from gateway.store.shelf import Away
from tests.stores.conftest import Connect
from tests.support.redis_server import RedisServer, free_port, redis_server


async def kept(shelf: Redis) -> bool:
    """Whether it keeps something, sooner or later: clusters and sentinels need some time to agree."""
    ends = time.monotonic() + 40
    while True:
        try:
            await shelf.put("a", b"said", 60)
            return await shelf.get("a") == b"said" and await shelf.delete("a")
        except Away:
            assert time.monotonic() < ends
            await asyncio.sleep(0.05)


async def test_by_a_socket_with_a_database(tmp_path: Path, connect: Connect) -> None:
    with redis_server(tmp_path, "--unixsocket", str(tmp_path / "r.sock")) as server:
        assert await kept(await connect(f"unix://{tmp_path}/r.sock"))
        other = await connect(f"{server.url}/3")
        await other.put("a", b"", 60)
        assert server.keys() == []


async def test_by_tls_with_its_own_authority_and_no_other(tmp_path: Path, connect: Connect) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    port = free_port()
    files = [str(tmp_path / name) for name in ("cert.pem", "key.pem", "ca.pem")]
    more = [
        "--tls-port",
        str(port),
        "--tls-cert-file",
        files[0],
        "--tls-key-file",
        files[1],
        "--tls-ca-cert-file",
        files[2],
    ]
    with redis_server(tmp_path, *more, "--tls-auth-clients", "no"):
        assert await kept(await connect(f"rediss://localhost:{port}", ca_file=files[2]))
        with pytest.raises(Away):
            await (await connect(f"rediss://localhost:{port}")).get("a")


async def test_as_a_cluster(tmp_path: Path, connect: Connect) -> None:
    with redis_server(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server:
        with server.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        assert await kept(await connect(f"redis+cluster://127.0.0.1:{server.port}"))


async def test_behind_sentinels(tmp_path: Path, connect: Connect) -> None:
    with redis_server(tmp_path) as server, sentinel(tmp_path, server) as port:
        assert await kept(await connect(f"redis+sentinel://127.0.0.1:{port}/house"))
        with pytest.raises(Away):
            await (await connect(f"redis+sentinel://127.0.0.1:{port}/elsewhere")).get("a")


@contextmanager
def sentinel(folder: Path, server: RedisServer) -> Iterator[int]:
    port = free_port()
    file = folder / "sentinel.conf"
    file.write_text(f"port {port}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor house 127.0.0.1 {server.port} 1\n")
    with (folder / "sentinel.log").open("wb") as log:
        process = subprocess.Popen(["redis-server", str(file), "--sentinel"], stdout=log, stderr=log)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(60)
