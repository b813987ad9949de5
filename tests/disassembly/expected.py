"""What tests/disassembly/check.py has to find."""

# Functions that may be called, and whether they come back.
CALLEES = {
    r"^(memcpy|memset|memmove)(@|$)": True,
    r"core::slice::index::slice_.*fail": False,
    r"core::panicking::": False,
}

# Looked at without a 512-bit register in them: the assembly of `adx`, and what kernels of lanes call.
SCALAR = (
    r"^eccsi_sakke::backend::adx::",
    r"^eccsi_sakke::curve::p256::batch::invert::invert_lanes::<.*::adx::Adx",
    r"^eccsi_sakke::backend::portable::safegcd::invert::<.*::WithLanes<.*::adx::Adx",
    r"^eccsi_sakke::backend::portable::safegcd::invert_words::<.*::(adx::divsteps|zmm)::",
    r"^eccsi_sakke::backend::portable::safegcd::normalize::<",
)

ZMM = "eccsi_sakke::backend::ifma::zmm::Zmm"

# By a part of the name, the longer ones first: conditional jumps; those of them that are not on public values, but
# on loaded words or on what was declassified; addresses that begin with a loaded word.
EXPECTED = {
    # The runs of doublings and squares count down the number they were given.
    "adx::point::add_to_sum_and_select::<4": (0, 0, 0),
    "adx::point::add_to_sum_and_select::<8": (0, 0, 0),
    "adx::point::add_to_sum": (0, 0, 0),
    "adx::point::add_affine": (0, 0, 0),
    "adx::point::double": (1, 0, 0),
    "adx::point::square": (1, 0, 0),
    # The end of the row.
    "adx::select": (1, 0, 0),
    "lanes::Fold<": (0, 0, 0),
    # Rounds, lanes and entries; each address is `rows`, a reference inside the job, plus a counter.
    "lanes::SumUp<eccsi_sakke::backend::ifma::zmm::Zmm, eccsi_sakke::curve::p256::lanes::Turned>": (4, 0, 384),
    "lanes::SumUp<eccsi_sakke::backend::ifma::zmm::Zmm, eccsi_sakke::curve::p256::lanes::Secret<": (6, 0, 96),
    "sha256::Compress<": (2, 0, 0),
    # Batches, by the number of groups side by side and in turn. All have the jump on the outcome of `invert_lanes`, which is
    # declassified there; with one group of two a counter of two rounds is kept in memory as one octet, which cannot be
    # told from a part of a word.
    "zmm::Proof>, 1: usize, 1: usize, 64: usize, 37: usize>": (5, 1, 75),
    "zmm::Proof>, 2: usize, 1: usize, 64: usize, 37: usize>": (9, 2, 75),
    "zmm::Proof>, 2: usize, 2: usize, 64: usize, 37: usize>": (13, 1, 75),
    "zmm::Proof>, 2: usize, 4: usize, 64: usize, 37: usize>": (14, 1, 75),
    # Of public points: the outcome of `invert_lanes`, and a counter of two rounds as above.
    "lanes::odd_multiples::Multiples<": (3, 2, 42),
    "batch::points::AddToSums<": (0, 0, 0),
    "batch::invert::invert_lanes::<": (1, 1, 0),
    "safegcd::invert::<": (4, 0, 0),
    # Batches, their three runs of steps, limbs.
    "safegcd::invert_words::<": (8, 0, 0),
    "safegcd::normalize::<": (0, 0, 0),
    # The 1024-bit field, by `adx`: nothing but the ends of tables, which are references plus lengths.
    "adx::fp1024::kernels::": (0, 0, 0),
    "adx::fp1024::element::look_up::<4": (2, 0, 0),
    "adx::fp1024::element::look_up::<": (1, 0, 0),
    # One element in lanes: rounds of digits. The number of squares is in the job. A table that is looked up in ends at a
    # reference plus its length times the size of a row, and that length, which is public, is compared with 0 once.
    "fp1024::curve::ComplexMul<": (1, 0, 12),
    "fp1024::curve::ComplexStep<": (3, 0, 0),
    "fp1024::curve::ComplexSteps<": (3, 0, 36),
    "fp1024::curve::ComplexSquares<": (3, 2, 6),
    "fp1024::curve::EdwardsAdd<": (2, 0, 0),
    "fp1024::curve::EdwardsDouble<": (2, 0, 0),
    "fp1024::element::ComplexMulUnit<": (1, 0, 21),
    "fp1024::element::Add<": (0, 0, 0),
    "fp1024::element::Sub<": (0, 0, 0),
    "fp1024::element::Select<": (0, 0, 6),
    f"fp1024::element::Sums<{ZMM}, 1: usize, 1: usize>": (1, 0, 6),
    f"fp1024::element::Sums<{ZMM}, 1: usize, 2: usize>": (1, 0, 12),
    f"fp1024::element::Sums<{ZMM}, 1: usize, 3: usize>": (1, 0, 18),
    f"fp1024::element::Sums<{ZMM}, 1: usize, 4: usize>": (1, 0, 24),
    f"fp1024::element::Sums<{ZMM}, 1: usize, 5: usize>": (1, 0, 30),
    f"fp1024::element::Sums<{ZMM}, 1: usize, 6: usize>": (1, 0, 36),
    f"fp1024::element::Sums<{ZMM}, 2: usize, 1: usize>": (1, 0, 12),
    f"fp1024::element::Sums<{ZMM}, 3: usize, 1: usize>": (1, 0, 18),
    f"fp1024::element::Sums<{ZMM}, 4: usize, 1: usize>": (1, 0, 26),
    f"fp1024::element::LookUp<{ZMM}, 2: usize>": (2, 2, 6),
    f"fp1024::element::LookUp<{ZMM}, 4: usize>": (2, 2, 12),
    # The same, and where the result goes is a reference in the job.
    f"fp1024::element::SelectSigned<{ZMM}, 1: usize>": (2, 2, 6),
    f"fp1024::element::SelectSigned<{ZMM}, 3: usize>": (2, 2, 18),
    # An element in each lane: rows of a product; factors are references in the job.
    f"fp1024x8::curve::Into<eccsi_sakke::backend::ifma::fp1024x8::products::Sum<{ZMM}, 1: usize>": (1, 0, 41),
    f"fp1024x8::curve::Into<eccsi_sakke::backend::ifma::fp1024x8::products::Sum<{ZMM}, 2: usize>": (1, 0, 62),
    "fp1024x8::curve::SumAndDifference<": (1, 0, 0),
    f"fp1024x8::products::Sum<{ZMM}, 1: usize>": (1, 0, 21),
    f"fp1024x8::products::Sum<{ZMM}, 2: usize>": (1, 0, 42),
    "fp1024x8::products::Sum<": (2, 0, 21),
    "fp1024x8::products::Square<": (1, 0, 0),
    "fp1024x8::curve::Into<eccsi_sakke::backend::ifma::fp1024x8::convert::FromSingles<": (0, 0, 44),
    "fp1024x8::convert::FromSingles<": (0, 0, 24),
    "fp1024x8::convert::ToSingles<": (0, 0, 0),
    "fp1024x8::Add<": (0, 0, 0),
    "fp1024x8::Neg<": (0, 0, 0),
    "fp1024x8::Sub<": (0, 0, 0),
    "fp1024x8::Reduce<": (0, 0, 0),
    "fp1024x8::Select<": (0, 0, 40),
    "fp1024x8::Broadcast<": (1, 0, 0),
}

# Variable time on purpose: must be found.
CONTROL = "curve::p256::mul::straus_vartime::"
