"""Asks a service of the operator's own, by a signed request. It is shown the text as it stands in the gateway.

It gets `{"place": …, "text": …, "tool": …}` and answers `{"findings": [{"start": 0, "end": 5, "kind": "KIND", "score": 1.0}]}`, in code
points of the text. `x-haechi-signature` is `v1=` and the HMAC-SHA256 of `TIMESTAMP.BODY` in hex; a receiver that looks at
`x-haechi-timestamp` (Unix seconds) can turn away what somebody sends again.
"""

import hmac
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from gateway.guards.check import Nonsense, Said
from gateway.guards.checks.ports import Ports
from gateway.guards.finding import Finding

SECONDS: Final = 600.0
"""Until an answer is given up; a rule's own time is shorter."""
TIMESTAMP: Final = "x-haechi-timestamp"
SIGNATURE: Final = "x-haechi-signature"


class Found(Struct, frozen=True, forbid_unknown_fields=True):
    """One finding, as the service writes it."""

    start: Annotated[int, Meta(ge=0)]
    end: Annotated[int, Meta(ge=1)]
    kind: Annotated[str, Meta(pattern="^[A-Z][A-Z0-9_]{0,31}$")]
    score: Annotated[float, Meta(ge=0, le=1)]


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """What the service has to say."""

    findings: Annotated[list[Found], Meta(max_length=10_000)]


_decode: Final = msgspec.json.Decoder(Answer).decode


class WebhookFailed(Exception):
    """The service has answered with another status than 2xx."""


class WebhookCheck:
    """`look` raises `PostFailed`, `WebhookFailed` and `Nonsense`. What a judge asks is not shown to anybody."""

    def __init__(self, url: str, secret: str, ports: Ports) -> None:
        self._url = url
        self._secret = secret.encode()
        self._post = ports.post
        self._now = ports.now

    async def look(self, said: Said) -> Sequence[Finding]:
        if said.setting.depth > 0 or not said.text:
            return []
        body = msgspec.json.encode({"place": said.place, "text": said.text, "tool": said.tool})
        timestamp = str(int(self._now()))
        headers = {
            "content-type": "application/json",
            TIMESTAMP: timestamp,
            SIGNATURE: signature(self._secret, timestamp, body),
        }
        status, answer = await self._post(self._url, headers, body, SECONDS)
        if not 200 <= status < 300:
            raise WebhookFailed(f"status {status}")
        return findings_of(answer, said.text)


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    return "v1=" + hmac.digest(secret, timestamp.encode() + b"." + body, "sha256").hex()


def findings_of(answer: bytes, text: str) -> list[Finding]:
    """Raises `Nonsense`, which quotes nothing."""
    try:
        found = _decode(answer).findings
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Nonsense("a webhook gave no findings") from None
    if not all(one.start < one.end <= len(text) for one in found):
        raise Nonsense("a webhook gave a finding outside of the text")
    return sorted(Finding(one.start, one.end, one.kind, "", one.score) for one in found)
