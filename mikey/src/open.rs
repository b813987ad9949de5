//! The responder's steps: RFC 6509 §2.1, with the replay check of RFC 3830 §5.4 and the profile of TS 33.180 Annex E.
//!
//! 1. read, and refuse what is not supported,
//! 2. ask who the initiator is and whether it is admitted,
//! 3. derive the identifiers from the names and the key period of T, and compare what the message says of them,
//! 4. verify the signature,
//! 5. find the receiver's key, and refuse what is too old, from the future or there before,
//! 6. decapsulate,
//! 7. read the security policies, and remember the message.
//!
//! No secret is touched before step 6, and SAKKE sees nothing that no admitted initiator signed. A message need not name its
//! responder, so that step 6 alone tells whether it is for this one: only then it takes a place in the replay cache. Who sends
//! on what was meant for others finds that place free for what is meant for this receiver.

use crate::error::Refusal;
use crate::keys::{Context, DerivedKey, KeyKind, Tgk};
use crate::message::IMessage;
use crate::payload::{ExtensionType, IdRole, PrfFunction, Sakke, SignatureType, SrtpPolicy, Timestamp};
use crate::replay::{ReplayCache, Seen, Verdict};
use crate::user::{User, UserIdentifier};
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::time::Duration;
use eccsi_sakke::eccsi::{self, Signature};
use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::sakke::{EncapsulatedData, ReceiverSecretKey};
use sha2::{Digest, Sha256};

/// Who opens, and what it accepts.
#[derive(Clone, Copy, Debug)]
pub struct Receiver<'a, K = ReceiverSecretKey> {
    /// Its name.
    pub user: &'a User,
    /// Its keys: that of the current period, and while periods overlap that of the other one. They may be references.
    pub keys: &'a [K],
    /// How far T may lie back.
    pub past: Duration,
    /// How far T may lie ahead.
    pub future: Duration,
    /// For how long keys of a period are accepted before it begins and after it ends.
    pub overlap: Duration,
}

impl Receiver<'_> {
    /// By how much clocks may differ, both ways: five minutes.
    pub const SKEW: Duration = Duration::from_secs(5 * 60);
    /// RFC 6509 §3.2: new keys from the second-to-last day of a month, old ones up to the second day.
    pub const OVERLAP: Duration = Duration::from_secs(2 * 86_400);
}

impl<'a, K: Borrow<ReceiverSecretKey>> Receiver<'a, K> {
    /// A receiver for messages of a call that is being set up.
    pub const fn new(user: &'a User, keys: &'a [K]) -> Self {
        Self { user, keys, past: Receiver::SKEW, future: Receiver::SKEW, overlap: Receiver::OVERLAP }
    }

    /// A receiver for messages that were stored: T may lie `past` back. RFC 6509 §6.2. Key periods end all the same.
    pub const fn deferred(self, past: Duration) -> Self {
        Self { past, ..self }
    }
}

/// What a message says of its initiator, before anything is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// IDRi.
    pub uri: Option<&'a [u8]>,
    /// IDRuidi: the UID in the key period of T.
    pub uid: Option<&'a [u8]>,
    /// IDRkmsi.
    pub kms_uri: Option<&'a [u8]>,
    /// T, by which a user's UID is found.
    pub time: UnixTime,
}

/// An initiator whose messages are accepted.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its name.
    pub user: &'a User,
    /// KPAK of its KMS.
    pub kpak: &'a eccsi::KmsPublicKey,
}

