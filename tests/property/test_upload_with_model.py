"""An upload whose model is another reads as if it had been written so, in any pieces, and nothing is read before."""

import os
from io import BytesIO
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.multipart import model_of, with_model

_FORM: Final = "multipart/form-data; boundary=b"
_NAME: Final = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1, max_size=20)


def form(before: bytes, model: str, behind: bytes) -> bytes:
    parts = [
        b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n' + before,
        b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\n' + model.encode(),
        b'--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\n' + behind,
    ]
    return b"\r\n".join([*parts, b"--b--\r\n"])


@given(st.binary(max_size=60), st.binary(max_size=60), _NAME, _NAME, st.lists(st.integers(1, 50), min_size=1))
def test_only_the_models_name_is_another(
    before: bytes, behind: bytes, asked: str, served: str, sizes: list[int]
) -> None:
    if b"--b" in before + behind:
        return
    upload = BytesIO(form(before, asked, behind))
    name, place = model_of(_FORM, "", upload)
    assert name == asked
    assert place is not None
    changed = with_model(upload, place, served)
    expected = form(before, served, behind)
    assert changed.seek(0, os.SEEK_END) == len(expected)
    for _ in range(2):  # an attempt may be repeated
        changed.seek(0)
        read = b""
        while piece := changed.read(sizes[len(read) % len(sizes)]):
            read += piece
            upload.seek(len(read) // 2)  # another attempt reads too
        assert read == expected
    changed.seek(0)
    changed.seek(3, os.SEEK_CUR)
    assert changed.read() == expected[3:]
    changed.close()
    assert upload.getvalue() == form(before, asked, behind)


class _Unread(BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise AssertionError(f"{size} bytes were read while the loop waited")


def test_a_large_upload_is_not_read_to_change_its_model() -> None:
    """Before it is sent: half a second for 300 MB, in which every stream would stand still."""
    raw = form(b"x", "asked", b"y")
    _, place = model_of(_FORM, "", BytesIO(raw))
    assert place is not None
    with_model(_Unread(raw), place, "served").close()


def test_a_model_that_is_only_in_the_query_has_no_place() -> None:
    plain = b'--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\nx\r\n--b--\r\n'
    assert model_of(_FORM, "?model=asked", BytesIO(plain)) == ("asked", None)
