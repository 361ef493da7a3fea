"""One strict file on its way from text to structs, with every mistake in it on its line.

text -> document (positions) -> expanded (`${...}`) -> structs, or what can be saved of them
             |                     |                    |
             +------ findings -----+--- departures -----+
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec

from gateway.config.departures import departures
from gateway.config.document import Document, Unparsable, parse
from gateway.config.expand import Expanded, expand
from gateway.config.mistakes import ConfigError, Finding, Mistake, quoted, spelled
from gateway.config.remains import Broken, mended
from gateway.config.schema import JsonSchema, Shape
from gateway.config.source import Source, Stamp, Unreadable, read, stamp_of
from gateway.config.strict import Secret

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Sort(Generic[T]):
    """One sort of file: the struct that it is, and how its schema is made and printed.

    `fitted`: what a file of some content is read as instead, and what is wrong with it already. `refused`: what a struct says against data that
    fits its schema.
    """

    struct: type[T]
    schema: Callable[[], JsonSchema]
    printed_by: str
    fitted: Callable[[Any], tuple["Sort[T]", list[Finding]]] | None = None
    refused: Callable[[Any], list[Finding]] = lambda _: []

    def decoded(self, data: Any) -> T | None:
        """None where the data does not fit; the decoder's message is not used, since it quotes values and knows no line."""
        try:
            return converted(data, self.struct)
        except Exception:  # noqa: BLE001 - a struct may be anybody's, and look at its own fields
            return None


def converted(data: Any, struct: type[S]) -> S:
    """Raises `msgspec.ValidationError`, and whatever a struct itself raises."""
    return msgspec.convert(data, struct, dec_hook=_secret)


class Draft(Generic[T]):
    """A file that was read, and what is wrong in it as far as the schema tells.

    `value` is the decoded file with what is broken left out or stood in for; None where nothing can be made of it. Whoever
    looks into it asks `keeps` about each of his own findings. `data` is the whole file as plain data.
    """

    def __init__(
        self, name: str, document: Document, expanded: Expanded, shape: Shape, findings: Iterable[Finding] = ()
    ) -> None:
        self.name: Final = name
        self.data: Final = expanded.data
        self.findings: Final = [*document.findings, *expanded.findings, *findings]
        self.value: T | None = None
        self._document = document
        self._expanded = expanded
        self._shape = shape
        self._broken = Broken(one.trail for one in self.findings if one.breaks)

    def decode(self, sort: Sort[T]) -> "Draft[T]":
        self.value = sort.decoded(self.data) if not self.findings else None
        if self.value is not None:
            return self
        found = departures(self.data, self._shape, self._broken)
        left = mended(self.data, self._broken, self._shape)
        self.value = sort.decoded(left)
        if self.value is None:
            found += sort.refused(left)
        if self.value is None and not found:
            # The schema takes what the structs refuse: no line can be given, but nothing gets through.
            found = [Finding((), f"does not fit the schema that `{sort.printed_by}` prints")]
        self.findings.extend(found)
        return self

    def keeps(self, finding: Finding) -> bool:
        """Whether a finding about `value` stands, or may only be there because something else is broken."""
        return not self._broken.undoes(finding)

    def mistakes(self, findings: Iterable[Finding]) -> set[Mistake]:
        return {self._mistake(one) for one in findings}

    def _mistake(self, finding: Finding) -> Mistake:
        mark = finding.mark or self._document.mark(finding.trail, about_key=finding.about_key)
        key = spelled(self._shape.without_secrets(finding.trail))
        if finding.trail in self._expanded.outside:
            return Mistake(self.name, mark.line, mark.column, key, finding.message)
        shown = f"{quoted(finding.value)} {finding.message}" if finding.value is not None else finding.message
        return Mistake(self.name, mark.line, mark.column, key, shown, finding.suggestion)


def opened(path: Path) -> Source:
    """The text of a file. Raises `ConfigError`, which names the file, where it cannot be read."""
    try:
        return read(path)
    except Unreadable as error:
        mistake = Mistake(str(path), error.line, 0, "", f"cannot be read: {error}")
        raise ConfigError([mistake], {path: stamp_of(path)}) from None


def drafted(
    sort: Sort[S],
    path: Path,
    source: Source,
    env: Mapping[str, str] | None,
    files: dict[Path, Stamp | None],
) -> Draft[S]:
    """The draft of one file; `files` grows by all that it pulls in, which is nothing without `env`. Raises `ConfigError` where the text is no YAML at all."""
    shape = Shape(sort.schema())
    files[path] = source.stamp
    try:
        document = parse(source.text)
    except Unparsable as error:
        nothing: Draft[S] = Draft(str(path), Document(None, {}, []), Expanded(), shape)
        raise ConfigError(nothing.mistakes([error.finding]), files) from None
    data: Any = {} if document.data is None else document.data
    findings: list[Finding] = []
    if sort.fitted is not None:
        sort, findings = sort.fitted(data)
        shape = Shape(sort.schema())
    expanded = expand(data, env, path.parent, shape)
    files |= expanded.files
    return Draft[S](str(path), document, expanded, shape, findings).decode(sort)


def _secret(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise msgspec.ValidationError("not text")
