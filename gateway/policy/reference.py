"""The reference of policy files in Markdown, from the structs: every key, every action, every kind of detector, every entity."""

from collections.abc import Iterator
from typing import Any, Final

from gateway.config.reference import Page
from gateway.guards.catalogue import DESCRIPTIONS, GROUPS
from gateway.policy import actions, detectors, structs
from gateway.policy.actions import STRICTNESS, WORDS
from gateway.policy.kinds import ACTS_ON, ANYWHERE, INPUT, KINDS, OUTPUT
from gateway.policy.patience import HERE, PATIENCE, WITH_MODEL
from gateway.policy.structs import Place, json_schema

_INTRODUCTION: Final = """# Policy files

Every key of a policy file. [Policies](policies.md) shows how one is written, [Guardrails](guardrails.md) what its rules promise. Files are read
strictly: an unknown key, a wrong type or a name that leads nowhere is a mistake, and `haechi policy lint` names all of them with their lines.
`haechi policy schema` prints the JSON Schema, with the kinds of detectors that other installed distributions add. Times are in milliseconds,
scores between 0 and 1. `${VAR}` stands for an environment variable, as in [haechi.yaml](configuration.md).
"""
_ACTIONS: Final = """## Actions

All rules that match apply. Where they find the same, the strictest acts; the order here is from the strictest on. An action with nothing to say
is written as its name: `action: mask`.
"""
_DETECTORS: Final = """## Detectors

A detector is written `name: {kind: …}`, with the keys of its kind. One can be used by many rules, and by policies that extend this one.
"""
_TESTS: Final = """## Tests

`haechi policy test` runs them.
"""
_ENTITIES: Final = """## Entities

What `personal` and `secrets` find. The name of a group stands for all of it.
"""
_DOCUMENT: Final = ("Document", "Bind", "Defaults", "Rule", "Segment")
_MODEL: Final = {"presidio": f", with a language model {WITH_MODEL}"}
_CASES: Final = ("Case", "Call", "Expect")
_KINDS: Final[dict[str, type[Any]]] = {detectors.kind_of(one): one for one in detectors.Spec.__args__}


def markdown() -> str:
    """The whole page, ending in a line break."""
    words = sorted(WORDS, key=lambda one: -STRICTNESS[WORDS[one]])
    titles = {one.__name__: f"Action `{WORDS[one]}`" for one in words}
    titles |= {one.__name__: f"Detector `{kind}`" for kind, one in _KINDS.items()}
    page = Page(
        json_schema(), {**vars(structs), **vars(detectors), **vars(actions)}, titles, union=("detector", "Detectors")
    )
    return "\n".join(
        [
            _INTRODUCTION,
            *map(page.section, _DOCUMENT),
            _ACTIONS,
            page.section("Action"),
            *(page.section(one.__name__, f"Acts on: {_places(ACTS_ON[WORDS[one]])}.") for one in words),
            _DETECTORS,
            *(page.section(one.__name__, _of_kind(kind)) for kind, one in _KINDS.items()),
            _TESTS,
            *map(page.section, _CASES),
            _ENTITIES,
            *_entities(),
        ]
    )


def _of_kind(kind: str) -> str:
    known = KINDS[kind]
    said = [
        f"Looks at: {_places(known.places)}.",
        f"Promises on a stream: `{known.guarantee}`{', or `segment` where the rule asks for it' if known.segments else ''}.",
        ""
        if known.spans
        else "Says of a whole text that something is in it, and not where: it cannot mask or tokenize.",
        ""
        if known.guarantee == "proven"
        else f"Has {PATIENCE.get(kind, HERE)} ms where nobody says otherwise{_MODEL.get(kind, '')}.",
    ]
    return " ".join(one for one in said if one)


def _places(places: frozenset[Place]) -> str:
    for whole, words in ((ANYWHERE, "everything"), (INPUT, "requests"), (OUTPUT, "answers")):
        if places == whole:
            return words
    return ", ".join(f"`{one}`" for one in sorted(places))


def _entities() -> Iterator[str]:
    yield "| entity | group | what it is |\n|---|---|---|"
    for group, names in GROUPS.items():
        yield from (f"| `{name}` | `{group}` | {DESCRIPTIONS[name].replace('|', '&#124;')} |" for name in names)
    yield ""
