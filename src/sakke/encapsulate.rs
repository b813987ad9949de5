//! RFC 6508 §6.2.1: a sender encapsulates a Shared Secret Value to a receiver.

use super::batch::in_batches;
use super::encoding::identifier_integer;
use super::{EncapsulatedData, KmsPublicKey, SharedSecretValue, hash};
use crate::curve::ss1024::{self, Base, Commit, Committed, PointComb, PointOctets, Scalar, UnitComb};
use crate::error::{BatchError, Error};
use crate::identity::sakke_identifier::Identifier;
use crate::secret::declassify;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

impl KmsPublicKey {
    /// Makes a random SSV and encapsulates it to `id`: [RFC 6508 §6.2.1].
    ///
    /// With [`prepared`](Self::prepared) tables R is \[r·b\]P + \[r\]Z by two combs; without, \[b\]P + Z
    /// is computed and multiplied. For many messages to one receiver see
    /// [`recipient`](Self::recipient).
    ///
    /// # Errors
    /// [`Error::Rng`] if `rng` fails; [`Error::UnusableIdentity`] if \[b\]P + Z is infinity.
    ///
    /// # Timing
    /// Constant in SSV, r and g^r. Depends on `id` and Z.
    ///
    /// [RFC 6508 §6.2.1]: https://www.rfc-editor.org/rfc/rfc6508#section-6.2.1
    pub fn encapsulate<R: TryCryptoRng + ?Sized>(
        &self,
        id: &Identifier,
        rng: &mut R,
    ) -> Result<(EncapsulatedData, SharedSecretValue), Error> {
        let ssv = SharedSecretValue::generate(rng)?;
        Ok((self.encapsulate_ssv(id, &ssv)?, ssv))
    }

    /// Encapsulates a given SSV to `id`. RFC 6508 §6.2.1 from step 2.
    ///
    /// The same SSV may go to several receivers (§6.2.3); each gets its own r. It has to be as
    /// unpredictable as a key.
    ///
    /// # Errors
    /// As [`encapsulate`](Self::encapsulate), and [`Error::UnusableNonce`] for an SSV whose r is 0,
    /// which nobody can find.
    ///
    /// # Timing
    /// As [`encapsulate`](Self::encapsulate).
    pub fn encapsulate_ssv(
        &self,
        id: &Identifier,
        ssv: &SharedSecretValue,
    ) -> Result<EncapsulatedData, Error> {
        let mut data = self.encapsulate_many(core::slice::from_ref(id), ssv)?;
        Ok(data.pop().expect("one receiver gives one"))
    }

    /// Encapsulates one SSV to each of `ids`, in their order (RFC 6508 §6.2.3): the results are
    /// those of [`encapsulate_ssv`](Self::encapsulate_ssv), a little faster, since they share
    /// inversions. With the feature `rayon`, on all cores.
    ///
    /// # Errors
    /// [`BatchError`] with the place of the first of `ids` that [`encapsulate_ssv`](Self::encapsulate_ssv)
    /// refuses, and why; then there is no result.
    ///
    /// # Timing
    /// As [`encapsulate`](Self::encapsulate).
    pub fn encapsulate_many(
        &self,
        ids: &[Identifier],
        ssv: &SharedSecretValue,
    ) -> Result<Vec<EncapsulatedData>, BatchError> {
        let mut data = alloc::vec![None; ids.len()];
        in_batches(ids, &mut data, |ids, data| self.encapsulate_batch(ids, ssv, data))?;
        Ok(data.into_iter().map(|data| data.expect("each batch fills its places")).collect())
    }

    /// The receiver `id`, for a sender that writes to it often.
    ///
    /// # Errors
    /// [`Error::UnusableIdentity`] if \[b\]P + Z is the point at infinity.
    ///
    /// # Timing
    /// Variable: identity and Z are public.
    pub fn recipient(&self, id: &Identifier) -> Result<Recipient, Error> {
        let g = self.tables().map(|tables| tables.g.clone());
        Ok(Recipient::new(id, self.bound_point(id)?, g))
    }

    fn encapsulate_batch(
        &self,
        receivers: &[Identifier],
        ssv: &SharedSecretValue,
        data: &mut [Option<EncapsulatedData>],
    ) -> Result<(), BatchError> {
        let p = ss1024::generator();
        let mut scalars = Vec::with_capacity(receivers.len());
        for (index, id) in receivers.iter().enumerate() {
            let refused = |error| BatchError::new(index, error);
            // 2) r = HashToIntegerRange(SSV ‖ b, q)
            let (b, r) = (identifier_integer(id), exponent(ssv, id).map_err(refused)?);
            let bound = match self.tables() {
                Some(_) => None,
                None => Some(self.bound_point_of(&b).map_err(refused)?),
            };
            scalars.push((b.mul(&r), r, bound));
        }
        // 3) R = [r]([b]P + Z)
        let jobs: Vec<_> = scalars
            .iter()
            .map(|(rb, r, bound)| {
                let r = r.as_octets();
                let terms = match (self.tables(), bound) {
                    (Some(tables), _) => alloc::vec![
                        (rb.as_octets(), Base { point: &p, table: Some(&tables.p) }),
                        (r, Base { point: self.point(), table: Some(&tables.z) }),
                    ],
                    (None, Some(bound)) => alloc::vec![(r, Base { point: bound, table: None })],
                    (None, None) => Vec::new(),
                };
                Commit { r, terms }
            })
            .collect();
        finish(&jobs, self.tables().map(|tables| &*tables.g), ssv, data)
    }
}

