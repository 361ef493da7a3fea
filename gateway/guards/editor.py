"""The editor of one lane (or of one place of a request): what all rules find in its text is merged by span, and the strictest
action wins.

Nothing leaves an editor that a rule has not looked at: where looking fails, the text stays, unless every rule that failed
says that it may pass.
"""

from collections.abc import Callable, Sequence
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
    min_score: float = 0.0
    with_text: str = "[{kind}]"
    settings: Any = None

    def wants(self, finding: Finding) -> bool:
        return finding.score >= self.min_score


class Blocked(Exception):
    """A rule forbids this text. Nothing of it has left the editor."""

    def __init__(self, rule: Rule, place: str, kind: str) -> None:
        super().__init__(f"{rule.policy}/{rule.id} at {place}")
        self.rule = rule
        self.place = place
        self.kind = kind


class Looking:
    """The rules of one kind of place, made ready once: one scanner for all patterns, and which rules each detector speaks for.

    `detectors` of a rule are all that it listens to, whether they are patterns or checks.
    """

    def __init__(self, place: str, rules: Sequence[tuple[Rule, Sequence[str]]], patterns: Sequence[Pattern]) -> None:
        self.place = place
        self.rules = tuple(rule for rule, _ in rules)
        self._by_detector: dict[str, list[Rule]] = {}
        for rule, detectors in rules:
            for detector in dict.fromkeys(detectors):
                self._by_detector.setdefault(detector, []).append(rule)
        self.scanner = Scanner(list(dict.fromkeys(patterns)))

    def rules_of(self, detector: str) -> Sequence[Rule]:
        return self._by_detector.get(detector, ())

    def strictest(self, finding: Finding, verdicts: Verdicts) -> Rule | None:
        """The rule that decides, all that have a say being counted. None where only shadow rules do."""
        winner: Rule | None = None
        for rule in self.rules_of(finding.detector):
            if not rule.wants(finding):
                continue
            verdicts.add(self.word_of(rule, finding.kind, _said(rule, finding)), finding)
            if (rule.policy, rule.id) in verdicts.carried_out:
                continue
            if rule.enforced and (winner is None or STRICTNESS[rule.effect] > STRICTNESS[winner.effect]):
                winner = rule
        return winner

    def word_of(self, rule: Rule, kind: str, said: Said) -> Verdict:
        return Verdict(rule.policy, rule.id, self.place, kind, rule.effect, said)


class Editor:
    """Text in, text that may go on out. `feed` and `close` raise `Blocked`."""

    __slots__ = ("_at", "_broken", "_filter", "_looking", "_mint", "_run", "_verdicts")

    def __init__(self, looking: Looking, verdicts: Verdicts, mint: Mint | None = None) -> None:
        self._looking = looking
        self._filter = looking.scanner.filter()
        self._verdicts = verdicts
        self._mint = mint
        self._run = 0
        self._at = 0
        self._broken = False

    @property
    def held(self) -> int:
        """Characters that wait until it is known what they are part of."""
        return self._filter.held

    def feed(self, text: str) -> str:
        if self._broken:
            return text
        kept, self._run = squeezed(text, self._run)
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

    def edited(self, text: str, more: Sequence[Finding]) -> str:
        """A whole text, with what checks have found in it besides; its spans are of this very text."""
        try:
            self._filter.feed_last(text)
            settled = self._filter.close()
        except TimeoutError:
            return self._edited(self._failed(), sorted(more))  # checks have not failed with it
        return self._edited(settled.text, sorted([*settled.findings, *more]))

    def _edited(self, text: str, findings: list[Finding]) -> str:
        base, self._at = self._at, self._at + len(text)
        if not findings:
            return text
        pieces: list[str] = []
        done = base
        for start, end, kind, rule in self.decided(findings):
            pieces += text[done - base : start - base], self.instead(rule, kind, text[start - base : end - base])
            done = end
        pieces.append(text[done - base :])
        return "".join(pieces)

    def decided(self, findings: Sequence[Finding]) -> list[tuple[int, int, str, Rule]]:
        """What is to be changed. Findings that overlap are one, under the strictest rule of any; its kind is that of its finding.

        Raises `Blocked`.
        """
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
        for start, end, kind, rule in merged:
            self._verdicts.settle((start, end), self._looking.word_of(rule, kind, "enforced"))
            if rule.effect in ("block", "restart"):
                raise Blocked(rule, self._looking.place, kind)
        return merged

    def instead(self, rule: Rule, kind: str, value: str = "") -> str:
        if rule.effect == "tokenize" and self._mint is not None:
            return self._mint(rule, kind, value)
        return rule.with_text.replace("{kind}", kind)

    def _failed(self) -> str:
        """A pattern took too long."""
        fail(self._looking, self._looking.rules, self._verdicts)
        self._broken = True
        return self._filter.surrender()


class Spans:
    """An edit of a text whose findings are known before it comes: those that checks made over all of it."""

    __slots__ = ("_at", "_spans")

    def __init__(self, findings: Sequence[Finding], looking: Looking, verdicts: Verdicts, at: int = 0) -> None:
        """In any order. The text that comes begins `at`. Raises `Blocked` where one of them forbids it."""
        editor = Editor(looking, verdicts)
        decided = editor.decided(sorted(findings))
        self._spans = [(start, end, editor.instead(rule, kind)) for start, end, kind, rule in decided]
        self._at = at

    def feed(self, text: str) -> str:
        base, self._at = self._at, self._at + len(text)
        pieces: list[str] = []
        done = 0
        for start, end, written in self._spans:
            if start < self._at and end > base:
                pieces.append(text[done : max(0, start - base)])
                if start >= base:
                    pieces.append(written)
                done = min(len(text), end - base)
        return "".join(pieces) + text[done:]

    def close(self) -> str:
        return ""


def _said(rule: Rule, finding: Finding) -> Said:
    if not rule.enforced:
        return "shadow"
    return "straddled" if finding.cut and rule.effect in ("mask", "tokenize") else "enforced"


def fail(looking: Looking, rules: Sequence[Rule], verdicts: Verdicts) -> None:
    """A detector of these rules has failed: the strictest of those that do not let such text pass decides. Raises `Blocked`."""
    for rule in rules:
        verdicts.add(looking.word_of(rule, "", "failed"))
    strict = [rule for rule in rules if rule.enforced and not rule.passes_on_error]
    if strict:
        first = max(strict, key=lambda rule: STRICTNESS[rule.effect])
        verdicts.settle((0, 0), looking.word_of(first, "", "failed"))
        raise Blocked(first, looking.place, FAILED)
