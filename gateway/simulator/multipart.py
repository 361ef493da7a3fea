"""Multipart forms, as far as an upstream's upload endpoints need them."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a form."""

    filename: str
    data: bytes


class FormError(ValueError):
    """The body is not the multipart form that its content type promises."""


def parse(raw: bytes, content_type: str) -> tuple[dict[str, str], dict[str, Upload]]:
    """Text fields and files by name; of fields with the same name the last stays."""
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    if boundary is None:
        raise FormError("the content type names no boundary")
    mark = b"--" + boundary.group(1).encode("latin-1")
    parts = (b"\r\n" + raw).split(b"\r\n" + mark)
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise FormError("the last boundary is missing")
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}
    for part in parts[1:-1]:
        head, found, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'\bname="([^"]*)"', head)
        if not found or name is None:
            raise FormError("a part has no name")
        filename = re.search(rb'\bfilename="([^"]*)"', head)
        if filename:
            files[name.group(1).decode()] = Upload(filename.group(1).decode(), content)
        else:
            fields[name.group(1).decode()] = content.decode()
    return fields, files
