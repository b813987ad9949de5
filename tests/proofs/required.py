"""The functions that have to have a promise, read from the seams: a new one without a promise fails the run."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BACKEND = ROOT / "src/backend"

# Trait → (file, backends whose functions are kernels).
TRAITS = {
    "Kernel": ("p256.rs", ("portable", "adx")),
    "Arithmetic": ("fp1024.rs", ("portable", "adx", "ifma", "lanes")),
    "Field": ("fp1024.rs", ("portable", "adx", "ifma")),
    "Lanes": ("fp1024.rs", ("lanes",)),
}


def body_of(text, start):
    """What stands between the next brace and its partner."""
    begin = text.index("{", start)
    depth = 0
    for at in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[begin + 1:at]
    raise ValueError("a brace without its partner")


def functions_of_trait(name, file):
    text = (BACKEND / file).read_text()
    body = body_of(text, re.search(rf"^pub\(crate\) trait {name}\b", text, re.M).start())
    return re.findall(r"^    fn (\w+)", body, re.M)


def naked_functions():
    """(file as a path of modules, name) of each function that is assembly alone."""
    for file in sorted((BACKEND / "adx").rglob("*.rs")):
        text = file.read_text()
        module = "adx::" + "::".join(file.relative_to(BACKEND / "adx").with_suffix("").parts)
        for found in re.finditer(r'^#\[unsafe\(naked\)\]\n(?:pub\(super\) )?unsafe extern "sysv64" fn (\w+)', text, re.M):
            yield f"{module}::{found[1]}"


def comparisons_and_selections():
    """What single elements of the 1024-bit field have by traits of subtle."""
    for backend in TRAITS["Field"][1]:
        text = (BACKEND / backend / "fp1024/element.rs").read_text()
        for start in re.finditer(r"^impl(?:<[^>]*>)? (ConstantTimeEq|ConditionallySelectable) for Fe\b", text, re.M):
            for name in re.findall(r"^    fn (\w+)", body_of(text, start.start()), re.M):
                yield f"{start[1]}::{name}", backend


def lanes_of_p256():
    """What the curve code asks of eight elements."""
    for file in [BACKEND / "ifma/p256x8.rs", *sorted((BACKEND / "ifma/p256x8").glob("*.rs"))]:
        text = file.read_text()
        for start in re.finditer(r"^impl<L: Vector> (Fe8|Loose)<L>", text, re.M):
            for name in re.findall(r"^    pub\((?:crate|super)\) fn (\w+)", body_of(text, start.start()), re.M):
                yield f"{start[1]}::{name}"


def orders():
    """Functions on integers modulo the orders, and on octets."""
    for file, module in (("p256_order.rs", "p256_order"), ("fp1024_order.rs", "fp1024_order")):
        text = (BACKEND / "portable" / file).read_text()
        for name in re.findall(r"^pub\((?:crate|in crate::backend)\) (?:const )?fn (\w+)", text, re.M):
            yield f"{module}::{name}"
    for file in ("limbs", "words"):
        for name in re.findall(r"^pub\(crate\) (?:const )?fn ((?:from|to)_octets)", (BACKEND / f"portable/{file}.rs").read_text(), re.M):
            yield f"{file}::{name}"


def required():
    """(function, backend) in the order of the sources."""
    for trait, (file, backends) in TRAITS.items():
        for function in functions_of_trait(trait, file):
            for backend in backends:
                yield f"{trait}::{function}", backend
    yield from comparisons_and_selections()
    for function in naked_functions():
        yield function, "adx"
    for function in lanes_of_p256():
        yield function, "lanes"
    for function in orders():
        yield function, "portable"
