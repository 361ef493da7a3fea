"""`haechi policy …`: what authors of policies ask for. Nothing here listens on a network or sends over one."""
# ruff: noqa: T201  printing is what a command does

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

from gateway.app import KNOWN_ENTITIES, ROWS
from gateway.config.load import Loaded, load_with_files
from gateway.config.mistakes import ConfigError, Mistake
from gateway.config.schema import schema_text
from gateway.plugins import PluginFailed
from gateway.policy.bind import without_code
from gateway.policy.coverage import Cell, coverage, promises
from gateway.policy.finding import VERSIONS
from gateway.policy.lint import lint
from gateway.policy.load import LoadedPolicies, files_of, load_files, load_policies
from gateway.policy.plugged import installed, json_schema
from gateway.policy.rule import Policy
from gateway.trying import differing, explaining
from gateway.trying.differing import as_data
from gateway.trying.explaining import explained
from gateway.trying.replaying import compared, run_once
from gateway.trying.traffic import answered, read_one, read_traffic
from gateway.trying.trial import try_policies

DEFAULT: Final = Path("haechi.yaml")
_STANDARD_INPUT: Final = Path("-")


def add_to(parser: argparse.ArgumentParser) -> None:
    """The commands below `haechi policy`."""
    commands = parser.add_subparsers(dest="policy_command", required=True)
    for name, help_text in (
        ("lint", "name every mistake, and what is hardly meant"),
        ("test", "run the tests of policies, through a whole gateway and a scripted model"),
        ("coverage", "print what is enforced where, rule by rule"),
    ):
        one = commands.add_parser(name, help=help_text)
        one.add_argument(
            "files", type=Path, nargs="*", help="policy files or folders; by default those of the configuration"
        )
        one.add_argument(
            "--config", type=Path, help="where models, teams and tags stand; by default ./haechi.yaml, if it is there"
        )
        if name == "lint":
            one.add_argument("--strict", action="store_true", help="remarks count as mistakes")
    _add_diff(commands.add_parser("diff", help="say what a change of policies does, by what is written and on traffic"))
    _add_explain(commands.add_parser("explain", help="say why one request is blocked, changed or let through"))
    commands.add_parser("schema", help="print the JSON Schema of a policy file")


def _add_diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path, help="policy file or folder")
    parser.add_argument("after", type=Path, help="policy file or folder")
    parser.add_argument("--traffic", type=Path, help="requests to judge under both, as JSON lines; - is standard input")
    parser.add_argument(
        "--config", type=Path, help="where models lead, and who is who; by default ./haechi.yaml, if it is there"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--fail-on", choices=("looser", "any"), help="end with status 1 for such a change")


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", type=Path, nargs="*", help="policy files or folders; by default those of the configuration"
    )
    parser.add_argument(
        "--config", type=Path, help="where models lead, and who is who; by default ./haechi.yaml, if it is there"
    )
    parser.add_argument(
        "--request",
        type=Path,
        default=_STANDARD_INPUT,
        help="the request, as JSON; by default - which is standard input",
    )
    parser.add_argument("--line", type=int, help="which line, where the file has many requests")
    parser.add_argument(
        "--answer", type=Path, help="what the model answered, as JSON: a body, or the events of a stream"
    )
    parser.add_argument("--show-text", action="store_true", help="print what the model sees, too")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(chosen: argparse.Namespace) -> int:
    if chosen.policy_command == "schema":
        return _schema()
    try:
        if chosen.policy_command == "diff":
            return _diff(chosen)
        loaded = _configured(chosen.config, os.environ, needed=not chosen.files)
        found = _read(chosen.files, loaded, chosen.config, os.environ)
        if chosen.policy_command == "explain":
            return _explain(found, loaded, chosen)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    return _COMMANDS[chosen.policy_command](found, chosen)


def _schema() -> int:
    """With the kinds of detectors that are installed here, besides ours."""
    try:
        print(schema_text(json_schema(installed())), end="")
    except PluginFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _configured(config: Path | None, env: Mapping[str, str], *, needed: bool) -> Loaded | None:
    """The configuration, if it is named, needed or there. Raises `ConfigError`."""
    if config is not None or needed or DEFAULT.exists():
        return load_with_files(config or DEFAULT, env, ROWS)
    return None


def _read(files: list[Path], loaded: Loaded | None, config: Path | None, env: Mapping[str, str]) -> LoadedPolicies:
    """Given files are judged by the names of the configuration, if there is one. Raises `ConfigError`."""
    if files or loaded is None:
        return load_files(files_of(files), env, KNOWN_ENTITIES, None if loaded is None else loaded.config)
    return load_policies(loaded, (config or DEFAULT).parent, env, KNOWN_ENTITIES)


