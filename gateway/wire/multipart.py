"""The one thing the gateway needs to know of an upload, and the one thing it changes in it: the model's name."""

import re
import shutil
import tempfile
from typing import BinaryIO, Final, cast
from urllib.parse import parse_qs

_LOOK_BYTES: Final = 1024 * 1024
_IN_MEMORY: Final = 1024 * 1024
_FIELD: Final = re.compile(
    rb'content-disposition:[^\r\n]*\bname="?model"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]{1,200})\r\n', re.IGNORECASE
)


def model_of(content_type: str, query: str, upload: BinaryIO) -> str:
    """The query parameter or form field `model`, or an empty string."""
    if named := parse_qs(query.lstrip("?")).get("model"):
        return named[0]
    found = _found(content_type, upload)
    return found[0].decode("utf-8", "replace") if found else ""


def with_model(content_type: str, upload: BinaryIO, model: str) -> BinaryIO:
    """The upload with another model in its form field; the same object if it has none. Its length may differ."""
    found = _found(content_type, upload)
    if found is None:
        return upload
    _, start, end = found
    changed = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - ends with the attempt that sends it
    upload.seek(0)
    changed.write(upload.read(start))
    changed.write(model.encode())
    upload.seek(end)
    shutil.copyfileobj(upload, changed)
    changed.seek(0)
    return cast("BinaryIO", changed)


def _found(content_type: str, upload: BinaryIO) -> tuple[bytes, int, int] | None:
    """The form field and where its value stands.

    Looks at the first and the last megabyte of the upload: SDKs put fields before files or after them.
    """
    if not content_type.startswith("multipart/form-data"):
        return None
    end = upload.seek(0, 2)
    for start in (0, max(0, end - _LOOK_BYTES)):
        upload.seek(start)
        if match := _FIELD.search(upload.read(_LOOK_BYTES)):
            return match.group(1), start + match.start(1), start + match.end(1)
    return None
