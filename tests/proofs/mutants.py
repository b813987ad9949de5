#!/usr/bin/env python3
"""Plants every fault of faults.py in kernels, one at a time, and proves each again: mutants.py LIBRARY [--small] [PATTERN…].

A fault that the proof does not notice has to be one that changes nothing: it stands in survivors.txt with its reason, by the promise's
entry, the instruction, the fault, and how often. --small takes the kernels of a few hundred instructions."""

import multiprocessing
import re
import signal
import sys
from pathlib import Path

from check import LIBRARY, library
from domain import Domain
from facts import Facts
from faults import body, faults
from promises import PROMISES
from proof import prove, quickly
from words import Unproved

SURVIVORS = Path(__file__).with_name("survivors.txt")
SMALL = ("portable p256 field_", "adx p256 field_", "lanes p256 mul: a·b/2^260 mod p, below 2^256 + p, for a < 2^258",
         "lanes p256 reduce:", "lanes p256 select", "portable p256 select", "adx p256 select", "ifma fp1024 add", "ifma fp1024 sub")


# A proof that takes so much longer is not found.
MOST_SECONDS = 10


def stopped(*_):
    raise Unproved("it takes too long")


signal.signal(signal.SIGALRM, stopped)


def known():
    """(entry, instruction, fault) → how often."""
    found = {}
    for line in SURVIVORS.read_text().splitlines():
        if line and not line.startswith("#"):
            entry, instruction, fault, count, _ = line.split(" | ")
            found[entry, instruction, fault] = int(count)
    return found


def written(mnemonic, parts):
    """An instruction without addresses, which another build has elsewhere."""
    names = [str(part[1]) if part[0] in "ri" else f"{part[0]}{part[1]}" if part[0] in "vk" else part[0] for part in parts]
    return " ".join([mnemonic, *names])


def tried(name):
    """(planted, survivors as (entry, instruction, fault)) of a promise."""
    program, promise = LIBRARY[0], next(p for p in PROMISES if p.name == name)
    planted, survivors = 0, []
    quickly(program, promise)
    for at in body(program, promise.address(program)):
        right = program.decoded(at)
        for what, wrong in faults(*right):
            program.code[at] = wrong
            planted += 1
            signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
            try:
                prove(program, promise)
                survivors.append((promise.entry, written(*right), what))
            except Unproved:
                pass
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            program.code[at] = right
    Domain.most_decisions, Domain.most_work = Facts.most_decisions, Facts.most_work
    return name, planted, survivors


def main():
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    patterns = [re.escape(name) for name in SMALL] if "--small" in sys.argv else arguments[1:]
    LIBRARY.append(library(arguments[0]))
    chosen = [p.name for p in PROMISES if not patterns or any(re.search(pattern, p.name) for pattern in patterns)]
    allowed, total, noticed, failed = known(), 0, 0, 0
    with multiprocessing.Pool() as pool:
        for name, planted, survivors in pool.imap_unordered(tried, chosen):
            total, noticed = total + planted, noticed + planted - len(survivors)
            print(f"{name}: {planted - len(survivors)} of {planted} faults noticed", flush=True)
            for survivor in sorted(set(survivors)):
                if survivors.count(survivor) > allowed.get(survivor, 0):
                    failed += 1
                    print(f"FAIL not noticed, and without a reason: {' | '.join(survivor)} | {survivors.count(survivor)}", flush=True)
    print(f"{noticed} of {total} faults noticed, {total - noticed} survivors, {failed} of them without a reason")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
