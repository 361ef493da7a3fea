"""`python -m tests.pairs [--file FILE] [--target 0.01] [--show]`: how the cache tells these questions apart.

`--show` prints the pairs of the half that thresholds and tables are tuned on which went wrong; the other half is not looked at.
"""

import argparse
import sys
from pathlib import Path

from gateway.cache.embed import load_library
from gateway.cache.evaluate import evaluate, judged, table
from gateway.cache.pairs import BadPairs, half_of, read
from tests.pairs.corpus import corpus


def main() -> int:
    chosen = _arguments()
    try:
        pairs = read(chosen.file) if chosen.file else corpus()
    except BadPairs as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    all_judged = judged(pairs, load_library())
    evaluations = evaluate(all_judged, chosen.target)
    sys.stdout.write(table(evaluations, chosen.target) + "\n")
    if chosen.show:
        thresholds = {one.language: one.held.threshold for one in evaluations}
        for one in all_judged:
            if half_of(one.pair) == 0 and one.pair.duplicate != one.hit(thresholds[one.pair.lang]):
                sys.stdout.write(
                    f"{'MISS' if one.pair.duplicate else 'WRONG'} {one.pair.category} {one.similarity:.3f} "
                    f"{','.join(one.reasons)} | {one.pair.text_a} | {one.pair.text_b}\n"
                )
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.pairs")
    parser.add_argument("--file", type=Path, help="labelled pairs of your own, as JSON lines")
    parser.add_argument("--target", type=float, default=0.01, help="the rate of wrong hits to stay under")
    parser.add_argument("--show", action="store_true", help="the pairs of the choosing half that went wrong")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
