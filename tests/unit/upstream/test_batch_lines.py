"""The lines of a batch: each names a model that its caller may use, in the words of the account that the file goes to."""

import io
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.structs import Limits
from gateway.errors import GatewayError
from gateway.upstream.batch_lines import with_models
from gateway.wire.multipart import Place

_MODELS: Final = {"fast": "real", "same": "same"}
_BEFORE: Final = b"--b\r\nhead\r\n\r\n"
_BEHIND: Final = b"\r\n--b--\r\n"


def line(model: Any = "fast", end: bytes = b"\n", **body: Any) -> bytes:
    return msgspec.json.encode({"custom_id": "한", "url": "/v1/x", "body": {"model": model, **body}}) + end


def rewritten(content: bytes, limits: Limits | None = None) -> bytes:
    upload = io.BytesIO(_BEFORE + content + _BEHIND)
    place = Place(b"", len(_BEFORE), len(_BEFORE) + len(content))
    with with_models(upload, place, _MODELS.get, list(_MODELS), limits or Limits()) as made:
        whole = made.read()
    assert whole.startswith(_BEFORE)
    assert whole.endswith(_BEHIND)
    return whole[len(_BEFORE) : len(whole) - len(_BEHIND)]


def refused(content: bytes, limits: Limits | None = None) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        rewritten(content, limits)
    assert caught.value.param == "file"
    return caught.value


def test_a_line_names_the_model_as_its_provider_does_and_nothing_else_changes() -> None:
    before = [line("fast", top=[1, {"model": "fast"}], b=1.5), b"\n", line("same", a=1), b" \t\r\n", line("fast", b"")]
    after = rewritten(b"".join(before))
    assert after.splitlines(keepends=True) == [
        line("real", top=[1, {"model": "fast"}], b=1.5),
        b"\n",
        line("same", a=1),
        b" \t\r\n",
        line("real", b""),
    ]


def test_a_line_that_is_right_already_stays_as_it_came() -> None:
    odd = b'  {"body" : {"x": 1.0e2, "model":"same"} }  \r\n'
    assert rewritten(odd) == odd


@given(st.lists(st.tuples(st.sampled_from(["fast", "same"]), st.text(max_size=20)), max_size=8), st.booleans())
def test_every_line_goes_on_once_in_order(lines: list[tuple[str, str]], ended: bool) -> None:
    content = b"".join(line(model, text=text) for model, text in lines)
    content = content if ended else content.removesuffix(b"\n")
    after = rewritten(content)
    told = [msgspec.json.decode(one)["body"] for one in after.split(b"\n") if one]
    assert told == [{"model": _MODELS[model], "text": text} for model, text in lines]
    assert after.endswith(b"\n") == content.endswith(b"\n")


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (line("other"), "model_not_allowed"),
        (line("real"), "model_not_allowed"),
        (line("x" * 100), "model_not_allowed"),
        (line(None), "invalid_request"),
        (line(["fast"]), "invalid_request"),
        (b'{"model": "fast"}\n', "invalid_request"),
        (b'{"body": "fast"}\n', "invalid_request"),
        (b'{"body": {"model": "fast", "model": "other"}}\n', "duplicate_key"),
        (b'{"body": {"model": "fast"}, "body": {"model": "other"}}\n', "duplicate_key"),
        (b'{"body": {"model": "fast"}} {"body": {"model": "other"}}\n', "invalid_json"),
        (b"[]\n", "invalid_json"),
        (b"\xff\n", "invalid_json"),
        (line(input=[{"content": [{"type": "input_file", "file_id": "file-raw"}]}]), "unsupported_parameter"),
        (line(input=[{"type": "item_reference", "id": "msg_raw"}]), "unsupported_parameter"),
        (line(tools=[{"type": "file_search", "vector_store_ids": ["vs_raw"]}]), "unsupported_parameter"),
        (line(previous_response_id="resp_raw"), "unsupported_parameter"),
        (line(conversation="conv_raw"), "unsupported_parameter"),
    ],
)
def test_a_line_that_cannot_go_on_is_named(bad: bytes, code: str) -> None:
    error = refused(line() + b"\n" + bad + line("never"))
    assert error.code == code
    assert error.message.startswith("Line 3 of the batch file: ")
    assert "raw" not in error.message.replace("input.0.id", "")
    if code == "model_not_allowed":
        assert "use one of: fast, same." in error.message
        assert "xxx" not in error.message


def test_a_line_has_an_end() -> None:
    limits = Limits(body_bytes=1024)
    assert rewritten(line(x="y" * 900), limits)
    assert refused(line() + line(x="y" * 1100), limits).code == "body_too_large"
