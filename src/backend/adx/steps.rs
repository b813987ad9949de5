//! The instructions of the field of P-256, for the blocks that are made of them. Registers are named by
//! whoever uses them; `a` and `b` are addresses without their brackets.
//!
//! p = 2²⁵⁶ − 2²²⁴ + 2¹⁹² + 2⁹⁶ − 1. Radix 2⁶⁴, four limbs, Montgomery form with R = 2²⁵⁶; inputs and
//! outputs in [0, p − 1].
//!
//! Multiplication takes one limb of b at a time, low and high halves of its products on the two
//! carry chains, and after each clears the lowest limb t of the sum, as the portable kernel does:
//! p + 1 = 2⁹⁶ + p₃·2¹⁹², so that t·p is t·2³² in the next two limbs and the product t·p₃. A sum of
//! four limbs, a product and such a multiple stays below 2³²⁰: five limbs and no carry beyond.
//!
//! `p3` is a register that holds p₃, the top limb of p. Nothing here branches.

/// Adds t₀·p to the limbs `t0`, … `t4` and drops the lowest, which is 0 then; `t5` is the new top.
#[rustfmt::skip]
macro_rules! clear_lowest {
    ($t0:literal $t1:literal $t2:literal $t3:literal $t4:literal $t5:literal; $u:literal $v:literal $p3:literal) => {
        concat!(
            "mov rdx, ", $t0, "\n",
            "mov ", $u, ", rdx\n",
            "shl ", $u, ", 32\n",
            "shr ", $t0, ", 32\n",
            "xor ", $t5, ", ", $t5, "\n",
            "add ", $t1, ", ", $u, "\n",
            "adc ", $t2, ", ", $t0, "\n",
            "mulx ", $v, ", ", $u, ", ", $p3, "\n",
            "adc ", $t3, ", ", $u, "\n",
            "adc ", $t4, ", ", $v, "\n",
            "adc ", $t5, ", 0\n",
        )
    };
}

/// Adds a·b\[i\] to the limbs `t0`, … `t4`, `at` being 8i; no carry is left.
#[rustfmt::skip]
macro_rules! add_row {
    ($a:literal, $b:literal, $at:literal;
     $t0:literal $t1:literal $t2:literal $t3:literal $t4:literal; $u:literal $v:literal) => {
        concat!(
            "mov rdx, [", $b, " + ", $at, "]\n",
            "xor ", $u, ", ", $u, "\n", // both carries 0
            "mulx ", $v, ", ", $u, ", [", $a, "]\n",
            "adcx ", $t0, ", ", $u, "\n",
            "adox ", $t1, ", ", $v, "\n",
            "mulx ", $v, ", ", $u, ", [", $a, " + 8]\n",
            "adcx ", $t1, ", ", $u, "\n",
            "adox ", $t2, ", ", $v, "\n",
            "mulx ", $v, ", ", $u, ", [", $a, " + 16]\n",
            "adcx ", $t2, ", ", $u, "\n",
            "adox ", $t3, ", ", $v, "\n",
            "mulx ", $v, ", ", $u, ", [", $a, " + 24]\n",
            "adcx ", $t3, ", ", $u, "\n",
            "adox ", $t4, ", ", $v, "\n",
            "mov ", $u, ", 0\n",
            "adcx ", $t4, ", ", $u, "\n",
        )
    };
}

/// Subtracts p from the limbs `r0`, … `r3` with the carry `c`, unless they are below p. `s0`, … `s3`
/// and `c` are used up.
#[rustfmt::skip]
macro_rules! subtract_p {
    ($r0:literal $r1:literal $r2:literal $r3:literal; $c:literal
     $s0:literal $s1:literal $s2:literal $s3:literal $p3:literal) => {
        concat!(
            "mov ", $s0, ", ", $r0, "\n",
            "mov ", $s1, ", ", $r1, "\n",
            "mov ", $s2, ", ", $r2, "\n",
            "mov ", $s3, ", ", $r3, "\n",
            "mov edx, 0xffffffff\n", // the second limb of p; the lowest is −1, the third 0
            "sub ", $s0, ", -1\n",
            "sbb ", $s1, ", rdx\n",
            "sbb ", $s2, ", 0\n",
            "sbb ", $s3, ", ", $p3, "\n",
            "sbb ", $c, ", 0\n",
            "cmovnc ", $r0, ", ", $s0, "\n",
            "cmovnc ", $r1, ", ", $s1, "\n",
            "cmovnc ", $r2, ", ", $s2, "\n",
            "cmovnc ", $r3, ", ", $s3, "\n",
        )
    };
}

