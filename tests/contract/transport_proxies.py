"""The way through a proxy: who decides, the tunnel, and what a proxy may see."""

import asyncio
from pathlib import Path

import pytest
import trustme

from gateway.upstream.client import Call, TransportError
from tests.contract.transport_base import OK, Make, TransportBase, answering, text
from tests.support.rawserver import Asked, Peer, Script, serve, tls_for

FAR = "http://upstream.test/v1"  # a name that only the proxy can resolve


def forwarding(asked: list[Asked], port: int | None = None) -> Script:
    """A proxy. It answers plain requests itself, and opens every tunnel to `port` of this machine, or refuses."""

    async def script(peer: Peer) -> None:
        try:
            while True:
                asked.append(await peer.request())
                if asked[-1].line.startswith("CONNECT "):
                    break
                await peer.send(OK)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        if port is None:
            await peer.send(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            return
        await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.gather(pour(peer.reader, writer), pour(reader, peer.writer))
        finally:
            writer.close()

    return script


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


class ProxySuite(TransportBase):
    """See the file."""

    @pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
    async def test_the_usual_variables_are_honoured(
        self, make: Make, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        asked: list[Asked] = []
        async with serve(forwarding(asked)) as proxy:
            monkeypatch.setenv(variable, proxy.url)
            assert await text(make(), Call("POST", FAR, {}, b"{}")) == b"ok"
            assert asked[0].line == f"POST {FAR} HTTP/1.1"
            assert asked[0].all("host") == ["upstream.test"]

    @pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
    async def test_exceptions_go_the_direct_way(
        self, make: Make, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        asked: list[Asked] = []
        async with serve(forwarding(asked)) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            monkeypatch.setenv(variable, "other.test, .invalid")
            with pytest.raises(TransportError, match="no address"):
                await make().open(Call("GET", "http://upstream.invalid/"))
            assert not asked

    async def test_loopback_is_never_reached_through_a_proxy_that_nobody_named_for_it(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[Asked] = []
        async with serve(forwarding(asked)) as proxy, serve(answering(OK)) as server:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            for name in ("127.0.0.1", "localhost"):
                assert await text(make(), Call("GET", server.at(name))) == b"ok"
            assert not asked
            assert await text(make(proxy=proxy.url), Call("GET", server.url)) == b"ok"
            assert len(asked) == 1

    async def test_a_named_proxy_wins_over_the_variables(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[Asked] = []
        async with serve(forwarding(asked)) as proxy:
            monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
            monkeypatch.setenv("NO_PROXY", "*")
            assert await text(make(proxy=proxy.url), Call("GET", FAR)) == b"ok"
            assert len(asked) == 1

    async def test_tls_goes_through_a_tunnel_and_is_verified_at_its_far_end(
        self, make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        asked: list[Asked] = []
        names: list[str | None] = []
        async with (
            serve(answering(OK), tls=tls_for(authority, "upstream.test", names)) as server,
            serve(forwarding(asked, server.port)) as proxy,
        ):
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            transport = make(ca_file=str(tmp_path / "ca.pem"))
            call = Call("POST", "https://upstream.test/v1", {"authorization": "Bearer canary"}, b"{}")
            for _ in range(2):
                assert await text(transport, call) == b"ok"
            assert [request.line for request in asked] == ["CONNECT upstream.test:443 HTTP/1.1"]  # and kept
            assert names == ["upstream.test"]
            assert not asked[0].all("authorization")
            assert asked[0].all("user-agent")[0].startswith("haechi/")
            with pytest.raises(TransportError, match="certificate") as caught:
                await transport.open(Call("GET", "https://other.test/"))
            assert not caught.value.sent

    async def test_a_refused_tunnel_was_surely_not_sent(self, make: Make) -> None:
        asked: list[Asked] = []
        async with serve(forwarding(asked)) as proxy:
            transport = make(proxy=proxy.url, connections=1)
            for _ in range(2):
                with pytest.raises(TransportError, match="403") as caught:
                    await transport.open(Call("GET", "https://upstream.test/"))
                assert not caught.value.sent

    async def test_a_proxy_that_hangs_up_in_the_tunnels_making_was_sent_nothing(self, make: Make) -> None:
        async def script(peer: Peer) -> None:
            await peer.request()

        async with serve(script) as proxy:
            with pytest.raises(TransportError, match="through the proxy") as caught:
                await make(proxy=proxy.url).open(Call("GET", "https://upstream.test/"))
            assert not caught.value.sent

    @pytest.mark.parametrize("url", [FAR, "https://upstream.test/"])
    async def test_a_proxys_password_is_given_to_it_alone_and_never_shown(self, make: Make, url: str) -> None:
        asked: list[Asked] = []
        async with serve(forwarding(asked)) as proxy:
            address = proxy.at("user:canary@127.0.0.1")
            if url == FAR:
                assert await text(make(proxy=address), Call("GET", url)) == b"ok"
            else:
                with pytest.raises(TransportError) as caught:
                    await make(proxy=address).open(Call("GET", url))
                assert "canary" not in repr(caught.value)
            assert asked[0].all("proxy-authorization") == ["Basic dXNlcjpjYW5hcnk="]
            assert not asked[0].all("authorization")
        with pytest.raises(TransportError) as caught:
            await make(proxy=address).open(Call("GET", url))
        assert "canary" not in repr(caught.value)
        assert not caught.value.sent

    async def test_a_proxy_of_another_kind_is_refused_not_ignored(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(ValueError, match="proxy"):
            make(proxy="socks5://127.0.0.1:1080")
        monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
        with pytest.raises(TransportError, match="proxy") as caught:
            await make().open(Call("GET", FAR))
        assert not caught.value.sent
