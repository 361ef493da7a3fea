"""A form is read as every receiver reads it: one field `model`, found wherever it stands, and nothing else taken for it."""

import io
from typing import Any, Final

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.simulator.multipart import parse
from gateway.wire.multipart import batch_in, model_of, with_model

_BOUNDARY: Final = st.text("abcXYZ019'()+_,-./:=?", min_size=1, max_size=40)
_LOOKALIKES: Final = st.sampled_from(
    [
        b'\r\nContent-Disposition: form-data; name="model"\r\n\r\nfalse\r\n',
        b"\r\n--",
        b"\r\n",
        b"--",
        b"\x00\xff",
        b'name="model"',
        b"\r\n\r\n",
    ]
)


def head(name: str, filename: str | None = None) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    return f'Content-Disposition: form-data; name="{name}"{file}\r\n'.encode()


def form(boundary: str, parts: list[tuple[bytes, bytes]]) -> bytes:
    mark = b"--" + boundary.encode()
    return b"".join(mark + b"\r\n" + said + b"\r\n" + content + b"\r\n" for said, content in parts) + mark + b"--\r\n"


def kind(boundary: str) -> str:
    return f'multipart/form-data; boundary="{boundary}"'


@st.composite
def forms(draw: st.DrawFn) -> tuple[str, list[tuple[bytes, bytes]], int]:
    """A boundary, parts, and where among them the model stands."""
    boundary = draw(_BOUNDARY)
    near = st.sampled_from([f"\r\n--{boundary}"[:-1].encode(), f"--{boundary}".encode(), f"\n--{boundary}--".encode()])
    content = st.lists(st.one_of(st.binary(max_size=30), _LOOKALIKES, near), max_size=6).map(b"".join)
    filename = st.one_of(
        st.none(), st.sampled_from(["a.wav", "; name=model", "x; name=model; y", "말.jsonl", "model", "C:\\a\\b"])
    )
    name = st.sampled_from(["file", "prompt", "models", "model_x", "xmodel", "Model", "model[]", "name"])
    parts = draw(st.lists(st.tuples(st.builds(head, name, filename), content), max_size=4))
    place = draw(st.integers(0, len(parts)))
    parts.insert(place, (head("model") + draw(st.sampled_from([b"", b"Content-Type: text/plain\r\n"])), b"asked"))
    assume(all(f"\r\n--{boundary}".encode() not in b"\r\n" + said + b"\r\n" + held + b"\r" for said, held in parts))
    return boundary, parts, place


