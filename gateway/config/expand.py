"""`${VAR}`, `${VAR:-default}` and `${file:/path}` in strings, before anything is decoded.

`$$` is a dollar sign. A default stands in for a variable that is unset or empty. A string that is wholly one `${...}` is typed
by the rules of YAML after expansion, unless its place takes text: there, only emptiness means "nothing", where nothing may stand.

Without an environment nothing from outside the file is read: what is a secret there is stood in for, and all else is a finding.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.config.document import NotANumber, resolve
from gateway.config.mistakes import Finding, Trail
from gateway.config.schema import Shape
from gateway.config.source import Stamp, Unreadable, read, stamp_of

_REFERENCE: Final = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<inside>[^{}\n]*)\}|(?P<broken>\{))")
_VARIABLE: Final = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>.*))?")
_FILE: Final = "file:"
STAND_IN: Final = "***"
"""For a secret that is not looked up."""


@dataclass(slots=True)
class Expanded:
    """`data` with all references replaced. `outside` are the trails whose value came from elsewhere and must not be shown."""

    data: Any = None
    findings: list[Finding] = field(default_factory=list)
    outside: set[Trail] = field(default_factory=set)
    files: dict[Path, Stamp | None] = field(default_factory=dict)


def expand(data: Any, env: Mapping[str, str] | None, directory: Path, shape: Shape) -> Expanded:
    """Relative paths of files start at `directory`. What cannot be expanded is a finding, and None in the data."""
    expander = _Expander(env, directory, shape)
    expander.expanded.data = expander.value(data, ())
    return expander.expanded


class _Missing(Exception):
    """A reference that leads nowhere; the text names it and quotes no value."""


class _Expander:
    def __init__(self, env: Mapping[str, str] | None, directory: Path, shape: Shape) -> None:
        self._env = env
        self._directory = directory
        self._shape = shape
        self.expanded = Expanded()

    def value(self, value: Any, trail: Trail) -> Any:
        if isinstance(value, dict):
            return {key: self.value(one, (*trail, key)) for key, one in value.items()}
        if isinstance(value, list):
            return [self.value(one, (*trail, index)) for index, one in enumerate(value)]
        if isinstance(value, str) and "$" in value:
            return self._string(value, trail)
        return value

    def _string(self, text: str, trail: Trail) -> Any:
        parts: list[str] = []
        end, before = 0, len(self.expanded.findings)
        for reference in _REFERENCE.finditer(text):
            parts.append(text[end : reference.start()])
            end = reference.end()
            try:
                parts.append(self._replacement(reference, trail))
            except _Missing as missing:
                self.expanded.findings.append(Finding(trail, str(missing)))
        if len(self.expanded.findings) > before:
            return None
        parts.append(text[end:])
        whole = _REFERENCE.fullmatch(text)
        return self._typed("".join(parts), trail) if whole and not whole["dollar"] else "".join(parts)

    def _typed(self, text: str, trail: Trail) -> Any:
        if self._shape.wants_text(trail):
            return None if not text and self._shape.may_be_null(trail) else text
        try:
            return resolve(text)
        except NotANumber as error:
            self.expanded.findings.append(Finding(trail, str(error)))
            return None

    def _replacement(self, reference: re.Match[str], trail: Trail) -> str:
        if reference["dollar"]:
            return "$"
        self.expanded.outside.add(trail)
        if self._env is None:
            return self._stand_in(trail)
        inside = reference["inside"]
        if inside is not None and inside.startswith(_FILE):
            return self._file(inside.removeprefix(_FILE))
        variable = _VARIABLE.fullmatch(inside or "")
        if variable is None:
            raise _Missing("`${` must go on as ${NAME}, ${NAME:-default} or ${file:/path}; a plain dollar sign is $$")
        return self._variable(self._env, variable["name"], variable["default"])

    def _stand_in(self, trail: Trail) -> str:
        if self._shape.is_secret(trail):
            return STAND_IN
        raise _Missing("nothing from outside this file is read here; write the value itself, or a dollar sign as $$")

    def _variable(self, env: Mapping[str, str], name: str, default: str | None) -> str:
        value = env.get(name)
        if not value and default is not None:
            return default
        if not value:
            state = "is not set" if value is None else "is empty"
            raise _Missing(f"the variable {name} {state}; set it, or write ${{{name}:-}} where it may be missing")
        if not value.isascii() and not _is_text(value):
            raise _Missing(f"the variable {name} is not UTF-8 text")
        return value

    def _file(self, name: str) -> str:
        path = self._directory / name
        try:
            source = read(path)
        except Unreadable as error:
            self.expanded.files[path] = stamp_of(path)
            raise _Missing(f"the file {name} cannot be read: {error}") from None
        self.expanded.files[path] = source.stamp
        if text := source.text.rstrip("\r\n"):
            return text
        raise _Missing(f"the file {name} is empty")


def _is_text(value: str) -> bool:
    """Bytes of a variable that are not UTF-8 reach Python as lone surrogates."""
    return not any("\ud800" <= one <= "\udfff" for one in value)