def _lint(found: LoadedPolicies, chosen: argparse.Namespace) -> int:
    refused = without_code(found.policies.values(), VERSIONS)
    for sentence in refused:
        print(sentence, file=sys.stderr)
    remarks: set[Mistake] = set()
    for name, finding in lint(found.documents, found.policies):
        remarks |= found.drafts[name].mistakes([finding])
    for remark in sorted(remarks, key=lambda one: (one.file, one.line, one.column, one.message)):
        print(remark)
    if not refused and not remarks:
        names = ", ".join(found.policies) or "no policies"
        print(f"good: {names}")
    for policy in found.policies.values():
        for rule, promised, places in promises(policy):
            print(f"{policy.name}/{rule}: {promised} at {', '.join(places)}")
    return int(bool(refused or (chosen.strict and remarks)))


def _test(found: LoadedPolicies, _chosen: argparse.Namespace) -> int:
    """Prints what failed, and how long it took."""
    began = time.monotonic()
    try:
        outcome = asyncio.run(try_policies(found))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for failure in outcome.failures:
        print(failure)
    passed = outcome.tried - len({(one.file, one.key.partition("]")[0]) for one in outcome.failures})
    took = f"{time.monotonic() - began:.1f} s"
    print(f"{passed} of {outcome.tried} tests of {len(found.documents)} policies passed in {took}")
    return int(passed < outcome.tried)


def _coverage(found: LoadedPolicies, _chosen: argparse.Namespace) -> int:
    cells = [cell for cell in coverage(found.policies.values()) if cell.state != "absent"]
    rows = [("policy", "rule", "surface", "place", "unary", "stream", "guarantee"), *_rows(cells)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    _print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return 0


def _rows(cells: Iterable[Cell]) -> Iterable[tuple[str, ...]]:
    """One for each rule, surface and place, both forms side by side. The guarantee is that of the stream."""
    for (policy, rule, surface, place), both in groupby(
        cells, lambda one: (one.policy, one.rule, one.surface, one.place)
    ):
        forms = {one.form: one for one in both}
        states = [forms[form].state if form in forms else "-" for form in ("unary", "stream")]
        stream = forms.get("stream")
        yield policy, rule, surface, place, *states, (stream.guarantee if stream else None) or "-"


def _diff(chosen: argparse.Namespace) -> int:
    """Raises `ConfigError`."""
    loaded = _configured(chosen.config, os.environ, needed=False)
    before, after = _both(chosen.before, chosen.after, loaded)
    lines = [] if chosen.traffic is None else read_traffic(chosen.traffic, _bytes(chosen.traffic))
    try:
        found = asyncio.run(compared(before, after, lines, None if loaded is None else loaded.config))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    _print([_json(as_data(found))] if chosen.json else differing.told(found, _called(chosen.traffic)))
    fails = {"looser": found.is_looser, "any": found.is_any}
    return int(chosen.fail_on is not None and fails[chosen.fail_on]())


def _both(before: Path, after: Path, loaded: Loaded | None) -> list[Mapping[str, Policy]]:
    """The policies of either side. Raises `ConfigError` with the mistakes of both."""
    found: list[Mapping[str, Policy]] = []
    mistakes: list[Mistake] = []
    for one in (before, after):
        try:
            found.append(_read([one], loaded, None, os.environ).policies)
        except ConfigError as error:
            mistakes += error.mistakes
    if mistakes:
        raise ConfigError(mistakes)
    return found


def _explain(found: LoadedPolicies, loaded: Loaded | None, chosen: argparse.Namespace) -> int:
    """Raises `ConfigError`."""
    line = read_one(chosen.request, _bytes(chosen.request), chosen.line)
    if chosen.answer is not None:
        line = answered(line, chosen.answer, _bytes(chosen.answer))
    try:
        ran = asyncio.run(run_once(found.policies, None if loaded is None else loaded.config, line))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    why = explained(ran, found.policies, show_text=chosen.show_text)
    _print([_json(why)] if chosen.json else explaining.told(why, _called(chosen.request)))
    return 0


def _bytes(path: Path) -> bytes:
    """What is in a file, or comes over standard input. Raises `ConfigError`."""
    try:
        return sys.stdin.buffer.read() if path == _STANDARD_INPUT else path.read_bytes()
    except OSError as error:
        raise ConfigError([Mistake(str(path), 0, 0, "", f"cannot be read: {error.strerror}")]) from None


def _called(path: Path | None) -> str:
    return "standard input" if path == _STANDARD_INPUT else str(path)


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode()


def _print(lines: Iterable[str]) -> None:
    print("\n".join(lines))


_COMMANDS: Final[dict[str, Callable[[LoadedPolicies, argparse.Namespace], int]]] = {
    "lint": _lint,
    "test": _test,
    "coverage": _coverage,
}
