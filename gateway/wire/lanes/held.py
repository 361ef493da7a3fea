"""An object or a list of the body, as something whose entries can be written and whose keys can be renamed."""

import msgspec

from gateway.wire.lanes.place import Owner

_encode = msgspec.json.Encoder().encode


def written(number: float) -> str:
    """A number as JSON. How the caller wrote it is lost once the body is parsed: `1.50` is `1.5`."""
    return str(number) if type(number) is int else _encode(number).decode()


class Held:
    """Entries are known by the key under which they were read, whatever has been renamed since."""

    __slots__ = ("_named", "_wanted", "held")
    depth = 0

    def __init__(self, held: dict[str, object] | list[object]) -> None:
        self.held = held
        self._named: dict[str, str] | None = None  # key as it was read -> as it is now
        self._wanted: dict[str, str] | None = None  # key as it was read -> as it shall be

    def get(self, at: int | str) -> object:
        return self.held[at]  # type: ignore[index]  # an object by its key, a list by its index

    def write(self, at: int | str, text: str) -> None:
        held = self.held
        if isinstance(held, dict):
            self._set(held, self._named.get(str(at), at) if self._named else at, text)
        else:
            self._set(held, at, text)

    @staticmethod
    def _set(held: object, key: object, text: str) -> None:
        old = held[key]  # type: ignore[index]
        if type(old) is str or written(old) != text:
            held[key] = text  # type: ignore[index]

    def rename(self, at: str, name: str) -> None:
        if self._wanted is None:
            self._wanted = {}
        self._wanted[at] = name

    def settle(self) -> Owner | None:
        """Keys keep their order. Two that come out equal are told apart by a number, so that no value is lost."""
        held = self.held
        asked, self._wanted = self._wanted, None
        if asked is None or not isinstance(held, dict):
            return None
        self._named = self._named or {}
        before = {now: was for was, now in self._named.items()}
        entries = [(before.get(now, now), now, value) for now, value in held.items()]
        wanted = {was: asked[was] for was, now, _ in entries if asked.get(was, now) != now}
        taken = {now for was, now, _ in entries if was not in wanted}
        numbers: dict[str, int] = {}
        held.clear()
        for was, now, value in entries:
            name = now
            if was in wanted:
                name = self._named[was] = _free(wanted[was], taken, numbers)
                taken.add(name)
            held[name] = value
        return None


def _free(name: str, taken: set[str], numbers: dict[str, int]) -> str:
    """`numbers`: the last one tried for each name, so that many equal names stay cheap."""
    found = name
    while found in taken:
        numbers[name] = numbers.get(name, 1) + 1
        found = f"{name} ({numbers[name]})"
    return found


class Keys:
    """The keys of an object as texts."""

    __slots__ = ("_held",)
    depth = 0

    def __init__(self, held: Held) -> None:
        self._held = held

    def write(self, at: str, text: str) -> None:
        self._held.rename(at, text)

    def settle(self) -> Owner | None:
        return self._held.settle()
