"""aiohttp behind the seam."""

import pytest

from gateway.upstream.aiohttp_transport import AiohttpTransport
from gateway.upstream.client import Call, Transport, TransportError, TransportLimits
from tests.contract.transport_base import OK, Make, text
from tests.contract.transport_suite import TransportSuite
from tests.support.rawserver import Peer, serve


class TestAiohttp(TransportSuite):
    """The whole suite."""

    def create(self, limits: TransportLimits) -> Transport:
        return AiohttpTransport(limits)

    async def test_a_request_that_found_its_connection_closing_was_surely_not_sent(self, make: Make) -> None:
        async def script(peer: Peer) -> None:
            await peer.request()
            await peer.send(OK)
            peer.half_close()
            await peer.gone()

        async with serve(script) as server:
            transport = make()
            call = Call("POST", server.url, {}, b"{}")
            assert await text(transport, call) == b"ok"
            with pytest.raises(TransportError) as caught:  # the end lies in the socket, and nobody has looked yet
                await transport.open(call)
            assert not caught.value.sent
