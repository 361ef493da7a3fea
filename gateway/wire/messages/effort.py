"""How much a model shall think, what it may write, and which knobs that leaves: decided from the model's name.

Claude 4.6 decides itself how long to think (`adaptive`, steered by `output_config.effort`); older ones, and other vendors' models
behind this API, take a budget. From 4.7 on the vendor refuses budgets, `temperature`, `top_p` and `top_k`. Names without a
version count as the newest. Source: migration notes of third parties, not checked against the vendor's own page.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from gateway.wire.neutral import Request, Thinking

# The vendor demands max_tokens. Callers who give none expect the model's own end, so the default is generous, and well inside what
# each family may write at most: (version at least, tokens).
MAX_TOKENS: Final = (((4, 0), 16_384), ((3, 5), 8_192), ((0, 0), 4_096))
DEFAULT_MAX_TOKENS: Final = 4_096  # models of other vendors

# Effort words -> budget of thinking tokens, for models that take a budget. In the order of what they cost.
BUDGETS: Final[dict[str, int]] = {
    "minimal": 1_024,
    "low": 2_048,
    "medium": 8_192,
    "high": 24_576,
    "xhigh": 32_768,
    "max": 49_152,
}
LEAST_BUDGET: Final = 1_024

# Effort words that the vendor has not -> its own.
_EFFORTS: Final[dict[str, str]] = {"minimal": "low"}

_VERSION: Final = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?")
_NEWEST: Final = (99, 0)
_FORCED: Final = frozenset({"required", "tool"})


@dataclass(frozen=True, slots=True)
class Model:
    """`adaptive`: thinks as long as it sees fit. `sampling`: takes temperature, top_p and top_k. `both`: takes the first two together."""

    adaptive: bool
    sampling: bool
    both: bool
    max_tokens: int


def model_of(name: str) -> Model:
    """What the model takes, by its name, with or without a vendor's prefix (`us.anthropic.claude-…`)."""
    if "claude" not in name:
        return Model(adaptive=False, sampling=True, both=True, max_tokens=DEFAULT_MAX_TOKENS)
    found = _VERSION.search(name)
    version = (int(found[1]), int(found[2] or 0)) if found else _NEWEST
    return Model(
        adaptive=version >= (4, 6),
        sampling=version < (4, 7),
        both=version < (4, 1),
        max_tokens=next(tokens for least, tokens in MAX_TOKENS if version >= least),
    )


@dataclass(frozen=True, slots=True)
class Effort:
    """`thinking` and `effort` as they go on the wire, None for neither; `max_tokens` with room for the thinking."""

    max_tokens: int
    thinking: dict[str, Any] | None = None
    effort: str | None = None

    @property
    def thinks(self) -> bool:
        return self.thinking is not None and self.thinking["type"] != "disabled"


def effort_of(request: Request, model: Model) -> Effort:
    """What a request of another dialect asks for, as far as the model can do it.

    A tool that must be called wins over thinking, which the vendor does not allow together. A budget stays below `max_tokens`; where
    fewer than 1,024 tokens would be left to think, or where a tool loop is under way whose calls no signed thinking precedes, the
    model answers without. Asked for nothing, it does as it does by itself.
    """
    room = model.max_tokens if request.max_tokens is None else request.max_tokens
    wish = request.thinking
    if wish is None or (wish.enabled is None and wish.effort is None and wish.budget_tokens is None):
        return Effort(room)
    if wish.enabled is False or wish.effort == "none":
        return Effort(room, {"type": "disabled"}) if model.adaptive else Effort(room)
    forced = request.tool_choice is not None and request.tool_choice.mode in _FORCED
    if model.adaptive:
        thinking = (
            None if forced else {"type": "adaptive"} | ({"display": "summarized"} if _wants_summary(wish) else {})
        )
        return Effort(room, thinking, _word(wish))
    budget = wish.budget_tokens or BUDGETS.get(wish.effort or "medium", BUDGETS["medium"])
    if request.max_tokens is None:
        room += budget
    budget = min(max(budget, LEAST_BUDGET), room // 2)
    if forced or budget < LEAST_BUDGET or _in_unsigned_loop(request):
        return Effort(room)
    return Effort(room, {"type": "enabled", "budget_tokens": budget})


def _word(wish: Thinking) -> str | None:
    if wish.effort is not None:
        return _EFFORTS.get(wish.effort, wish.effort)
    if wish.budget_tokens is None:
        return None
    word = next((word for word, budget in BUDGETS.items() if wish.budget_tokens <= budget), "max")
    return _EFFORTS.get(word, word)


def _wants_summary(wish: Thinking) -> bool:
    return wish.summary is not None and wish.summary != "none"


def _in_unsigned_loop(request: Request) -> bool:
    """Whether the last turn of the model called tools without thinking that this vendor signed."""
    last = next((turn for turn in reversed(request.messages) if turn.role == "assistant"), None)
    if last is None or not request.messages or request.messages[-1].role == "assistant":
        return False
    kinds = [type(part).__name__ for part in last.parts]
    signed = any(getattr(part, "origin", None) == "messages" for part in last.parts)
    return "ToolCall" in kinds and not signed
