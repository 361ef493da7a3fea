"""`haechi.yaml` to `Config`, or every mistake in it at once.

text -> document (positions) -> expanded (`${...}`) -> structs
             |                     |                    |
             +------ findings -----+--- departures -----+--- references  ->  ConfigError
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import msgspec

from gateway.config.departures import departures
from gateway.config.document import Document, Unparsable, parse
from gateway.config.expand import Expanded, expand
from gateway.config.mistakes import ConfigError, Finding, Mistake, quoted, spelled
from gateway.config.references import Named, Rows, references
from gateway.config.remains import Broken, mended
from gateway.config.schema import Shape, json_schema
from gateway.config.source import Stamp, Unreadable, read, stamp_of
from gateway.config.structs import Config, Secret, Zone


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and the files it came from, each with the stamp it had when it was read."""

    config: Config
    files: Mapping[Path, Stamp | None]


def load(
    path: Path,
    env: Mapping[str, str],
    *,
    kinds: Collection[str],
    zones: Mapping[str, Zone] = MappingProxyType({}),
    without_address: Collection[str] = (),
) -> Config:
    """The configuration in the file. Raises `ConfigError` with every mistake in it.

    `kinds` are the rows of the provider table, `zones` their trust zones, `without_address` those that need a `base_url`.
    """
    return load_with_files(path, env, Rows(kinds, zones, without_address)).config


def load_with_files(path: Path, env: Mapping[str, str], rows: Rows) -> Loaded:
    """As `load`, for a caller that watches the files."""
    try:
        source = read(path)
    except Unreadable as error:
        mistake = Mistake(str(path), error.line, 0, "", f"cannot be read: {error}")
        raise ConfigError([mistake], {path: stamp_of(path)}) from None
    return _Reading(str(path), {path: source.stamp}).run(source.text, env, path.parent, rows)


class _Reading:
    """One file on its way from text to `Config`."""

    def __init__(self, name: str, files: dict[Path, Stamp | None]) -> None:
        self._name = name
        self._files = files
        self._shape = Shape(json_schema())

    def run(self, text: str, env: Mapping[str, str], directory: Path, rows: Rows) -> Loaded:
        try:
            document = parse(text)
        except Unparsable as error:
            self._refuse([error.finding], Document(None, {}, []), Expanded())
        expanded = expand({} if document.data is None else document.data, env, directory, self._shape)
        self._files |= expanded.files
        findings = document.findings + expanded.findings
        config = _decoded(expanded.data) if not findings else None
        if config is not None:
            findings = references(config, Named.all_of(expanded.data), rows)
        else:
            findings += self._everything_else(expanded.data, findings, rows)
        if config is None or findings:
            self._refuse(findings, document, expanded)
        return Loaded(config, self._files)

    def _everything_else(self, data: Any, known: list[Finding], rows: Rows) -> list[Finding]:
        """What is wrong besides what is known: departures from the schema, and references among what fits it."""
        broken = Broken(one.trail for one in known if one.breaks)
        found = departures(data, self._shape, broken)
        config = _decoded(mended(data, broken, self._shape))
        if config is None:  # the schema takes what the structs refuse: no line can be given, but nothing gets through
            return found or [Finding((), "does not fit the schema that `haechi schema` prints")]
        return found + [one for one in references(config, Named.all_of(data), rows) if not broken.undoes(one)]

    def _refuse(self, findings: list[Finding], document: Document, expanded: Expanded) -> NoReturn:
        mistakes = {self._mistake(one, document, expanded) for one in findings}
        raise ConfigError(mistakes, self._files)

    def _mistake(self, finding: Finding, document: Document, expanded: Expanded) -> Mistake:
        mark = finding.mark or document.mark(finding.trail, about_key=finding.about_key)
        key = spelled(self._shape.without_secrets(finding.trail))
        if finding.trail in expanded.outside:
            return Mistake(self._name, mark.line, mark.column, key, finding.message)
        shown = f"{quoted(finding.value)} {finding.message}" if finding.value is not None else finding.message
        return Mistake(self._name, mark.line, mark.column, key, shown, finding.suggestion)


def _decoded(data: Any) -> Config | None:
    """None where the data does not fit; the decoder's message is not used, since it quotes values and knows no line."""
    try:
        return msgspec.convert(data, Config, dec_hook=_secret)
    except msgspec.ValidationError:
        return None


def _secret(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise msgspec.ValidationError("not text")
