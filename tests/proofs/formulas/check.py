#!/usr/bin/env python3
"""Compares the formulas of the curve code with the affine laws, looks where they end, and follows their bounds: check.py."""

import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from formulas import miller, powers  # register what they check
from formulas.bounds import BOUNDS, Exceeded
from formulas.exceptions import EXCEPTIONS, Wrong
from formulas.identities import FORMULAS, Differs
from formulas.rust import NotKnown
from table import DOCUMENT


def main():
    start, failed = time.monotonic(), 0
    for name, says, check in FORMULAS + EXCEPTIONS + BOUNDS:
        try:
            check()
            print(f"ok   {name}: {says}", flush=True)
        except (Differs, Wrong, Exceeded, NotKnown, AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
            failed += 1
            print(f"FAIL {name}: {says}: {type(error).__name__} {error}", flush=True)
    numbers = f"{len(FORMULAS)} formulas with the exceptions of {len(EXCEPTIONS)} and the bounds of {len(BOUNDS)}"
    if numbers not in DOCUMENT.read_text():
        failed += 1
        print(f"FAIL docs/proofs.md does not say {numbers}")
    print(f"{len(FORMULAS)} formulas, exceptions of {len(EXCEPTIONS)}, bounds of {len(BOUNDS)}, {failed} failures, {time.monotonic() - start:.0f} s")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
