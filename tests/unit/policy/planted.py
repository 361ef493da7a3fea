"""Policies without mistakes, and single mistakes to plant in them: each gives one mistake, on the line it marks."""

from collections.abc import Iterable
from dataclasses import dataclass

CONFIG = """\
keys:
  - name: app
    hash: sha256:1111111111111111111111111111111111111111111111111111111111111111
    team: support
    tags: [eu]
providers:
  openai: {}
models:
  fast: {targets: [{provider: openai, model: gpt}]}
  openai/*: {targets: [{provider: openai, model: "*"}]}
policies:
  files: [policies/*.yaml]
  exempt:
    - name: night shift
      policy: base
      rule: no-codes
      reason: reads the codes aloud
      team: support
"""

BASE = """\
haechi: policy/v1
name: base
detectors:
  code: {kind: pattern, match: 'INT-[0-9]{6}'}
  words:
    kind: keywords
    words: [swordfish]
rules:
  - id: no-codes
    where: [user, content]
    detect: [code]
    action: mask
    min_score: 0.5
  - id: no-words
    where: [user]
    detect: [words]
    action: {tokenize: {}}
"""

SUPPORT = """\
haechi: policy/v1
name: support
version: 4
extends: [base]
bind:
  models: ["*", openai/gpt-4o]
  teams: [support]
  tags: [eu]
  surfaces: [chat, messages]
  zones: [external]
defaults: {on_error: block, timeout_ms: 50}
detectors:
  rrn: {kind: korean_rrn}
  pii:
    kind: personal
    entities: [EMAIL_ADDRESS, korean]
    min_score: {default: 0.5, KR_PHONE: 0.4}
  ticket:
    kind: pattern
    match:
      - 'T-[0-9]{4}'
      - 'TT-[0-9]{4}'
  fits: {kind: schema}
  long: {kind: length, max_chars: 100}
  grader:
    kind: judge
    model: fast
    rubric: Is it rude?
  idle: {kind: keywords, words: [x]}
rules:
  - id: no-codes
    where: [user, content, tool_args]
    detect: [code]
    action: block
  - id: tokenize-personal-data
    where: [user, tool_result]
    detect: [pii, rrn]
    action:
      tokenize:
        linkable_within: user
        restore_into: [content]
  - id: tickets
    where: [content]
    detect: [ticket]
    action: {fallback: {model: fast}}
  - id: form
    where: [content]
    detect: [fits]
    action: {reask: {times: 2}}
  - id: rude
    where: [content]
    detect: [grader]
    action:
      block: {message: No., status: 422}
  - id: polite
    where: [content]
    detect: [grader]
    guarantee: segment
    segment: {most: 300}
    action: log
  - id: kind
    where: [content]
    detect: [grader]
    guarantee: segment
    segment: {most: 300}
    action: log
  - id: mild
    where: [content]
    detect: [grader]
    guarantee: segment
    segment: {most: 300}
    action: log
  - id: calm
    where: [content]
    detect: [grader]
    guarantee: segment
    segment: {most: 300}
    action: log
tests:
  - name: a code
    say: INT-123456
    expect: {blocked_by: no-codes}
  - name: another
    say: hello
    expect: {passes: true}
"""

FILES = {"haechi.yaml": CONFIG, "policies/base.yaml": BASE, "policies/support.yaml": SUPPORT}
ENTITIES = {"EMAIL_ADDRESS": "", "KR_PHONE": "", "KR_RRN": "", "korean": "", "personal": "", "secrets": ""}


@dataclass(frozen=True)
class Plant:
    """In the first line of the file that holds `old`, below the line that is `under`, `old` becomes `new`.

    The mistake lies `offset` lines below that line, and its text holds `says`.
    """

    sort: str
    under: str
    old: str
    new: str
    says: str
    offset: int = 0
    file: str = "policies/support.yaml"