/// Says who is admitted as an initiator.
pub trait Initiators {
    /// The initiator that this may be; `None` if it is not known or not admitted. What was claimed and is not that of the
    /// user who is returned leads to a refusal.
    fn find(&self, claim: &Claim<'_>) -> Option<Known<'_>>;
}

/// Those in a list, found by URI or by UID.
impl Initiators for [Known<'_>] {
    fn find(&self, claim: &Claim<'_>) -> Option<Known<'_>> {
        let named = |known: &&Known<'_>| match (claim.uri, claim.uid) {
            (Some(uri), _) => known.user.uri().as_bytes() == uri,
            (None, Some(uid)) => {
                known.user.identifier(claim.time).is_some_and(|identifier| identifier.uid() == Some(uid))
            }
            (None, None) => false,
        };
        self.iter().find(named).copied()
    }
}

/// The one whom the signalling names, whether or not the message does.
impl Initiators for Known<'_> {
    fn find(&self, _: &Claim<'_>) -> Option<Known<'_>> {
        Some(*self)
    }
}

/// A message with the key that it carries: one that was opened, or that the sender made.
#[derive(Debug)]
pub struct Opened {
    /// The message.
    pub message: IMessage,
    /// T.
    pub time: UnixTime,
    /// The key that it carries.
    pub tgk: Tgk,
    /// The policies of SRTP by their numbers. Empty: the default, [`SrtpPolicy::MCX`], holds.
    pub policies: Vec<(u8, SrtpPolicy)>,
}

impl Opened {
    /// What the sender has of a message that it made with `tgk`.
    ///
    /// # Errors
    /// [`Refusal`] if its PRF or its policies would keep a receiver from opening it.
    pub fn sent(message: IMessage, time: UnixTime, tgk: &Tgk) -> Result<Self, Refusal> {
        check_prf(&message)?;
        let policies = message.srtp_policies()?;
        Ok(Self { message, time, tgk: Tgk::from_bytes(&tgk.expose()), policies })
    }

    /// Derives a key of `length` octets for a crypto session of the message: as [`Tgk::derive`], with PRF, CSB ID and RAND
    /// of the message.
    ///
    /// # Timing
    /// Constant in the TGK.
    pub fn derive(&self, kind: KeyKind, cs_id: u8, length: usize) -> DerivedKey {
        let header = self.message.header();
        let context = Context { prf: header.prf, cs_id, csb_id: header.csb_id, rand: self.message.rand() };
        self.tgk.derive(kind, &context, length).expect("none of them has another PRF")
    }
}

impl IMessage {
    /// Opens a message as its responder.
    ///
    /// # Errors
    /// [`Refusal`], in the order of the steps; with a failed signature no secret is touched, and what is refused, for
    /// whatever reason, is not remembered.
    ///
    /// # Timing
    /// Variable up to the signature, which is public. Then constant in the receiver's key and the TGK, as far as
    /// [`ReceiverSecretKey::decapsulate`] is.
    pub fn open<K: Borrow<ReceiverSecretKey>, D: Initiators + ?Sized, C: ReplayCache + ?Sized>(
        octets: &[u8],
        receiver: &Receiver<'_, K>,
        initiators: &D,
        replay: &mut C,
        now: UnixTime,
    ) -> Result<Opened, Refusal> {
        let message = Self::parse(octets)?;
        let time = check_supported(&message, receiver, now)?;
        // 2)
        let initiator = initiators.find(&claim(&message, time)).ok_or(Refusal::NotAdmitted)?;
        // 3)
        let signer = identify_initiator(&message, &initiator, receiver, time, now)?;
        let own = receiver.user.identifier(time).ok_or(Refusal::KeyPeriod)?;
        for (role, value) in [
            (IdRole::RESPONDER, Some(receiver.user.uri().as_bytes())),
            (IdRole::RESPONDER_UID, own.uid()),
            (IdRole::RESPONDER_KMS, receiver.user.kms_uri().map(str::as_bytes)),
        ] {
            check_identity(&message, role, value)?;
        }
        verify(&message, &initiator, &signer)?;
        let key = find_key(receiver, &own)?;
        let seen = check_fresh(&message, &initiator, &signer, receiver, time, now)?;
        admit(replay.check(&seen, now))?;
        let tgk = decapsulate(message.sakke(), key)?;
        let policies = message.srtp_policies()?;
        admit(replay.remember(&seen, now))?;
        Ok(Opened { message, time, tgk, policies })
    }

