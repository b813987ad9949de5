//! RFC 6508 §6.2.2: the receiver decapsulates.

use super::encoding::encode_point;
use super::{EncapsulatedData, IssuedKey, KmsPublicKey, SharedSecretValue, hash};
use crate::curve::ss1024::{self, Base, FieldOctets, LineTable, PointComb, PointOctets};
use crate::error::Error;
use crate::identity::Identity;
use crate::secret::declassify;
use alloc::boxed::Box;
use alloc::vec::Vec;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A validated Receiver Secret Key (RFC 6508 §6.1.2), bound to one identity and one KMS.
///
/// Made by [`IssuedKey::validate`](super::IssuedKey::validate) only. Wiped when dropped, its line table
/// included; there is no way to clone, compare or print it, and [`expose`](Self::expose) is the one
/// way out.
#[doc(alias = "RSK")]
pub struct ReceiverSecretKey {
    issued: IssuedKey,
    id: Vec<u8>,
    kms: KmsPublicKey,
    /// \[b\]P + Z
    bound: PointOctets,
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
    pub(super) fn new(issued: IssuedKey, id: Identity<'_>, kms: &KmsPublicKey, bound: PointOctets) -> Self {
        Self { issued, id: id.as_bytes().to_vec(), kms: kms.clone(), bound, tables: None }
    }

    /// The identity the key was issued for.
    pub fn identity(&self) -> Identity<'_> {
        Identity::new(&self.id)
    }

    /// The KMS that issued it.
    pub fn kms(&self) -> &KmsPublicKey {
        &self.kms
    }

    /// The key itself, `04 ‖ x ‖ y`: to store it.
    pub fn expose(&self) -> Zeroizing<[u8; IssuedKey::BYTES]> {
        Zeroizing::new(encode_point(&self.issued.k))
    }

    /// The same key with the line table of K, 300 KB and as secret as K, and a comb of \[b\]P + Z,
    /// 48 KB: decapsulation then costs about a third. Building them takes about as long as one
    /// decapsulation without them.
    ///
    /// # Timing
    /// Constant in K.
    pub fn prepared(mut self) -> Self {
        self.tables.get_or_insert_with(|| {
            Box::new(Tables { lines: Zeroizing::new(LineTable::new(&self.issued.k)), comb: PointComb::new(&self.bound) })
        });
        self
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
    /// identity.
    ///
    /// [RFC 6508 §6.2.2]: https://www.rfc-editor.org/rfc/rfc6508#section-6.2.2
    pub fn decapsulate(&self, data: &EncapsulatedData) -> Result<SharedSecretValue, Error> {
        // 1) R, H: data were decoded. 2) w = < R, K >
        let w = Zeroizing::new(self.pairing(data));
        // 3) SSV = H xor HashToIntegerRange(w, 2^n)
        let ssv = SharedSecretValue::from_bytes(data.h()).masked(&hash::mask(&w));
        // 4) r = HashToIntegerRange(SSV ‖ b, q)
        let r = hash::exponent(&ssv.0, self.identity());
        // 5) TEST = [r]([b]P + Z), refused unless it is R
        let comb = self.tables.as_ref().map(|tables| &tables.comb);
        let bound = Base { point: &self.bound, table: comb };
        let right = ss1024::equals_many(bound, &[*r.as_octets()], &[data.r()])[0] & !r.is_zero();
        if declassify(right).into() { Ok(ssv) } else { Err(Error::DecapsulationFailed) }
    }

    /// < R, K >
    pub(super) fn pairing(&self, data: &EncapsulatedData) -> FieldOctets {
        let lines = self.tables.as_ref().map(|tables| &*tables.lines);
        ss1024::pairing_many(Base { point: &self.issued.k, table: lines }, &[data.r()])[0]
    }
}
