"""Lanes in what the audio API answers: transcripts as JSON, as plain text or as events; speech, which is sound and passes.

Segments and words repeat the text with its times. They say no more than what was let go of it.
"""

from typing import Any, Final

from gateway.wire import frames
from gateway.wire.frames import DONE, Frame
from gateway.wire.lanes.lane import Lane
from gateway.wire.lanes.outside_chat import ChatAnswer
from gateway.wire.lanes.outside_others import decoded, text_in
from gateway.wire.lanes.recut import follows, recut
from gateway.wire.lanes.running import Key, Lanes

_TEXT: Final[Key] = (0, "content", None)
_PIECES: Final = (("segments", "text"), ("words", "word"))
_TOKENS: Final = ("tokens", "logprobs")
_WHOLE: Final = frozenset(
    {"text", "segments", "words", "logprobs", "usage", "language", "duration", "task", "id", "object", "created", "model"}
)  # fmt: skip
_PIECE: Final = frozenset(  # of a text: a segment, a word, an event
    {
        "type", "id", "seek", "start", "end", "text", "word", "tokens", "logprobs", "temperature", "avg_logprob",
        "compression_ratio", "no_speech_prob", "speaker", "probability", "score", "confidence", "channel",
        "delta", "audio", "usage", "segment_id", "sequence_number",
    }
)  # fmt: skip
_COMMENTS: Final = (b":", b"event:", b"id:", b"retry:")


class AudioAnswer:
    def __init__(self, lanes: Lanes, _streamed: bool) -> None:
        self._lanes = lanes
        self._chunks: ChatAnswer | None = None
        self._delta: dict[str, Any] = {"type": "transcript.text.delta"}
        self._came = self._out = ""  # of the lane, as events told it
        self._behind = 0  # where the last segment ended in what came
        self._told = 0  # and in what went out

    def feed(self, frame: Frame) -> list[Frame]:
        if frame.data is None:
            if not frame.raw.startswith(_COMMENTS):
                self._lanes.opaque.add("audio")
                self._lanes.released = True
            return [frame]
        if frame.data == DONE:
            return [*self.finish(), frame]
        value = decoded(frame)
        if frame.raw is not frame.data and isinstance(value, dict):
            return self._event(frame, value)
        self._lanes.released = True
        if isinstance(value, dict):
            return [frames.edited(frame, value) if self._body(value) else frame]
        return [self._plain(frame)]

    def finish(self) -> list[Frame]:
        """The rest of the text, as a delta like those before it."""
        if self._chunks is not None:
            return self._chunks.finish()
        rest = self._lanes.close(_TEXT)
        self._out += rest
        return [frames.event({**self._delta, "delta": rest})] if rest else []

    # --- whole -------------------------------------------------------------------------------------------------------

    def _plain(self, frame: Frame) -> Frame:
        """`response_format` is `text`, `srt` or `vtt`: one text, with its times in it."""
        assert frame.data is not None
        try:
            text = frame.data.decode()
        except UnicodeDecodeError:
            self._lanes.opaque.add("data")
            return frame
        kept = self._lanes.once(Lane(*_TEXT), text)
        raw = kept.encode("utf-8", "replace")
        return frame if kept == text else Frame(raw, raw)

    def _body(self, value: dict[str, Any]) -> bool:
        came = value.get("text")
        came = came if isinstance(came, str) else ""
        changed = text_in(self._lanes, value, "text", Lane(*_TEXT))
        kept = value["text"] if came else ""
        if kept != came:
            _drop_tokens(value)
        for name, field in _PIECES:
            if isinstance(items := value.get(name), list):
                changed = self._pieces(items, field, came, kept) or changed
        return self._lanes.unknown(0, value, _WHOLE) or changed

    def _pieces(self, items: list[Any], field: str, came: str, kept: str) -> bool:
        """What the text has not told already is a text of its own."""
        changed = self._lanes.quoted(0, [one for one in items if isinstance(one, list)])
        pieces = [one for one in items if isinstance(one, dict)]
        said = [one[field] if isinstance(one.get(field), str) else "" for one in pieces]
        if not follows(said, came):
            came = " ".join(said)
            kept = self._lanes.once(Lane(0, "content", "quoted"), came)
        for one, before, after in zip(pieces, said, said if kept == came else recut(said, kept), strict=True):
            changed = self._beside(one) or changed
            if after != before:
                one[field] = after
                _drop_tokens(one)
                changed = True
        return changed

    def _beside(self, piece: dict[str, Any]) -> bool:
        return any([text_in(self._lanes, piece, "speaker", _QUOTED), self._lanes.unknown(0, piece, _PIECE)])

    # --- events ------------------------------------------------------------------------------------------------------

    def _event(self, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        if isinstance(value.get("choices"), list):  # as vLLM streams transcripts
            if self._chunks is None:
                self._chunks = ChatAnswer(self._lanes, True)
            return self._chunks.feed(frame)
        if value.get("audio"):
            self._lanes.opaque.add("audio")
            self._lanes.released = True
        changed = self._beside(value)
        before: list[Frame] = []
        if isinstance(delta := value.get("delta"), str) and delta:
            kept = self._said(delta)
            if kept != delta:
                changed = True
                value["delta"] = kept
                _drop_tokens(value)
                if not kept:
                    self._delta = {**value, "logprobs": None} if value.get("logprobs") else value
                    return []
            self._delta = value
        elif value.get("type") == "transcript.text.segment":
            changed = self._segment(value) or changed
        elif isinstance(value.get("text"), str):
            before = self.finish()
            changed = self._whole(value) or changed
        return [*before, frames.edited(frame, value) if changed else frame]

    def _said(self, delta: str) -> str:
        run = self._lanes.run(_TEXT)
        kept = delta if run is None else run.feed(delta)
        self._came += delta
        self._out += kept
        if kept:
            self._lanes.released = True
        return kept

    def _segment(self, value: dict[str, Any]) -> bool:
        """Who said what: of what was told in deltas, the part that has gone out by now."""
        text = value.get("text")
        if not isinstance(text, str):
            return False
        start = self._came.find(text.strip(), self._behind)
        if start < 0:
            return text_in(self._lanes, value, "text", _QUOTED)
        owes_nothing = self._told == self._behind and self._came.startswith(self._out)
        self._behind = start + len(text.strip())
        if owes_nothing and len(self._out) >= self._behind:
            self._told = self._behind
            return False
        value["text"], self._told = self._out[self._told :], len(self._out)
        return True

    def _whole(self, value: dict[str, Any]) -> bool:
        """The text once more, at the end."""
        self._lanes.released = True
        if not self._came or value["text"].strip() != self._came.strip():
            changed = text_in(self._lanes, value, "text", Lane(*_TEXT))
        else:
            changed = self._out != self._came
            value["text"] = self._out if changed else value["text"]
        if changed:
            _drop_tokens(value)
        self._came = self._out = ""
        self._behind = self._told = 0
        return changed


_QUOTED: Final = Lane(0, "content", "quoted")


def _drop_tokens(value: dict[str, Any]) -> None:
    """They tell the text as it was."""
    for name in _TOKENS:
        if value.get(name) is not None:
            value[name] = []