    /// Opens one's own message by its SAKKE-to-self extension: as another device of the initiator, whose name and keys
    /// `initiator` has, and whose KMS has `kpak`.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`Refusal::NotToSelf`] if the message does not have the extension.
    ///
    /// # Timing
    /// As [`open`](Self::open).
    pub fn open_own<K: Borrow<ReceiverSecretKey>, C: ReplayCache + ?Sized>(
        octets: &[u8],
        initiator: &Receiver<'_, K>,
        kpak: &eccsi::KmsPublicKey,
        replay: &mut C,
        now: UnixTime,
    ) -> Result<Opened, Refusal> {
        let message = Self::parse(octets)?;
        let time = check_supported(&message, initiator, now)?;
        let extension = message.extension(ExtensionType::SAKKE_TO_SELF).ok_or(Refusal::NotToSelf)?;
        let sakke = extension.sakke_to_self()?.ok_or(Refusal::NotToSelf)?;
        check_sakke(&sakke, initiator.user)?;
        let known = Known { user: initiator.user, kpak };
        let own = identify_initiator(&message, &known, initiator, time, now)?;
        verify(&message, &known, &own)?;
        let key = find_key(initiator, &own)?;
        let seen = check_fresh(&message, &known, &own, initiator, time, now)?;
        admit(replay.check(&seen, now))?;
        let tgk = decapsulate(&sakke, key)?;
        let policies = message.srtp_policies()?;
        admit(replay.remember(&seen, now))?;
        Ok(Opened { message, time, tgk, policies })
    }
}

/// 1) What is well-formed but not supported; gives T.
fn check_supported<K>(
    message: &IMessage,
    receiver: &Receiver<'_, K>,
    now: UnixTime,
) -> Result<UnixTime, Refusal> {
    check_prf(message)?;
    if message.sign().signature_type != SignatureType::ECCSI {
        return Err(Refusal::SignatureType(message.sign().signature_type.0));
    }
    if message.has_certificate() {
        return Err(Refusal::Certificate);
    }
    check_sakke(message.sakke(), receiver.user)?;
    match message.timestamp() {
        // RFC 6509 §2.1: the month is read from one of these two.
        timestamp @ (Timestamp::NtpUtc(_) | Timestamp::Ntp(_)) => {
            timestamp.near(now).ok_or(Refusal::KeyPeriod)
        }
        other => Err(Refusal::TimestampType(other.ts_type())),
    }
}

fn check_prf(message: &IMessage) -> Result<(), Refusal> {
    match message.header().prf {
        PrfFunction::MIKEY_1 | PrfFunction::HMAC_SHA_256 => Ok(()),
        PrfFunction(other) => Err(Refusal::Prf(other)),
    }
}

fn check_sakke(sakke: &Sakke, user: &User) -> Result<(), Refusal> {
    match (sakke.parameters, sakke.id_scheme) {
        (1, scheme) if scheme == user.id_scheme() => Ok(()),
        (1, scheme) => Err(Refusal::IdScheme(scheme.0)),
        (other, _) => Err(Refusal::SakkeParameters(other)),
    }
}

fn claim(message: &IMessage, time: UnixTime) -> Claim<'_> {
    let identity = |role| message.identity(role).map(|idr| &idr.data[..]);
    Claim {
        uri: identity(IdRole::INITIATOR),
        uid: identity(IdRole::INITIATOR_UID),
        kms_uri: identity(IdRole::INITIATOR_KMS),
        time,
    }
}

