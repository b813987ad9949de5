"""The tables of docs/proofs.md: each function of a seam, and what is proved of it on each backend; and what is trusted, in lines."""

from gaps import GAPS
from required import ROOT, required

DOCUMENT = ROOT / "docs/proofs.md"
BEGIN, END = "<!-- begin: tests/proofs/run writes what stands here -->\n", "<!-- end -->\n"
TESTS = ROOT / "tests"
TRUSTED = {
    "reading of objdump's text": ["objdump.py"],
    "the algebra": [f"proofs/{name}.py" for name in ("polynomial", "words", "facts", "domain", "bits", "octets")],
    "the instructions": [f"proofs/{name}.py" for name in ("machine", "general", "vectors", "memory")],
    "what a promise means": [f"proofs/{name}.py" for name in ("proof", "elements", "segments", "steps", "check", "table", "required", "gaps")],
    "formulas: reading of Rust, fields, laws": [*(f"proofs/formulas/{name}.py" for name in ("rust", "values", "check")), "proofs/field.py",
                                                "proofs/curves.py"],
    "the promises": ["proofs/promises/*.py"],
    "the promises of formulas": [f"proofs/formulas/{name}.py" for name in ("identities", "bounds", "exceptions", "miller")],
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


def written(document, promises):
    """The document with both tables as they are now, the one of what is trusted first."""
    first, second, third = document.split(BEGIN)
    return first + BEGIN + trusted() + END + second.partition(END)[2] + BEGIN + text(promises) + END + third.partition(END)[2]


def differs(promises):
    """Does the document say something else?"""
    document = DOCUMENT.read_text()
    return written(document, promises) != document


def write(promises):
    DOCUMENT.write_text(written(DOCUMENT.read_text(), promises))
