"""What has no proof from its machine code, and why: docs/proofs.md lists it. A function that has one may not stand here."""

FORMULA = "one function with all its operations inlined; they are proved by themselves, and the formula is proved from the source"
NOTHING = "gives a type without a value"

GAPS = {
    "Kernel::vectors": NOTHING,
    "Kernel::invert": "divsteps, between conversions that are proved",
    "Arithmetic::proof": NOTHING,
    **{("Kernel::" + name, "portable"): FORMULA for name in ("double", "add_affine", "add_to_sum", "add_to_sum_and_look_up", "square_times")},
    "Field::invert": "divsteps, between conversions that are proved",
    "Fe8::assert_highest_limb": "in debug builds alone",
    "fp1024_order::invert": "divsteps, between conversions that are proved",
}
