//! The seam of P-256 over an own kernel.

use super::batch::{self, BATCH};
use super::comb_term::CombTerm;
use super::field::{Fe, is_reduced};
use super::jacobian::{Affine, Jacobian, normalize};
use super::mul::{self, BARE, BARE_HALF, Term};
use super::order;
use super::recode::half_size_vartime;
use super::tables::{Rows, Table, generator_odd, generator_rows};
use crate::backend::p256::{Base, Check, Kernel, Limbs, Ops, PointOctets, ScalarOctets, TablePoint};
use crate::backend::portable::{limbs, p256_order};
use crate::secret::declassify;
use subtle::Choice;
use zeroize::Zeroizing;

/// Points without a table in one sum with shared doublings.
const BARE_TERMS: usize = 2;

/// Own arithmetic over a kernel.
#[derive(Clone, Copy)]
pub(super) struct Own<K>(pub(super) K);

fn scalar(octets: &ScalarOctets) -> Limbs {
    let k = limbs::from_octets(octets);
    debug_assert!(limbs::sub(&k, &p256_order::Q).1 == 1, "scalars are below q");
    k
}

impl<K: Kernel> Own<K> {
    fn affine(self, point: &PointOctets) -> Affine<K> {
        Affine::from_octets(self.0, point)
    }

    fn generator_times(self, k: &ScalarOctets) -> Jacobian<K> {
        mul::generator(self.0, &scalar(k))
    }

    fn scalar_product(self, a: &Limbs, b: &Limbs) -> Limbs {
        self.0.order_mul(&self.0.order_mul(a, b), &p256_order::R_2)
    }

