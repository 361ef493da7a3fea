"""What a caller may send: any other body gets a clear 4xx in the caller's dialect, and holds nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import anthropic
import msgspec
import openai
import pytest

from tests.e2e.border import BODY_BYTES, CHAT, ENDS, HASTY, PATHS, RAW, SAID, bordered, check_refusal, nothing_held
from tests.support.gatewayprocess import GatewayProcess
from tests.support.rawclient import Line, ask, request
from tests.support.simulation import Simulation


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with bordered(upstream, tmp_path_factory.mktemp("border")) as process:
        yield process


@pytest.fixture(scope="module")
def hasty(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with bordered(upstream, tmp_path_factory.mktemp("hasty"), HASTY) as process:
        yield process


@pytest.fixture(autouse=True)
def nothing_is_held(gateway: GatewayProcess, simulation: Simulation) -> Iterator[None]:
    with nothing_held(gateway):
        yield


@dataclass(frozen=True, slots=True)
class Bad:
    """A body that is refused, and the code it is refused with."""

    raw: bytes
    code: str
    status: int = 400
    headers: dict[str, str] = field(default_factory=dict)


def _with(**more: Any) -> bytes:
    return msgspec.json.encode({**SAID, **more})


BODIES: Final = {
    "nothing": Bad(b"", "invalid_json"),
    "half an object": Bad(RAW[:-1], "invalid_json"),
    "an object and more": Bad(RAW + b"}", "invalid_json"),
    "a list": Bad(b"[]", "invalid_json"),
    "a string": Bad(b'"text"', "invalid_json"),
    "a single quote": Bad(b"{'model': 'demo'}", "invalid_json"),
    "NaN": Bad(RAW[:-1] + b', "temperature": NaN}', "invalid_json"),
    "Infinity": Bad(RAW[:-1] + b', "temperature": Infinity}', "invalid_json"),
    "bytes that are not UTF-8": Bad(b'{"model": "\xff\xfe"}', "invalid_json"),
    "a lone surrogate": Bad(b'{"model": "\\ud800", "messages": []}', "invalid_json"),
    "a lone surrogate as bytes": Bad(b'{"model": "\xed\xa0\x80", "messages": []}', "invalid_json"),
    "a byte order mark": Bad(b"\xef\xbb\xbf" + RAW, "invalid_json"),
    "deep lists": Bad(b'{"model": "demo", "messages": ' + b"[" * 60_000 + b"]" * 39_000 + b"}", "invalid_json"),
    "deep objects": Bad(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "invalid_json"),
    "one level too deep": Bad(_with(x=[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]), "invalid_json"),
    "a key twice": Bad(RAW[:-1] + b', "model": "other"}', "duplicate_key"),
    "a key twice, once escaped": Bad(RAW[:-1] + b', "mod\\u0065l": "other"}', "duplicate_key"),
    "a key twice, deep inside": Bad(
        b'{"model": "demo", "messages": [{"role": "user", "role": "system"}]}', "duplicate_key"
    ),
    "a key twice, beside escaped quotes": Bad(_with(user='\\":\\"{":')[:-1] + b', "user": ""}', "duplicate_key"),
    "no model": Bad(b'{"messages": []}', "invalid_request"),
    "an empty model": Bad(_with(model=""), "invalid_request"),
    "a model that is a number": Bad(_with(model=1), "invalid_request"),
    "a model that is a list": Bad(_with(model=["demo"]), "invalid_request"),
    "a stream that is a string": Bad(_with(stream="true"), "invalid_request"),
    "a stream that is a number": Bad(_with(stream=1), "invalid_request"),
    "too large": Bad(_with(user="x" * BODY_BYTES), "body_too_large", 413),
    "a form": Bad(RAW, "unsupported_media_type", 415, {"content-type": "multipart/form-data; boundary=x"}),
    "text": Bad(RAW, "unsupported_media_type", 415, {"content-type": "text/plain"}),
    "another charset": Bad(RAW, "unsupported_media_type", 415, {"content-type": "application/json; charset=utf-16"}),
    "a charset among others": Bad(
        RAW, "unsupported_media_type", 415, {"content-type": "application/json; v=1; charset=latin1"}
    ),
    "gzip": Bad(RAW, "unsupported_media_type", 415, {"content-encoding": "gzip"}),
}


@pytest.mark.parametrize("bad", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("dialect", PATHS)
def test_a_bad_body_is_refused_in_the_callers_dialect(
    bad: Bad, dialect: str, gateway: GatewayProcess, simulation: Simulation
) -> None:
    answer = ask(gateway.url, PATHS[dialect], bad.raw, headers=bad.headers)
    check_refusal(answer, dialect, bad.status, bad.code)
    assert [one for one in simulation.requests() if one["path"] == PATHS[dialect] and one["body"] != SAID] == []


GOOD: Final = {
    "a charset that is UTF-8": (RAW, {"content-type": "application/json; charset=UTF-8"}),
    "upper case": (RAW, {"content-type": "Application/JSON"}),
    "no content type": (RAW, {"content-type": ""}),
    "white space around": (b"\n\t " + RAW + b"\r\n ", {}),
    "the same key in two objects": (_with(metadata={"model": "x", "role": "y"}), {}),
    "quotes, colons and braces in text": (_with(user='{"model":"demo","model":"demo"} \\" : \\\\'), {}),
    "a surrogate pair": (RAW.replace(b"Hi", b"\\ud83d\\ude42"), {}),
    "as deep as allowed": (_with(x=[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]), {}),
    "stream: null": (_with(stream=None), {}),
}


@pytest.mark.parametrize(("raw", "headers"), GOOD.values(), ids=GOOD.keys())
def test_a_good_body_is_taken(raw: bytes, headers: dict[str, str], gateway: GatewayProcess) -> None:
    answer = ask(gateway.url, CHAT, raw, headers=headers)
    assert answer.status == 200, answer.body


def test_a_body_without_a_length_is_measured_as_it_comes(gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        line.send(request("POST", CHAT, line.host, b"", {"content-length": "", "transfer-encoding": "chunked"}))
        for _ in range(11):
            line.send_some(b"2710\r\n" + b" " * 10_000 + b"\r\n")
        check_refusal(line.answer(), "chat", 413, "body_too_large")


@pytest.mark.parametrize("length", ["100001", "99999999999", "9" * 19])
def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(length: str, hasty: GatewayProcess) -> None:
    with nothing_held(hasty), Line(hasty.url) as line:
        line.send(request("POST", CHAT, line.host, b"", {"content-length": length}))
        check_refusal(line.answer(), "chat", 413, "body_too_large")
        assert line.is_closed(ENDS), "the rest would be taken for a request"


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "9" * 40, "10, 11"])
def test_a_length_that_is_none_is_refused(length: str, gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        line.send(request("POST", CHAT, line.host, b"", {"content-length": length}))
        assert line.answer().status in (400, 413)
        assert line.is_closed(ENDS)


def test_a_length_and_chunks_together_are_refused(gateway: GatewayProcess) -> None:
    """What one server takes for the body another takes for the next request."""
    with Line(gateway.url) as line:
        line.send(
            request("POST", CHAT, line.host, b"0\r\n\r\n", {"transfer-encoding": "chunked", "content-length": "5"})
        )
        assert line.answer().status == 400
        assert line.is_closed(ENDS)


@pytest.mark.parametrize("size", [200_000, 8_000_000])
def test_the_sdks_hear_that_a_body_is_too_large(size: int, gateway: GatewayProcess) -> None:
    """They send it whole before they listen: the refusal must be there when they do."""
    said: Any = [{"role": "user", "content": "x" * size}]
    with openai.OpenAI(base_url=gateway.v1, api_key="any", max_retries=0) as client:
        with pytest.raises(openai.APIStatusError) as raised:
            client.chat.completions.create(model="demo", messages=said)
        assert raised.value.status_code == 413
    with anthropic.Anthropic(base_url=gateway.url, api_key="any", max_retries=0) as other:
        with pytest.raises(anthropic.APIStatusError) as heard:
            other.messages.create(model="demo", messages=said, max_tokens=10)
        assert heard.value.status_code == 413
