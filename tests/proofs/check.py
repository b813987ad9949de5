#!/usr/bin/env python3
"""Proves the kernels of a shared library: check.py LIBRARY [PATTERN…]; --table writes the table of docs/proofs.md."""

import gc
import importlib
import multiprocessing
import re
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import instructions
import table
from objdump import Program
from promises import PROMISES
from proof import prove
from words import Unproved

for file in sorted((HERE / "promises").glob("[a-z]*.py")):
    importlib.import_module(f"promises.{file.stem}")


# For the processes that share the work.
LIBRARY = []


def library(path):
    program = Program(path)
    program.kernels = program.entries("PROOFS_")
    # What a proof makes lives as long as the proof: to look often for what is not used any more costs a fifth of the time.
    gc.freeze()
    gc.set_threshold(500_000, 10, 10)
    return program


def tried(name):
    """(does it hold?, what is to be said, the instructions that were met), of the promise of that name."""
    start, promise = time.process_time(), next(p for p in PROMISES if p.name == name)
    program = LIBRARY[0]
    program.met.clear()
    try:
        paths, count = prove(program, promise)
    except Unproved as error:
        return False, f"FAIL {promise.name}: {error}", set()
    return True, f"ok   {promise.name}; {count} instructions, paths {paths}, {time.process_time() - start:.1f} s", set(program.met)


def on_the_cpu(program, path, met):
    """How many failures there are of the instructions that the proofs have met."""
    if missing := instructions.missing():
        print(f"left out, since the machine lacks {', '.join(sorted(missing))}: the comparison of instructions")
        return 0
    count, failures = instructions.compare(program, instructions.loaded_at(program, path), met)
    for failure in failures:
        print(f"FAIL {failure}")
    print(f"{count} forms of instructions compared with the CPU, {len(failures)} failures")
    return len(failures)


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--table"]
    program, patterns = library(arguments[0]), arguments[1:]
    chosen = [p for p in PROMISES if not patterns or any(re.search(pattern, p.name) for pattern in patterns)]
    start, failed, met = time.monotonic(), 0, set()
    LIBRARY.append(program)
    with multiprocessing.Pool() as pool:
        for good, says, places in pool.imap(tried, [p.name for p in chosen]):
            failed += not good
            met |= places
            print(says, flush=True)
    functions = len({p.address(program) for p in chosen})
    for fault in [] if patterns else table.faults(PROMISES):
        print(f"FAIL {fault}")
        failed += 1
    failed += on_the_cpu(program, arguments[0], met)
    if "--table" in sys.argv:
        table.write(PROMISES, functions)
    elif not patterns and table.differs(PROMISES, functions):
        print("FAIL the table of docs/proofs.md is another one; tests/proofs/run --table writes it")
        failed += 1
    print(f"{len(chosen)} promises of {functions} functions, {failed} failures, "
          f"{time.monotonic() - start:.0f} s")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
