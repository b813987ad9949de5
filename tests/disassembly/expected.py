"""What tests/disassembly/check.py has to find."""

# Functions that may be called: the registers with lengths and references, which must not be unknown, and what comes back
# (0: a reference, 3: anything; None: nothing, it does not come back).
CALLEES = {
    r"^(memcpy|memmove)(@|$)": ("rdi rsi rdx", 0),
    # Wipes, as long as the room of a vector, which is a product.
    r"^memset(@|$)": ("rdi", 0),
    r"^malloc(@|$)": ("rdi", 0),
    r"^(calloc|realloc)(@|$)": ("rdi rsi", 0),
    r"^posix_memalign(@|$)": ("rdi rsi rdx", 3),
    r"^free(@|$)": ("rdi", 3),
    r"subtle::black_box": ("", 3),
    r"zeroize::.*Zeroize>::zeroize": ("rdi", 3),
    # Of this crate, and the same functions on backends that valgrind runs.
    r"^eccsi_sakke::backend::portable::(words|p256_order|fp1024_order)::": ("rdi rsi", 3),
    r"^<eccsi_sakke::curve::p256::lanes::Secret<.*>::new": ("rdi", 3),
    r"^eccsi_sakke::backend::portable::words::reduce_once$": ("rdi rsi rcx", 3),
    r"core::ptr::drop_in_place::<|alloc::raw_vec::RawVec(Inner)?\b.*::(finish_grow|grow_one|do_reserve_and_handle)": ("rdi", 3),
    r"core::slice::index::slice_.*fail": ("", None),
    r"core::panicking::": ("", None),
    r"core::option::(unwrap|expect)_failed": ("", None),
    r"core::result::unwrap_failed": ("", None),
    r"alloc::(alloc::handle_alloc_error|raw_vec::handle_error|raw_vec::capacity_overflow)": ("", None),
    r"_Unwind_Resume": ("", None),
}

# Looked at: what has one of these in its name, types among them.
OF_BACKENDS = (
    r"::zmm::|::adx::"
    r"|safegcd::normalize::<"  # which inversions of all own backends call
)

# Of public values alone, and not interpreted.
VARIABLE_TIME = (
    r"_vartime",
    r"^eccsi_sakke::curve::p256::tables::build::add_all::<",  # fills a table of a public point
)

# Memory of vectors: their lengths and references, which are loaded words. Counts are not held against these.
GLUE = r"^core::ptr::drop_in_place::<|^<alloc::raw_vec::RawVec<|^<alloc::vec::Vec<.* as (zeroize::Zeroize>|alloc::vec::spec_from_iter::)"

ZMM = "eccsi_sakke::backend::ifma::zmm::Zmm"
BACKEND = "eccsi_sakke::backend::"
CURVE = "eccsi_sakke::curve::"
ADX = "eccsi_sakke::backend::adx::Adx"
IFMA = f"eccsi_sakke::backend::ifma::WithVectors<{ADX}, {ZMM}>"
ADX_FE = "eccsi_sakke::backend::adx::fp1024::element::Fe"
FE = f"eccsi_sakke::backend::ifma::fp1024::fe::Fe<{ZMM}>"
FE8 = f"eccsi_sakke::backend::ifma::fp1024x8::Fe8<{ZMM}>"

