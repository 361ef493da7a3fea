"""`python -m tests.evaluation [--corpus FILE] [--write]`: Markdown tables; `--write` puts them into `docs/guardrails.md`."""

import argparse
import sys
from pathlib import Path

from gateway.guards.catalogue import ENTITIES, GROUPS, patterns
from gateway.guards.scanner import Scanner
from tests.evaluation.figures import cost, external, tallies
from tests.evaluation.price import PER_SECOND, PER_SENTENCE, ROUNDS, TOKENS, prices
from tests.support.corpus import Labelled, generate

PAGE = Path(__file__).parents[2] / "docs" / "guardrails.md"
BEGIN, END = "<!-- figures: made by `make eval-guards` -->", "<!-- end of figures -->"
SEED, COUNT = 2026, 12_000


def main() -> int:
    chosen = _arguments()
    texts = generate(SEED, COUNT) if chosen.corpus is None else external(chosen.corpus)
    page = "\n\n".join([_found(texts, chosen.corpus), _cost(), _prices()])
    print(page)  # noqa: T201
    if chosen.write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{page}\n\n{END}{rest.partition(END)[2]}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation")
    parser.add_argument("--corpus", type=Path, help="labelled texts of your own, as JSON lines with text and spans")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/guardrails.md")
    return parser.parse_args()


def _found(texts: list[Labelled], corpus: Path | None) -> str:
    scanner = Scanner(patterns(ENTITIES, ""))
    by_kind = tallies(texts, scanner.scan, _alike)
    what = "an external corpus" if corpus else f"{len(texts):,} made-up texts (seed {SEED})"
    rows = [
        f"| `{kind}` | {one.values:,} | {one.recall:.3f} | {one.precision:.3f} |"
        for kind, one in sorted(by_kind.items())
        if one.values
    ]
    values = sum(one.values for one in by_kind.values())
    found = sum(one.found for one in by_kind.values())
    findings = sum(one.findings for one in by_kind.values())
    right = sum(one.right for one in by_kind.values())
    total = f"| all | {values:,} | {found / max(1, values):.3f} | {right / max(1, findings):.3f} |"
    return "\n".join([f"Over {what}:\n", "| entity | values | recall | precision |", "|---|--:|--:|--:|", *rows, total])


SAME = [
    {"KR_PHONE", "PHONE_NUMBER"}, {"KR_PASSPORT", "PASSPORT"}, {"URL_CREDENTIALS", "EMAIL_ADDRESS"},
    {"PASSWORD", "JWT"}, {"KR_RRN", "KR_FRN"},
]  # fmt: skip


def _alike(found: str, labelled: str) -> bool:
    """Whether a value of one kind is rightly found as the other: many tokens are also passwords that are assigned by name."""
    secrets = GROUPS["secrets"]
    return found == labelled or {found, labelled} in SAME or (found in secrets and labelled in secrets)


def _cost() -> str:
    groups = {**GROUPS, "personal and korean": (*GROUPS["personal"], *GROUPS["korean"]), "all of it": tuple(ENTITIES)}
    rows = []
    for name, entities in groups.items():
        made = patterns(entities, "")
        spent = cost(Scanner(made))
        rows.append(
            f"| {name} | {len(made)} | {spent.english:.0f} | {spent.korean:.0f} | {spent.english_chunk:.1f} | {spent.korean_chunk:.1f} |"
        )
    head = "| entities | patterns | µs per KB, English | Korean | µs per chunk, English | Korean |"
    return "\n".join(
        ["CPU time on clean text; a chunk has four characters:\n", head, "|---|--:|--:|--:|--:|--:|", *rows]
    )


def _prices() -> str:
    """Streams take turns, so that what else runs on this machine hits all of them alike."""
    found = prices()
    none = found[0]
    rows = [
        f"| {one.guarantee} | {one.what} | {one.first * 1e3:,.0f} | {(one.first - none.first) * 1e3:+,.0f} | "
        f"{(one.end - none.end) * 1e3:+,.0f} | {one.held:,.0f} | {one.most:,} |"
        for one in found
    ]
    head = "| guarantee | rule | first text, ms | added to it, ms | added to the end, ms | characters waiting, mean | most |"
    what = (
        f"What a stream of {TOKENS} tokens at {PER_SECOND} a second waits, in sentences of {PER_SENTENCE} tokens "
        f"(medians of {ROUNDS} streams through a gateway, over sockets):"
    )
    return "\n".join([f"{what}\n", head, "|---|---|--:|--:|--:|--:|--:|", *rows])


if __name__ == "__main__":
    sys.exit(main())
