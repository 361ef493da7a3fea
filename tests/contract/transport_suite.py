"""The conformance suite of the transport seam. An implementation subclasses `TransportSuite` and says how it is made.

class TestMine(TransportSuite):
    def create(self, limits: TransportLimits) -> Transport:
        return MyTransport(limits)
"""

from tests.contract.transport_answers import AnswerSuite
from tests.contract.transport_cancelling import CancelSuite
from tests.contract.transport_connections import ConnectionSuite
from tests.contract.transport_heads import HeadSuite
from tests.contract.transport_proxies import ProxySuite


class TransportSuite(ConnectionSuite, ProxySuite, HeadSuite, AnswerSuite, CancelSuite):
    """All parts together."""
