"""Policy files to policies, or every mistake in all of them at once, each on its line.

each file  -> draft -> its own references --+
all files  -> duplicate names, extends -----+--> ConfigError, or policies
haechi.yaml: files that are not there, -----+
             exemptions from no rule
"""

import glob
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from gateway.config.expand import STAND_IN
from gateway.config.load import Loaded
from gateway.config.mistakes import ConfigError, Finding, Mistake, Trail, nearest, spelled
from gateway.config.reading import Draft, Sort, drafted, opened
from gateway.config.source import Source, Stamp, stamp_of
from gateway.config.structs import Config, Exempt
from gateway.policy.detectors import Guest
from gateway.policy.guests import unsound
from gateway.policy.inherit import Family
from gateway.policy.plugged import PRINTED_BY, fitted, fitted_to_ours
from gateway.policy.references import Known, Names, Outline, Subject, references
from gateway.policy.rule import Policy
from gateway.policy.structs import Document, json_schema
from gateway.shipped import FOLDER, PREFIX, shipped_names

POLICY: Final = Sort(Document, json_schema, PRINTED_BY, fitted)
_OURS: Final = Sort(Document, json_schema, PRINTED_BY, fitted_to_ours)


@dataclass(frozen=True, slots=True)
class LoadedPolicies:
    """By name: the policies, the documents they were made of, and the drafts of their files, which know the lines.

    `files` are all that were read, and the folders that were searched, each with its stamp. `texts`: of the files, by the name of
    the policy, as they were written.
    """

    policies: Mapping[str, Policy]
    documents: Mapping[str, Document]
    drafts: Mapping[str, Draft[Document]]
    files: Mapping[Path, Stamp | None]
    texts: Mapping[str, str] = field(default_factory=dict)


def load_policies(
    loaded: Loaded, directory: Path, env: Mapping[str, str], known_entities: Collection[str]
) -> LoadedPolicies:
    """The policies that a configuration names; its globs start at `directory`. Raises `ConfigError` with every mistake."""
    config = loaded.config
    reading = _Reading(env, Known(known_entities, Names.of(config)))
    findings = list(reading.search(config.policies.files, directory))
    reading.check()
    findings += _exemptions(config, reading.outlines(), lacks_files=reading.lacks_files)
    if loaded.draft is not None:
        reading.mistakes |= loaded.draft.mistakes(findings)
    return reading.result()


def load_files(
    paths: Iterable[Path], env: Mapping[str, str], known_entities: Collection[str], config: Config | None = None
) -> LoadedPolicies:
    """These policies and no others. Without a configuration no name that would stand in it is judged."""
    reading = _Reading(env, Known(known_entities, None if config is None else Names.of(config)))
    for path in paths:
        reading.read(path)
    reading.check()
    return reading.result()


def load_text(
    path: Path,
    text: str,
    others: Mapping[str, Document],
    known: Known,
    strangers: Mapping[str, Outline] = MappingProxyType({}),
) -> LoadedPolicies:
    """A file as somebody writes it, among `others` that stand; `path` is only what it is called. It takes the place of one of its name.

    Nothing outside of it is read, and no code of other distributions is run. `strangers`: what others have whose code that would be.
    Raises `ConfigError`.
    """
    reading = _Reading(None, known, _OURS)
    reading.take(path, text)
    reading.stand_beside(others, strangers)
    reading.check()
    return reading.result()