# By a part of the name, the longest that is in it: conditional jumps; those of them that are not on public values, but
# on loaded words or on what was declassified; addresses that begin with a loaded word; the registers whose
# arguments are references, lengths or numbers of rounds.
EXPECTED = {
    # The runs of doublings and squares count down the number they were given.
    "adx::point::add_to_sum_and_look_up::<4": (0, 0, 0, "rdi rsi rdx r8"),
    "adx::point::add_to_sum_and_look_up::<8": (0, 0, 0, "rdi rsi rdx r8"),
    "adx::point::add_to_sum": (0, 0, 0, "rdi rsi"),
    "adx::point::add_affine": (0, 0, 0, "rdi rsi"),
    "adx::point::double": (1, 0, 0, "rdi rsi"),
    "adx::point::square": (1, 0, 0, "rdi rsi"),
    # The end of the row.
    "adx::look_up": (1, 0, 0, "rdi rsi rcx"),
    "lanes::Fold<": (0, 0, 0, "rdi"),
    # Rounds, lanes and entries; each address is `rows`, a reference inside the job, plus a counter.
    "lanes::SumUp<eccsi_sakke::backend::ifma::zmm::Zmm, eccsi_sakke::curve::p256::lanes::Turned>": (4, 0, 384, "rdi rsi"),
    "lanes::SumUp<eccsi_sakke::backend::ifma::zmm::Zmm, eccsi_sakke::curve::p256::lanes::Secret<": (6, 0, 96, "rdi rsi"),
    "sha256::Compress<": (2, 0, 0, "rdi rsi"),
    # Batches, by the number of groups side by side and in turn. All have the jump on the outcome of `invert_lanes`, which is
    # declassified there; with one group of two a counter of two rounds is kept in memory as one octet, which cannot be
    # told from a part of a word.
    "zmm::Zmm>, 1: usize, 1: usize, 64: usize, 37: usize>": (5, 1, 75, "rdi"),
    "zmm::Zmm>, 2: usize, 1: usize, 64: usize, 37: usize>": (9, 3, 75, "rdi"),
    "zmm::Zmm>, 2: usize, 2: usize, 64: usize, 37: usize>": (13, 1, 75, "rdi"),
    "zmm::Zmm>, 2: usize, 4: usize, 64: usize, 37: usize>": (14, 1, 75, "rdi"),
    # Of public points: the outcome of `invert_lanes`, and a counter of two rounds as above.
    "lanes::odd_multiples::Multiples<": (3, 2, 42, "rdi"),
    "batch::points::AddToSums<": (0, 0, 0, "rdi rsi"),
    "batch::invert::invert_lanes::<": (1, 1, 0, "rdi rsi"),
    "safegcd::invert::<": (4, 0, 0, "rdi rsi rdx"),
    # Batches, their three runs of steps, limbs.
    "safegcd::invert_words::<": (8, 0, 0, "rdi rsi rdx"),
    "safegcd::normalize::<": (0, 0, 0, "rdi rsi rcx"),
    # The 1024-bit field, by `adx`: nothing but the ends of tables, which are references plus lengths.
    "adx::fp1024::kernels::": (0, 0, 0, "rdi rsi rdx"),
    # Of two, the number of rows is an argument; of others it is known where the function is compiled.
    "adx::fp1024::element::look_up::<2": (1, 0, 0, "rdi rsi rdx"),
    "adx::fp1024::element::look_up::<4": (2, 0, 0, "rdi rsi"),
    "adx::fp1024::element::look_up::<": (1, 0, 0, "rdi rsi"),
    # One element in lanes: rounds of digits. The number of squares is in the job. A table that is looked up in ends at a
    # reference plus its length times the size of a row, and that length, which is public, is compared with 0 once.
    "fp1024::curve::ComplexMul<": (1, 0, 12, "rdi rsi"),
    "fp1024::curve::ComplexStep<": (3, 0, 0, "rdi rsi"),
    "fp1024::curve::ComplexSteps<": (3, 0, 36, "rdi"),
    "fp1024::curve::ComplexSquares<": (3, 2, 6, "rdi rsi"),
    "fp1024::curve::EdwardsAdd<": (2, 0, 0, "rdi rsi"),
    "fp1024::curve::EdwardsDouble<": (2, 0, 0, "rdi"),
    "fp1024::element::ComplexMulUnit<": (1, 0, 21, "rdi"),
    "fp1024::element::Add<": (0, 0, 0, "rdi rsi rdx"),
    "fp1024::element::Sub<": (0, 0, 0, "rdi rsi rdx"),
    "fp1024::element::Select<": (0, 0, 6, "rdi rsi"),
    f"fp1024::element::Sums<{ZMM}, 1: usize, 1: usize>": (1, 0, 6, "rdi rsi"),
    f"fp1024::element::Sums<{ZMM}, 1: usize, 2: usize>": (1, 0, 12, "rdi rsi"),
    f"fp1024::element::Sums<{ZMM}, 1: usize, 3: usize>": (1, 0, 18, "rdi rsi"),
    f"fp1024::element::Sums<{ZMM}, 1: usize, 4: usize>": (1, 0, 24, "rdi rsi"),
    f"fp1024::element::Sums<{ZMM}, 1: usize, 5: usize>": (1, 0, 30, "rdi rsi"),
    f"fp1024::element::Sums<{ZMM}, 1: usize, 6: usize>": (1, 0, 36, "rdi rsi"),
    f"fp1024::element::Sums<{ZMM}, 2: usize, 1: usize>": (1, 0, 12, "rdi rsi"),
    f"fp1024::element::Sums<{ZMM}, 3: usize, 1: usize>": (1, 0, 18, "rdi rsi"),
    f"fp1024::element::Sums<{ZMM}, 4: usize, 1: usize>": (1, 0, 26, "rdi rsi"),
    f"fp1024::element::LookUp<{ZMM}, 2: usize>": (2, 2, 6, "rdi rsi"),
    f"fp1024::element::LookUp<{ZMM}, 4: usize>": (2, 2, 12, "rdi rsi"),
    # The same, and where the result goes is a reference in the job.
    f"fp1024::element::LookUpSigned<{ZMM}, 1: usize>": (2, 2, 6, "rdi"),
    f"fp1024::element::LookUpSigned<{ZMM}, 3: usize>": (2, 2, 18, "rdi"),
    # An element in each lane: rows of a product; factors are references in the job.
    f"fp1024x8::curve::Into<eccsi_sakke::backend::ifma::fp1024x8::products::Sum<{ZMM}, 1: usize>": (1, 0, 41, "rdi"),
    f"fp1024x8::curve::Into<eccsi_sakke::backend::ifma::fp1024x8::products::Sum<{ZMM}, 2: usize>": (1, 0, 62, "rdi"),
    "fp1024x8::curve::SumAndDifference<": (1, 0, 0, "rdi rsi rdx"),
    f"fp1024x8::products::Sum<{ZMM}, 1: usize>": (1, 0, 21, "rdi rsi"),
    f"fp1024x8::products::Sum<{ZMM}, 2: usize>": (1, 0, 42, "rdi rsi"),
    "fp1024x8::products::Sum<": (2, 0, 21, "rdi rsi"),
    "fp1024x8::products::Square<": (1, 0, 0, "rdi rsi"),
    "fp1024x8::curve::Into<eccsi_sakke::backend::ifma::fp1024x8::convert::FromSingles<": (0, 0, 44, "rdi"),
    "fp1024x8::convert::FromSingles<": (0, 0, 24, "rdi rsi"),
    "fp1024x8::convert::ToSingles<": (0, 0, 0, "rdi rsi"),
    "fp1024x8::Add<": (0, 0, 0, "rdi rsi rdx"),
    "fp1024x8::Neg<": (0, 0, 0, "rdi rsi"),
    "fp1024x8::Sub<": (0, 0, 0, "rdi rsi rdx"),
    "fp1024x8::Reduce<": (0, 0, 0, "rdi rsi"),
    "fp1024x8::Select<": (0, 0, 40, "rdi rsi"),
    "fp1024x8::Broadcast<": (1, 0, 0, "rdi rsi rdx"),
    # Code of the curves over these kernels, which valgrind runs over others. A fifth number counts what this check cannot decide: addresses,
    # and references that are given to others, which come out of a choice (by a length, or whether there is a table), a vector, or
    # an array of references on the stack. Jumps on loaded words and undecided ones are on lengths and numbers of terms in memory, and
    # on what is declassified.
    #
    # P-256: digits, windows, rounds; in `generator` whether the table is there.
    f"p256::field::invert_all::<{ADX}>": (4, 0, 0, "rdi rsi rdx rcx"),
    f"p256::field::invert_all::<{IFMA}>": (4, 0, 0, "rdi rsi rdx rcx"),
    f"p256::jacobian::Jacobian<{IFMA}>>::add_complete": (0, 0, 0, "rdi rsi rdx"),
    f"p256::jacobian::Jacobian<{IFMA}>>::add_distinct": (0, 0, 0, "", 1),
    f"p256::jacobian::Jacobian<{IFMA}>>::add_or_double": (0, 0, 0, "rdi rsi"),
    f"p256::jacobian::Jacobian<{IFMA}>>::double_times": (1, 0, 0, "rdi rsi"),
    f"p256::mul::generator::<{IFMA}>": (1, 1, 0, "rdi rsi"),
    f"p256::mul::variable::<{ADX}>": (4, 0, 0, "rdi rsi rdx"),
    f"p256::mul::variable::<{IFMA}>": (8, 0, 0, "rdi rsi rdx"),
    f"p256::own::Own<{ADX}> as {BACKEND}p256::Ops>::mul": (0, 0, 0, "rdi rsi rdx"),
    f"p256::own::Own<{ADX}> as {BACKEND}p256::Ops>::mul_generator": (0, 0, 0, "rdi rsi"),
    f"p256::own::Own<{IFMA}> as {BACKEND}p256::Ops>::mul": (0, 0, 0, "rdi rsi rdx"),
    f"p256::own::Own<{IFMA}> as {BACKEND}p256::Ops>::mul_generator": (0, 0, 0, "rdi rsi"),
    f"p256::own::Own<{IFMA}> as {BACKEND}p256::Ops>::scalar_mul_add": (0, 0, 0, "rdi rsi rdx rcx"),
    # The 1024-bit field: lengths of batches, in `sum` and `sums` those of the combs, too.
    f"<{ADX_FE} as {BACKEND}fp1024::Arithmetic>::complex_square": (0, 0, 0, "rdi", 5),
    f"<{ADX_FE} as {BACKEND}fp1024::Arithmetic>::mul_pairs::<3: usize>": (0, 0, 0, "rdi rsi rdx", 3),
    f"<{ADX_FE} as {BACKEND}fp1024::Arithmetic>::edwards_double": (0, 0, 0, "rdi", 8),
    # The four products of `mul_pairs::<4>`, which is inlined but for its loop.
    f"<{ADX_FE} as {BACKEND}fp1024::Arithmetic>::mul_pairs<4: usize>::{{closure#0}}": (0, 0, 0, "rdi rsi", 8),
    f"<{ADX_FE} as {BACKEND}fp1024::Arithmetic>::sum_of_products::<2: usize>": (0, 0, 0, "rdi", 4),
    f"<{ADX_FE} as {BACKEND}fp1024::Arithmetic>::sum_of_products::<3: usize>": (1, 0, 0, "rdi rsi rdx", 3),
    f"<{ADX_FE} as {BACKEND}fp1024::Arithmetic>::sum_of_products::<4: usize>": (1, 0, 0, "rdi rsi rdx", 4),
    f"<{ADX_FE} as {BACKEND}fp1024::Arithmetic>::sum_of_products::<5: usize>": (1, 0, 0, "rdi rsi rdx", 5),
    f"<{ADX_FE} as {BACKEND}fp1024::Arithmetic>::sum_of_products::<6: usize>": (1, 0, 0, "rdi rsi rdx", 6),
    f"<{ADX_FE} as {BACKEND}fp1024::Field>::look_up_signed::<3: usize>": (0, 0, 0, "rdi rsi"),
    f"<{FE8} as {BACKEND}fp1024::Arithmetic>::edwards_double": (0, 0, 0, "rdi"),
    f"<{ADX_FE} as {BACKEND}fp1024::Field>::from_octets": (0, 0, 0, "rdi rsi", 1),
    f"<{FE}>::from_integer": (2, 0, 0, "rdi rsi"),
    f"<{FE}>::integer": (2, 0, 0, "rdi"),
    f"ss1024::edwards::Edwards<{ADX_FE}> as {CURVE}ss1024::mul::Group>::add": (0, 0, 0, "rdi rsi rdx"),
    f"ss1024::edwards::Edwards<{ADX_FE}>>::to_fraction": (0, 0, 0, "rdi rsi", 2),
    f"ss1024::edwards::Edwards<{FE8}>>::to_fraction": (0, 0, 0, "rdi rsi"),
    f"ss1024::edwards::Edwards<{FE}> as {CURVE}ss1024::mul::Group>::add": (0, 0, 0, "rdi rsi rdx"),
    f"ss1024::edwards::Edwards<{FE}>>::equals": (0, 0, 0, "rdi"),
    f"ss1024::field::invert_all::<{ADX_FE}>": (9, 2, 0, "rdi rsi", 5),
    f"ss1024::function::Argument<{FE8}>>::new": (2, 0, 0, "rdi rsi rdx"),
    f"ss1024::generic::Generic<{ADX_FE}>>::affine": (0, 0, 0, "rdi", 6),
    f"ss1024::generic::Generic<{ADX_FE}>>::finish_many": (13, 0, 0, "rdi rsi rdx", 2),
    f"ss1024::generic::Generic<{ADX_FE}>>::sum": (31, 10, 15, "rdi rsi rdx", 7),
    f"ss1024::generic::Generic<{ADX_FE}>>::sum::{{closure#3}}": (5, 0, 0, "rdi rsi rdx", 1),
    f"ss1024::generic::Generic<{ADX_FE}>>::value": (9, 3, 0, "rdi rsi rdx rcx", 37),
    f"ss1024::generic::Generic<{FE}>>::affine": (0, 0, 0, "rdi"),
    f"ss1024::generic::Generic<{FE}>>::sum": (28, 7, 20, "rdi rsi rdx"),
    f"ss1024::generic::Generic<{FE}>>::sum::{{closure#3}}": (5, 0, 0, "rdi rsi rdx"),
    f"ss1024::lane_lines::groups::<{FE8}>": (14, 8, 1, "rdi"),
    f"ss1024::lanes::InLanes<{FE8}>>::products": (8, 2, 0, "rdi rcx"),
    f"ss1024::lanes::InLanes<{FE8}>>::sums": (42, 33, 48, "rdi rsi rdx"),
    f"ss1024::eight::scatter::<{FE8}, 2: usize>": (0, 0, 0, "rdi rsi"),
    f"ss1024::eight::scatter::<{FE8}, 3: usize>": (0, 0, 0, "rdi rsi"),
    f"ss1024::point::Affine<{ADX_FE}>>::load": (0, 0, 0, "rdi rsi"),
    f"ss1024::point::Affine<{FE}>>::load": (0, 0, 0, "rdi rsi"),
    f"ss1024::walk::slope::<{ADX_FE}>": (0, 0, 0, "rdi", 5),
    f"ss1024::walk::third::<{ADX_FE}>": (1, 0, 0, "rdi rsi rdx rcx", 4),
    f"ss1024::walk::third::<{FE}>": (2, 2, 0, "rdi rsi rdx rcx"),
    # How many entries a row of the comb has; and in lanes, whether the sum is the identity, which is declassified.
    f"p256::mul::comb::<{ADX}>": (7, 1, 0, "rdi rsi rdx rcx"),
    f"p256::mul::comb::<{IFMA}>": (12, 2, 0, "rdi rsi rdx rcx"),
    f"ss1024::mul::Comb<{CURVE}ss1024::edwards::Edwards<{FE}>>>::entry": (8, 8, 0, "", 6),
    f"ss1024::mul::Comb<{CURVE}ss1024::field2::Complex<{FE}>>>::entry": (8, 8, 0, "", 6),
    # Functions on the curve as vectors of lines, and what is computed of a batch: numbers of terms choose a case,
    # and references to the terms come out of these cases.
    f"ss1024::field::invert_all::<{FE}>": (8, 4, 12, "rdi rsi", 2),
    f"ss1024::function::Function<{ADX_FE}>>::product_over_vertical": (37, 34, 0, "rdi rsi rdx", 5),
    f"ss1024::function::Function<{FE8}>>::product_over_vertical": (40, 40, 5, "rdi rsi rdx", 6),
    f"ss1024::function::Function<{FE}>>::product_over_vertical": (40, 40, 17, "rdi rsi rdx", 5),
    f"ss1024::function::divide::<{ADX_FE}>": (6, 5, 0, "rdi rsi rcx", 23),
    f"ss1024::function::divide::<{FE8}>": (6, 5, 0, "rdi rsi rcx", 9),
    f"ss1024::function::divide::<{FE}>": (6, 5, 0, "rdi rsi rcx", 4),
    f"ss1024::function::sum::<{ADX_FE}>": (11, 7, 0, "rdi rsi rdx rcx", 34),
    f"ss1024::function::sum::<{FE8}>": (11, 10, 0, "rdi rsi rdx rcx", 6),
    f"ss1024::function::sum::<{FE}>": (11, 10, 0, "rdi rsi rdx rcx", 6),
    f"ss1024::generic::Generic<{FE}>>::finish_many": (13, 3, 0, "rdi rdx", 41),
    f"ss1024::lane_lines::LaneLines<{FE8}>>::steps": (35, 33, 10, "rdi rsi rdx", 30),
    f"ss1024::lanes::InLanes<{FE8}> as {BACKEND}fp1024::Ops>::lines": (172, 156, 365, "rdi rsi", 65),
    f"ss1024::lanes::InLanes<{FE8}>>::value": (12, 8, 24, "rdi rsi rdx rcx", 1),
    f"ss1024::lines::Lines<{ADX_FE}>>::value::{{closure#0}}": (17, 1, 8, "rdi rsi rdx rcx", 2),
    f"ss1024::walk::step_function::<{FE8}>": (61, 57, 0, "rdi rsi rdx rcx r8", 16),
}

# Variable time on purpose: must be found.
CONTROL = "curve::p256::mul::straus_vartime::"