/// 3) The initiator's identifier in the period of T.
fn identify_initiator<K>(
    message: &IMessage,
    initiator: &Known<'_>,
    receiver: &Receiver<'_, K>,
    time: UnixTime,
    now: UnixTime,
) -> Result<UserIdentifier, Refusal> {
    let user = initiator.user;
    if user.id_scheme() != receiver.user.id_scheme() {
        return Err(Refusal::IdScheme(user.id_scheme().0));
    }
    for user in [user, receiver.user] {
        if !user.accepts_period(time, now, receiver.overlap) {
            return Err(Refusal::KeyPeriod);
        }
    }
    let signer = user.identifier(time).ok_or(Refusal::KeyPeriod)?;
    for (role, value) in [
        (IdRole::INITIATOR, Some(user.uri().as_bytes())),
        (IdRole::INITIATOR_UID, signer.uid()),
        (IdRole::INITIATOR_KMS, user.kms_uri().map(str::as_bytes)),
    ] {
        check_identity(message, role, value)?;
    }
    Ok(signer)
}

/// What the message says in a role is this, if it says something. A KMS that is not configured may have any name: its
/// public keys decide.
fn check_identity(message: &IMessage, role: IdRole, value: Option<&[u8]>) -> Result<(), Refusal> {
    let is_kms = matches!(role, IdRole::INITIATOR_KMS | IdRole::RESPONDER_KMS);
    match (message.identity(role), value) {
        (None, _) => Ok(()),
        (Some(_), None) if is_kms => Ok(()),
        (Some(idr), Some(value)) if idr.data == value => Ok(()),
        (Some(_), _) => Err(Refusal::Identity(role)),
    }
}

/// 4)
fn verify(message: &IMessage, initiator: &Known<'_>, signer: &UserIdentifier) -> Result<(), Refusal> {
    let signature = Signature::from_slice(&message.sign().signature).map_err(|_| Refusal::Signature)?;
    let verified = initiator.kpak.verify(signer.identity(), message.signed_bytes(), &signature);
    verified.map_err(|_| Refusal::Signature)
}

/// 5) Is the time of the message accepted? Gives what is remembered of it.
fn check_fresh<K>(
    message: &IMessage,
    initiator: &Known<'_>,
    signer: &UserIdentifier,
    receiver: &Receiver<'_, K>,
    time: UnixTime,
    now: UnixTime,
) -> Result<Seen, Refusal> {
    let until = time.checked_add(receiver.past).unwrap_or(UnixTime::from_seconds(u64::MAX));
    if until < now {
        return Err(Refusal::Stale);
    }
    if now.checked_add(receiver.future).is_some_and(|latest| latest < time) {
        return Err(Refusal::Future);
    }
    // A UID has 32 octets and the other form ends in its second NUL: nothing can move between the two.
    let message = Sha256::new().chain_update(signer.as_bytes()).chain_update(message.signed_bytes());
    let initiator = Sha256::digest(initiator.user.uri());
    Ok(Seen { message: message.finalize().into(), initiator: initiator.into(), until })
}

fn admit(verdict: Verdict) -> Result<(), Refusal> {
    match verdict {
        Verdict::New => Ok(()),
        Verdict::Replayed => Err(Refusal::Replayed),
        Verdict::Full => Err(Refusal::ReplayCacheFull),
    }
}

/// 5) The receiver's key in the period of T.
fn find_key<'a, K: Borrow<ReceiverSecretKey>>(
    receiver: &Receiver<'a, K>,
    own: &UserIdentifier,
) -> Result<&'a ReceiverSecretKey, Refusal> {
    let mut keys = receiver.keys.iter().map(Borrow::<ReceiverSecretKey>::borrow);
    keys.find(|key| key.identity().as_bytes() == own.as_bytes()).ok_or(Refusal::NoKey)
}

/// 6)
fn decapsulate(sakke: &Sakke, key: &ReceiverSecretKey) -> Result<Tgk, Refusal> {
    let data = EncapsulatedData::from_slice(&sakke.data).map_err(|_| Refusal::Decapsulation)?;
    key.decapsulate(&data).map(Tgk::from_ssv).map_err(|_| Refusal::Decapsulation)
}
