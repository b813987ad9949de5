"""What each kernel promises, and of what functions promises are asked for."""

from dataclasses import dataclass
from typing import Callable

P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
Q256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P1024 = 0x997ABB1F0A563FDA65C61198DAD0657A416C0CE19CB48261BE9AE358B3E01A2EF40AAB27E2FC0F1B228730D531A59CB0E791B39FF7C88A19356D27F4A666A6D0E26C6487326B4CD4512AC5CD65681CE1B6AFF4A831852A82A7CF3C521C3C09AA9F94D6AF56971F1FFCE3E82389857DB080C5DF10AC7ACE87666D807AFEA85FEB
Q1024 = (P1024 + 1) // 4

PROMISES = []


@dataclass
class Promise:
    """Of the function `function` of a seam, or of a file, as `backend` has it, or of several, with " and " between them: under the name `entry`
    in the table of entries or, if that begins with a ^, of the function whose name it matches."""

    backend: str
    function: str
    entry: str
    says: str
    prove: Callable
    vertical: bool = False

    @property
    def functions(self):
        return self.function.split(" and ")

    @property
    def name(self):
        return f"{self.entry.removeprefix('^').removesuffix('$')}: {self.says}"

    def address(self, program):
        if self.entry.startswith("^"):
            return program.find(self.entry)
        return program.kernels[self.entry]


def promise(backend, function, entry, says, vertical=False):
    def register(prove):
        PROMISES.append(Promise(backend, function, entry, says, prove, vertical))
        return prove

    return register


def product(a, b):
    return a.times(b)


def square(a):
    return a.times(a)


def same(a):
    return a


def plus(a, b):
    return a.plus(b)


def minus(a, b):
    return a.plus(b, -1)


def opposite(a):
    return a.scaled(-1)
