"""Writes the generated parts of the documentation, and the dashboards: `python -m tests.support.generate`.

`docs/configuration.md`, `docs/policy-reference.md` and `docs/faults.md` are generated whole. On other pages a part is generated where it stands between
`<!-- generated: NAME -->` and `<!-- end of generated -->`; `PARTS` says what each name is.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec
import yaml

from gateway.config.reference import markdown
from gateway.errors import KINDS, GatewayError
from gateway.policy import reference as policy_reference
from gateway.policy.coverage import CAN, PLACES, STREAMED, SURFACES, Reach, reach
from gateway.policy.kinds import INPUT, OUTPUT
from gateway.policy.structs import Place, Surface
from gateway.record.metrics import Metrics
from gateway.record.row import Row as RecordRow
from gateway.routing.failure import _BY_CLASS, _BY_KIND, _BY_STATUS, Failure, Rule, rule_of
from gateway.telemetry.names import NAMES
from gateway.upstream.providers import PROVIDERS, VARIABLES, Quirks, Row
from gateway.wire.chat import CHAT
from gateway.wire.messages import MESSAGES
from gateway.wire.messages.outgoing import DROPPED
from tests.e2e.faults_table import table
from tests.support.dashboards.written import files as dashboards

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
_PART: Final = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end of generated -->)", re.DOTALL)
_FAULTS: Final = """# Faults

