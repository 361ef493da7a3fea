"""Embeddings and reranking: made from words, so that the same text always has the same vector and like texts are near."""

import base64
import hashlib
import math
import struct
from typing import Final

from gateway.simulator.completions import texts_of
from gateway.simulator.errors import RefusalError
from gateway.simulator.outcome import Outcome, unary
from gateway.simulator.request import Request
from gateway.simulator.tokens import estimate, split

_DIMENSIONS: Final = 1536
_MOST: Final = 2048


def answer(request: Request) -> Outcome:
    """`POST /v1/embeddings`."""
    asked = request.body
    texts = texts_of(asked.get("input"), "input")
    if len(texts) > _MOST or "" in texts:
        raise RefusalError(
            "invalid_request", f"'input' must have 1 to {_MOST} texts that are not empty.", param="input"
        )
    dimensions = _DIMENSIONS if asked.get("dimensions") is None else asked["dimensions"]
    if type(dimensions) is not int:  # true is none, though Python says it is
        raise RefusalError("invalid_value", "'dimensions' must be an integer.", param="dimensions")
    if not 1 <= dimensions <= 4096:
        raise RefusalError("invalid_value", "'dimensions' must be between 1 and 4096.", param="dimensions")
    plain = asked.get("encoding_format", "float") != "base64"
    vectors = [vector(text, dimensions) for text in texts]
    made = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": each if plain else _packed(each)}
            for index, each in enumerate(vectors)
        ],
        "model": asked["model"],
    }
    if request.behaviour.usage:
        made["usage"] = {"prompt_tokens": estimate(texts), "total_tokens": estimate(texts)}
    return unary(made)


def vector(text: str, dimensions: int) -> list[float]:
    """A vector of length one: each word pushes eight places up or down."""
    made = [0.0] * dimensions
    for word in {piece.strip().lower() for piece in split(text)} | {""}:
        for number in struct.unpack("<8Q", hashlib.blake2b(word.encode()).digest()):
            made[(number >> 1) % dimensions] += 1.0 if number & 1 else -1.0
    length = math.sqrt(sum(value * value for value in made)) or 1.0
    # Through 32 bits, so that the numbers and the packed form are the same vector.
    return list(struct.unpack(f"<{dimensions}f", struct.pack(f"<{dimensions}f", *(value / length for value in made))))


def _packed(numbers: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def rerank(request: Request) -> Outcome:
    """`POST /v1/rerank`, in the shape that vLLM and Jina share. A script's `answer` is what every document says."""
    asked = request.body
    query = vector(texts_of(asked.get("query"), "query")[0], 256)
    given = asked.get("documents")
    if not isinstance(given, list) or not given:
        raise RefusalError("invalid_request", "'documents' must be a list with texts.", param="documents")
    texts = [each if isinstance(each, str) else str(each["text"]) for each in given]
    scores = [sum(a * b for a, b in zip(query, vector(text, 256), strict=True)) for text in texts]
    best = sorted(range(len(texts)), key=lambda index: -scores[index])[: asked.get("top_n") or len(texts)]
    shown, said = asked.get("return_documents") is not False, request.behaviour.answer
    results = [
        {"index": at, **({"document": {"text": said or texts[at]}} if shown else {}), "relevance_score": scores[at]}
        for at in best
    ]
    made = {"id": request.mint.hexadecimal("rerank-"), "model": asked["model"]}
    return unary({**made, "usage": {"total_tokens": estimate(texts)}, "results": results})