/// a·b/2²⁵⁶ mod p in the registers `t4`, `t5`, `t0`, `t1`: 20 MULX. `s` may be what `b` is relative to.
#[rustfmt::skip]
macro_rules! multiply {
    ($a:literal, $b:literal; $t0:literal $t1:literal $t2:literal $t3:literal $t4:literal $t5:literal;
     $u:literal $v:literal $s:literal $p3:literal) => {
        concat!(
            "mov rdx, [", $b, "]\n",
            "mulx ", $t1, ", ", $t0, ", [", $a, "]\n",
            "mulx ", $t2, ", ", $u, ", [", $a, " + 8]\n",
            "add ", $t1, ", ", $u, "\n",
            "mulx ", $t3, ", ", $u, ", [", $a, " + 16]\n",
            "adc ", $t2, ", ", $u, "\n",
            "mulx ", $t4, ", ", $u, ", [", $a, " + 24]\n",
            "adc ", $t3, ", ", $u, "\n",
            "adc ", $t4, ", 0\n",
            clear_lowest!($t0 $t1 $t2 $t3 $t4 $t5; $u $v $p3),
            add_row!($a, $b, "8"; $t1 $t2 $t3 $t4 $t5; $u $v),
            clear_lowest!($t1 $t2 $t3 $t4 $t5 $t0; $u $v $p3),
            add_row!($a, $b, "16"; $t2 $t3 $t4 $t5 $t0; $u $v),
            clear_lowest!($t2 $t3 $t4 $t5 $t0 $t1; $u $v $p3),
            add_row!($a, $b, "24"; $t3 $t4 $t5 $t0 $t1; $u $v),
            clear_lowest!($t3 $t4 $t5 $t0 $t1 $t2; $u $v $p3),
            subtract_p!($t4 $t5 $t0 $t1; $t2 $t3 $u $v $s $p3),
        )
    };
}

/// One step of the reduction of a square: the limbs `t0`, … `t3` plus t₀·p, less the lowest; `t0` is
/// the new top.
#[rustfmt::skip]
macro_rules! reduce_step {
    ($t0:literal $t1:literal $t2:literal $t3:literal; $u:literal $v:literal $p3:literal) => {
        concat!(
            "mov rdx, ", $t0, "\n",
            "mov ", $u, ", rdx\n",
            "shl ", $u, ", 32\n",
            "mov ", $v, ", rdx\n",
            "shr ", $v, ", 32\n",
            "mulx ", $t0, ", rdx, ", $p3, "\n",
            "add ", $t1, ", ", $u, "\n",
            "adc ", $t2, ", ", $v, "\n",
            "adc ", $t3, ", rdx\n",
            "adc ", $t0, ", 0\n",
        )
    };
}

/// a²/2²⁵⁶ mod p in the registers `t0`, … `t3`: 14 MULX.
#[rustfmt::skip]
macro_rules! square {
    ($a:literal; $t0:literal $t1:literal $t2:literal $t3:literal $t4:literal $t5:literal $t6:literal $t7:literal;
     $u:literal $v:literal $p3:literal) => {
        concat!(
            // the products of different limbs, in t1 to t6
            "mov rdx, [", $a, "]\n",
            "mulx ", $t2, ", ", $t1, ", [", $a, " + 8]\n",
            "mulx ", $t3, ", ", $u, ", [", $a, " + 16]\n",
            "add ", $t2, ", ", $u, "\n",
            "mulx ", $t4, ", ", $u, ", [", $a, " + 24]\n",
            "adc ", $t3, ", ", $u, "\n",
            "adc ", $t4, ", 0\n",
            "mov rdx, [", $a, " + 8]\n",
            "xor ", $t7, ", ", $t7, "\n", // both carries 0; stays 0
            "mulx ", $v, ", ", $u, ", [", $a, " + 16]\n",
            "adcx ", $t3, ", ", $u, "\n",
            "adox ", $t4, ", ", $v, "\n",
            "mulx ", $t5, ", ", $u, ", [", $a, " + 24]\n",
            "adcx ", $t4, ", ", $u, "\n",
            "adox ", $t5, ", ", $t7, "\n",
            "adcx ", $t5, ", ", $t7, "\n",
            "mov rdx, [", $a, " + 16]\n",
            "mulx ", $t6, ", ", $u, ", [", $a, " + 24]\n",
            "add ", $t5, ", ", $u, "\n",
            "adc ", $t6, ", 0\n",
            // twice them on one chain, the squares on the other
            "xor ", $u, ", ", $u, "\n",
            "mov rdx, [", $a, "]\n",
            "mulx ", $v, ", ", $t0, ", rdx\n",
            "adcx ", $t1, ", ", $t1, "\n",
            "adox ", $t1, ", ", $v, "\n",
            "mov rdx, [", $a, " + 8]\n",
            "mulx ", $v, ", ", $u, ", rdx\n",
            "adcx ", $t2, ", ", $t2, "\n",
            "adox ", $t2, ", ", $u, "\n",
            "adcx ", $t3, ", ", $t3, "\n",
            "adox ", $t3, ", ", $v, "\n",
            "mov rdx, [", $a, " + 16]\n",
            "mulx ", $v, ", ", $u, ", rdx\n",
            "adcx ", $t4, ", ", $t4, "\n",
            "adox ", $t4, ", ", $u, "\n",
            "adcx ", $t5, ", ", $t5, "\n",
            "adox ", $t5, ", ", $v, "\n",
            "mov rdx, [", $a, " + 24]\n",
            "mulx ", $v, ", ", $u, ", rdx\n",
            "adcx ", $t6, ", ", $t6, "\n",
            "adox ", $t6, ", ", $u, "\n",
            "adcx ", $t7, ", ", $t7, "\n",
            "adox ", $t7, ", ", $v, "\n",
            reduce_step!($t0 $t1 $t2 $t3; $u $v $p3),
            reduce_step!($t1 $t2 $t3 $t0; $u $v $p3),
            reduce_step!($t2 $t3 $t0 $t1; $u $v $p3),
            reduce_step!($t3 $t0 $t1 $t2; $u $v $p3),
            "xor ", $u, ", ", $u, "\n",
            "add ", $t0, ", ", $t4, "\n",
            "adc ", $t1, ", ", $t5, "\n",
            "adc ", $t2, ", ", $t6, "\n",
            "adc ", $t3, ", ", $t7, "\n",
            "adc ", $u, ", 0\n",
            subtract_p!($t0 $t1 $t2 $t3; $u $t4 $t5 $t6 $t7 $p3),
        )
    };
}

