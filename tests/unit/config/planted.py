"""A configuration without mistakes, and single mistakes to plant in it: each gives one mistake, on the line it marks."""

from collections.abc import Iterable
from dataclasses import dataclass

KINDS = ("openai", "anthropic", "mistral", "vllm", "simulated")

SOUND = """\
listen:
  host: 127.0.0.1
  port: 8080
keys:
  - name: app
    hash: sha256:1111111111111111111111111111111111111111111111111111111111111111
    models: [fast]
  - name: desk
    hash: sha256:2222222222222222222222222222222222222222222222222222222222222222
secret: ${SEAL}
providers:
  openai:
    api_key: ${OPENAI_API_KEY}
    timeouts:
      connect: 5
      total: 60
  anthropic:
    api_key: ${ANTHROPIC_API_KEY}
    retention: limited
  house:
    kind: vllm
    base_url: http://127.0.0.1:8000/v1
    zone: internal
    region: kr
    health:
      path: /health
models:
  fast:
    strategy: weighted
    targets:
      - provider: openai
        model: gpt-4o-mini
        weight: 2
      - provider: anthropic
        model: claude
    fallbacks:
      failure: [slow]
  slow:
    targets:
      - provider: openai
        model: gpt-4o
    fallbacks:
      failure: [last]
  last:
    targets:
      - provider: anthropic
        model: claude
        weight: 1
  secluded:
    zones: [internal]
    regions: [kr]
    targets:
      - provider: house
        model: llama
  openai/*:
    targets:
      - provider: openai
        model: "*"
  choosy:
    strategy: conditional
    targets:
      - provider: openai
        model: gpt-4o
        when: {tools: true}
      - provider: openai
        model: gpt-4o-mini
        when:
          images: true
  idle:
    strategy: weighted
    targets:
      - provider: openai
        model: gpt-4o-mini
        weight: 1
    fallbacks:
      failure: [last]
breaker:
  open_for: 5
retry:
  attempts: 3
limits:
  json_depth: 100
  heartbeat: 5
record:
  queue: 100
policies:
  exempt:
    - name: night shift
      policy: support
      rule: no-internal-codes
      reason: reads the codes aloud
      key: app
"""

ENV = {"SEAL": "seal", "OPENAI_API_KEY": "one", "ANTHROPIC_API_KEY": "two"}


@dataclass(frozen=True)
class Plant:
    """In the first line that holds `old`, below the line that is `under`, `old` becomes `new`.

    The mistake lies `offset` lines below that line, and its text holds `says`.
    """

    sort: str
    under: str
    old: str
    new: str
    says: str
    offset: int = 0


PLANTS = (
    Plant("unknown key", "listen:", "port: 8080", "prot: 8080", "did you mean 'port'?"),
    Plant("wrong type", "retry:", "attempts: 3", "attempts: three", "must be a whole number, not text"),
    Plant("float for a whole number", "limits:", "json_depth: 100", "json_depth: 100.0", "must be a whole number"),
    Plant("out of range", "record:", "queue: 100", "queue: 0", "must be at least 1"),
    Plant("pattern", "  - name: app", "sha256:1", "sha1:1", "64 hex digits"),
    Plant("missing variable", "  openai:", "${OPENAI_API_KEY}", "${OPENAI_KEY}", "the variable OPENAI_KEY is not set"),
    Plant("unreadable file", "keys:", "${SEAL}", "${file:/nowhere/seal}", "the file /nowhere/seal cannot be read"),
    Plant("not one of", "  anthropic:", "retention: limited", "retention: limitd", "did you mean 'limited'?"),
    Plant("unknown provider", "  last:", "provider: anthropic", "provider: antropic", "did you mean 'anthropic'?"),
    Plant("unknown kind", "  house:", "kind: vllm", "kind: vlm", "did you mean 'vllm'?"),
    Plant("bad address", "  house:", "http://127", "127", "http:// or https://"),
    Plant("nested section", "  house:", "path: /health", "path: health", "must begin with /"),
    Plant("union", "  openai:", "connect: 5", "connect: 0", "must be more than 0"),
    Plant("unknown key in a union", "  openai:", "total: 60", "totla: 60", "did you mean 'total'?"),
    Plant("missing key", "  choosy:", "model: gpt-4o", "weight: 2", "the key `model` is missing", -1),
    Plant("misspelled required key", "  fast:", "model: claude", "modle: claude", "did you mean 'model'?"),
    Plant("fallback to nowhere", "  fast:", "failure: [slow]", "failure: [slwo]", "did you mean 'slow'?"),
    Plant("cycle", "  slow:", "failure: [last]", "failure: [slow]", "slow -> slow"),
    Plant("nothing left", "  secluded:", "zones: [internal]", "zones: [external]", "leaves no target"),
    Plant("star without a wildcard", "  slow:", "model: gpt-4o", 'model: "*"', "has none to fill it"),
    Plant("star in the middle", "  last:", "openai/*:", "openai/*/x:", "before its end"),
    Plant("condition that nobody reads", "  last:", "weight: 1", "when: {}", "strategy: conditional"),
    Plant("duplicate key", "limits:", "  heartbeat: 5", "  heartbeat: 5\n  heartbeat: 6", "second time", 1),
    Plant("duplicate caller", "  - name: app", "- name: desk", "- name: app", "names must differ"),
    Plant("key for no model", "  - name: app", "models: [fast]", "models: [fats]", "did you mean 'fast'?"),
    Plant("list for a mapping", "  choosy:", "{tools: true}", "[tools]", "must be a mapping, not a list"),
    Plant("switch", "  choosy:", "images: true", "images: on", "did you mean 'true'?"),
    Plant("nothing", "  idle:", "[last]", "", "nothing stands here"),
    Plant("no weight", "  idle:", "weight: 1", "weight: 0", "would choose none", -3),
    Plant("exempt for nobody", "policies:", "key: app", "key: apq", "did you mean 'app'?"),
    Plant("endless number", "breaker:", "open_for: 5", "open_for: .inf", "finite"),
)


def plant(plants: Iterable[Plant]) -> tuple[str, list[int]]:
    """The configuration with these mistakes in it, and the lines on which they stand, sorted."""
    lines = SOUND.splitlines()
    marks: list[tuple[int, int]] = []
    for one in plants:
        top = lines.index(one.under)
        place = next(number for number in range(top + 1, len(lines)) if one.old in lines[number])
        lines[place] = lines[place].replace(one.old, one.new)
        marks.append((place, one.offset))
    numbers = [sum(line.count("\n") + 1 for line in lines[:place]) + 1 + offset for place, offset in marks]
    return "\n".join(lines) + "\n", sorted(numbers)
