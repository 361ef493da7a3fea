"""What routing may know of a request: values only, no text."""

from collections.abc import Collection, Mapping

from msgspec import Struct, field

from gateway.config.structs import Capability


class Features(Struct, frozen=True, kw_only=True):
    """What routing decides by.

    `headers` by lower-case name. `sticky_key` is a digest of the conversation or prompt prefix; empty means none.
    `pinned` is the name of the one provider that may serve this (it holds the stored resources, it signed the blocks).
    `allowed` are the model names the principal may see, `*` at the end matching the rest; used for suggestions alone.
    `max_output_tokens` is the caller's own limit, where one was given.
    """

    model: str
    dialect: str = "chat"
    team: str | None = None
    tags: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)
    input_tokens: int = 0
    max_output_tokens: int | None = None
    needs: frozenset[Capability] = frozenset()
    sticky_key: bytes = b""
    pinned: str | None = None
    allowed: tuple[str, ...] = ("*",)


def permits(allowed: Collection[str], name: str) -> bool:
    """Whether one of the patterns (`gpt-5`, `openai/*`, `*`) names this model."""
    return "*" in allowed or any(name == one or (one.endswith("*") and name.startswith(one[:-1])) for one in allowed)