/// r + b mod p.
#[rustfmt::skip]
macro_rules! add {
    ($b:literal; $r0:literal $r1:literal $r2:literal $r3:literal; $c:literal
     $s0:literal $s1:literal $s2:literal $s3:literal $p3:literal) => {
        concat!(
            "xor ", $c, ", ", $c, "\n",
            "add ", $r0, ", [", $b, "]\n",
            "adc ", $r1, ", [", $b, " + 8]\n",
            "adc ", $r2, ", [", $b, " + 16]\n",
            "adc ", $r3, ", [", $b, " + 24]\n",
            "adc ", $c, ", 0\n",
            subtract_p!($r0 $r1 $r2 $r3; $c $s0 $s1 $s2 $s3 $p3),
        )
    };
}

/// r − b mod p. `m`, `m1` and `k` are used up.
#[rustfmt::skip]
macro_rules! subtract {
    ($b:literal; $r0:literal $r1:literal $r2:literal $r3:literal;
     $m:literal $m1:literal $k:literal $p3:literal) => {
        concat!(
            "sub ", $r0, ", [", $b, "]\n",
            "sbb ", $r1, ", [", $b, " + 8]\n",
            "sbb ", $r2, ", [", $b, " + 16]\n",
            "sbb ", $r3, ", [", $b, " + 24]\n",
            "sbb ", $m, ", ", $m, "\n", // all ones after a borrow, else 0
            "mov ", $m1, ", ", $m, "\n",
            "shr ", $m1, ", 32\n",
            "mov ", $k, ", ", $p3, "\n",
            "and ", $k, ", ", $m, "\n",
            "add ", $r0, ", ", $m, "\n",
            "adc ", $r1, ", ", $m1, "\n",
            "adc ", $r2, ", 0\n",
            "adc ", $r3, ", ", $k, "\n",
        )
    };
}

/// r/2 mod p. `m`, `m1` and `k` are used up.
#[rustfmt::skip]
macro_rules! halve {
    ($r0:literal $r1:literal $r2:literal $r3:literal; $m:literal $m1:literal $k:literal $p3:literal) => {
        concat!(
            "mov ", $m, ", ", $r0, "\n",
            "and ", $m, ", 1\n",
            "neg ", $m, "\n", // all ones where r is odd: then r + p is even
            "mov ", $m1, ", ", $m, "\n",
            "shr ", $m1, ", 32\n",
            "mov ", $k, ", ", $p3, "\n",
            "and ", $k, ", ", $m, "\n",
            "add ", $r0, ", ", $m, "\n",
            "adc ", $r1, ", ", $m1, "\n",
            "adc ", $r2, ", 0\n",
            "adc ", $r3, ", ", $k, "\n",
            "sbb ", $m, ", ", $m, "\n", // the carry, to be shifted in
            "shrd ", $r0, ", ", $r1, ", 1\n",
            "shrd ", $r1, ", ", $r2, ", 1\n",
            "shrd ", $r2, ", ", $r3, ", 1\n",
            "shrd ", $r3, ", ", $m, ", 1\n",
        )
    };
}
