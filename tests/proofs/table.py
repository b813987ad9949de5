"""The tables of docs/proofs.md: each function of a seam, and what is proved of it on each backend; and what is trusted, in lines."""

import re

from gaps import GAPS
from required import ROOT, required

DOCUMENT = ROOT / "docs/proofs.md"
BEGIN, END = "<!-- begin: tests/proofs/run writes what stands here -->\n", "<!-- end -->\n"
TESTS = ROOT / "tests"
TRUSTED = {
    "reading of objdump's text": ["objdump.py"],
    "the algebra": [f"proofs/{name}.py" for name in ("polynomial", "words", "facts", "domain", "bits", "bitwise", "octets", "equality")],
    "the instructions": [f"proofs/{name}.py" for name in ("machine", "general", "vectors", "vector_octets", "memory")],
    "what a promise means": [f"proofs/{name}.py" for name in ("proof", "elements", "segments", "steps", "across", "check", "table", "required", "gaps")],
    "formulas: reading of Rust, fields, laws": [*(f"proofs/formulas/{name}.py" for name in ("rust", "values", "check")), "proofs/field.py",
                                                "proofs/curves.py"],
    "the number of divsteps": ["proofs/hull.py"],
    "the promises": ["proofs/promises/*.py"],
    "the promises of formulas": [f"proofs/formulas/{name}.py" for name in ("identities", "bounds", "exceptions", "miller", "powers")],
}


def faults(promises):
    """Functions without a promise, and gaps that are none."""
    have = {(function, promise.backend) for promise in promises for function in promise.functions}
    wanted = list(required())
    for function, backend in wanted:
        gap = GAPS.get(function) or GAPS.get((function, backend))
        if (function, backend) not in have and not gap:
            yield f"{function} on {backend} has no promise"
        if (function, backend) in have and gap:
            yield f"{function} on {backend} has a promise, and stands in the list of gaps"
    for key in GAPS:
        function, backend = key if isinstance(key, tuple) else (key, None)
        if not any(f == function and backend in (None, b) for f, b in wanted):
            yield f"{key} of the list of gaps is not in the sources"


def text(promises):
    rows = {}
    for promise in promises:
        for function in promise.functions:
            rows.setdefault(function, {}).setdefault(promise.backend, []).append(promise.says)
    order = list(dict.fromkeys([function for function, _ in required()] + list(rows)))
    lines = ["| function | backend | proved |\n", "|---|---|---|\n"]
    for function in order:
        cells = rows.get(function, {})
        for backend, says in cells.items():
            lines.append(f"| `{function}` | `{backend}` | {'; '.join(dict.fromkeys(says))} |\n".replace("<", "&lt;"))
        gaps = {}
        for f, b in required():
            if f == function and b not in cells:
                gaps.setdefault(GAPS.get(f) or GAPS.get((f, b)), []).append(b)
        for reason, backends in gaps.items():
            lines.append(f"| `{function}` | {', '.join(f'`{b}`' for b in backends)} | not proved: {reason} |\n")
    return "".join(lines)


def trusted():
    lines, total = ["| part | files in `tests` | lines |\n", "|---|---|---:|\n"], 0
    for part, patterns in TRUSTED.items():
        files = [file for pattern in patterns for file in sorted(TESTS.glob(pattern))]
        count = sum(len(file.read_text().splitlines()) for file in files)
        total += count
        names = patterns if len(files) > len(patterns) else [str(file.relative_to(TESTS)) for file in files]
        lines.append(f"| {part} | {', '.join(f'`{name}`' for name in names)} | {count} |\n")
    return "".join([*lines, f"| all | | {total} |\n"])


def written(document, promises, functions):
    """The document with both tables and the numbers of promises and functions as they are now, the table of what is trusted first."""
    first, second, third = document.split(BEGIN)
    document = first + BEGIN + trusted() + END + second.partition(END)[2] + BEGIN + text(promises) + END + third.partition(END)[2]
    return re.sub(r"The run proves \d+ promises of \d+ functions", f"The run proves {len(promises)} promises of {functions} functions", document)


def differs(promises, functions):
    """Does the document say something else?"""
    document = DOCUMENT.read_text()
    return written(document, promises, functions) != document


def write(promises, functions):
    DOCUMENT.write_text(written(DOCUMENT.read_text(), promises, functions))


def mutants():
    """Entry → (faults, noticed), as the document has them."""
    rows = re.findall(r"^\| `([^`]+)` \| (\d+) \| (\d+) \|$", DOCUMENT.read_text(), re.M)
    return {entry: (int(faults), int(noticed)) for entry, faults, noticed in rows}
