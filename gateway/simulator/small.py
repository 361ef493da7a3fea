"""The small endpoints: moderations, models, images, audio."""

from typing import Any, Final

from gateway.simulator.completions import texts_of
from gateway.simulator.errors import RefusalError
from gateway.simulator.outcome import Body, Event, Outcome, named, stream, unary
from gateway.simulator.request import Request
from gateway.simulator.tokens import estimate, split

_CATEGORIES: Final = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
_BORN: Final = 1_735_689_600
_PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def moderations(request: Request) -> Outcome:
    """`POST /v1/moderations`: the word "violence" is flagged, and nothing else."""
    given = request.body.get("input")
    parts = given if isinstance(given, list) and given and isinstance(given[0], dict) else None
    texts = [" ".join(str(part.get("text") or "") for part in parts)] if parts else texts_of(given, "input")
    model = request.body.get("model") or "omni-moderation-latest"
    return unary(
        {"id": request.mint.hexadecimal("modr-"), "model": model, "results": [_judged(text) for text in texts]}
    )


def _judged(text: str) -> Body:
    flagged = "violence" in text.lower()
    hits = {name: flagged and name == "violence" for name in _CATEGORIES}
    return {
        "flagged": flagged,
        "categories": hits,
        "category_scores": {name: 0.98 if hit else 0.0001 for name, hit in hits.items()},
        "category_applied_input_types": {name: ["text"] for name in _CATEGORIES},
    }


def models(request: Request) -> Outcome:
    """`GET /v1/models`, in the form of the family that asks."""
    shown = [_model(request, name) for name in request.script.offers or ["demo"]]
    if "anthropic-version" in request.headers:
        ends = {"first_id": shown[0]["id"], "last_id": shown[-1]["id"]}
        return unary({"data": shown, "has_more": False, **ends})
    return unary({"object": "list", "data": shown})


def model(request: Request) -> Outcome:
    """`GET /v1/models/{id}`; without a list of offers every name is a model."""
    if request.script.offers and request.argument not in request.script.offers:
        raise RefusalError("model_not_found", f"The model '{request.argument}' does not exist.", param="model")
    return unary(_model(request, request.argument))


def _model(request: Request, name: str) -> Body:
    if "anthropic-version" in request.headers:
        return {"type": "model", "id": name, "display_name": name, "created_at": "2025-01-01T00:00:00Z"}
    return {"id": name, "object": "model", "created": _BORN, "owned_by": "simulated"}


def images(request: Request) -> Outcome:
    """`POST /v1/images/generations`, `/edits`, `/variations`: one pixel, as often as asked. A script's `answer` is the revised prompt."""
    wanted = int(request.body.get("n") or 1)
    said = {"revised_prompt": request.behaviour.answer} if request.behaviour.answer else {}
    made: dict[str, Any] = {"created": request.now, "data": [{"b64_json": _PIXEL, **said} for _ in range(wanted)]}
    tokens = estimate([str(request.body.get("prompt") or "")])
    details = {"text_tokens": tokens, "image_tokens": 0}
    usage = {
        "input_tokens": tokens,
        "input_tokens_details": details,
        "output_tokens": wanted,
        "total_tokens": tokens + wanted,
    }
    return unary({**made, "usage": usage} if request.behaviour.usage else made)


def speech(request: Request) -> Outcome:
    """`POST /v1/audio/speech`: bytes that stand for sound, twenty for each token."""
    frames = [Event(piece.encode().ljust(20, b"\0"), token=True) for piece in split(str(request.body["input"]))]
    return Outcome(frames, content_type="audio/mpeg")


def transcription(request: Request) -> Outcome:
    """`POST /v1/audio/transcriptions` and `/translations`: says how long the file was."""
    sound = request.files.get("file")
    if sound is None:
        raise RefusalError("missing_parameter", "The form has no file.", param="file")
    said = request.behaviour.answer or f"{len(sound.data)} bytes of sound"
    pieces = request.behaviour.chunks or split(said)
    said = "".join(pieces)
    if request.body.get("response_format") in {"text", "srt", "vtt"}:
        return Outcome([Event(said.encode() + b"\n", token=True)], content_type="text/plain; charset=utf-8")
    usage = {"type": "tokens", "input_tokens": 1, "output_tokens": len(pieces), "total_tokens": 1 + len(pieces)}
    if request.body.get("stream") == "true":
        deltas = [Event(named({"type": "transcript.text.delta", "delta": piece}), token=True) for piece in pieces]
        return stream([*deltas, Event(named({"type": "transcript.text.done", "text": said, "usage": usage}))], [])
    if request.body.get("response_format") == "verbose_json":
        return unary({"task": "transcribe", "language": "english", "duration": 1.0, "text": said, **_timed(pieces)})
    return unary({"text": said, "usage": usage})


def _timed(pieces: list[str]) -> Body:
    """Every piece is a segment of a second, every word one of a tenth."""
    segments = [
        {"id": at, "seek": 0, "start": at, "end": at + 1, "text": piece, "tokens": [at], "temperature": 0.0}
        for at, piece in enumerate(pieces)
    ]
    words = [{"word": word, "start": at / 10, "end": (at + 1) / 10} for at, word in enumerate("".join(pieces).split())]
    return {"segments": segments, "words": words}
