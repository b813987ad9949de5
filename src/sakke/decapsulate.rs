//! RFC 6508 §6.2.2: the receiver decapsulates.

use super::batch::in_batches;
use super::encoding::encode_point;
use super::{EncapsulatedData, IssuedKey, KmsPublicKey, SharedSecretValue, hash};
use crate::curve::ss1024::{self, Base, FieldOctets, LineTable, PointComb, PointOctets};
use crate::error::{BatchError, Error};
use crate::identity::sakke_identifier::Identifier;
use crate::secret::declassify;
use alloc::boxed::Box;
use alloc::vec::Vec;
use subtle::ConstantTimeEq;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A validated Receiver Secret Key (RFC 6508 §6.1.2), bound to one identity and one KMS.
///
/// Made by [`IssuedKey::validate`](super::IssuedKey::validate) only. Wiped when dropped, its line table
/// included; there is no way to clone, compare or print it, and [`expose`](Self::expose) is the one
/// way out.
#[doc(alias = "RSK")]
pub struct ReceiverSecretKey {
    issued: IssuedKey,
    id: Identifier,
    kms: KmsPublicKey,
    /// \[b\]P + Z, if it was computed.
    bound: Option<PointOctets>,
    tables: Option<Box<Tables>>,
}

struct Tables {
    /// Of K: secret.
    lines: Zeroizing<LineTable>,
    /// Of \[b\]P + Z: public.
    comb: PointComb,
}

crate::secret::redacted_debug!(ReceiverSecretKey);

// K is wiped by `IssuedKey`, its line table by `Zeroizing`; the rest is public.
impl ZeroizeOnDrop for ReceiverSecretKey {}

impl ReceiverSecretKey {
    pub(super) fn new(
        issued: IssuedKey,
        id: &Identifier,
        kms: &KmsPublicKey,
        bound: Option<PointOctets>,
    ) -> Self {
        Self { issued, id: id.clone(), kms: kms.clone(), bound, tables: None }
    }

    /// The identifier the key was issued for.
    pub fn identity(&self) -> &Identifier {
        &self.id
    }

    /// Z of the KMS that issued the key.
    pub fn kms_public_key(&self) -> &KmsPublicKey {
        &self.kms
    }

    /// The key itself, `04 ‖ x ‖ y`: to store it.
    ///
    /// # Timing
    /// Constant: octets are copied.
    pub fn expose(&self) -> Zeroizing<[u8; IssuedKey::BYTES]> {
        Zeroizing::new(encode_point(&self.issued.k))
    }

    /// The same key with the functions of the pairing's loop that walks K, about 0.4 MB (on `ifma` 0.6 MB) and
    /// as secret as K, and a comb of \[b\]P + Z, 0.1 MB: decapsulation then costs about a third. Building
    /// them takes a few milliseconds.
    ///
    /// # Timing
    /// Constant in K.
    pub fn prepared(mut self) -> Self {
        let bound = self.bound_point();
        self.bound = Some(bound);
        self.tables.get_or_insert_with(|| {
            Box::new(Tables {
                lines: Zeroizing::new(LineTable::new(&self.issued.k)),
                comb: PointComb::new(&bound),
            })
        });
        self
    }

    /// \[b\]P + Z, which is not infinity: its pairing with K is g.
    fn bound_point(&self) -> PointOctets {
        self.bound.unwrap_or_else(|| self.kms.bound_point(&self.id).expect("a point that K was paired with"))
    }

    /// Decapsulates SSV: [RFC 6508 §6.2.2].
    ///
    /// R need not have order q for K to be safe: the loop of the pairing walks K, and a part of R
    /// of order 2 or 4 changes nothing in the value; then TEST ≠ R. `docs/maths.md` proves it.
    ///
    /// # Errors
    /// [`Error::DecapsulationFailed`] if TEST ≠ R, for whatever reason. SSV is wiped then.
    ///
    /// # Timing
    /// Constant in K, w, SSV and r, and the same for every refusal. Depends on the length of the
    /// identifier.
    ///
    /// [RFC 6508 §6.2.2]: https://www.rfc-editor.org/rfc/rfc6508#section-6.2.2
    pub fn decapsulate(&self, data: &EncapsulatedData) -> Result<SharedSecretValue, Error> {
        let mut ssv = [refused(0)];
        self.decapsulate_batch(core::slice::from_ref(data), &mut ssv);
        let [ssv] = ssv;
        Ok(ssv?)
    }

    /// Decapsulates each of `data`, in their order: the results are those of
    /// [`decapsulate`](Self::decapsulate), faster on CPUs with lanes. With the feature `rayon`, on all cores.
    ///
    /// # Errors
    /// In the place of each of `data` that it refuses, [`Error::DecapsulationFailed`] with that place.
    ///
    /// # Timing
    /// As [`decapsulate`](Self::decapsulate). Depends on the number of `data`.
    pub fn decapsulate_many(&self, data: &[EncapsulatedData]) -> Vec<Result<SharedSecretValue, BatchError>> {
        let mut ssv: Vec<_> = (0..data.len()).map(refused).collect();
        let done = in_batches(data, &mut ssv, |data, ssv| {
            self.decapsulate_batch(data, ssv);
            Ok(())
        });
        debug_assert_eq!(done, Ok(()), "each place has an outcome of its own");
        ssv
    }

    /// Puts SSV in the place of each that is right; what stands in the others stays.
    fn decapsulate_batch(
        &self,
        data: &[EncapsulatedData],
        out: &mut [Result<SharedSecretValue, BatchError>],
    ) {
        // 1) R, H: data were decoded. 2) w = < R, K >
        let w = self.pairings(data);
        let mut ssv = Vec::with_capacity(data.len());
        let mut exponents = Zeroizing::new(Vec::with_capacity(data.len()));
        for (data, w) in data.iter().zip(w.iter()) {
            // 3) SSV = H xor HashToIntegerRange(w, 2^n)
            let value = SharedSecretValue::from_bytes(data.h()).masked(&hash::mask(w));
            // 4) r = HashToIntegerRange(SSV ‖ b, q)
            exponents.push(*hash::exponent(&value.0, self.identity()).as_octets());
            ssv.push(value);
        }
        // 5) TEST = [r]([b]P + Z), refused unless it is R
        let comb = self.tables.as_ref().map(|tables| &tables.comb);
        let points: Vec<_> = data.iter().map(EncapsulatedData::r).collect();
        let right =
            ss1024::equals_many(Base { point: &self.bound_point(), table: comb }, &exponents, &points);
        for (((ssv, r), right), out) in ssv.iter().zip(exponents.iter()).zip(right).zip(out) {
            if declassify(right & !r.ct_eq(&[0; 128])).into() {
                *out = Ok(SharedSecretValue::from_bytes(&ssv.0));
            }
        }
    }

    /// < R, K > for each R.
    pub(super) fn pairings(&self, data: &[EncapsulatedData]) -> Zeroizing<Vec<FieldOctets>> {
        let lines = self.tables.as_ref().map(|tables| &*tables.lines);
        let points: Vec<_> = data.iter().map(EncapsulatedData::r).collect();
        ss1024::pairing_many(Base { point: &self.issued.k, table: lines }, &points)
    }
}

fn refused(index: usize) -> Result<SharedSecretValue, BatchError> {
    Err(BatchError::new(index, Error::DecapsulationFailed))
}
