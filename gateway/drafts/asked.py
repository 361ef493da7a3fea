"""What is asked about a policy that somebody writes, and what is answered: between the gateway and a process apart."""

from typing import Any, Literal

from msgspec import Struct, field

from gateway.policy.structs import Surface

MOST_CHARS = 64 * 1024
"""Of a policy. With what is in the box, in any script, it fits into a form of the console."""
MOST_SAID = 16 * 1024
"""Of a text in the box."""


class Around(Struct, frozen=True):
    """Beside what a policy stands: documents in force as plain data, by name, and the names of the configuration, if there is one."""

    documents: dict[str, Any] = {}
    models: list[str] = []
    teams: list[str] = []
    tags: list[str] = []
    configured: bool = False


class Box(Struct, frozen=True):
    """What is said and what the model answers. `pieces`: each line of the answer is one piece of a stream."""

    say: str = ""
    said_by: Literal["say", "system", "tool_result"] = "say"
    answer: str = ""
    pieces: bool = False
    surface: Surface = "chat"
    streamed: bool = False


class Job(Struct, frozen=True):
    """`check`: mistakes, remarks, changes and the policy's own tests. `prove`: the tests of the policy `name` that is in force.
    `try`: what becomes of the box. `before`: the text that is in force.
    """

    what: Literal["check", "prove", "try"]
    around: Around = Around()
    text: str = ""
    name: str = ""
    before: str = ""
    box: Box = Box()


class Said(Struct, frozen=True):
    """One mistake or remark. Line 0 is the file as a whole; `file` is empty where it is what is being written."""

    message: str
    line: int = 0
    column: int = 0
    key: str = ""
    file: str = ""
    suggestion: str | None = None


class CaseSaid(Struct, frozen=True):
    """A test of the policy; it passed if nothing is said."""

    name: str
    said: list[Said] = []


class RuleSaid(Struct, frozen=True):
    policy: str
    id: str
    places: list[str]
    action: str
    mode: str
    detectors: list[str]
    guarantees: dict[str, str]


class Changed(Struct, frozen=True):
    """As `gateway.policy.diff.Change`."""

    what: str
    policy: str
    rule: str
    way: str
    details: list[str]


class Checked(Struct, frozen=True, kw_only=True):
    """`unrun`: rules, each with its detectors that ask others or run somebody's code: these are not asked here. `diff`: lines."""

    name: str = ""
    version: int = 0
    digest: str = ""
    description: str = ""
    mistakes: list[Said] = []
    remarks: list[Said] = []
    rules: list[RuleSaid] = []
    cases: list[CaseSaid] = []
    unrun: list[tuple[str, str]] = []
    changes: list[Changed] = []
    diff: list[str] = []


class FoundSaid(Struct, frozen=True):
    """One finding. Without a span its detector failed. `decides`: the rule had its way with it."""

    rule: str
    kind: str
    place: str
    where: str
    span: tuple[int, int] | None
    score: float
    said: str
    decides: bool


class DecisionSaid(Struct, frozen=True):
    where: str
    span: tuple[int, int]
    kind: str
    rule: str
    effect: str
    over: list[tuple[str, str]]


class Tried(Struct, frozen=True, kw_only=True):
    """What became of the box. `said_at`: where in the request its text stood. `pieces`: the text as it left, event by event."""

    mistakes: list[Said] = []
    outcome: str = ""
    by: str = ""
    status: int = 0
    code: str | None = None
    message: str = ""
    said_at: str = ""
    model_sees: str | None = None
    model_got: str | None = None
    content: str = ""
    arguments: list[str] = []
    pieces: list[str] = []
    found: list[FoundSaid] = []
    decisions: list[DecisionSaid] = []
    unreadable: list[str] = []
    unrun: list[tuple[str, str]] = []
    starts: list[str] = field(default_factory=list)
