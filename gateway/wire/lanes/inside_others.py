"""Where text stands in the requests of the smaller APIs: completions, embeddings, moderations, rerank, images, audio, files, batches."""

from typing import Any, Final

from gateway.wire.lanes.held import Held
from gateway.wire.lanes.inside_chat import CHAT, messages, parts
from gateway.wire.lanes.inside_common import SENDER, words
from gateway.wire.lanes.place import Opaque, Role
from gateway.wire.lanes.walk import Found, Table, anything, as_role, each, link, opaque, text, word


def _prompts(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    """A string, a list of strings, of parts, of tokens, or of lists of tokens."""
    if type(value) is not list or not any(type(item) in _LISTED for item in value):
        parts(found, role, held, key, value, path)
        return
    if _are_tokens(value):
        found.opaque.append(Opaque("tokens", path, role))
    inner = Held(value)
    for index, item in enumerate(value):
        if type(item) is list and _are_tokens(item):
            _tokens(found, role, Held(item), item, f"{path}.{index}")
        elif type(item) in _TEXTUAL:
            parts(found, role, inner, index, item, f"{path}.{index}")


def _tokens(found: Found, role: Role, held: Held, value: list[Any], path: str) -> None:
    """What is no token among tokens is read."""
    found.opaque.append(Opaque("tokens", path, role))
    for index, item in enumerate(value):
        if type(item) in _TEXTUAL:
            anything(found, role, held, index, item, f"{path}.{index}")


def _are_tokens(value: list[Any]) -> bool:
    return any(type(item) is int or type(item) is float for item in value)


_LISTED: Final = (int, float, list)
_TEXTUAL: Final = (str, dict, list)


_IMAGE: Final = each({"image_url": link("image"), "file_id": opaque("file"), "url": link("image")}, link("image"))

COMPLETIONS: Final[Table] = {
    **CHAT,
    **words("best_of", "echo", "max_tokens"),
    "prompt": _prompts,
    "suffix": text,
}
EMBEDDINGS: Final[Table] = {
    **SENDER,
    **words("model", "encoding_format", "dimensions", "truncate", "input_type", "task", "truncation"),
    "input": _prompts,
    "messages": messages,
}
MODERATIONS: Final[Table] = {**SENDER, "model": word, "input": parts}
_DOCUMENTS: Final = each({}, text)  # rows of the caller's own, whose `id` may be anybody's
RERANK: Final[Table] = {
    **SENDER,
    **words("model", "top_n", "top_k", "return_documents", "rank_fields", "max_chunks_per_doc", "max_tokens_per_doc"),
    "query": anything,
    "documents": _DOCUMENTS,
    "texts": _DOCUMENTS,
}
IMAGES: Final[Table] = {
    **SENDER,
    **words("model", "n", "size", "quality", "style", "background", "moderation", "output_format", "response_format"),
    **words("output_compression", "partial_images", "stream", "input_fidelity"),
    "prompt": text,
    "images": _IMAGE,
    "image": _IMAGE,
    "mask": _IMAGE,
}
AUDIO: Final[Table] = {
    **SENDER,
    **words("model", "response_format", "speed", "stream_format", "language", "languages", "temperature", "stream"),
    **words("timestamp_granularities", "include"),
    "input": text,
    "prompt": text,
    "instructions": as_role("system", text),
    "voice": each({"id": word}, word),
    "file": opaque("audio"),
}
FILES: Final[Table] = {
    **SENDER,
    "purpose": word,
    "file": opaque("file"),
    "expires_after": each(words("anchor", "seconds")),
}
BATCHES: Final[Table] = {
    **SENDER,
    **words("endpoint", "completion_window"),
    "input_file_id": opaque("file"),
    "output_expires_after": each(words("anchor", "seconds")),
}
