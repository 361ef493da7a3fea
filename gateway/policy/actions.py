"""What a rule does about a finding, and which of two actions is the stricter."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, field

from gateway.config.strict import Name, Strict
from gateway.guards.verdicts import STRICTNESS as STRICTNESS_OF_EFFECTS
from gateway.guards.verdicts import Effect

Sink = Literal["content", "tool_args"]
Linkable = Literal["conversation", "user", "tenant"]
Word = Literal["block", "mask", "tokenize", "annotate", "reask", "fallback", "route", "log"]

BLOCKED: Final = 400
"""HTTP status of a block that gives none: what vendors answer when their own filter refuses."""


class Block(Strict, frozen=True):
    """Ends the exchange. Nothing of the text goes on."""

    message: Annotated[Name | None, Meta(description="What the caller is told; a general sentence by default.")] = None
    status: Annotated[
        Annotated[int, Meta(ge=400, le=599)] | None, Meta(description="HTTP status, before anything is sent: 400.")
    ] = None
    refuse: Annotated[bool, Meta(description="A polite refusal in the caller's dialect instead of an error.")] = False


class Mask(Strict, frozen=True):
    """Replaces what was found, for good."""

    with_: Annotated[str, Meta(description="What stands in its place; `{kind}` is the entity.")] = field(
        default="[{kind}]", name="with"
    )


class Tokenize(Strict, frozen=True):
    """Replaces what was found by a placeholder that the caller never sees where restoring is granted."""

    linkable_within: Annotated[Linkable, Meta(description="Where the same value gets the same placeholder.")] = "user"
    restore_into: Annotated[list[Sink], Meta(description="Where the answer gets the value back.")] = field(
        default_factory=lambda: ["content", "tool_args"]
    )


class Annotate(Strict, frozen=True):
    """Lets it pass, with a note."""

    header: Annotated[
        Annotated[
            str,
            Meta(
                pattern="^x-[a-z0-9-]{1,60}$",
                examples=["x-haechi-found"],
                extra_json_schema={"patternErrorMessage": "must be the name of a header, `x-` and lower case"},
            ),
        ],
        Meta(description="Response header that names the rule."),
    ] = "x-haechi-annotations"


class Reask(Strict, frozen=True):
    """Tells the model what was found, and lets it try again."""

    times: Annotated[int, Meta(ge=1, le=5, description="At most so often; then the answer is blocked.")] = 1


class Fallback(Strict, frozen=True):
    """Throws the answer away and asks another model."""

    model: Annotated[Name, Meta(description="Model of this gateway.")]


class Route(Strict, frozen=True):
    """Sends the request to another model from the start."""

    model: Annotated[Name, Meta(description="Model of this gateway.")]


class Log(Strict, frozen=True):
    """Records it and does nothing else."""


Deed = Block | Mask | Tokenize | Annotate | Reask | Fallback | Route | Log


class Action(Strict, frozen=True):
    """Exactly one of them. One that needs nothing said may be written as its name alone."""

    block: Annotated[Block | None, Meta(description="Ends the exchange.")] = None
    mask: Annotated[Mask | None, Meta(description="Replaces what was found, for good.")] = None
    tokenize: Annotated[Tokenize | None, Meta(description="Replaces it by a placeholder that can be restored.")] = None
    annotate: Annotated[Annotate | None, Meta(description="Lets it pass, with a note.")] = None
    reask: Annotated[Reask | None, Meta(description="Lets the model try again.")] = None
    fallback: Annotated[Fallback | None, Meta(description="Asks another model instead.")] = None
    route: Annotated[Route | None, Meta(description="Sends the request to another model.")] = None
    log: Annotated[Log | None, Meta(description="Records it.")] = None


_PLAIN: Final[dict[str, Deed]] = {
    "block": Block(), "mask": Mask(), "tokenize": Tokenize(), "annotate": Annotate(), "reask": Reask(), "log": Log(),
}  # fmt: skip
WORDS: Final[dict[type, Word]] = {
    Block: "block", Mask: "mask", Tokenize: "tokenize", Annotate: "annotate",
    Reask: "reask", Fallback: "fallback", Route: "route", Log: "log",
}  # fmt: skip
EFFECTS: Final[dict[Word, Effect]] = {
    "block": "block", "fallback": "restart", "reask": "restart", "route": "restart",
    "mask": "mask", "tokenize": "tokenize", "annotate": "annotate", "log": "log",
}  # fmt: skip
STRICTNESS: Final[dict[Word, int]] = {word: STRICTNESS_OF_EFFECTS[effect] for word, effect in EFFECTS.items()}
_LINKS: Final = get_args(Linkable)


def deed_of(action: Action | Word) -> Deed | None:
    """The one thing to do; None where the action names none or several, or leaves out what it needs."""
    if isinstance(action, str):
        return _PLAIN.get(action)
    given = [one for name in Action.__struct_fields__ if (one := getattr(action, name)) is not None]
    return given[0] if len(given) == 1 else None


def word_of(deed: Deed) -> Word:
    return WORDS[type(deed)]


def strictness(deed: Deed) -> int:
    return STRICTNESS[word_of(deed)]


def link_width(tokenize: Tokenize) -> int:
    """0 for the narrowest scope."""
    return _LINKS.index(tokenize.linkable_within)


def loosened(parent: Deed, child: Deed) -> str | None:
    """In what the child is less strict than the parent; None where it is not."""
    if strictness(child) < strictness(parent):
        return f"`{word_of(child)}` is less strict than `{word_of(parent)}`"
    if not isinstance(parent, Tokenize) or not isinstance(child, Tokenize):
        return None
    if more := [one for one in child.restore_into if one not in parent.restore_into]:
        return f"`restore_into` adds {', '.join(f'`{one}`' for one in more)}"
    if link_width(child) > link_width(parent):
        return f"`linkable_within: {child.linkable_within}` is wider than `{parent.linkable_within}`"
    return None
