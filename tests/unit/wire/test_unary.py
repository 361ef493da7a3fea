"""Dialects that answer with one body: usage and errors are read, the rest is not even decoded."""

import pytest

from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.dialect import END, FAULT, TEXT, Dialect
from gateway.wire.embeddings import EMBEDDINGS
from gateway.wire.frames import Frame
from gateway.wire.moderations import MODERATIONS
from gateway.wire.neutral import Usage

DIALECTS = pytest.mark.parametrize("dialect", [EMBEDDINGS, MODERATIONS], ids=lambda dialect: dialect.name)


@DIALECTS
def test_usage_is_read_and_the_body_passes_as_it_came(dialect: Dialect) -> None:
    watch = dialect.watch(False, False)
    frame = frames.body(
        {"object": "list", "data": [{"embedding": [0.1] * 9}], "usage": {"prompt_tokens": 4, "total_tokens": 4}}
    )
    assert watch.look(frame) == TEXT | END
    assert watch.usage == Usage(input_tokens=4)
    assert watch.shown(frame) is frame


@DIALECTS
def test_a_body_without_usage_is_whole_all_the_same(dialect: Dialect) -> None:
    watch = dialect.watch(False, False)
    assert watch.look(frames.body({"results": []})) == TEXT | END
    assert watch.usage is None


@DIALECTS
@pytest.mark.parametrize("error", [{"message": "broken", "code": "model_not_found"}, "broken"])
def test_an_error_in_a_body_with_status_200_is_a_fault(dialect: Dialect, error: object) -> None:
    watch = dialect.watch(False, False)
    assert watch.look(frames.body({"error": error})) == FAULT
    assert watch.fault is not None
    assert watch.fault.message == "broken"


@DIALECTS
@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_the_upstreams_fault(dialect: Dialect, raw: bytes) -> None:
    with pytest.raises(GatewayError) as caught:
        dialect.watch(False, False).look(Frame(raw, raw))
    assert caught.value.code == "upstream_invalid_response"


def test_paths_are_those_of_the_vendor() -> None:
    assert (EMBEDDINGS.path, MODERATIONS.path) == ("/embeddings", "/moderations")
