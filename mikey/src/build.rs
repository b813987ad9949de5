//! Making an I_MESSAGE, or one for each member of a group: RFC 6509 §2.1 and TS 33.180 Annex E.

use crate::error::BuildError;
use crate::keys::Tgk;
use crate::message::IMessage;
use crate::payload::{
    CsIdMap, Extension, Header, IdRole, IdType, Idr, Payload, PrfFunction, Sakke, SecurityPolicy,
    SignatureType, Timestamp,
};
use crate::user::{User, UserIdentifier};
use alloc::vec::Vec;
use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::rand_core::TryCryptoRng;
use eccsi_sakke::sakke::{self, EncapsulatedData};
use eccsi_sakke::{Error, eccsi};

/// What a message says, besides to whom.
#[derive(Clone, Debug)]
pub struct Draft {
    /// T, which also chooses the key period.
    pub time: UnixTime,
    /// CSB ID.
    pub key_id: KeyId,
    /// RAND. `None` draws 16 octets; give that of the first messages to hand a group key on to later members.
    pub rand: Option<Vec<u8>>,
    /// The PRF by which keys are derived.
    pub prf: PrfFunction,
    /// The crypto sessions.
    pub map: CsIdMap,
    /// Security policies; none means the default of TS 33.180.
    pub policies: Vec<SecurityPolicy>,
    /// General extensions, which follow SAKKE.
    pub extensions: Vec<Extension>,
    /// How initiator and responder are named.
    pub naming: Naming,
    /// Adds a SAKKE-to-self extension.
    pub to_self: bool,
}

impl Draft {
    /// A draft of the profile of TS 33.180 Annex E: PRF-HMAC-SHA-256, an empty map, no policy, all parties named.
    pub fn new(time: UnixTime, key_id: KeyId) -> Self {
        Self {
            time,
            key_id,
            rand: None,
            prf: PrfFunction::HMAC_SHA_256,
            map: CsIdMap::Empty,
            policies: Vec::new(),
            extensions: Vec::new(),
            naming: Naming::Uris,
            to_self: false,
        }
    }
}

/// CSB ID of the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyId {
    /// The same in each message.
    Same(u32),
    /// This is a GMK-ID: each member's message has its GUK-ID (TS 33.180 Annex F.1).
    Group(u32),
}

/// How a message names initiator and responder. URIs of their KMS stand in it where they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By URI: IDRi and IDRr.
    Uris,
    /// By UID: roles 8 and 9 (TS 33.180 Annex E.7).
    Hidden,
    /// Not at all: the signalling around the message says it (RFC 6509 §2.1).
    BySignalling,
}

/// The initiator.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// Its name.
    pub user: &'a User,
    /// Its key in the period of the message.
    pub key: &'a eccsi::SigningKey,
    /// Z of its KMS, for SAKKE-to-self.
    pub z: &'a sakke::KmsPublicKey,
}

/// A responder.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// Its name.
    pub user: &'a User,
    /// Z of its KMS.
    pub z: &'a sakke::KmsPublicKey,
}

/// Octets of RAND where it is drawn: what RFC 3830 recommends.
const RAND_BYTES: usize = 16;

impl IMessage {
    /// Makes a random TGK and a message that carries it to `recipient`.
    ///
    /// # Errors
    /// [`BuildError::SigningKey`] if the signing key is not that of the sender in the period of the message;
    /// [`BuildError::Crypto`] if `rng` fails; others if the draft is no message.
    ///
    /// # Timing
    /// Constant in the TGK and in the signing key.
    pub fn build<R: TryCryptoRng + ?Sized>(
        draft: &Draft,
        sender: &Sender<'_>,
        recipient: &Recipient<'_>,
        rng: &mut R,
    ) -> Result<(Self, Tgk), BuildError> {
        let (mut messages, tgk) = Self::build_many(draft, sender, core::slice::from_ref(recipient), rng)?;
        Ok((messages.pop().expect("one recipient gives one"), tgk))
    }