What a caller gets for each fault of an upstream, with one target, one attempt and no fallback. The table is the one that the
tests go by: each row is played by the simulator in every dialect, native and translated, and must come out as it says.
See [Errors](errors.md) for the codes.
"""
_COMMAND: Final = re.compile(r"\{([a-z,]+)\}")


def main() -> int:
    for path, text in (pages() | dashboards()).items():
        path.write_text(text, encoding="utf-8")
    return 0


def pages() -> dict[Path, str]:
    """Every page with something generated in it, as it should be."""
    found = {
        DOCS / "configuration.md": markdown(),
        DOCS / "policy-reference.md": policy_reference.markdown(),
        DOCS / "faults.md": f"{_FAULTS}\n{table()}",
    }
    for path in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        if path not in found and _PART.search(text):
            found[path] = _PART.sub(_filled, text)
    return found


def commands() -> list[str]:
    """The commands of `haechi`, as its help names them."""
    found = _COMMAND.search(_help())
    assert found is not None
    return found[1].split(",")


def metrics() -> list[tuple[str, str, tuple[str, ...], str]]:
    """Name as it is exposed, type, labels, meaning."""
    rows = []
    for family in Metrics().collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels: tuple[str, ...] = vars(family).get("_labelnames", ())
        rows.append((name, family.type, labels, family.documentation))
    return rows


def _filled(match: re.Match[str]) -> str:
    return f"{match[1]}\n{PARTS[match[2]]()}\n{match[3]}"


def _providers() -> str:
    rows = [
        (f"`{row.name}`", row.title, _code(row.base_url), _code(row.variable), row.zone, ", ".join(sorted(row.speaks)))
        for row in PROVIDERS.values()
    ]
    return _table(("kind", "provider", "address", "key variable", "zone", "speaks"), rows)


def _variables() -> str:
    rows = [(f"`{variable}`", f"`{name}/*`", PROVIDERS[name].title) for name, variable in VARIABLES.items()]
    return _table(("variable", "models", "vendor"), rows)


def _quirks() -> str:
    rows = [(f"`{row.name}`", *_differences(row.quirks)) for row in PROVIDERS.values() if row.quirks != Quirks()]
    head = ("kind", "renamed", "left out", "refused when translated")
    return _table(head, rows)


def _differences(quirks: Quirks) -> tuple[str, str, str]:
    renamed = ", ".join(f"`{old}` → `{new}`" for old, new in quirks.rename)
    return renamed or "—", _codes(quirks.drop), _codes(quirks.unknown)


def _self_hosted() -> str:
    def named(row: Row) -> str:
        return f"{row.title} (`{row.name}`)"

    return ", ".join(named(row) for row in PROVIDERS.values() if row.zone == "internal" and row.name != "simulated")


def _failures() -> str:
    kinds = [(_words(kind), rule_of(Failure(kind))) for kind in _BY_KIND if kind not in ("status", "stream_error")]
    statuses = [(f"status {status}", rule) for status, rule in _BY_STATUS.items()]
    classes = [(f"another status {first}xx", rule) for first, rule in _BY_CLASS.items()]
    inside = [("an error inside the answer, with no status", rule_of(Failure("stream_error")))]
    head = ("failure", "code", "goes on to", "again", "counts as load", "breaker")
    return _table(head, [(what, *_consequences(rule)) for what, rule in [*kinds, *statuses, *classes, *inside]])


def _words(kind: str) -> str:
    return kind.replace("timeout_", "time-out: ").replace("refused_", "refused: ").replace("_", " ")


def _consequences(rule: Rule) -> tuple[str, ...]:
    onward = "nothing" if rule.reason is None else "other targets" if rule.reason == "failure" else "its fallbacks"
    flags = ["yes" if flag else "no" for flag in (rule.again, rule.load, rule.breaks)]
    return f"`{rule.code}`", onward, *flags


def _errors() -> str:
    rows = [
        (
            f"`{code}`",
            str(kind.status),
            "yes" if kind.retryable else "no",
            kind.blame,
            f"`{kind.openai_type}`",
            f"`{kind.anthropic_type}`",
        )
        for code, kind in KINDS.items()
    ]
    head = ("code", "status", "retryable", "who is to blame", "`type`, OpenAI", "`type`, Anthropic")
    return _table(head, rows)


def _error_bodies() -> str:
    error = GatewayError("model_not_found", "There is no model 'demoo'. Did you mean 'demo'?", param="model")
    written = []
    for title, dialect in (("The OpenAI APIs", CHAT), ("The Messages API", MESSAGES)):
        body = msgspec.json.format(msgspec.json.encode(dialect.error_body(error, "req_3f0c2a"))).decode()
        written.append(f"{title}:\n\n```json\n{body}\n```\n")
    return "\n".join(written)


def _metrics() -> str:
    rows = [(f"`{name}`", kind, _codes(labels), words) for name, kind, labels, words in metrics()]
    return _table(("metric", "type", "labels", "meaning"), rows)


def _alerts() -> str:
    text = (ROOT / "deploy" / "prometheus" / "alerts.yaml").read_text(encoding="utf-8")
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    rows = [
        (
            f"`{rule['alert']}`",
            rule["labels"]["severity"],
            rule.get("for", "at once"),
            f"`{' '.join(rule['expr'].split())}`".replace("|", "\\|"),
        )
        for rule in rules
    ]
    return _table(("alert", "severity", "after", "when"), rows)


def _record_fields() -> str:
    return _codes(RecordRow.__struct_fields__) + "\n"


def _surfaces() -> str:
    rows = [
        (
            f"`{surface}`",
            _reached(surface, INPUT, "read"),
            _reached(surface, OUTPUT, "read"),
            _reached(surface, INPUT | OUTPUT, "opaque"),
            _streamed(surface),
        )
        for surface in SURFACES
    ]
    return _table(("surface", "read in requests", "read in answers", "not read", "streamed too"), rows)


def _streamed(surface: Surface) -> str:
    if surface not in STREAMED:
        return "no"
    passed = _codes(place for place in PLACES if reach(surface, place, "stream") != CAN[surface].get(place))
    return "yes" if passed == "—" else f"all but {passed}"


def _reached(surface: Surface, places: frozenset[Place], wanted: Reach) -> str:
    return _codes(place for place in PLACES if place in places and CAN[surface].get(place) == wanted)


def _command_line() -> str:
    helps = [f"```text\n$ haechi {name} --help\n{_help(name)}```\n" for name in commands()]
    return "\n".join([f"```text\n$ haechi --help\n{_help()}```\n", *helps])


def _help(*command: str) -> str:
    """As argparse prints it, at a width of its own."""
    env = {**os.environ, "COLUMNS": "100"}
    asked = [sys.executable, "-m", "gateway.cli", *command, "--help"]
    said = subprocess.run(asked, env=env, capture_output=True, text=True, check=True)
    return said.stdout


def _span_attributes() -> str:
    rows = (
        (f"`{one.was}`" + (f"; later `{one.now}`" if one.now else ""), ", ".join(one.on), one.words)
        for one in sorted(NAMES.values())
    )
    return _table(("attribute", "spans", "what"), rows)


PARTS: Final[dict[str, Callable[[], str]]] = {
    "providers": _providers,
    "variables": _variables,
    "quirks": _quirks,
    "self-hosted": lambda: _self_hosted() + ".\n",
    "dropped": lambda: _table(("field", "why"), ((f"`{field}`", why) for field, why in DROPPED.items())),
    "failures": _failures,
    "errors": _errors,
    "error-bodies": _error_bodies,
    "metrics": _metrics,
    "alerts": _alerts,
    "record-fields": _record_fields,
    "span-attributes": _span_attributes,
    "command-line": _command_line,
    "surfaces": _surfaces,
}


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _code(text: str | None) -> str:
    return "—" if text is None else f"`{text}`"


def _codes(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts) or "—"


if __name__ == "__main__":
    sys.exit(main())
