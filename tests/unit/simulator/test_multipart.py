import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.multipart import FormError, Upload, parse

KIND = "multipart/form-data; boundary=xYz"


def form(fields: dict[str, str], content: bytes) -> bytes:
    parts = [
        f'--xYz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()
    ]
    file = b'--xYz\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + content + b"\r\n"
    return "".join(parts).encode() + file + b"--xYz--\r\n"


@given(st.binary().filter(lambda data: b"--xYz" not in data))
def test_files_keep_every_byte(content: bytes) -> None:
    assert parse(form({"model": "달"}, content), KIND) == ({"model": "달"}, {"file": Upload("a", content)})


@pytest.mark.parametrize("raw", [b"", b"--xYz\r\n", b"--xYz\r\nno name\r\n\r\nx\r\n--xYz--", b"{}"])
def test_half_a_form_is_refused(raw: bytes) -> None:
    with pytest.raises(FormError):
        parse(raw, KIND)
    with pytest.raises(FormError):
        parse(form({}, b""), "multipart/form-data")