    /// Makes one random TGK and for each recipient a message that carries it, all with one RAND. RFC 6509 §5.
    ///
    /// # Errors
    /// As [`build`](Self::build); then there is no message for anyone.
    ///
    /// # Timing
    /// As [`build`](Self::build).
    pub fn build_many<R: TryCryptoRng + ?Sized>(
        draft: &Draft,
        sender: &Sender<'_>,
        recipients: &[Recipient<'_>],
        rng: &mut R,
    ) -> Result<(Vec<Self>, Tgk), BuildError> {
        let tgk = Tgk::generate(rng)?;
        Ok((Self::build_with(draft, sender, recipients, &tgk, rng)?, tgk))
    }

    /// As [`build_many`](Self::build_many), with a TGK that there is already: for who joins a group later.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    ///
    /// # Timing
    /// As [`build`](Self::build).
    pub fn build_with<R: TryCryptoRng + ?Sized>(
        draft: &Draft,
        sender: &Sender<'_>,
        recipients: &[Recipient<'_>],
        tgk: &Tgk,
        rng: &mut R,
    ) -> Result<Vec<Self>, BuildError> {
        let common = Common::new(draft, sender, tgk, rng)?;
        let identifiers = recipients.iter().map(|recipient| identifier(recipient.user, draft, sender));
        let identifiers = identifiers.collect::<Result<Vec<_>, _>>()?;
        let data = encapsulate_all(recipients, &identifiers, tgk)?;
        let mut unsigned = Vec::with_capacity(recipients.len());
        for ((recipient, identifier), data) in recipients.iter().zip(&identifiers).zip(&data) {
            let csb_id = match draft.key_id {
                KeyId::Same(csb_id) => csb_id,
                KeyId::Group(gmk_id) => tgk.guk_id(gmk_id, recipient.user.uri())?,
            };
            let header = Header { v: false, prf: draft.prf, csb_id, map: draft.map.clone() };
            let payloads = common.payloads(draft, sender, recipient.user, identifier, data)?;
            let length = eccsi::Signature::BYTES;
            unsigned.push(Self::signed_part(&header, &payloads, SignatureType::ECCSI, length)?);
        }
        let parts: Vec<&[u8]> = unsigned.iter().map(Vec::as_slice).collect();
        let signatures = sender.key.sign_many(&parts, rng)?;
        let signed = unsigned.into_iter().zip(&signatures);
        signed.map(|(octets, signature)| Self::signed(octets, &signature.to_bytes())).collect()
    }
}

/// What all messages of a group have in common.
struct Common {
    timestamp: Timestamp,
    rand: Vec<u8>,
    own: UserIdentifier,
    to_self: Option<Extension>,
}

impl Common {
    fn new<R: TryCryptoRng + ?Sized>(
        draft: &Draft,
        sender: &Sender<'_>,
        tgk: &Tgk,
        rng: &mut R,
    ) -> Result<Self, BuildError> {
        let own = sender.user.identifier(draft.time).ok_or(BuildError::Time)?;
        if !sender.key.is_for(own.identity()) {
            return Err(BuildError::SigningKey);
        }
        let to_self = if draft.to_self {
            let data = sender.z.encapsulate_ssv(&own.sakke(), tgk.ssv())?;
            Some(Extension::to_self(&sakke_payload(sender.user, &data))?)
        } else {
            None
        };
        let rand = match &draft.rand {
            Some(rand) => rand.clone(),
            None => {
                let mut rand = alloc::vec![0; RAND_BYTES];
                rng.try_fill_bytes(&mut rand).map_err(|_| Error::Rng)?;
                rand
            }
        };
        let timestamp = Timestamp::at(draft.time).ok_or(BuildError::Time)?;
        Ok(Self { timestamp, rand, own, to_self })
    }

    fn payloads(
        &self,
        draft: &Draft,
        sender: &Sender<'_>,
        recipient: &User,
        identifier: &UserIdentifier,
        data: &EncapsulatedData,
    ) -> Result<Vec<Payload>, BuildError> {
        let mut payloads = alloc::vec![Payload::Timestamp(self.timestamp), Payload::Rand(self.rand.clone())];
        let mut name = |role, data: &[u8]| {
            // UIDs have this type, too, in deployed messages.
            payloads.push(Payload::Idr(Idr { role, id_type: IdType::URI, data: data.to_vec() }));
        };
        match draft.naming {
            Naming::Uris => {
                name(IdRole::INITIATOR, sender.user.uri().as_bytes());
                name(IdRole::RESPONDER, recipient.uri().as_bytes());
            }
            Naming::Hidden => {
                name(IdRole::INITIATOR_UID, self.own.uid().ok_or(BuildError::NoUid)?);
                name(IdRole::RESPONDER_UID, identifier.uid().ok_or(BuildError::NoUid)?);
            }
            Naming::BySignalling => {}
        }
        for (role, user) in [(IdRole::INITIATOR_KMS, sender.user), (IdRole::RESPONDER_KMS, recipient)] {
            if let Some(kms_uri) = user.kms_uri() {
                name(role, kms_uri.as_bytes());
            }
        }
        payloads.extend(draft.policies.iter().cloned().map(Payload::Policy));
        payloads.push(Payload::Sakke(sakke_payload(recipient, data)));
        payloads.extend(self.to_self.iter().chain(&draft.extensions).cloned().map(Payload::Extension));
        Ok(payloads)
    }
}

fn sakke_payload(user: &User, data: &EncapsulatedData) -> Sakke {
    Sakke { parameters: 1, id_scheme: user.id_scheme(), data: data.to_bytes().to_vec() }
}

/// The identifier of a recipient, which must be of the sender's scheme: a receiver has one for both.
fn identifier(user: &User, draft: &Draft, sender: &Sender<'_>) -> Result<UserIdentifier, BuildError> {
    if user.id_scheme() != sender.user.id_scheme() {
        return Err(BuildError::IdScheme);
    }
    user.identifier(draft.time).ok_or(BuildError::Time)
}

/// Encapsulates to all members of each KMS at once; the results are in the order of the recipients.
fn encapsulate_all(
    recipients: &[Recipient<'_>],
    identifiers: &[UserIdentifier],
    tgk: &Tgk,
) -> Result<Vec<EncapsulatedData>, BuildError> {
    let mut order: Vec<usize> = (0..recipients.len()).collect();
    order.sort_by(|a, b| recipients[*a].z.cmp(recipients[*b].z));
    let mut data = Vec::with_capacity(recipients.len());
    for group in order.chunk_by(|a, b| recipients[*a].z == recipients[*b].z) {
        let ids: Vec<_> = group.iter().map(|index| identifiers[*index].sakke()).collect();
        let made = recipients[group[0]].z.encapsulate_many(&ids, tgk.ssv())?;
        data.extend(group.iter().copied().zip(made));
    }
    data.sort_by_key(|(index, _)| *index);
    Ok(data.into_iter().map(|(_, data)| data).collect())
}
