"""The point formulas of P-256 in assembly: what they compute, read from their instructions, is what the affine law says."""

from curves import doubled, summed
from domain import Domain
from field import Fraction, Polynomial
from machine import END, PRESERVED, STACK, Machine
from promises import P256, promise
from proof import ARGUMENTS
from segments import Segments, State
from words import Unproved, Word, constant

FILE = "eccsi_sakke::backend::adx::point::"
POINT, ENTRY, ROW, FOUND = (n << 40 for n in range(1, 5))
R = 2**256
X, Y, Z, x, y = (Polynomial.variable(P256, name) for name in "XYZxy")
JACOBIAN = Fraction(X, Z ** 2), Fraction(Y, Z ** 3)
AFFINE = Fraction(x), Fraction(y)


def at_start(address, coordinates, registers, entry=True):
    """Values 0, 1, … are the coordinates, then x and y of the entry."""
    memory = {POINT + 32 * n + 8 * i: ("limb", n, i) for n in range(coordinates) for i in range(4)}
    if entry:
        memory |= {ENTRY + 32 * n + 8 * i: ("limb", coordinates + n, i) for n in range(2) for i in range(4)}
    memory[STACK - 8] = END
    registers = {r: ("saved", r) for r in PRESERVED} | {"rdi": POINT, "rsi": ENTRY, "rsp": STACK - 8} | registers
    return State(address, registers, memory)


def computed(run, state, inputs):
    """The coordinates at the end, in place of polynomials at the start, and the end."""
    segments = Segments(run.program, P256, state, [None] * len(inputs))
    values = segments.run()
    run.machine.count += segments.count
    polynomials = list(inputs)
    for formula in values[len(inputs):]:
        total = Polynomial(P256, {})
        for factors, c in formula.items():
            # Values are in Montgomery form: times R.
            term = Polynomial(P256, {(): c * pow(R, len(factors) - 1, P256)})
            for n in factors:
                term = term * polynomials[n]
            total = total + term
        polynomials.append(total)
    if any(segments.state.registers[r] != ("saved", r) for r in PRESERVED) or segments.state.registers["rsp"] != STACK:
        raise Unproved("a register that belongs to the caller is lost")

    def at(place):
        tokens = [segments.state.memory.get(place + 8 * i) for i in range(4)]
        if any(token != ("limb", tokens[0][1], i) for i, token in enumerate(tokens)):
            raise Unproved("a coordinate is not there")
        return polynomials[tokens[0][1]]

    return at, segments.state


def expect(condition, what):
    if not condition:
        raise Unproved(f"{what} is another one")


def expect_point(x3, y3, wanted):
    expect(x3.same(wanted[0]), "x")
    expect(y3.same(wanted[1]), "y")


@promise("adx", "adx::point::double and Kernel::double", f"^{FILE}double$", "[2](X, Y, Z) in [0, p − 1], Z₃ = YZ, as the tangent's law; for each of 1 and 2 rounds")
def double(run):
    for times in (1, 2):
        at, _ = computed(run, at_start(run.address, 3, {"rsi": times}, entry=False), (X, Y, Z))
        x3, y3, z3 = at(POINT), at(POINT + 32), at(POINT + 64)
        if times == 1:
            expect(z3 == Y * Z, "Z")
            expect_point(Fraction(x3, z3 ** 2), Fraction(y3, z3 ** 3), doubled(*JACOBIAN, -3))
        else:
            once = computed(run, at_start(run.address, 3, {"rsi": 1}, entry=False), (X, Y, Z))[0]
            # The second round is the first one again, on what the first one left.
            first = [once(POINT + 32 * i) for i in range(3)]
            expect(z3 == first[1] * first[2], "Z")


@promise("adx", "adx::point::add_affine and Kernel::add_affine", f"^{FILE}add_affine$", "(X, Y, Z) + (x, y) in [0, p − 1], as the chord's law; Z₃ = Z(xZ² − X)")
def add_affine(run):
    at, _ = computed(run, at_start(run.address, 3, {}), (X, Y, Z, x, y))
    x3, y3, z3 = at(POINT), at(POINT + 32), at(POINT + 64)
    expect(z3 == Z * (x * Z ** 2 - X), "Z")
    expect_point(Fraction(x3, z3 ** 2), Fraction(y3, z3 ** 3), summed(JACOBIAN, AFFINE))


def expect_sum(at):
    x3, y3, zz3, zzz3 = (at(POINT + 32 * i) for i in range(4))
    p = x * Z ** 2 - X
    expect(zz3 == Z ** 2 * p ** 2 and zzz3 == Z ** 3 * p ** 3, "Z², Z³")
    expect_point(Fraction(x3, zz3), Fraction(y3, zzz3), summed(JACOBIAN, AFFINE))


SUM = (X, Y, Z ** 2, Z ** 3, x, y)


@promise("adx", "adx::point::add_to_sum and Kernel::add_to_sum", f"^{FILE}add_to_sum$",
         "(X, Y, Z², Z³) + (x, y) in [0, p − 1], as the chord's law; Z² and Z³ times powers of xZ² − X")
def add_to_sum(run):
    expect_sum(computed(run, at_start(run.address, 4, {}), SUM)[0])


for EIGHTH in (4, 8):
    @promise("adx", "adx::point::add_to_sum_and_look_up and Kernel::add_to_sum_and_look_up",
             f"^{FILE}add_to_sum_and_look_up::<{EIGHTH}", f"the same, and row[n] of {8 * EIGHTH} rows, each word of which is read")
    def add_to_sum_and_look_up(run, rows=8 * EIGHTH):
        state = at_start(run.address, 4, {"rdx": ROW, "rcx": 1, "r8": FOUND})
        state.memory |= {ROW + 8 * i: ("row", i) for i in range(8 * rows)}
        at, end = computed(run, state, SUM)
        expect_sum(at)
        expect(all(end.memory.get(FOUND + 8 * i) == ("row", 8 + i) for i in range(8)), "the row")
        # Every other index, on one sum: there is no branch, and no address that depends on a value.
        for n in range(rows):
            scanned(run, rows, n)


def scanned(run, rows, n):
    domain = Domain()
    machine = Machine(run.program, domain)
    machine.registers |= {r: Word() for r in PRESERVED}
    words = {ROW + 8 * i: domain.word(f"row{i}", 2**64 - 1) for i in range(8 * rows)}
    machine.memory.words |= words
    for place in [POINT + 8 * i for i in range(16)] + [ENTRY + 8 * i for i in range(8)]:
        machine.memory[place] = constant(place * 0x9E3779B97F4A7C15 >> 5)
    machine.memory.watched = set()
    for register, value in zip(ARGUMENTS, (POINT, ENTRY, ROW, n, FOUND)):
        machine.registers[register] = constant(value)
    machine.run(run.address)
    expect(not words.keys() - machine.memory.watched, "what is read")
    for i in range(8):
        found = machine.memory[FOUND + 8 * i]
        expect(domain.value(found).poly.key() == words[ROW + 64 * n + 8 * i].unsigned.poly.key(), f"row {n}")


@promise("adx", "adx::point::square and Kernel::square_times", f"^{FILE}square$", "a^(2^times) in Montgomery form, in [0, p − 1], for 1 and 3 rounds")
def square(run):
    for times in (1, 3):
        at, _ = computed(run, at_start(run.address, 1, {"rsi": times}, entry=False), (X,))
        expect(at(POINT) == X ** 2 ** times, "the power")
