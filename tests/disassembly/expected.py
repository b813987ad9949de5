"""What tests/disassembly/check.py has to find."""

# Functions that may be called, and whether they come back.
CALLEES = {
    r"^(memcpy|memset|memmove)(@|$)": True,
    r"core::slice::index::slice_.*fail": False,
    r"core::panicking::": False,
}

# By a part of the name, the longer ones first: conditional jumps; those of them on loaded words; addresses that begin
# with a loaded word; jumps on what was declassified. Or "undecided": the check cannot tell, see the reason.
EXPECTED = {
    # The runs of doublings and squares count down the number they were given.
    "adx::point::add_to_sum_and_select::<4": (0, 0, 0, 0),
    "adx::point::add_to_sum_and_select::<8": (0, 0, 0, 0),
    "adx::point::add_to_sum": (0, 0, 0, 0),
    "adx::point::add_affine": (0, 0, 0, 0),
    "adx::point::double": (1, 0, 0, 0),
    "adx::point::square": (1, 0, 0, 0),
    # The end of the row, and an unrolled loop's rest.
    "adx::select": (3, 0, 0, 0),
    "lanes::Fold<": (0, 0, 0, 0),
    # Rounds, lanes and entries; each address is `rows`, a reference inside the job, plus a counter.
    "lanes::SumUp<eccsi_sakke::backend::ifma::zmm::Zmm, eccsi_sakke::curve::p256::lanes::Turned>": (4, 0, 384, 0),
    "lanes::SumUp<eccsi_sakke::backend::ifma::zmm::Zmm, eccsi_sakke::curve::p256::lanes::Secret<": (6, 0, 96, 0),
    "sha256::Compress<": (2, 0, 0, 0),
    # Batches: takes scalars from a slice of any length, and the width of a comb, from inside the job, and computes with
    # them; here they cannot be told from secrets. Under valgrind the model of the same source is clean.
    "batch::generator::CombMany<": "undecided",
}

# Variable time on purpose: must be found.
CONTROL = "curve::p256::mul::straus_vartime::"
