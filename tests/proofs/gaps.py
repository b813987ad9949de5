"""What has no proof from its machine code, and why: docs/proofs.md lists it. A function that has one may not stand here."""

FORMULA = "generic code over kernels that are proved; its formula is proved from the source"
CONSTANT = "copies a constant or nothing"

GAPS = {
    "Kernel::lanes": CONSTANT,
    "Kernel::divsteps": "a loop on data; see the section on divsteps",
    "Arithmetic::proof": CONSTANT,
    "Arithmetic::zero": CONSTANT,
    "Arithmetic::one": CONSTANT,
    "Arithmetic::from_raw": CONSTANT,
    **{("Kernel::" + name, "portable"): FORMULA for name in ("double", "add_affine", "add_to_sum", "add_to_sum_and_select", "square_times")},
    **{("Kernel::" + name, "adx"): FORMULA for name in ("double", "add_affine", "add_to_sum", "add_to_sum_and_select", "square_times")},
    **{f"adx::point::{name}": FORMULA for name in ("double", "add_affine", "add_to_sum", "add_to_sum_and_select", "square")},
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
    "Field::from_octets": "conversions",
    "Field::to_octets": "conversions",
    "Lanes8::from_singles": "conversions",
    "Lanes8::set_singles": "conversions",
    "Lanes8::to_singles": "conversions",
    **{f"Fe8::{name}": "conversions" for name in ("to_integers", "from_montgomery", "from_integers", "to_montgomery",
                                                  "to_reduced_integers", "to_integer", "swap", "in_lanes", "replace_where_equal")},
    **{f"fp1024_order::{name}": "conversions" for name in ("in_key_range", "reduce", "mul", "halve_plus_ones")},
    "p256_order::mul": "the same function as Kernel::order_mul",
    "fp1024_order::invert": "divsteps, between conversions that are proved",
}
