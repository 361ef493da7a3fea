"""The one thing the gateway needs to know of an upload: which model it is for."""

import re
from typing import BinaryIO, Final
from urllib.parse import parse_qs

import msgspec

_LOOK_BYTES: Final = 1024 * 1024
_FIELD: Final = re.compile(
    rb'content-disposition:[^\r\n]*\bname="?model"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]{1,200})\r\n', re.IGNORECASE
)


class _Named(msgspec.Struct):
    model: str = ""


def model_of(content_type: str, query: str, upload: BinaryIO) -> str:
    """The form field, JSON field or query parameter `model`, or an empty string.

    Looks at the first and last megabyte of the upload: SDKs put fields before files or after them.
    """
    if named := parse_qs(query.lstrip("?")).get("model"):
        return named[0]
    head = upload.read(_LOOK_BYTES)
    if content_type.startswith("application/json"):
        try:
            return msgspec.json.decode(head, type=_Named).model
        except msgspec.DecodeError:
            return ""
    if content_type.startswith("multipart/form-data"):
        end = upload.seek(0, 2)
        upload.seek(max(len(head), end - _LOOK_BYTES))
        match = _FIELD.search(head) or _FIELD.search(upload.read())
        return match.group(1).decode("utf-8", "replace") if match else ""
    return ""
