"""The editor of one lane (or of one place of a request): what all rules find in its text is merged by span, and the strictest
action wins.

Nothing leaves an editor that a rule has not looked at: where looking fails, the text stays, unless every rule that failed
says that it may pass.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.guards.finding import Finding
from gateway.guards.fold import squeezed
from gateway.guards.pattern import Pattern
from gateway.guards.scanner import Scanner
from gateway.guards.verdicts import STRICTNESS, Effect, Said, Verdict, Verdicts

FAILED: Final = "detector_failed"

Mint = Callable[["Rule", str, str], str]
"""Rule, kind and value to the placeholder that stands for them from now on."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What an editor has to know of a rule. `with_text` is what `mask` writes (`{kind}` in it is the entity); `settings` is for who acts
    on a block or a restart. A rule that is not `enforced` only counts what it would have done.
    """

    policy: str
    id: str
    effect: Effect
    enforced: bool = True
    passes_on_error: bool = False
    min_score: Mapping[str, float] | float = 0.0
    with_text: str = "[{kind}]"
    settings: Any = None

    def wants(self, finding: Finding) -> bool:
        if isinstance(self.min_score, float | int):
            return finding.score >= self.min_score
        return finding.score >= self.min_score.get(finding.kind, self.min_score.get("default", 0.0))


class Blocked(Exception):
    """A rule forbids this text. Nothing of it has left the editor."""

    def __init__(self, rule: Rule, place: str, kind: str) -> None:
        super().__init__(f"{rule.policy}/{rule.id} at {place}")
        self.rule = rule
        self.place = place
        self.kind = kind


class Looking:
    """The rules of one kind of place, made ready once: one scanner for all of them, and which rules each detector speaks for."""

    def __init__(self, place: str, rules: Sequence[tuple[Rule, Sequence[Pattern]]]) -> None:
        self.place = place
        self.rules = tuple(rule for rule, _ in rules)
        patterns: dict[tuple[str, str], Pattern] = {}
        self._by_pattern: dict[tuple[str, str], list[Rule]] = {}
        for rule, found_by in rules:
            for pattern in found_by:
                key = pattern.detector, pattern.kind
                patterns[pattern.detector, pattern.regex] = pattern
                if rule not in self._by_pattern.setdefault(key, []):
                    self._by_pattern[key].append(rule)
        self.scanner = Scanner(list(patterns.values()))

    def __bool__(self) -> bool:
        return bool(self.rules)

    def strictest(self, finding: Finding, verdicts: Verdicts) -> Rule | None:
        """The rule that decides, all that have a say being counted. None where only shadow rules do."""
        winner: Rule | None = None
        for rule in self._by_pattern.get((finding.detector, finding.kind), ()):
            if not rule.wants(finding):
                continue
            said: Said = "enforced" if rule.enforced else "shadow"
            verdicts.add(Verdict(rule.policy, rule.id, self.place, finding.kind, rule.effect, said))
            if rule.enforced and (winner is None or STRICTNESS[rule.effect] > STRICTNESS[winner.effect]):
                winner = rule
        return winner


class Editor:
    """Text in, text that may go on out. `feed` and `close` raise `Blocked`."""

    __slots__ = ("_at", "_broken", "_filter", "_looking", "_mint", "_run", "_verdicts", "changed")

    def __init__(self, looking: Looking, verdicts: Verdicts, mint: Mint | None = None) -> None:
        self._looking = looking
        self._filter = looking.scanner.filter()
        self._verdicts = verdicts
        self._mint = mint
        self._run = 0
        self._at = 0
        self._broken = False
        self.changed = False

    @property
    def held(self) -> int:
        """Characters that wait until it is known what they are part of."""
        return self._filter.held

    def feed(self, text: str) -> str:
        if self._broken:
            return text
        kept, self._run = squeezed(text, self._run)
        self.changed = self.changed or len(kept) != len(text)
        try:
            settled = self._filter.feed(kept)
        except TimeoutError:
            return self._failed()
        return self._edited(settled.text, settled.findings)

    def close(self) -> str:
        """The rest; to be called once."""
        if self._broken:
            return ""
        try:
            settled = self._filter.close()
        except TimeoutError:
            return self._failed()
        return self._edited(settled.text, settled.findings)

    def _edited(self, text: str, findings: list[Finding]) -> str:
        base, self._at = self._at, self._at + len(text)
        if not findings:
            return text
        pieces: list[str] = []
        done = base
        for start, end, kind, rule in self._decided(findings):
            if rule.effect in ("block", "restart"):
                raise Blocked(rule, self._looking.place, kind)
            self.changed = True
            pieces += text[done - base : start - base], self._instead(rule, kind, text[start - base : end - base])
            done = end
        pieces.append(text[done - base :])
        return "".join(pieces)

    def _decided(self, findings: list[Finding]) -> list[tuple[int, int, str, Rule]]:
        """What is to be changed. Findings that overlap are one, under the strictest rule of any; its kind is that of its finding."""
        merged: list[tuple[int, int, str, Rule]] = []
        for finding in findings:
            rule = self._looking.strictest(finding, self._verdicts)
            if rule is None or rule.effect in ("annotate", "log"):
                continue
            if merged and finding.start < merged[-1][1]:
                start, end, kind, before = merged[-1]
                if STRICTNESS[rule.effect] <= STRICTNESS[before.effect]:
                    rule = before
                else:
                    kind = finding.kind
                merged[-1] = start, max(end, finding.end), kind, rule
            else:
                merged.append((finding.start, finding.end, finding.kind, rule))
        return merged

    def _instead(self, rule: Rule, kind: str, value: str) -> str:
        if rule.effect == "tokenize" and self._mint is not None:
            return self._mint(rule, kind, value)
        return rule.with_text.replace("{kind}", kind)

    def _failed(self) -> str:
        """A detector took too long: the strictest of the rules that do not let such text pass decides."""
        for rule in self._looking.rules:
            self._verdicts.add(Verdict(rule.policy, rule.id, self._looking.place, "", rule.effect, "failed"))
        strict = [rule for rule in self._looking.rules if rule.enforced and not rule.passes_on_error]
        if strict:
            raise Blocked(max(strict, key=lambda rule: STRICTNESS[rule.effect]), self._looking.place, FAILED)
        self._broken = True
        return self._filter.surrender()
