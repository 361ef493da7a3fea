"""What the cache did for the last requests of this process, for `haechi cache explain` and `haechi cache stats`.

No text of a question or an answer, no value of a field: digests, names of fields, and words of our own.
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Final

from msgspec import Struct, field

MOST: Final = 1_000
_MOST_PARTS: Final = 48
_LONGEST_NAME: Final = 64
_SHOWN_BYTES: Final = 8
_SHOWN_BITS: Final = 2**64 - 1

REASONS: Final = {
    "": "",
    "no_question": "there is no last user text, or it is too long to be like another",
    "sampling": "it asks for several answers, log-probabilities or a bias of tokens",
    "temperature": "its temperature is above that of the class; one that names none counts as 1.0",
    "not_text": "there are tools at work in it, images, audio or files",
    "timely": "the answer may be another one tomorrow (`volatile: true` allows such questions)",
    "personal": "it asks about whoever asks, and answers are shared with others",
    "late": "the semantic step took longer than `deadline_ms`",
    "no_vector": "there was no vector for its question: the embedder is away, late, or not ready yet",
    "veto": "the questions nearest to it mean something else",
    "asked": "a header asked for it",
    "pinned": "it belongs to one account of a vendor",
    "no_route": "no route leads to its model",
    "model": "`cache.models` leaves its model out",
    "stateful": "it goes on from what is stored elsewhere, or has the vendor do something",
    "unreadable": "it holds what no digest can be made of",
    "store_away": "the store is away",
    "new": "no answer to an equal request is kept",
    "under_way": "an equal request was under way, and shared its answer",
    "stale": "its time is over; it was given once more, and a new answer asked for in the background",
    "renews": "it asked, in the background, for a newer answer than one that was given",
    "old": "what is kept for it is older than it may be",
    "purged": "what is kept for it was purged since",
    "other_release": "what is kept for it was written by another release",
    "other_dialect": "what is kept for it cannot be said in the API that asked",
    "slots": "what is kept for it has a slot for which it has no value",
    "exact": "a header asked for no answer to another question",
    "no_class": "it belongs to no class of `cache.semantic.classes`",
    "kept": "its answer is kept",
    "too_large": "its answer is larger than `answer_bytes`, or never came to its end",
    "not_the_asked_model": "a fallback answered, or a rule had it start over",
    "status": "the answer was no success",
    "not_clean": "the answer was cut off, acted or refused, or a rule changed it or could not read it",
    "not_slots": "the answer holds a placeholder that is damaged or not of its request, or a value, or could do so unseen",
}
"""What the words of a trail mean."""


class Neighbour(Struct):
    """A kept question in the same scope. `vetoes`: categories and words of ours. `went`: what became of it."""

    similarity: float
    went: str
    vetoes: list[str] = []
    complaints: int = 0


class Trail(Struct, kw_only=True):
    """Of one request. `caller` is the id of its principal. `why` and `like_why`, of the exact and the semantic tier, and `kept`
    are keys of `REASONS`. `threshold`: what the class is certified for, None while it is not. `slots`: how many values of the
    request stand as ordinals in what is kept.
    """

    request_id: str
    caller: str
    key: str
    model: str
    dialect: str
    time: float
    mode: str
    most_age: float | None
    tags: tuple[str, ...]
    status: str = "none"
    why: str = ""
    parts: dict[str, str] = {}
    entry: str = ""
    slots: int = 0
    of_class: str | None = None
    like_why: str = ""
    threshold: float | None = None
    neighbours: list[Neighbour] = field(default_factory=list)
    kept: str = ""

    def made_of(self, parts: Mapping[str, int], entry: bytes) -> None:
        """The names of fields are a caller's own, so they are cut, and there are no more than some."""
        shown = [*parts.items()][:_MOST_PARTS]
        self.parts = {name[:_LONGEST_NAME]: f"{one & _SHOWN_BITS:016x}" for name, one in shown}
        self.entry = entry[:_SHOWN_BYTES].hex()


class Trails:
    """The last `most`; counts are since the process began."""

    def __init__(self, most: int = MOST) -> None:
        self.looked: Counter[tuple[str, str]] = Counter()
        self.kept: Counter[str] = Counter()
        self.slotted: Counter[str] = Counter()  # those of `looked` whose values stand as ordinals, by status
        self._most = most
        self._by_id: OrderedDict[str, Trail] = OrderedDict()

    def add(self, trail: Trail) -> None:
        self._by_id[trail.request_id] = trail
        if len(self._by_id) > self._most:
            self._by_id.popitem(last=False)

    def turned(self, trail: Trail, status: str, why: str) -> None:
        """It was counted as something else, and turned out to be this."""
        self.looked[trail.status, trail.why] -= 1
        self.looked[status, why] += 1
        if trail.slots:
            self.slotted[trail.status] -= 1
            self.slotted[status] += 1
        trail.status, trail.why = status, why

    def find(self, request_id: str) -> Trail | None:
        return self._by_id.get(request_id)

    def all(self) -> list[Trail]:
        return list(self._by_id.values())