PLANTS: tuple[Plant, ...] = (
    Plant("wrong version of the form", "", "policy/v1", "policy/v2", "'policy/v2' is not one of policy/v1"),
    Plant("unknown key", "name: support", "version: 4", "verson: 4", "did you mean 'version'?"),
    Plant("unknown parent", "version: 4", "[base]", "[bsae]", "'bsae' is no policy; did you mean 'base'?"),
    Plant("model that is nowhere", "bind:", "openai/gpt-4o", "opnai/gpt-4o", "is no model of haechi.yaml"),
    Plant("team that is nowhere", "bind:", "teams: [support]", "teams: [suport]", "did you mean 'support'?"),
    Plant("tag that is nowhere", "bind:", "tags: [eu]", "tags: [ue]", "is no tag of any key"),
    Plant("surface misspelled", "bind:", "messages]", "mesages]", "did you mean 'messages'?"),
    Plant("zone misspelled", "bind:", "[external]", "[extern]", "did you mean 'external'?"),
    Plant("no team at all", "bind:", "teams: [support]", "teams: []", "must not be empty"),
    Plant("switch word", "  zones: [external]", "on_error: block", "on_error: off", "'off' is not one of"),
    Plant("unknown kind", "detectors:", "korean_rrn", "korean_rnr", "did you mean 'korean_rrn'?"),
    Plant("no kind", "  ticket:", "{kind: schema}", "{}", "the key `kind` is missing"),
    Plant("key misspelled for kind", "  pii:", "kind: personal", "knid: personal", "did you mean 'kind'?"),
    Plant("entity misspelled", "  pii:", "EMAIL_ADDRESS", "EMIAL_ADDRESS", "did you mean 'EMAIL_ADDRESS'?"),
    Plant("score of no entity", "  pii:", "KR_PHONE", "KR_FONE", "did you mean 'KR_PHONE'?"),
    Plant("unbounded pattern", "  ticket:", "TT-[0-9]{4}", "TT-[0-9]+", "`+` has no upper limit; write `{1,64}`"),
    Plant(
        "pattern that takes too long",
        "  ticket:",
        "TT-[0-9]{4}",
        "TT-(?:[0-9]{1,3}-?){1,12}#",
        "keep it for more than 0.25 s",
    ),
    Plant("pattern read in two ways", "  ticket:", "'T-[0-9]{4}'", "'T-[[:alpha:]]{4}'", "is read in two ways"),
    Plant("word of nothing", "  grader:", "words: [x]", 'words: ["\\u200b "]', "is empty once"),
    Plant("star in the middle", "bind:", "openai/gpt-4o", "a*b", "has a `*` before its end"),
    Plant(
        "key of another kind", "  fits: {kind: schema}", "max_chars: 100", "max_chars: 100, words: [x]", "unknown key"
    ),
    Plant("nothing to find", "  fits: {kind: schema}", ", max_chars: 100", "", "finds nothing"),
    Plant("judge that is nowhere", "  grader:", "model: fast", "model: fats", "did you mean 'fast'?"),
    Plant("detector redefined", "    rubric: Is it rude?", "idle:", "words:", "is a detector of a parent already"),
    Plant(
        "place misspelled", "  - id: tokenize-personal-data", "tool_result", "tool_reslt", "did you mean 'tool_result'?"
    ),
    Plant("place for no placeholder", "  - id: tokenize-personal-data", "tool_result", "content", "write `mask`"),
    Plant("detector misspelled", "  - id: tokenize-personal-data", "rrn]", "rnr]", "did you mean 'rrn'?"),
    Plant("restored into an input", "  - id: tokenize-personal-data", "[content]", "[user]", "'user' is not one of"),
    Plant("action misspelled", "  - id: no-codes", "action: block", "action: blokc", "did you mean 'block'?"),
    Plant("action key misspelled", "  - id: tickets", "{fallback:", "{falback:", "did you mean 'fallback'?"),
    Plant("two actions", "  - id: form", "{reask: {times: 2}}", "{reask: {}, log: {}}", "a rule has one action"),
    Plant("fallback to nowhere", "  - id: tickets", "model: fast", "model: fsat", "did you mean 'fast'?"),
    Plant("no answer yet", "  - id: tickets", "where: [content]", "where: [user]", "throw away; write `route`"),
    Plant("schema where there is none", "  - id: form", "[content]", "[reasoning]", "looks at `content` alone", 1),
    Plant("nothing to mask", "  - id: rude", "block: {message: No., status: 422}", "mask: {}", "nothing to mask", -2),
    Plant("status of no error", "  - id: rude", "status: 422", "status: 200", "must be at least 400"),
    Plant("status that is not used", "  - id: rude", "status: 422", "status: 422, refuse: true", "is not used"),
    Plant("duplicate id", "  - id: tickets", "id: form", "id: tickets", "is the id of another one too"),
    Plant("test of no rule", "tests:", "blocked_by: no-codes", "blocked_by: no-code", "did you mean 'no-codes'?"),
    Plant("duplicate test", "    say: INT-123456", "name: another", "name: a code", "is the name of another one too"),
    Plant("segments of what must be whole", "  - id: polite", "[grader]", "[fits]", "to see all of an answer", 1),
    Plant("segments and another try", "  - id: mild", "action: log", "action: reask", "starts over", -2),
    Plant("segments of patterns", "  - id: polite", "[grader]", "[ticket]", "less than patterns promise", 1),
    Plant("segments of requests", "  - id: kind", "[content]", "[user]", "the rule looks at none", 2),
    Plant("segments not asked for", "  - id: calm", "guarantee: segment", "guarantee: full", "is not used without", 1),
    Plant("segments that are too short", "  - id: polite", "most: 300", "most: 10", "must be at least 90"),
    Plant("guarantee that comes by itself", "  - id: calm", "guarantee: segment", "guarantee: proven", "is not one of"),
    Plant("action loosened", "rules:", "action: block", "action: log", "would loosen the rule `no-codes` of `base`"),
    Plant("places lost", "rules:", "[user, content, tool_args]", "[user]", "`content` is missing"),
    Plant(
        "exempt from nothing", "  exempt:", "policy: base", "policy: bsae", "did you mean 'base'?", file="haechi.yaml"
    ),
)


def place_of(one: Plant) -> tuple[str, int]:
    """The file and the number of the line that changes, from 0."""
    lines = FILES[one.file].splitlines()
    top = lines.index(one.under) if one.under else -1
    return one.file, next(number for number in range(top + 1, len(lines)) if one.old in lines[number])


def plant(plants: Iterable[Plant]) -> tuple[dict[str, str], list[tuple[str, int]]]:
    """The files with these mistakes in them, no two on one line, and where they stand, sorted."""
    files = {name: text.splitlines() for name, text in FILES.items()}
    marks: list[tuple[str, int]] = []
    for one in plants:
        file, place = place_of(one)
        files[file][place] = files[file][place].replace(one.old, one.new)
        marks.append((file, place + 1 + one.offset))
    return {name: "\n".join(lines) + "\n" for name, lines in files.items()}, sorted(marks)
