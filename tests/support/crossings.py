"""Requests that differ in one thing or another, and a record of what came back: an answer under other circumstances is a crossing."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, NamedTuple

from tests.support.policed import TOKENIZE, policy
from tests.support.telling import TOKEN

TEAMS: Final = {f"hk-{team}-{number}": team for team in ("red", "blue", "green") for number in (1, 2)}
"""Callers and their teams. No policy looks at what the green one says: of what cannot be read no answer is kept elsewhere."""
USUAL: Final = ("hk-red-1", "hk-green-1")
TOPICS: Final = (
    (
        "Explain how photosynthesis works.",
        "Please explain how photosynthesis works.",
        "explain how photosynthesis works",
    ),
    (
        "How does a refrigerator keep food cold?",
        "Please explain how a refrigerator keeps food cold.",
        "How does a refrigerator keep food cold, please?",
    ),
    (
        "광합성이 어떻게 되는지 설명해줘",
        "광합성이 어떻게 되는지 설명해 주세요",
        "광합성이 어떻게 되는지 설명해주십시오",
    ),
    (
        "Explain how order 4417 is tracked.",
        "Please explain how order 4417 is tracked.",
        "explain how order 4417 is tracked",
    ),
    (
        "Explain how order 4418 is tracked.",
        "Please explain how order 4418 is tracked.",
        "explain how order 4418 is tracked",
    ),
    ("Explain how order {} is tracked.", "Please explain how order {} is tracked.", "explain how order {} is tracked"),
)
"""Each in words that say the same; the answers to two topics must not be mixed up, however alike they are."""
WITH_VALUE: Final = len(TOPICS) - 1
PHONES: Final = ("010-2234-5678", "010-8765-4321")
PERSONAL: Final = "010-5555-1212"
"""In an earlier turn."""
PIXEL: Final = {
    "png": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "other": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
}
_CODES: Final = {"codes": {"kind": "pattern", "match": [r"ZX\d{4}"]}}
_SEEN: Final = {"detect": ["codes"], "where": ["user"], "action": "annotate"}
_HIDDEN: Final = {"pii": {"kind": "personal", "entities": ["personal", "korean"]}}
POLICIES: Final = (
    policy("of-red", bind={"teams": ["red"]}, defaults={"opaque": "allow"}, detectors=_HIDDEN, rules=[TOKENIZE]),
    policy(
        "of-blue",
        bind={"teams": ["blue"]},
        defaults={"opaque": "allow"},
        detectors={**_HIDDEN, **_CODES},
        rules=[TOKENIZE, {"id": "codes", **_SEEN}],
    ),
    policy("asked-for", bind="by_name", detectors=_CODES, rules=[{"id": "more-codes", **_SEEN, "where": ["system"]}]),
)
PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}


class Asked(NamedTuple):
    """All that a request may differ in; empty where it has none of it."""

    key: str = "hk-red-1"
    user: str = "one"
    policy: str = ""
    model: str = "demo"
    system: str = "Answer in one sentence."
    tools: str = ""
    image: str = ""
    earlier: str = ""
    language: str = ""
    topic: int = 0
    variant: int = 0
    phone: str = ""

    @property
    def text(self) -> str:
        return TOPICS[self.topic][self.variant].format(self.phone)

    def within(self, share: str) -> tuple[Any, ...]:
        """What two requests must have in common, beside the very words of the question, to have one answer."""
        who = {"user": (self.key, self.user), "key": (self.key,), "team": (), "global": ()}[share]
        # Policies, and so whose values a placeholder stands for, are the team's and the end user's.
        hidden = (self.key, self.user) if self.phone or self.earlier == PERSONAL else ()
        return (who, hidden, TEAMS[self.key], *self[2:10], self.phone)


OTHERS: Final[dict[str, tuple[Any, ...]]] = {
    "key": tuple(TEAMS),
    "user": ("one", "two"),
    "policy": ("", "asked-for"),
    "model": ("demo", "twin"),
    "system": ("Answer in one sentence.", "Answer in one  sentence."),
    "tools": ("", "look", "find"),
    "image": ("", *PIXEL),
    "earlier": ("", "Hello", "Hello!", PERSONAL),
    "language": ("", "ko"),
}


def drawn(rng: Random, differs: float) -> Asked:
    """Each thing is the usual one but for this share, so that most pairs of requests differ in a thing or two."""
    chosen = {name: rng.choice(values) for name, values in OTHERS.items() if rng.random() < differs}
    chosen.setdefault("key", rng.choice(USUAL))
    hidden = TEAMS[chosen["key"]] != "green"
    if not hidden and chosen.get("earlier") == PERSONAL:
        del chosen["earlier"]
    topic = rng.randrange(len(TOPICS) if hidden else WITH_VALUE)
    phone = rng.choice(PHONES) if topic == WITH_VALUE else ""
    return Asked(**chosen, topic=topic, variant=rng.randrange(3), phone=phone)


def body_of(asked: Asked, api: str, *, streamed: bool) -> dict[str, Any]:
    return {"model": asked.model, "stream": streamed, "temperature": 0, **_WRITTEN[api](asked)}


def headers_of(asked: Asked) -> dict[str, str]:
    given = {"authorization": f"Bearer {asked.key}"}
    if asked.policy:
        given["x-haechi-policy"] = asked.policy
    if asked.language:
        given["accept-language"] = asked.language
    return given


def _chat(asked: Asked) -> dict[str, Any]:
    parts: list[Any] = [{"type": "text", "text": asked.text}]
    if asked.image:
        parts.insert(0, {"type": "image_url", "image_url": {"url": _data(asked.image)}})
    turns = [("system", asked.system), *_earlier(asked), ("user", parts if asked.image else asked.text)]
    said = {"messages": [{"role": role, "content": content} for role, content in turns], "max_tokens": 90}
    if asked.tools:
        said["tools"] = [{"type": "function", "function": {"name": asked.tools, "parameters": _PARAMETERS}}]
    return {**said, "user": asked.user}


def _messages(asked: Asked) -> dict[str, Any]:
    parts: list[Any] = [{"type": "text", "text": asked.text}]
    if asked.image:
        source = {"type": "base64", "media_type": "image/png", "data": PIXEL[asked.image]}
        parts.insert(0, {"type": "image", "source": source})
    turns = [*_earlier(asked), ("user", parts if asked.image else asked.text)]
    said: dict[str, Any] = {"messages": [{"role": role, "content": content} for role, content in turns]}
    if asked.tools:
        said["tools"] = [{"name": asked.tools, "input_schema": _PARAMETERS}]
    return {**said, "system": asked.system, "max_tokens": 90, "metadata": {"user_id": asked.user}}


def _responses(asked: Asked) -> dict[str, Any]:
    parts: list[Any] = [{"type": "input_text", "text": asked.text}]
    if asked.image:
        parts.insert(0, {"type": "input_image", "image_url": _data(asked.image)})
    turns = [*_earlier(asked), ("user", parts if asked.image else asked.text)]
    said: dict[str, Any] = {"input": [{"role": role, "content": content} for role, content in turns]}
    if asked.tools:
        said["tools"] = [{"type": "function", "name": asked.tools, "parameters": _PARAMETERS}]
    return {**said, "instructions": asked.system, "max_output_tokens": 90, "user": asked.user, "store": False}


def _earlier(asked: Asked) -> list[tuple[str, Any]]:
    return [("user", asked.earlier), ("assistant", "Go on.")] if asked.earlier else []


def _data(image: str) -> str:
    return f"data:image/png;base64,{PIXEL[image]}"


_PARAMETERS: Final = {"type": "object", "properties": {"id": {"type": "string"}}}
_WRITTEN: Final = {"chat": _chat, "messages": _messages, "responses": _responses}


@dataclass
class Crossings:
    """What came back to whom. `found` says of each crossing what differed."""

    share: str
    found: list[str] = field(default_factory=list)
    marks: Counter[str] = field(default_factory=Counter)
    by: Counter[tuple[str, str]] = field(default_factory=Counter)
    _circumstances: dict[bytes, tuple[Any, ...]] = field(default_factory=dict)
    _made: dict[bytes, str] = field(default_factory=dict)
    _again: set[tuple[bytes, str]] = field(default_factory=set)

    def came(self, asked: Asked, api: str, mark: str, body: bytes) -> None:
        """Of one answer. `mark` is what the header of the cache says."""
        self.marks[mark] += 1
        self.by[api, mark] += 1
        self.by["image" if asked.image else "tools" if asked.tools else "plain", mark] += 1
        tokens = set(TOKEN.findall(body))
        if len(tokens) != 1:
            self.found.append(f"{len(tokens)} tokens in the answer to {asked}")
            return
        (token,) = tokens
        here = asked.within(self.share)
        there = self._circumstances.setdefault(token, here)
        if here != there:
            differing = [str(pair) for pair in zip(here, there, strict=True) if pair[0] != pair[1]]
            self.found.append(f"{mark} by {api}: {'; '.join(differing)}")
        if mark == "hit":
            self._again.add((token, asked.text))
        elif mark != "semantic" and self._made.setdefault(token, asked.text) and (token, "") in self._again:
            self.found.append(f"two live answers are one: {asked}")
        if mark in ("miss", "shadow"):
            self._again.add((token, ""))
        values = {phone for phone in (*PHONES, PERSONAL) if phone.encode() in body}
        if values != ({asked.phone} if asked.phone else set()):
            self.found.append(f"{mark} by {api}: the answer to {asked} holds {values}")
        if api == "responses" and f'"user":"{asked.user}"'.encode() not in body.replace(b'": "', b'":"'):
            self.found.append(f"{mark}: the end user repeated to {asked} is another")

    def ended(self) -> None:
        """Once all have come: an exact hit answers the very words that the model was asked."""
        for token, text in self._again:
            if text and self._made.get(token) != text:
                self.found.append(f"the answer to {self._made.get(token)!r} was a hit for {text!r}")