/// r, refused if it is 0.
fn exponent(ssv: &SharedSecretValue, id: &Identifier) -> Result<Scalar, Error> {
    let r = hash::exponent(&ssv.0, id);
    if declassify(r.is_zero()).into() { Err(Error::UnusableNonce) } else { Ok(r) }
}

/// Steps 3 to 5 of RFC 6508 §6.2.1.
fn finish(
    jobs: &[Commit<'_, PointComb>],
    g: Option<&UnitComb>,
    ssv: &SharedSecretValue,
    data: &mut [Option<EncapsulatedData>],
) -> Result<(), BatchError> {
    // g^r gives SSV away: wiped where it lies.
    let committed = Zeroizing::new(ss1024::commit_many(jobs, g));
    for (index, (Committed { point: r, power: w, is_infinity }, data)) in
        committed.iter().zip(data).enumerate()
    {
        // It means that [b]P + Z is infinity, which depends on public values only.
        if declassify(*is_infinity).into() {
            return Err(BatchError::new(index, Error::UnusableIdentity));
        }
        // 4) H = SSV xor HashToIntegerRange(g^r, 2^n)
        let h = ssv.masked(&hash::mask(w));
        // 5) R ‖ H
        *data = Some(EncapsulatedData::from_parts(&declassify(*r), &declassify(h.0)));
    }
    Ok(())
}

/// A receiver to whom a sender writes often: its identity and \[b\]P + Z.
///
/// Made by [`KmsPublicKey::recipient`]. Public; clones share tables.
#[derive(Clone)]
pub struct Recipient {
    id: Identifier,
    bound: PointOctets,
    comb: Option<Arc<PointComb>>,
    g: Option<Arc<UnitComb>>,
}

impl Recipient {
    fn new(id: &Identifier, bound: PointOctets, g: Option<Arc<UnitComb>>) -> Self {
        Self { id: id.clone(), bound, comb: None, g }
    }

    /// The receiver's identifier.
    pub fn identity(&self) -> &Identifier {
        &self.id
    }

    /// The same with combs of \[b\]P + Z, 0.1 MB, and of g, 37 KB (shared with a prepared
    /// [`KmsPublicKey`]): an encapsulation then costs about a quarter. Building them takes about as
    /// long as one encapsulation without them.
    ///
    /// # Timing
    /// Variable: identity and Z are public.
    pub fn prepared(self) -> Self {
        let comb = self.comb.unwrap_or_else(|| Arc::new(PointComb::new(&self.bound)));
        let g = self.g.unwrap_or_else(|| Arc::new(UnitComb::of_g()));
        Self { comb: Some(comb), g: Some(g), ..self }
    }

    /// Makes a random SSV and encapsulates it: as [`KmsPublicKey::encapsulate`].
    ///
    /// # Errors
    /// [`Error::Rng`] if `rng` fails.
    ///
    /// # Timing
    /// Constant in SSV, r and g^r.
    pub fn encapsulate<R: TryCryptoRng + ?Sized>(
        &self,
        rng: &mut R,
    ) -> Result<(EncapsulatedData, SharedSecretValue), Error> {
        let ssv = SharedSecretValue::generate(rng)?;
        Ok((self.encapsulate_ssv(&ssv)?, ssv))
    }

    /// Encapsulates a given SSV: as [`KmsPublicKey::encapsulate_ssv`].
    ///
    /// # Errors
    /// [`Error::UnusableNonce`] for an SSV whose r is 0, which nobody can find.
    ///
    /// # Timing
    /// Constant in SSV, r and g^r.
    pub fn encapsulate_ssv(&self, ssv: &SharedSecretValue) -> Result<EncapsulatedData, Error> {
        let r = exponent(ssv, self.identity())?;
        let base = Base { point: &self.bound, table: self.comb.as_deref() };
        let job = Commit { r: r.as_octets(), terms: alloc::vec![(r.as_octets(), base)] };
        let mut data = [None];
        finish(&[job], self.g.as_deref(), ssv, &mut data)?;
        let [data] = data;
        Ok(data.expect("one receiver gives one"))
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipient").field("identity", &self.identity()).finish_non_exhaustive()
    }
}
