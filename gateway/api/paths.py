"""Which path leads where: the whole surface as a table."""

import re
from typing import Final, NamedTuple

from gateway.api.reading import ReadBody, read_any, read_json, read_moderation, read_plain, read_stored
from gateway.wire.chat import CHAT
from gateway.wire.completions import COMPLETIONS
from gateway.wire.dialect import Dialect
from gateway.wire.embeddings import EMBEDDINGS
from gateway.wire.messages import COUNT_TOKENS, MESSAGES
from gateway.wire.moderations import MODERATIONS
from gateway.wire.opaque import AUDIO, BATCHES, FILES, IMAGES, RERANK
from gateway.wire.responses import RESPONSES


class Surface(NamedTuple):
    """One endpoint: its dialect, how its request is read, and whether asking twice may do something twice."""

    dialect: Dialect
    read: ReadBody
    replayable: bool = True


_ID: Final = r"[A-Za-z0-9_.:~-]+"

FIXED: Final[dict[tuple[str, str], Surface]] = {
    ("POST", "/v1/chat/completions"): Surface(CHAT, read_json),
    ("POST", "/v1/completions"): Surface(COMPLETIONS, read_json),
    ("POST", "/v1/embeddings"): Surface(EMBEDDINGS, read_json),
    ("POST", "/v1/moderations"): Surface(MODERATIONS, read_moderation),
    ("POST", "/v1/responses"): Surface(RESPONSES, read_json),
    ("POST", "/v1/messages"): Surface(MESSAGES, read_json),
    ("POST", "/v1/messages/count_tokens"): Surface(COUNT_TOKENS, read_json),
    ("POST", "/v1/images/generations"): Surface(IMAGES, read_plain),
    ("POST", "/v1/images/edits"): Surface(IMAGES, read_any),
    ("POST", "/v1/images/variations"): Surface(IMAGES, read_any),
    ("POST", "/v1/audio/speech"): Surface(AUDIO, read_plain),
    ("POST", "/v1/audio/transcriptions"): Surface(AUDIO, read_any),
    ("POST", "/v1/audio/translations"): Surface(AUDIO, read_any),
    ("POST", "/v1/rerank"): Surface(RERANK, read_plain),
    ("POST", "/v1/files"): Surface(FILES, read_any, replayable=False),
    ("POST", "/v1/batches"): Surface(BATCHES, read_plain, replayable=False),
}

STORED: Final[tuple[tuple[str, re.Pattern[str], Surface], ...]] = tuple(
    (method, re.compile(f"/v1{path}"), Surface(dialect, read_stored, replayable=method == "GET"))
    for method, path, dialect in (
        ("GET", f"/responses/{_ID}", RESPONSES),
        ("DELETE", f"/responses/{_ID}", RESPONSES),
        ("POST", f"/responses/{_ID}/cancel", RESPONSES),
        ("GET", f"/responses/{_ID}/input_items", RESPONSES),
        ("GET", f"/files/{_ID}", FILES),
        ("DELETE", f"/files/{_ID}", FILES),
        ("GET", f"/files/{_ID}/content", FILES),
        ("GET", f"/batches/{_ID}", BATCHES),
        ("POST", f"/batches/{_ID}/cancel", BATCHES),
    )
)

# The account behind the gateway is shared, and what is stored there is known by its sealed id alone.
UNLISTED: Final = frozenset({"/v1/files", "/v1/batches"})


def find(method: str, path: str) -> Surface | None:
    found = FIXED.get((method, path))
    if found is not None:
        return found
    return next((surface for verb, shape, surface in STORED if verb == method and shape.fullmatch(path)), None)


def methods(path: str) -> list[str]:
    """Those that the path has."""
    return sorted(
        {verb for verb, fixed in FIXED if fixed == path} | {verb for verb, shape, _ in STORED if shape.fullmatch(path)}
    )


def spoken(path: str) -> Dialect:
    """The dialect that an error on an unknown path is told in."""
    return MESSAGES if path.startswith("/v1/messages") else CHAT