    fn combination(self, g: &ScalarOctets, terms: &[(ScalarOctets, Base<'_, Table>)]) -> Jacobian<K> {
        if let (Rows::OfGenerator(_), [(k, Base { table: Some(table), .. })]) = (generator_rows(), terms) {
            let of_generator = CombTerm::new_vartime(generator_rows().comb(), &scalar(g));
            let of_point = CombTerm::new_vartime(table.rows().comb(), &scalar(k));
            return match [of_generator, of_point] {
                [Some(a), Some(b)] => mul::combs_vartime(self.0, &[a, b]),
                [a, b] => mul::combs_vartime(self.0, a.or(b).as_slice()),
            };
        }
        // As many terms at a time as there is room for; the first sum takes G along.
        let mut sum = Jacobian::identity(self.0);
        let mut g = Some(scalar(g));
        for terms in terms.chunks(BARE_TERMS) {
            sum = sum.add_vartime(&self.straus(g.take(), terms));
        }
        if g.is_some() {
            sum = sum.add_vartime(&self.straus(g, &[]));
        }
        sum
    }

    /// Σ with shared doublings, for at most [`BARE_TERMS`] terms and G.
    fn straus(self, g: Option<Limbs>, terms: &[(ScalarOctets, Base<'_, Table>)]) -> Jacobian<K> {
        let mut odd = [[TablePoint::ZERO; BARE]; BARE_TERMS];
        let mut multiples = [Jacobian::identity(self.0); BARE_TERMS * BARE];
        let bare = || terms.iter().filter(|(_, base)| base.table.is_none());
        for ((_, base), multiples) in bare().zip(multiples.chunks_exact_mut(BARE)) {
            let odd: [_; BARE] = mul::odd_multiples_vartime(&self.affine(base.point).into());
            multiples.copy_from_slice(&odd);
        }
        let used = &multiples[..bare().count() * BARE];
        normalize::<K, { BARE_TERMS * BARE }>(used, |i, point| odd[i / BARE][i % BARE] = point.to_table());

        let mut odd = odd.iter();
        let mut all: [Option<Term<'_>>; BARE_TERMS + 1] = [const { None }; BARE_TERMS + 1];
        all[0] = g.map(|g| Term::new_vartime(generator_odd(), &g, false));
        for (slot, (k, base)) in all[1..].iter_mut().zip(terms) {
            *slot = match base.table {
                Some(table) => Some(Term::new_vartime(table.rows().comb().odd(), &scalar(k), false)),
                None => odd.next().map(|odd| Term::bare_vartime(odd, &scalar(k), false)),
            };
        }
        mul::straus_vartime(self.0, &all)
    }

    fn non_identity(point: &Jacobian<K>) -> Option<PointOctets> {
        (point.is_identity() == 0).then(|| point.to_affine().to_octets())
    }
}

impl<K: Kernel> Ops for Own<K> {
    type Table = Table;

    #[cfg(feature = "tables")]
    fn table(&self, point: &PointOctets) -> Table {
        Table::new(self.0, point)
    }

    fn is_reduced(&self, octets: &[u8; 32]) -> bool {
        is_reduced(&limbs::from_octets(octets))
    }

    fn is_on_curve(&self, point: &PointOctets) -> bool {
        self.affine(point).is_on_curve()
    }

    fn decompress(&self, x: &[u8; 32], y_is_odd: Choice) -> Option<PointOctets> {
        let x_element = Fe::from_octets(self.0, x);
        let y = Fe::right_side(&x_element).square_root_candidate();
        let same_parity = (y.to_octets()[31] & 1) == y_is_odd.unwrap_u8();
        let point = Affine { x: x_element, y: if same_parity { y } else { y.negate() } };
        point.is_on_curve().then(|| point.to_octets())
    }

    fn scalar_reduce(&self, octets: &[u8; 32]) -> ScalarOctets {
        limbs::to_octets(&p256_order::reduce(&limbs::from_octets(octets)))
    }

    fn scalar_mul_add(&self, a: &ScalarOctets, b: &ScalarOctets, c: &ScalarOctets) -> ScalarOctets {
        let product = self.scalar_product(&scalar(a), &scalar(b));
        limbs::to_octets(&limbs::add_mod(&product, &scalar(c), &p256_order::Q))
    }

    fn scalar_mul(&self, a: &ScalarOctets, b: &ScalarOctets) -> ScalarOctets {
        limbs::to_octets(&self.scalar_product(&scalar(a), &scalar(b)))
    }

    fn scalar_invert(&self, a: &ScalarOctets) -> ScalarOctets {
        limbs::to_octets(&order::invert(self.0, &scalar(a)))
    }

    fn mul_generator(&self, k: &ScalarOctets) -> PointOctets {
        self.generator_times(k).to_affine().to_octets()
    }

    fn mul_generator_many(&self, k: &[ScalarOctets], out: &mut [PointOctets]) {
        let mut scalars = Zeroizing::new([[0; 4]; BATCH]);
        for (k, out) in k.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
            for (limbs, k) in scalars.iter_mut().zip(k) {
                *limbs = scalar(k);
            }
            batch::mul_generator_many(self.0, &scalars[..k.len()], out);
        }
    }

    fn mul(&self, k: &ScalarOctets, point: &PointOctets) -> PointOctets {
        mul::variable(self.0, &self.affine(point), &scalar(k)).to_affine().to_octets()
    }

    /// With a table of P, as \[k\]P + \[k·h\]Q: 256 doublings instead of 512.
    fn mul_sum(
        &self,
        k: &ScalarOctets,
        p: Base<'_, Table>,
        h: &ScalarOctets,
        q: &PointOctets,
    ) -> Option<PointOctets> {
        let (k_limbs, h_limbs) = (scalar(k), scalar(h));
        let (Some(table), false) = (p.table, h_limbs == [0; 4]) else {
            return self.add_mul_vartime(p.point, h, q).map(|sum| self.mul(k, &sum));
        };
        let first = mul::comb(self.0, table.rows(), &k_limbs);
        let second = mul::variable(self.0, &self.affine(q), &self.scalar_product(&k_limbs, &h_limbs));
        // Whoever chose Q knows how it relates to P, and so the sum may be one of equal points.
        let sum = first.add_complete(&second);
        // Its being the identity depends on P + [h]Q alone, which is public, k being no multiple of q.
        let is_identity = declassify(sum.is_identity()) != 0;
        (!is_identity).then(|| sum.to_affine().to_octets())
    }

    fn mul_generator_if_equal(
        &self,
        k: &ScalarOctets,
        p: Base<'_, Table>,
        h: &ScalarOctets,
        q: &PointOctets,
    ) -> (PointOctets, Choice) {
        // [k]G is the public key of k; it may be looked at, whether it is the expected one or not. The affine point may,
        // that is: the coordinates that the sum came with tell of the way to it, and so of k.
        let left = declassify(self.generator_times(k).to_affine());
        let minus_p = self.affine(p.point).negate_if(!0);
        let mut difference = Jacobian::from(left);
        difference.add_affine_vartime(&minus_p.to_table());
        // [k]G − P = [h]Q if and only if [b]([k]G − P) = [±a]Q, with half-size factors a = ±b·h:
        // b ≠ 0 modulo the prime q.
        let (a, b, negative) = half_size_vartime(&scalar(h));
        let mut points = [difference; 2 * BARE_HALF];
        let (of_difference, of_q) = points.split_at_mut(BARE_HALF);
        of_difference.copy_from_slice(&mul::odd_multiples_vartime::<K, BARE_HALF>(&difference));
        of_q.copy_from_slice(&mul::odd_multiples_vartime::<K, BARE_HALF>(&self.affine(q).into()));
        let mut tables = [[TablePoint::ZERO; BARE_HALF]; 2];
        normalize::<K, { 2 * BARE_HALF }>(&points, |i, point| {
            tables[i / BARE_HALF][i % BARE_HALF] = point.to_table();
        });
        let [of_difference, of_q] = &tables;
        let equal = if difference.is_identity() != 0 {
            a == [0; 4] // [h]Q is the identity as well
        } else {
            let terms = [
                Some(Term::bare_vartime(of_difference, &b, false)),
                Some(Term::bare_vartime(of_q, &a, !negative)),
            ];
            mul::straus_vartime(self.0, &terms).is_identity() != 0
        };
        (left.to_octets(), Choice::from(u8::from(equal)))
    }

    fn add_mul_vartime(&self, p: &PointOctets, h: &ScalarOctets, q: &PointOctets) -> Option<PointOctets> {
        let mut sum = self.straus(None, &[(*h, Base { point: q, table: None })]);
        sum.add_affine_vartime(&self.affine(p).to_table());
        Self::non_identity(&sum)
    }

    fn combination_vartime(
        &self,
        g: &ScalarOctets,
        terms: &[(ScalarOctets, Base<'_, Table>)],
    ) -> Option<PointOctets> {
        Self::non_identity(&self.combination(g, terms))
    }

    fn combination_has_x_vartime(
        &self,
        x: &[u8; 32],
        g: &ScalarOctets,
        terms: &[(ScalarOctets, Base<'_, Table>)],
    ) -> bool {
        let point = self.combination(g, terms);
        if point.is_identity() != 0 || !self.is_reduced(x) {
            return false;
        }
        // X/Z² = x, without an inversion
        (Fe::from_octets(self.0, x) * point.z().square()).equals(&point.x()) != 0
    }

    fn combinations_have_x_vartime(
        &self,
        checks: &[Check<'_, Table>],
        shared: Option<Base<'_, Table>>,
        out: &mut [bool],
    ) {
        match self.0.vectors() {
            Some(proof) => {
                let alone = |check: &Check<'_, Table>| self.check_vartime(check, shared);
                batch::check_many_vartime(self.0, proof, checks, shared, alone, out);
            }
            None => {
                for (check, out) in checks.iter().zip(out) {
                    *out = self.check_vartime(check, shared);
                }
            }
        }
    }

    fn sum_vartime(&self, terms: &[(ScalarOctets, PointOctets)]) -> Option<PointOctets> {
        Self::non_identity(&batch::sum_vartime(self.0, terms))
    }

    fn scalar_invert_many(&self, scalars: &mut [ScalarOctets]) {
        batch::scalar_invert_many(self.0, scalars);
    }
}
