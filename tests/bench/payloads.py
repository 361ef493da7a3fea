"""The bytes that travel: requests of three sizes, one unary answer, one streamed event."""

import json

UNARY_MODEL = "bench-unary"
STREAM_MODEL = "bench-stream"
MARK = b"lorem"
EVENT_BYTES = 256
LARGE_BYTES = 108 * 1024
_WORDS = "lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore; "


def small_body() -> bytes:
    """About 300 bytes, as a short question is."""
    return _request(UNARY_MODEL, [("system", "Answer in one sentence."), ("user", _text(140))], stream=False)


def large_body() -> bytes:
    """A conversation of 108 KB in forty turns."""
    turns = [("user" if index % 2 == 0 else "assistant", _text(2650)) for index in range(40)]
    spare = LARGE_BYTES - len(_request(UNARY_MODEL, [*turns, ("user", "")], stream=False))
    return _request(UNARY_MODEL, [*turns, ("user", _text(spare))], stream=False)


def paced_body(chunks: int, gap_us: int) -> bytes:
    """Asks the upstream for `chunks` events (0: until the line closes), one every `gap_us`."""
    return _request(STREAM_MODEL, [("user", f"bench paced {chunks} {gap_us}")], stream=True)


def held_body() -> bytes:
    """Asks the upstream for one event and then silence until the line closes."""
    return _request(STREAM_MODEL, [("user", "bench held 1 0")], stream=True)


def unary_answer() -> bytes:
    """A chat completion of about 1 KB with usage, as a vendor sends it."""
    return _json(
        {
            "id": "chatcmpl-bench0000000000000000000000",
            "object": "chat.completion",
            "created": 1760000000,
            "model": "bench-unary-2026-01-01",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": _text(480), "refusal": None, "annotations": []},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": {
                "prompt_tokens": 61,
                "completion_tokens": 112,
                "total_tokens": 173,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
            },
            "service_tier": "default",
            "system_fingerprint": "fp_bench00000",
        }
    )


def role_event() -> bytes:
    return _event({"role": "assistant", "content": ""}, None)


def text_events() -> list[bytes]:
    """Sixteen deltas with different texts (some gateways cut off a model that repeats itself), each with the mark.

    A whole event, `data: ` and the empty line included, is 256 bytes.
    """
    spare = EVENT_BYTES - len(_event({"content": ""}, None))
    texts = (f"{index:02d} {_WORDS}"[:spare] for index in range(16))
    return [_event({"content": text}, None) for text in texts]


def last_events(*, usage: bool) -> bytes:
    """The finish, the usage event if it was asked for, and the terminal event."""
    counts = {"prompt_tokens": 9, "completion_tokens": 99, "total_tokens": 108}
    tail = b"data: " + _json({**_envelope(), "choices": [], "usage": counts}) + b"\n\n" if usage else b""
    return _event({}, "stop") + tail + b"data: [DONE]\n\n"


def http_request(path: str, port: int, body: bytes, headers: dict[str, str]) -> bytes:
    """The whole request, ready to be written again and again on one line."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        "Accept: */*",
        "User-Agent: bench",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _request(model: str, turns: list[tuple[str, str]], *, stream: bool) -> bytes:
    messages = [{"role": role, "content": text} for role, text in turns]
    return _json({"model": model, "messages": messages, "temperature": 0.2, "stream": stream})


def _event(delta: dict[str, str], finish: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + _json({**_envelope(), "choices": [choice]}) + b"\n\n"


def _envelope() -> dict[str, object]:
    return {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1760000000, "model": "bench-stream"}


def _text(size: int) -> str:
    return (_WORDS * (size // len(_WORDS) + 1))[:size]


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
