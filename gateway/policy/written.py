"""Policies in force as somebody wrote them: for whoever shows a file, or compares another one with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from gateway.config.expand import STAND_IN
from gateway.config.source import Stamp
from gateway.config.strict import Secret
from gateway.policy.load import LoadedPolicies
from gateway.policy.structs import Document


@dataclass(frozen=True, slots=True, repr=False)
class Written:
    """One policy's file as it was when it was read. `text` shows no secret, though one stands in the file."""

    document: Document
    file: Path
    stamp: Stamp | None
    text: str


def as_written(found: LoadedPolicies) -> dict[str, Written]:
    """By the name of the policy."""
    made = {}
    for name, document in found.documents.items():
        file = Path(found.drafts[name].name)
        made[name] = Written(document, file, found.files.get(file), _shown(found.texts[name], document))
    return made


def _shown(text: str, document: Document) -> str:
    for secret in _secrets(document.detectors):
        text = text.replace(secret, STAND_IN) if secret else text
    return text


def _secrets(value: Any) -> Iterator[str]:
    """Also of structs that are not ours."""
    if isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _secrets(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _secrets(one)
