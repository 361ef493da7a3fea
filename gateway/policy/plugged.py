"""The kinds of detectors that a policy file names, and other distributions have: the file is read with their structs too.

Only where a file names a kind that is not ours is anything of this looked at.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Annotated, Any, Final, Union

import msgspec
from msgspec import Meta, field

from gateway.config.mistakes import Finding, nearest
from gateway.config.reading import Sort, converted
from gateway.config.schema import JsonSchema, schema_of
from gateway.plugins import DETECTORS, PluginFailed, declared_of, kinds, offerer, plugin
from gateway.policy import structs as ours
from gateway.policy.detectors import Guest, Spec
from gateway.policy.guests import is_by_check, is_by_patterns
from gateway.policy.kinds import ANYWHERE, KINDS
from gateway.policy.structs import Document

PRINTED_BY: Final = "haechi policy schema"
_MOST_KEPT: Final = 64


def fitted(data: Any) -> tuple[Sort[Document], list[Finding]]:
    """What a file of this content is read as, and what is wrong with the kinds that it names."""
    structs: dict[str, type[Guest]] = {}
    findings: list[Finding] = []
    for name, kind in _strangers(data):
        try:
            structs[kind] = detector(kind)
        except KeyError:
            findings.append(_unknown(name, kind))
        except PluginFailed as error:
            findings.append(Finding(("detectors", name, "kind"), str(error)))
    return _sort(tuple(structs[kind] for kind in sorted(structs))), findings


def fitted_to_ours(data: Any) -> tuple[Sort[Document], list[Finding]]:
    """The same where nobody else's code may run: their kinds are a mistake there."""
    offered = kinds(DETECTORS)
    return _sort(()), [
        _elsewhere(name, kind) if kind in offered else _unknown(name, kind) for name, kind in _strangers(data)
    ]


def installed() -> list[type[Guest]]:
    """Every kind that is installed and is not ours. Raises `PluginFailed`."""
    return [detector(kind) for kind in kinds(DETECTORS)]


def detector(kind: str) -> type[Guest]:
    """Raises KeyError where nobody has it, `PluginFailed` where it cannot be used."""
    for own in KINDS.keys() & set(kinds(DETECTORS)):
        raise PluginFailed(
            f"{offerer(DETECTORS, own)} offers the kind `{own}`, which is the gateway's own; that needs another name"
        )
    found = plugin(DETECTORS, kind)
    if (reason := _unfit(found.struct)) is not None:
        raise PluginFailed(f"the kind `{kind}` of {found.origin} {reason}")
    return found.struct  # type: ignore[return-value]  # `_unfit` has looked


def json_schema(structs: Sequence[type[Guest]] = ()) -> JsonSchema:
    """The schema of a policy file that may name these kinds besides ours."""
    return schema_of(_document(tuple(structs)), ours.json_schema()["title"])


def _strangers(data: Any) -> Iterator[tuple[str, str]]:
    """Detectors by name with the kind that they say they are, where that is none of ours. What comes from outside is not known yet."""
    detectors = data.get("detectors") if isinstance(data, dict) else None
    for name, spec in detectors.items() if isinstance(detectors, dict) else ():
        kind = spec.get("kind") if isinstance(spec, dict) else None
        if isinstance(kind, str) and kind not in KINDS and "${" not in kind:
            yield name, kind


def _unknown(name: str, kind: str) -> Finding:
    trail = ("detectors", name, "kind")
    every = [*KINDS, *kinds(DETECTORS)]
    return Finding(trail, f"is not one of {', '.join(every)}", nearest(kind, every), value=kind)


def _elsewhere(name: str, kind: str) -> Finding:
    message = "is a kind of another distribution, whose code is not run here; use `haechi policy lint` and `haechi policy test`"
    return Finding(("detectors", name, "kind"), message, value=kind)


def _unfit(struct: type[msgspec.Struct]) -> str | None:
    if not issubclass(struct, Guest):
        return "is no subclass of `gateway.detector.Detector`"
    if is_by_patterns(struct) == is_by_check(struct):
        return "must have one of the methods `patterns` and `check`, and not both"
    places: Any = declared_of(struct, "places", ())
    if isinstance(places, str) or not set(places) <= ANYWHERE:
        return f"looks at places that do not exist; `places` holds some of {', '.join(sorted(ANYWHERE))}"
    try:
        schema_of(struct, "")
    except (TypeError, NotImplementedError) as error:
        return f"has a field without a JSON Schema ({error}); use types of JSON and `Secret`, which has no default but None"
    return None


@lru_cache(_MOST_KEPT)
def _sort(structs: tuple[type[Guest], ...]) -> Sort[Document]:
    if not structs:
        return Sort(Document, ours.json_schema, PRINTED_BY)
    return Sort(_document(structs), lambda: json_schema(structs), PRINTED_BY, refused=_refused)


@lru_cache(_MOST_KEPT)
def _document(structs: tuple[type[Guest], ...]) -> type[Document]:
    """The same document, in which a detector may be one of these as well."""
    if not structs:
        return Document
    specs: Any = Union[(Spec, *structs)]
    meant = Meta(description="What finds, by name.")
    made: Any = msgspec.defstruct(
        "Document",
        [("detectors", Annotated[dict[str, specs], meant], field(default_factory=dict))],
        bases=(Document,),
        namespace={"__doc__": Document.__doc__},
        frozen=True,
        kw_only=True,
    )
    found: type[Document] = made
    return found


def _refused(data: Any) -> list[Finding]:
    """What a struct says against its own settings, in `__post_init__`. A ValueError is meant to be read; of others the class is told."""
    found: list[Finding] = []
    for name, kind in _strangers(data):
        trail = ("detectors", name)
        try:
            converted(data["detectors"][name], detector(kind))
        except msgspec.ValidationError as error:
            found.append(Finding(trail, str(error.__cause__ or error), about_key=True))
        except Exception as error:  # noqa: BLE001 - it is anybody's code that runs here
            found.append(Finding(trail, f"its struct failed ({type(error).__name__})", about_key=True))
    return found
