"""A detector that asks somebody when it is imported."""

import contextlib
import socket

from gateway.detector import Detector, Pattern

with contextlib.suppress(OSError):
    socket.create_connection(("127.0.0.1", 9), 0.1).close()


class Asking(Detector, frozen=True, tag="acme_asking"):
    """Asks somebody when it is imported."""

    def patterns(self) -> list[Pattern]:
        return [Pattern("TICKET", "ACME-[0-9]{6}")]
