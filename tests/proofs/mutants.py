#!/usr/bin/env python3
"""Plants every fault of faults.py in kernels, one at a time, and proves each again: mutants.py LIBRARY [--small] [PATTERN…].

A fault is noticed if one of the promises of its entry fails. One that is not has to be one that changes nothing: it stands in
survivors.txt with its reason, by the entry (* for any), the instruction, the fault, and how often. A line there that no survivor of
its entry needs fails the run as well, and so does one of an entry that is not there. --small takes some kernels of a few
hundred instructions, of each backend; a pattern is looked for in the names of entries."""

import multiprocessing
import re
import signal
import sys
import time
from pathlib import Path

import table
from check import LIBRARY, library
from domain import Domain
from faults import body, faults
from promises import PROMISES
from proof import prove, quickly
from words import Unproved

SURVIVORS = Path(__file__).with_name("survivors.txt")
SMALL = ("portable p256 field_add", "portable p256 field_sub", "portable p256 field_halve", "adx p256 field_add", "adx p256 field_sub",
         "lanes p256 reduce", "lanes p256 from_montgomery", "ifma fp1024 neg", "portable p256 look_up", "adx p256 look_up",
         "adx fp1024 ct_eq", "portable p256 divsteps", "adx p256 divsteps")


# So many times what a path may take, a proof may take as a whole.
PATHS = 20


def stopped(*_):
    raise Unproved("it takes too long")


signal.signal(signal.SIGVTALRM, stopped)


def known():
    """(entry, instruction, fault) → how often."""
    found = {}
    for line in SURVIVORS.read_text().splitlines():
        if line and not line.startswith("#"):
            entry, instruction, fault, count, reason = line.split(" | ")
            if (entry, instruction, fault) in found or not reason.strip():
                raise ValueError(f"twice in survivors.txt, or without a reason: {line}")
            found[entry, instruction, fault] = int(count)
    return found


def unexplained(allowed, survivors):
    """The survivors, of all entries that were tried, that have no reason, with how often each is there."""
    for survivor in sorted(set(survivors)):
        count = survivors.count(survivor)
        if count > max(allowed.get(survivor, 0), allowed.get(("*", *survivor[1:]), 0)):
            yield *survivor, count


def stale(allowed, survivors, tried_entries, all_entries):
    """The reasons that nothing needs: of entries that were tried and had fewer such survivors, and of entries that are not there."""
    for (entry, instruction, fault), count in allowed.items():
        if entry == "*":
            needed = not tried_entries >= all_entries or any(found[1:] == (instruction, fault) for found in survivors)
        elif entry in tried_entries:
            needed = survivors.count((entry, instruction, fault)) == count
        else:
            needed = entry in all_entries
        if not needed:
            yield entry, instruction, fault, count


def written(mnemonic, parts):
    """An instruction without addresses, which another build has elsewhere."""
    names = [str(part[1]) if part[0] in "ri" else f"{part[0]}{part[1]}" if part[0] in "vk" else part[0] for part in parts]
    return " ".join([mnemonic, *names])


def tried(entry):
    """(entry, planted, survivors as (entry, instruction, fault)) of an entry."""
    program, promises = LIBRARY[0], [p for p in PROMISES if p.entry == entry]
    planted, survivors = 0, []
    program.replaced.clear()
    # What notices most faults comes first.
    limits = [(promise, quickly(program, promise)) for promise in promises]
    # A function that stands for what it promises has an entry of its own.
    for at in body(program, promises[0].address(program), frozenset(program.replaced)):
        right = program.decoded(at)
        for what, wrong in faults(*right):
            program.code[at] = wrong
            planted += 1
            for i, (promise, limit) in enumerate(limits):
                if noticed(program, promise, limit):
                    limits.insert(0, limits.pop(i))
                    break
            else:
                survivors.append((entry, written(*right), what))
            program.code[at] = right
    return entry, planted, survivors


def noticed(program, promise, limit):
    Domain.most_decisions, Domain.most_work, Domain.most_seconds = limit
    signal.setitimer(signal.ITIMER_VIRTUAL, PATHS * limit[2])
    try:
        prove(program, promise)
        return False
    except Unproved:
        return True
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def main():
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    patterns = [f"^{re.escape(name)}$" for name in SMALL] if "--small" in sys.argv else arguments[1:]
    LIBRARY.append(library(arguments[0]))
    entries = dict.fromkeys(p.entry for p in PROMISES)
    chosen = [entry for entry in entries if not patterns or any(re.search(pattern, entry) for pattern in patterns)]
    documented = table.mutants()
    allowed, total, survived, failed, start = known(), 0, [], 0, time.monotonic()
    with multiprocessing.Pool() as pool:
        for entry, planted, survivors in pool.imap_unordered(tried, chosen):
            total += planted
            survived += survivors
            print(f"{entry}: {planted - len(survivors)} of {planted} faults noticed", flush=True)
            found = planted, planted - len(survivors)
            if (entry in SMALL or entry in documented) and documented.get(entry) != found:
                failed += 1
                print(f"FAIL docs/proofs.md has another row: | `{entry}` | {found[0]} | {found[1]} |", flush=True)
            for survivor in unexplained(allowed, survivors):
                failed += 1
                print(f"FAIL not noticed, and without a reason: {' | '.join(map(str, survivor))}", flush=True)
    for line in stale(allowed, survived, set(chosen), set(entries)):
        failed += 1
        print(f"FAIL a reason in survivors.txt that no survivor needs: {' | '.join(map(str, line))}")
    print(f"{total - len(survived)} of {total} faults in {len(chosen)} entries noticed, {len(survived)} survivors, {failed} failures, "
          f"{time.monotonic() - start:.0f} s")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
