"""The table of docs/proofs.md: each function of a seam, and what is proved of it on each backend."""

from gaps import GAPS
from required import ROOT, required

DOCUMENT = ROOT / "docs/proofs.md"
BEGIN, END = "<!-- begin: tests/proofs/run writes what stands here -->\n", "<!-- end -->\n"


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


def differs(promises):
    """Does the document say something else?"""
    document = DOCUMENT.read_text()
    return document.partition(BEGIN)[2].partition(END)[0] != text(promises)


def write(promises):
    document = DOCUMENT.read_text()
    head, _, rest = document.partition(BEGIN)
    _, _, tail = rest.partition(END)
    DOCUMENT.write_text(head + BEGIN + text(promises) + END + tail)
