"""How connections are made, kept and shared: TLS, proxies, addresses, the pool, and what a request looks like on the wire."""

import asyncio
import io
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from gateway.upstream.client import Call, TransportError
from tests.contract.transport_base import OK, Make, TransportBase, answering, noticed, text
from tests.support.rawserver import Asked, Peer, Script, deaf_port, serve, tls_for

BODY = b'{"model":"demo"}'


def recording(asked: list[Asked]) -> Script:
    async def script(peer: Peer) -> None:
        try:
            while True:
                asked.append(await peer.request())
                await peer.send(OK)
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    return script


class Misjudged(io.BytesIO):
    """A file that changed since its length was taken."""

    def __init__(self, content: bytes, length: int) -> None:
        super().__init__(content)
        self.length = length

    def seek(self, offset: int, whence: int = 0, /) -> int:
        super().seek(offset, whence)
        return self.length if whence == io.SEEK_END else self.tell()


class ConnectionSuite(TransportBase):
    """See the file."""

    # what a request looks like

    async def test_a_request_arrives_as_it_was_called(self, make: Make) -> None:
        asked: list[Asked] = []
        async with serve(recording(asked)) as server:
            call = Call("POST", server.url + "/v1/a%2Fb?q=%20x", {"content-type": "application/json", "x-a": "1"}, BODY)
            assert await text(make(), call) == b"ok"
            assert asked[0].line == "POST /v1/a%2Fb?q=%20x HTTP/1.1"
            assert asked[0].body == BODY
            assert asked[0].all("host") == [server.url.removeprefix("http://")]
            assert asked[0].all("content-type") == ["application/json"]
            assert asked[0].all("content-length") == [str(len(BODY))]
            assert asked[0].all("x-a") == ["1"]
            assert asked[0].all("accept-encoding") == ["identity"]
            assert asked[0].all("user-agent")[0].startswith("haechi/")
            assert not {"cookie", "transfer-encoding", "connection"} & {name for name, _ in asked[0].headers}

    async def test_a_call_keeps_its_own_user_agent_but_not_its_framing(self, make: Make) -> None:
        asked: list[Asked] = []
        foreign = {
            "user-agent": "sdk/1",
            "host": "evil.test",
            "content-length": "3",
            "transfer-encoding": "chunked",
            "connection": "close",
            "expect": "100-continue",
            "accept-encoding": "br",
            "proxy-authorization": "Basic x",
        }
        async with serve(recording(asked)) as server:
            assert await text(make(), Call("POST", server.url, foreign, BODY)) == b"ok"
            sent = dict(asked[0].headers)
            assert sent["user-agent"] == "sdk/1"
            assert sent["content-length"] == str(len(BODY))
            assert sent["accept-encoding"] == "identity"
            assert sent["host"] != "evil.test"
            assert not {"transfer-encoding", "connection", "expect", "proxy-authorization"} & sent.keys()

    @pytest.mark.parametrize(("method", "length"), [("GET", []), ("POST", ["0"]), ("PUT", ["0"]), ("DELETE", ["0"])])
    async def test_a_request_without_a_body_says_so(self, make: Make, method: str, length: list[str]) -> None:
        asked: list[Asked] = []
        async with serve(recording(asked)) as server:
            assert await text(make(), Call(method, server.url)) == b"ok"
            assert asked[0].all("content-length") == length
            assert not asked[0].all("content-type")

    async def test_a_large_body_arrives_whole(self, make: Make) -> None:
        asked: list[Asked] = []
        body = bytes(range(256)) * 12_345
        async with serve(recording(asked)) as server:
            assert await text(make(), Call("POST", server.url, {}, body)) == b"ok"
            assert asked[0].body == body

    async def test_a_file_is_sent_from_its_start_as_often_as_asked_and_stays_open(self, make: Make) -> None:
        asked: list[Asked] = []
        body = bytes(range(256)) * 5_000
        with tempfile.TemporaryFile() as file:
            file.write(body)
            async with serve(recording(asked)) as server:
                transport = make()
                for _ in range(2):
                    assert await text(transport, Call("POST", server.url, {}, file)) == b"ok"
                assert [request.body == body for request in asked] == [True, True]
                assert asked[0].all("content-length") == [str(len(body))]
            assert not file.closed

    async def test_an_empty_file_is_an_empty_body(self, make: Make) -> None:
        asked: list[Asked] = []
        async with serve(recording(asked)) as server:
            assert await text(make(), Call("POST", server.url, {}, io.BytesIO())) == b"ok"
            assert asked[0].all("content-length") == ["0"]

    async def test_a_file_that_grows_is_sent_up_to_the_length_that_was_said(self, make: Make) -> None:
        asked: list[Asked] = []
        async with serve(recording(asked)) as server:
            transport = make()
            for _ in range(2):
                assert await text(transport, Call("POST", server.url, {}, Misjudged(b"abcdef", 4))) == b"ok"
            assert [(request.line, request.body) for request in asked] == [("POST / HTTP/1.1", b"abcd")] * 2
            assert server.accepted == 1

    async def test_a_file_that_shrinks_is_an_error_not_an_endless_wait(self, make: Make) -> None:
        async with serve(recording([])) as server, asyncio.timeout(30):
            with pytest.raises(TransportError):
                await make().open(Call("POST", server.url, {}, Misjudged(b"abcdef", 9)))

    @pytest.mark.parametrize(
        "call",
        [
            Call("POST", "/a\r\nx: y", {}, BODY),
            Call("POST", "/a b"),
            Call("POST", "/ü"),
            Call("POST", "/", {"x-a": "1\r\nx-b: 2"}, BODY),
            Call("POST", "/", {"x-a\r\nx-b": "2"}, BODY),
            Call("GET", "/", {"x-a": "1\nx-b: 2"}),
        ],
    )
    async def test_nothing_can_be_smuggled_into_the_head(self, make: Make, call: Call) -> None:
        async with serve(answering(OK)) as server:
            transport = make(connections=1)
            for _ in range(2):  # and no slot is lost over it
                with pytest.raises(TransportError) as caught:
                    await transport.open(Call(call.method, server.url + call.url, call.headers, call.body))
                assert not caught.value.sent
                assert "x-b" not in str(caught.value)
            assert await text(transport, Call("GET", server.url)) == b"ok"

    @pytest.mark.parametrize(
        "url", ["ftp://a.test/", "a.test", "http://", "http://a:port/", "http://2130706433/", "http://u:p@a.test", ""]
    )
    async def test_what_is_no_web_address_is_refused(self, make: Make, url: str) -> None:
        with pytest.raises(TransportError) as caught:
            await make().open(Call("GET", url))
        assert not caught.value.sent

    # connecting

    async def test_a_refused_connection_was_surely_not_sent(self, make: Make) -> None:
        async with serve(answering(OK)) as server:
            url = server.url
        transport = make(connections=1)
        for _ in range(2):
            with pytest.raises(TransportError, match="refused") as caught:
                await transport.open(Call("POST", url + "/secret", {}, BODY))
            assert (caught.value.sent, caught.value.timeout) == (False, False)
            assert "secret" not in str(caught.value)

    async def test_a_name_without_an_address_was_surely_not_sent(self, make: Make) -> None:
        with pytest.raises(TransportError, match=r"nowhere\.invalid") as caught:
            await make().open(Call("POST", "http://nowhere.invalid/", {}, BODY))
        assert not caught.value.sent

    async def test_connecting_has_its_own_limit(self, make: Make) -> None:
        with deaf_port() as port:
            with pytest.raises(TransportError, match=r"within 0\.2 s") as caught:
                await make(connect=0.2).open(Call("POST", f"http://127.0.0.1:{port}/", {}, BODY))
            assert (caught.value.sent, caught.value.timeout) == (False, True)

    async def test_an_address_may_be_a_literal_of_ipv6(self, make: Make) -> None:
        asked: list[Asked] = []
        async with serve(recording(asked), host="::1") as server:
            assert await text(make(), Call("GET", server.url)) == b"ok"
            assert asked[0].all("host") == [f"[::1]:{server.port}"]

    # TLS

    async def test_tls_is_verified_against_the_own_authority_besides_the_systems(
        self, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        system, own = trustme.CA(), trustme.CA()
        system.cert_pem.write_to_path(tmp_path / "system.pem")
        own.cert_pem.write_to_path(tmp_path / "own.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
        transport = make(ca_file=str(tmp_path / "own.pem"))
        for authority in (system, own):
            names: list[str | None] = []
            protocols: list[str | None] = []

            async def script(peer: Peer, protocols: list[str | None] = protocols) -> None:
                protocols.append(peer.writer.get_extra_info("ssl_object").selected_alpn_protocol())
                await answering(OK)(peer)

            async with serve(script, tls=tls_for(authority, "localhost", names)) as server:
                assert await text(transport, Call("POST", server.at("localhost"), {}, BODY)) == b"ok"
                assert names == ["localhost"]  # the name is sent, so that one address can serve many
                assert protocols == ["http/1.1"]  # and which protocol is meant

    async def test_an_unknown_authority_is_refused_and_the_way_out_named(self, make: Make) -> None:
        async with serve(answering(OK), tls=tls_for(trustme.CA(), "localhost")) as server:
            with pytest.raises(TransportError, match=r"certificate.*ca_file") as caught:
                await make().open(Call("POST", server.at("localhost"), {}, BODY))
            assert not caught.value.sent

    async def test_a_certificate_for_another_name_is_refused(self, make: Make, tmp_path: Path) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        async with serve(answering(OK), tls=tls_for(authority, "other.test")) as server:
            with pytest.raises(TransportError, match=r"certificate.*localhost") as caught:
                await make(ca_file=str(tmp_path / "ca.pem")).open(Call("POST", server.at("localhost"), {}, BODY))
            assert not caught.value.sent

    async def test_a_peer_that_speaks_no_tls_was_surely_not_sent(self, make: Make) -> None:
        async def script(peer: Peer) -> None:
            await peer.reader.read(1)
            await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        async with serve(script, scheme="https") as server:
            with pytest.raises(TransportError, match="TLS") as caught:
                await make().open(Call("POST", server.url, {}, BODY))
            assert not caught.value.sent

    @pytest.mark.parametrize("content", [None, "no certificate"])
    async def test_a_useless_authority_file_is_named_at_once(
        self, make: Make, tmp_path: Path, content: str | None
    ) -> None:
        path = tmp_path / "ca.pem"
        if content:
            path.write_text(content)
        with pytest.raises(ValueError, match="ca\\.pem"):
            make(ca_file=str(path))

    # keeping connections

    async def test_a_connection_is_used_again(self, make: Make) -> None:
        async with serve(answering(OK)) as server:
            transport = make()
            for _ in range(5):
                assert await text(transport, Call("POST", server.url, {}, BODY)) == b"ok"
            assert server.accepted == 1

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
    async def test_a_peer_that_closes_a_kept_connection_as_we_write_is_asked_once(
        self, make: Make, method: str
    ) -> None:
        heads = 0

        async def script(peer: Peer) -> None:
            nonlocal heads
            await peer.request()
            await peer.send(OK)
            await peer.request()
            heads += 1

        async with serve(script) as server:
            transport = make(connections=1)
            assert await text(transport, Call(method, server.url)) == b"ok"
            with pytest.raises(TransportError, match="before it answered") as caught:
                await transport.open(Call(method, server.url))
            assert caught.value.sent  # the peer may have acted on it
            assert (heads, server.accepted) == (1, 1)

    async def test_surely_not_sent_is_never_said_of_what_arrived(self, make: Make) -> None:
        arrived: list[bytes] = []

        async def script(peer: Peer) -> None:
            await peer.request()
            await peer.send(OK)
            peer.half_close()  # noticed before, while or after the next request is written
            with suppress(ConnectionError):
                arrived.append(await peer.reader.read(1))

        async with serve(script) as server:
            for turns in range(20):
                transport = make()
                assert await text(transport, Call("POST", server.url, {}, BODY)) == b"ok"
                for _ in range(turns % 10):
                    await asyncio.sleep(0)
                arrived.clear()
                sent = True
                try:
                    await text(transport, Call("POST", server.url, {}, BODY))
                except TransportError as error:
                    sent = error.sent
                await noticed()
                assert sent or not any(arrived)

    async def test_a_connection_that_the_peer_closed_while_it_was_idle_is_replaced(self, make: Make) -> None:
        async def script(peer: Peer) -> None:
            await peer.request()
            await peer.send(OK)

        async with serve(script) as server:
            transport = make()
            for _ in range(3):
                assert await text(transport, Call("POST", server.url, {}, BODY)) == b"ok"
                await noticed()
            assert server.accepted == 3

    async def test_bytes_that_nobody_asked_for_never_answer_the_next_request(self, make: Make) -> None:
        async def script(peer: Peer) -> None:
            await peer.request()
            await peer.send(OK)
            await noticed()
            await peer.send(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 5\r\n\r\nstale")
            await peer.gone()

        async with serve(script) as server:
            transport = make()
            for _ in range(3):
                assert await text(transport, Call("POST", server.url, {}, BODY)) == b"ok"
                await noticed()
                await noticed()

    # the pool

    async def test_a_full_pool_refuses_after_its_wait_and_says_so(self, make: Make) -> None:
        async with serve(answering(OK)) as server:
            transport = make(connections=2, pool_wait=0.05)
            held = [await transport.open(Call("GET", server.url)) for _ in range(2)]
            with pytest.raises(TransportError, match=r"all 2 connections .* `pool_wait`") as caught:
                await transport.open(Call("POST", server.url, {}, BODY))
            assert (caught.value.sent, caught.value.timeout) == (False, True)
            for reply in held:
                await transport.close(reply)
            assert await text(transport, Call("GET", server.url)) == b"ok"

    async def test_a_waiter_gets_the_connection_that_becomes_free(self, make: Make) -> None:
        async with serve(answering(OK)) as server:
            transport = make(connections=1)
            held = await transport.open(Call("GET", server.url))
            waiting = asyncio.create_task(text(transport, Call("GET", server.url)))
            await asyncio.sleep(0)
            await transport.close(held)
            assert await waiting == b"ok"

    async def test_a_cancelled_waiter_leaks_no_slot(self, make: Make) -> None:
        async with serve(answering(OK)) as server:
            transport = make(connections=1)
            held = await transport.open(Call("GET", server.url))
            waiting = [asyncio.create_task(transport.open(Call("GET", server.url))) for _ in range(3)]
            await asyncio.sleep(0)
            waiting[0].cancel()
            await transport.close(held)
            waiting[1].cancel()  # at the moment when the slot is handed to it
            await asyncio.wait(waiting[:2])
            await transport.close(await waiting[2])
            assert await text(transport, Call("GET", server.url)) == b"ok"

    async def test_closing_twice_frees_one_slot(self, make: Make) -> None:
        async with serve(answering(OK)) as server:
            transport = make(connections=1, pool_wait=0.05)
            reply = await transport.open(Call("GET", server.url))
            await transport.close(reply)
            await transport.close(reply)
            held = await transport.open(Call("GET", server.url))
            with pytest.raises(TransportError):
                await transport.open(Call("GET", server.url))
            await transport.close(held)

    async def test_a_closed_transport_opens_nothing(self, make: Make) -> None:
        transport = make()
        await transport.aclose()
        with pytest.raises(TransportError) as caught:
            await transport.open(Call("GET", "http://127.0.0.1:9/"))
        assert not caught.value.sent
