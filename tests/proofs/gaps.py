"""What has no proof from its machine code, and why: docs/proofs.md lists it. A function that has one may not stand here."""

FORMULA = "generic code over kernels that are proved; its formula is proved from the source"
JOINED = "words are taken apart and joined in ways that the algebra does not follow yet"
CONSTANT = "copies a constant or nothing"

GAPS = {
    "Kernel::lanes": CONSTANT,
    "Kernel::divsteps": "a loop on data; see the section on divsteps",
    "Kernel::invert": "divsteps, between conversions that are proved",
    "Arithmetic::proof": CONSTANT,
    "Arithmetic::zero": CONSTANT,
    "Arithmetic::one": CONSTANT,
    "Arithmetic::from_raw": CONSTANT,
    **{("Kernel::" + name, "portable"): FORMULA for name in ("double", "add_affine", "add_to_sum", "add_to_sum_and_select", "square_times")},
    **{f"Arithmetic::{name}": FORMULA for name in ("complex_square", "complex_square_times", "complex_step", "complex_steps",
                                                   "edwards_add", "edwards_double", "complex_mul_unit")},
    "Field::invert": "divsteps, between conversions that are proved",
    "Fe8::zero": CONSTANT,
    "Fe8::one": CONSTANT,
    "Fe8::splat": CONSTANT,
    "Fe8::loose": CONSTANT,
    "Fe8::assert_highest_limb": "in debug builds alone",
    "Loose::add": "proved together with what carries the sum",
    "Loose::twice": "proved together with what carries the sum",
    "Loose::sub": "proved together with what carries the sum",
    "Loose::add_p": "proved together with what carries the sum",
    ("Field::from_octets", "portable"): JOINED,
    ("Field::from_octets", "ifma"): JOINED,
    **{f"Fe8::{name}": JOINED for name in ("from_integers", "to_integers", "to_integer")},
    **{f"Fe8::{name}": "no arithmetic: places of words" for name in ("swap", "in_lanes", "replace_where_equal")},
    "fp1024_order::in_key_range": "comparisons alone, as in Field::from_octets",
    **{f"fp1024_order::{name}": "octets, and products that are proved" for name in ("reduce", "mul", "halve_plus_ones")},
    "p256_order::mul": "the same function as Kernel::order_mul",
    "fp1024_order::invert": "divsteps, between conversions that are proved",
}