@given(forms(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_only_the_models_value_changes_whatever_stands_around_it(
    made: tuple[str, list[tuple[bytes, bytes]], int], served: str
) -> None:
    boundary, parts, place = made
    upload = io.BytesIO(form(boundary, parts))
    asked, found = model_of(kind(boundary), "", upload)
    assert asked == "asked"
    assert found is not None
    other = [*parts[:place], (parts[place][0], served.encode()), *parts[place + 1 :]]
    assert with_model(upload, found, served).read() == form(boundary, other)


@given(st.integers(1024 * 1024 - 120, 1024 * 1024 + 20), st.integers(0, 2))
@example(1024 * 1024 - 3, 0)
def test_a_boundary_across_the_pieces_that_are_read_is_found(size: int, more: int) -> None:
    """An upload is looked at a megabyte at a time."""
    parts = [
        (head("file", "a"), b"\r" * size),
        *[(head("other"), b"x" * 1024 * 1024)] * more,
        (head("model"), b"asked"),
    ]
    assert model_of(kind("b"), "", io.BytesIO(form("b", parts)))[0] == "asked"


@pytest.mark.parametrize(
    ("said", "content"),
    [
        (b'Content-Disposition: form-data; name="model_name"\r\n', b"x"),
        (b'Content-Disposition: form-data; name="my model"\r\n', b"x"),
        (b'Content-Disposition: form-data; name="file"; filename="name=model"\r\n', b"x"),
        (b'Content-Disposition: form-data; filename="; name=model"; name="file"\r\n', b"x"),
        (b'Content-Disposition: attachment; name="model"\r\n', b"x"),
        (b'X-Other: form-data; name="model"\r\n', b"x"),
    ],
)
def test_what_only_looks_like_the_field_is_none(said: bytes, content: bytes) -> None:
    assert model_of(kind("b"), "", io.BytesIO(form("b", [(said, content)]))) == ("", None)


def test_what_stands_behind_the_end_or_before_the_beginning_is_no_part() -> None:
    field = form("b", [(head("model"), b"hidden")])
    behind = form("b", [(head("model"), b"asked")]) + field
    assert model_of(kind("b"), "", io.BytesIO(behind))[0] == "asked"
    assert model_of(kind("b"), "", io.BytesIO(form("b", []) + field)) == ("", None)
    assert model_of(kind("b"), "", io.BytesIO(b"preamble\r\n" + form("b", [(head("model"), b"asked")])))[0] == "asked"


def test_a_longer_boundary_is_another() -> None:
    inner = b'x\r\n--bX\r\nContent-Disposition: form-data; name="model"\r\n\r\nhidden\r\n--bX--'
    upload = io.BytesIO(form("b", [(head("file", "a"), inner), (head("model"), b"asked")]))
    assert model_of(kind("b"), "", upload)[0] == "asked"


@pytest.mark.parametrize(
    "said",
    [
        b'content-disposition: form-data; name="model"\r\n',
        b"Content-Disposition: form-data; name=model\r\n",
        b'CONTENT-DISPOSITION:form-data;NAME="model"\r\n',
        b'Content-Type: text/plain\r\nContent-Disposition: form-data; name="model"\r\nX: y\r\n',
        b'Content-Disposition: form-data; filename="a"; name="model"\r\n',
    ],
)
def test_the_field_is_found_however_it_is_written(said: bytes) -> None:
    assert model_of(kind("b"), "", io.BytesIO(form("b", [(said, b"asked")])))[0] == "asked"


@pytest.mark.parametrize(
    "content_type",
    ["Multipart/Form-Data; boundary=b", "multipart/form-data;boundary=b", 'multipart/form-data; x=y; Boundary="b"'],
)
def test_the_content_type_is_read_however_it_is_written(content_type: str) -> None:
    assert model_of(content_type, "", io.BytesIO(form("b", [(head("model"), b"asked")])))[0] == "asked"


_TWICE: Final = [(head("model"), b"one"), (head("file", "f"), b"x"), (head("model"), b"two")]
_WRONG: Final[dict[str, tuple[str, str, bytes, str]]] = {
    "two fields": (kind("b"), "", form("b", _TWICE), "duplicate_key"),
    "two fields of the same": (kind("b"), "", form("b", [(head("model"), b"one")] * 2), "duplicate_key"),
    "field and query": (kind("b"), "?model=other", form("b", [(head("model"), b"one")]), "invalid_request"),
    "no boundary": ("multipart/form-data", "", form("b", [(head("model"), b"one")]), "invalid_request"),
    "no end": (kind("b"), "", form("b", [(head("model"), b"one")])[: -len("\r\n--b--\r\n")], "invalid_request"),
    "empty": (kind("b"), "", form("b", [(head("model"), b"")]), "invalid_request"),
    "long": (kind("b"), "", form("b", [(head("model"), b"x" * 257)]), "invalid_request"),
    "not UTF-8": (kind("b"), "", form("b", [(head("model"), b"\xff")]), "invalid_request"),
    "endless head": (kind("b"), "", form("b", [(b"X: " + b"y" * 20_000, b"")]), "invalid_request"),
    "two names": (
        kind("b"),
        "",
        form("b", [(b'Content-Disposition: form-data; name="file"; name="model"\r\n', b"x")]),
        "invalid_request",
    ),
    "a coded name": (
        kind("b"),
        "",
        form("b", [(b"Content-Disposition: form-data; name=\"file\"; name*=utf-8''model\r\n", b"x")]),
        "invalid_request",
    ),
    "a name in doubt": (
        kind("b"),
        "",
        form("b", [(b'Content-Disposition: form-data; filename="a\\"; name="model"\r\n', b"x")]),
        "invalid_request",
    ),
}


@pytest.mark.parametrize(("content_type", "query", "upload", "code"), _WRONG.values(), ids=_WRONG.keys())
def test_a_form_in_which_two_readers_could_find_two_models_is_refused(
    content_type: str, query: str, upload: bytes, code: str
) -> None:
    with pytest.raises(GatewayError) as caught:
        model_of(content_type, query, io.BytesIO(upload))
    assert (caught.value.code, caught.value.status, caught.value.param) == (code, 400, "model")


def test_the_query_may_repeat_the_field_and_stands_in_for_it() -> None:
    upload = io.BytesIO(form("b", [(head("model"), b"asked")]))
    assert model_of(kind("b"), "?x=y&model=asked", upload)[0] == "asked"
    assert model_of(kind("b"), "?model=a%2Fb", io.BytesIO(form("b", []))) == ("a/b", None)
    assert model_of("application/octet-stream", "", upload) == ("", None)


@given(forms(), st.data())
def test_no_torn_form_names_a_model_that_its_receiver_would_not_read(
    made: tuple[str, list[tuple[bytes, bytes]], int], data: st.DataObject
) -> None:
    """Cut anywhere: the same model, none, or a refusal; never another one."""
    boundary, parts, _ = made
    whole = form(boundary, parts)
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    try:
        asked = model_of(kind(boundary), "", io.BytesIO(cut))[0]
    except GatewayError:
        return
    assert asked in ("", "asked")


@given(forms())
def test_the_simulated_upstream_reads_the_same_model(made: tuple[str, list[tuple[bytes, bytes]], int]) -> None:
    boundary, parts, _ = made
    upload = io.BytesIO(form(boundary, parts))
    found: Any = model_of(kind(boundary), "", upload)[1]
    try:
        fields, _ = parse(with_model(upload, found, "served").read(), kind(boundary))
    except ValueError:  # text that is not UTF-8
        return
    assert fields["model"] == "served"


_B: Final = kind("b")


def found_in(*parts: tuple[bytes, bytes]) -> bytes | None:
    raw = form("b", list(parts))
    place = batch_in(_B, io.BytesIO(raw))
    assert place is None or place.text == b""
    return None if place is None else raw[place.start : place.end]


@pytest.mark.parametrize("content", [b"", b"{}\n", b"\r\n", b"a\r\n--c\r\n" * 50_000])
@pytest.mark.parametrize("purpose", [b"batch", b" Batch\t"])
def test_the_file_of_a_batch_is_found_wherever_it_stands(content: bytes, purpose: bytes) -> None:
    file, said = (head("file", "a.jsonl"), content), (head("purpose"), purpose)
    assert found_in(said, file) == content
    assert found_in(file, (head("model"), b"m"), said) == content


def test_a_form_for_anything_else_has_no_such_file() -> None:
    file = (head("file", "a.jsonl"), b"{}")
    assert found_in(file) is None
    assert found_in((head("purpose"), b"user_data"), file) is None
    assert found_in((head("purpose"), b"batch"), (head("files"), b"{}")) is None
    assert batch_in("application/json", io.BytesIO(b"{}")) is None


@pytest.mark.parametrize("twice", ["purpose", "file"])
def test_a_form_that_two_readers_read_in_two_ways_is_refused(twice: str) -> None:
    """One takes the first of two fields, another the last."""
    file, said = (head("file", "a.jsonl"), b"{}"), (head("purpose"), b"user_data")
    more = (head("file", "b.jsonl"), b"[]") if twice == "file" else (head("purpose"), b"batch")
    with pytest.raises(GatewayError, match="twice") as caught:
        found_in(said, file, more)
    assert (caught.value.code, caught.value.param) == ("duplicate_key", twice)


@pytest.mark.parametrize("purpose", [b"", b"b" * 300])
def test_a_purpose_has_some_bytes_and_not_many(purpose: bytes) -> None:
    with pytest.raises(GatewayError, match="must have 1 to") as caught:
        found_in((head("purpose"), purpose))
    assert caught.value.param == "purpose"
