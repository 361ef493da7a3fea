"""Finds calls of tools that may not be called: by name, and if so wished only once something untrusted was read."""

from collections.abc import Iterable, Sequence

from gateway.guards.check import Said, whole
from gateway.guards.finding import Finding


class ToolPermissionsCheck:
    """Names are exact, or the beginning of a name with `*` behind it. What is denied is so even if it is allowed too.

    `allow=None` allows all; an empty list allows none. With `once_untrusted` neither list applies before what a tool returned is
    in the conversation. A call whose tool is not known is not on any list of names, so that an `allow` forbids it.
    """

    def __init__(
        self, allow: Iterable[str] | None = None, deny: Iterable[str] = (), *, once_untrusted: bool = False
    ) -> None:
        self._allow = None if allow is None else _Names(allow)
        self._deny = _Names(deny)
        self._once_untrusted = once_untrusted

    async def look(self, said: Said) -> Sequence[Finding]:
        if said.place != "tool_args" or (self._once_untrusted and not said.setting.untrusted):
            return []
        is_allowed = self._allow is None or said.tool in self._allow
        return [] if is_allowed and said.tool not in self._deny else [whole(said, "TOOL_NOT_PERMITTED")]


class _Names:
    def __init__(self, names: Iterable[str]) -> None:
        every = tuple(names)
        self._exact = frozenset(name for name in every if not name.endswith("*"))
        self._beginnings = tuple(name[:-1] for name in every if name.endswith("*"))

    def __contains__(self, name: str) -> bool:
        return name in self._exact or name.startswith(self._beginnings)