def files_of(paths: Iterable[Path]) -> list[Path]:
    """The same, with each folder as the policy files right in it. Raises `ConfigError` for one that has none."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        if not inside:
            raise ConfigError([Mistake(str(path), 0, 0, "", "has no `*.yaml` in it")])
        found += inside
    return found


class _Reading:
    """Several files on their way to policies."""

    def __init__(self, env: Mapping[str, str] | None, known: Known, sort: Sort[Document] = POLICY) -> None:
        self.mistakes: set[Mistake] = set()
        self.lacks_files = False  # then a name that is not there may be in one of them
        self._env = env
        self._known = known
        self._sort = sort
        self._texts: dict[Path, str] = {}
        self._others: dict[str, Document] = {}
        self._outlines: dict[str, Outline] = {}
        self._files: dict[Path, Stamp | None] = {}
        self._drafts: dict[Path, Draft[Document]] = {}
        self._named: dict[str, Path] = {}
        self._policies: Mapping[str, Policy] = {}

    def search(self, patterns: Iterable[str], directory: Path) -> Iterator[Finding]:
        """Reads all that the patterns match. A pattern that matches nothing guards nothing."""
        for index, pattern in enumerate(patterns):
            folder, rest = _place(pattern, directory)
            whole = Path(glob.escape(str(folder))) / rest
            found = sorted(Path(one) for one in glob.glob(str(whole), recursive=True))  # noqa: PTH207  takes absolute ones too
            for searched in {_searched(folder / rest), *(path.parent for path in found)}:
                self._files[searched] = stamp_of(searched)
            if not found:
                self.lacks_files = True
                trail: Trail = ("policies", "files", index)
                names = [f"{PREFIX}{name}" for name in shipped_names()] if pattern.startswith(PREFIX) else []
                yield Finding(trail, "matches no file", nearest(pattern, names), pattern, rests_on=(trail,))
            for path in found:
                self.read(path)

    def read(self, path: Path) -> None:
        if path in self._drafts:
            return
        try:
            self._draft(path, opened(path))
        except ConfigError as error:
            self.lacks_files = True
            self.mistakes.update(error.mistakes)
            self._files |= error.files

    def take(self, path: Path, text: str) -> None:
        """The same of a text that is in no file."""
        try:
            self._draft(path, Source(text, Stamp(0, 0, len(text), 0)))
        except ConfigError as error:
            self.lacks_files = True
            self.mistakes.update(error.mistakes)

    def stand_beside(self, others: Mapping[str, Document], strangers: Mapping[str, Outline]) -> None:
        """Policies that are not read again. What was read takes the place of one of its name."""
        self._others = {name: one for name, one in others.items() if name not in self._named}
        known = {name: Outline.of(plain(one)) for name, one in self._others.items()}
        self._outlines = known | {name: one for name, one in strangers.items() if name not in self._named}

    def _draft(self, path: Path, source: Source) -> None:
        draft = drafted(self._sort, path, source, self._env, self._files)
        self._drafts[path], self._texts[path] = draft, source.text
        self.mistakes |= draft.mistakes(draft.findings)
        name = _name(draft)
        if name is None:
            self.lacks_files = True
            return
        if (first := self._named.setdefault(name, path)) != path:
            finding = Finding(("name",), f"is the name of the policy in {first} too; names must differ", value=name)
            self.mistakes |= draft.mistakes([finding])

    def outlines(self) -> dict[str, Outline]:
        return self._outlines | {name: Outline.of(self._drafts[path].data) for name, path in self._named.items()}

    def check(self) -> None:
        """What is wrong in each document, and then between those that are sound."""
        outlines = self.outlines()
        for draft in self._drafts.values():
            if draft.value is not None:
                subject = Subject.among(draft.value, outlines, self._known, lacks_files=self.lacks_files)
                self._report(draft, [*references(subject), *_guests(draft.value)])
        unsound = {mistake.file for mistake in self.mistakes}
        family = Family(self._documents()).settle()
        above = {
            name: {str(self._named[one]) for one in _ancestors(name, outlines) if one in self._named}
            for name in outlines
        }
        compared = [(name, finding) for name, finding in family.findings if not unsound & above[name]]
        for name, finding in family.cycles + compared:
            if name in self._named:
                self._report(self._drafts[self._named[name]], [finding])
            else:
                self.mistakes.add(Mistake(f"policy {name}", 0, 0, spelled(finding.trail), finding.message))
        self._policies = family.policies

    def result(self) -> LoadedPolicies:
        if self.mistakes:
            raise ConfigError(self.mistakes, self._files)
        drafts = {name: self._drafts[path] for name, path in self._named.items()}
        texts = {name: self._texts[path] for name, path in self._named.items()}
        return LoadedPolicies(self._policies, self._documents(), drafts, dict(self._files), texts)

    def _documents(self) -> dict[str, Document]:
        values = {name: self._drafts[path].value for name, path in self._named.items()}
        return self._others | {
            name: value for name, value in values.items() if value is not None and value.name == name
        }

    def _report(self, draft: Draft[Document], findings: Iterable[Finding]) -> None:
        self.mistakes |= draft.mistakes(one for one in findings if draft.keeps(one))


def _guests(document: Document) -> Iterator[Finding]:
    """Patterns of another distribution's detectors that nobody could search for."""
    for name, spec in document.detectors.items():
        if isinstance(spec, Guest) and (reason := unsound(spec)) is not None:
            trail: Trail = ("detectors", name)
            yield Finding(trail, reason, about_key=True, rests_on=(trail,))


def _name(draft: Draft[Document]) -> str | None:
    """The name as it stands in the file, whatever else is broken."""
    name = draft.data.get("name") if isinstance(draft.data, dict) else None
    return name if isinstance(name, str) else None


def plain(document: Document) -> Any:
    """As data, without what is secret."""
    return msgspec.to_builtins(document, enc_hook=lambda _: STAND_IN)


def _place(pattern: str, directory: Path) -> tuple[Path, str]:
    """Where a pattern of the configuration begins, and what of it is left: `haechi:NAME` is a policy that comes with the gateway."""
    name = pattern.removeprefix(PREFIX)
    return (directory, pattern) if name == pattern else (FOLDER, f"{name}.yaml")


def _searched(pattern: Path) -> Path:
    """The folder in which a search begins."""
    while glob.has_magic(str(pattern)):
        pattern = pattern.parent
    return pattern if pattern.is_dir() else pattern.parent


def _ancestors(name: str, outlines: Mapping[str, Outline]) -> set[str]:
    found: set[str] = set()
    waiting = list(outlines[name].extends)
    while waiting:
        one = waiting.pop()
        if one in outlines and one not in found:
            found.add(one)
            waiting += outlines[one].extends
    return found


def _exemptions(config: Config, outlines: Mapping[str, Outline], *, lacks_files: bool) -> Iterator[Finding]:
    for index, exempt in enumerate(config.policies.exempt):
        trail: Trail = ("policies", "exempt", index)
        if exempt.policy not in outlines:
            if lacks_files:
                continue
            place: Trail = (*trail, "policy")
            yield Finding(place, "is no policy", nearest(exempt.policy, outlines), exempt.policy, rests_on=(place,))
        elif exempt.rule not in outlines[exempt.policy].rules:
            yield _no_rule((*trail, "rule"), exempt, outlines)


def _no_rule(trail: Trail, exempt: Exempt, outlines: Mapping[str, Outline]) -> Finding:
    for parent in sorted(_ancestors(exempt.policy, outlines)):
        if exempt.rule in outlines[parent].rules:
            message = f"is inherited; name the policy in which it stands, `{parent}`"
            return Finding(trail, message, value=exempt.rule, rests_on=(trail,))
    rules = outlines[exempt.policy].rules
    message = f"is no rule of the policy `{exempt.policy}`"
    return Finding(trail, message, nearest(exempt.rule, rules), exempt.rule, rests_on=(trail,))
