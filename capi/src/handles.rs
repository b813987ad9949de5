//! The types of the header: handles, of which C sees pointers only, structures for lists, and sizes.

use crate::edge::{Outcome, handle, octets};
use crate::error::es_error;
use eccsi_sakke::onem2m::ExpiringIdentity;
use eccsi_sakke::{eccsi, saef, sakke};

/// Octets of KSAK.
pub const ES_KSAK_BYTES: usize = 32;

/// Octets of KPAK: 04, x, y.
pub const ES_KPAK_BYTES: usize = 65;

/// Octets of a signature: r (32), s (32), PVT (65).
pub const ES_SIGNATURE_BYTES: usize = 129;

/// Octets of SSK.
pub const ES_SSK_BYTES: usize = 32;

/// Octets of PVT: 04, x, y.
pub const ES_PVT_BYTES: usize = 65;

/// Octets of HS.
pub const ES_HS_BYTES: usize = 32;

/// Octets of a UID.
pub const ES_UID_BYTES: usize = 32;

/// Octets of z.
pub const ES_SAKKE_SECRET_BYTES: usize = 128;

/// Octets of Z: 04, x, y.
pub const ES_SAKKE_PUBLIC_BYTES: usize = 257;

/// Octets of Encapsulated Data: R (257), H (16).
pub const ES_SAKKE_DATA_BYTES: usize = 273;

/// Octets of a Shared Secret Value.
pub const ES_SSV_BYTES: usize = 16;

/// Octets of a Receiver Secret Key: 04, x, y.
pub const ES_RSK_BYTES: usize = 257;

/// Octets of the tag of a KPAK.
pub const ES_KPAK_TAG_BYTES: usize = 3;

/// Octets of KibcID, the name of a shared key.
pub const ES_SHARED_KEY_ID_BYTES: usize = 16;

/// Octets of Kibc, the shared key.
pub const ES_SHARED_KEY_BYTES: usize = 32;

/// Most characters of a PSK identity, without NUL.
pub const ES_PSK_IDENTITY_MAX: usize = 255;

/// Seconds that a peer's credential is accepted beyond its end, where nothing else is configured.
pub const ES_DEFAULT_SKEW: u64 = 300;

/// Octets of a TGK, the key that a message of MIKEY-SAKKE carries.
pub const ES_MIKEY_TGK_BYTES: usize = 16;

/// Most octets of a key that is derived from a TGK.
pub const ES_MIKEY_DERIVED_MAX: usize = 256;

/// Octets of a key that protects signalling.
pub const ES_MIKEY_SIGNALLING_KEY_BYTES: usize = 32;

/// Seconds by which the clocks of two ends may differ, both ways, where nothing else is configured.
pub const ES_MIKEY_SKEW: u64 = 300;

/// Seconds that keys of a month are accepted before it begins and after it ends (RFC 6509 3.2).
pub const ES_MIKEY_OVERLAP: u64 = 172800;

/// KSAK, the KMS Secret Authentication Key (RFC 6507 4.2), with its KPAK. Secret: whoever has it is everybody.
pub struct es_ksak {
    _opaque: (),
}

handle!(es_ksak, b"es_ksak.", eccsi::KmsSecretKey);

/// KPAK, the KMS Public Authentication Key (RFC 6507 4.2): the root of trust of a community. Nothing in the scheme
/// authenticates it: take it from a source you trust.
pub struct es_kpak {
    _opaque: (),
}

handle!(es_kpak, b"es_kpak.", eccsi::KmsPublicKey);

/// A pair (SSK, PVT) as the KMS delivers it (RFC 6507 5.1.1), not yet validated. Secret.
pub struct es_issued_key {
    _opaque: (),
}

handle!(es_issued_key, b"es_issue", eccsi::IssuedKey);

/// A validated key of one identity under one KMS. Secret.
pub struct es_signing_key {
    _opaque: (),
}

handle!(es_signing_key, b"es_sign.", eccsi::SigningKey);

/// What verifies the signatures of one signer's key: KPAK + [HS]PVT, with HS. Public.
pub struct es_verifying_key {
    _opaque: (),
}

handle!(es_verifying_key, b"es_verif", eccsi::VerifyingKey);

/// An Identifier of SAKKE (RFC 6508 2.2): octets that stand for an integer in [2, q - 1]. Public. For an ID_2 of oneM2M
/// see es_id_2_sakke_id.
pub struct es_sakke_id {
    _opaque: (),
}

handle!(es_sakke_id, b"es_sk_id", sakke::Identifier);

/// z, the KMS Master Secret (RFC 6508 2.2), with its Z. Secret: whoever has it opens everything.
pub struct es_sakke_secret {
    _opaque: (),
}

handle!(es_sakke_secret, b"es_sk_z.", sakke::KmsSecretKey);

/// Z, the KMS Public Key (RFC 6508 2.2): the root of trust of a community. Nothing in the scheme authenticates it: take
/// it from a source you trust.
pub struct es_sakke_public {
    _opaque: (),
}

handle!(es_sakke_public, b"es_sk_pk", sakke::KmsPublicKey);

/// A receiver to whom a sender writes often: its identifier and [b]P + Z. Public.
pub struct es_sakke_recipient {
    _opaque: (),
}

handle!(es_sakke_recipient, b"es_sk_to", sakke::Recipient);

/// A Receiver Secret Key as the KMS delivers it (RFC 6508 6.1.1), not yet validated. Secret.
pub struct es_sakke_issued {
    _opaque: (),
}

handle!(es_sakke_issued, b"es_sk_is", sakke::IssuedKey);

/// ID_2 (TS-0003 8.3.7): FQDN of the MEF, CSE-ID or AE-ID, and expirationTime. Its text is the identity of ECCSI. Public.
pub struct es_id_2 {
    _opaque: (),
}

handle!(es_id_2, b"es_id_2.", ExpiringIdentity);

/// The KPAKs that an entity trusts, by domain and tag: the root of trust of its associations. Public.
pub struct es_trusted {
    _opaque: (),
}

handle!(es_trusted, b"es_trust", saef::TrustedDomains);

/// One's own IBC credential, installed. Secret.
pub struct es_credential {
    _opaque: (),
}

handle!(es_credential, b"es_cred.", saef::Credential);

/// What both ends derived: KibcID and Kibc, with what the session needs to know of the peer. Secret.
pub struct es_shared_key {
    _opaque: (),
}

handle!(es_shared_key, b"es_share", saef::SharedKey);

/// A validated Receiver Secret Key of one identifier under one KMS. Secret.
pub struct es_sakke_key {
    _opaque: (),
}

handle!(es_sakke_key, b"es_sk_rk", Received);

/// `prepared` takes the key itself: between its two assignments there is none.
pub(crate) struct Received(pub(crate) Option<sakke::ReceiverSecretKey>);

impl Received {
    pub(crate) fn key(&self) -> Outcome<&sakke::ReceiverSecretKey> {
        self.0.as_ref().ok_or(es_error::ES_INTERNAL)
    }
}

/// A string of octets of the caller, for lists of them. It need not end in NUL, and may contain some.
#[repr(C)]
pub struct es_octets {
    /// The octets; NULL is allowed where there are none.
    pub data: *const u8,
    /// Their number.
    pub length: usize,
}

/// A signature to verify, for lists of them.
#[repr(C)]
pub struct es_signed {
    /// Who is said to have signed.
    pub id: es_octets,
    /// What was signed.
    pub message: es_octets,
    /// The signature, ES_SIGNATURE_BYTES octets.
    pub signature: es_octets,
}

/// A delivered key with the identity that it is for, for lists of them.
#[repr(C)]
pub struct es_delivered {
    /// The identity.
    pub id: es_octets,
    /// The key.
    pub key: *const es_issued_key,
}

/// A signature to verify with a verifying key, for lists of them.
#[repr(C)]
pub struct es_signed_with {
    /// The signer's key. It may occur any number of times.
    pub key: *const es_verifying_key,
    /// What was signed.
    pub message: es_octets,
    /// The signature, ES_SIGNATURE_BYTES octets.
    pub signature: es_octets,
}

/// A delivered key with the identifier that it is for, for lists of them.
#[repr(C)]
pub struct es_sakke_delivered {
    /// The identifier.
    pub id: *const es_sakke_id,
    /// The key.
    pub key: *const es_sakke_issued,
}

/// How one's own side stands in an association.
#[repr(C)]
pub struct es_side {
    /// Own credential.
    pub credential: *const es_credential,
    /// The pinned KPAKs.
    pub trusted: *const es_trusted,
    /// One of es_role.
    pub role: i32,
    /// Seconds since 1970-01-01T00:00:00 UTC.
    pub now: u64,
    /// Seconds that a peer's credential is accepted beyond its end, such as ES_DEFAULT_SKEW.
    pub skew: u64,
}

impl es_octets {
    pub(crate) fn get(&self) -> Outcome<&[u8]> {
        octets(self.data, self.length)
    }
}

/// A user of MIKEY-SAKKE: a name, and the rule by which it has another identity in each key period. Public.
pub struct es_mikey_user {
    _opaque: (),
}

handle!(es_mikey_user, b"es_mk_us", mikey_sakke::User);

/// A message of MIKEY-SAKKE, built or opened, with the key that it carries. Secret.
pub struct es_mikey_message {
    _opaque: (),
}

handle!(es_mikey_message, b"es_mk_ms", mikey_sakke::open::Opened);

/// The messages that a receiver has opened. Public.
pub struct es_mikey_replay {
    _opaque: (),
}

handle!(es_mikey_replay, b"es_mk_re", mikey_sakke::BoundedReplayCache);

/// A crypto session of SRTP (RFC 3830 6.1.1). Those of a message have the CS IDs 1, 2 and so on.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct es_mikey_session {
    /// The number of its security policy.
    pub policy: u8,
    /// SSRC of the stream.
    pub ssrc: u32,
    /// Rollover counter.
    pub roc: u32,
}

/// What a message says, besides to whom.
#[repr(C)]
pub struct es_mikey_draft {
    /// T, in seconds since 1970-01-01T00:00:00 UTC, which also chooses the key period.
    pub time: u64,
    /// CSB ID, which names the key.
    pub key_id: u32,
    /// 1 if `key_id` is a GMK-ID: then each member's message has its GUK-ID (TS 33.180 Annex F.1). Else 0.
    pub group: i32,
    /// One of es_mikey_naming.
    pub naming: i32,
    /// 1 to add a SAKKE-to-self extension, by which other devices of the sender open the message. Else 0.
    pub to_self: i32,
    /// RAND: none to draw 16 octets, or that of the first messages to hand a group key on to later members.
    pub rand: es_octets,
    /// Crypto sessions, at most 255; NULL where there are none: whoever uses the key knows them.
    pub sessions: *const es_mikey_session,
    /// Their number.
    pub session_count: usize,
    /// Security policies of SRTP, with different numbers; NULL where there are none: then ES_MIKEY_MCX holds.
    pub policies: *const es_mikey_policy,
    /// Their number.
    pub policy_count: usize,
}

/// A security policy of SRTP (RFC 3830 6.10.1): which algorithms, and how long their keys are, in octets.
/// es_mikey_policy_default fills one.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct es_mikey_policy {
    /// The number by which crypto sessions name it.
    pub number: u8,
    /// 0 NULL, 1 AES-CM, 2 AES-F8, 6 AES-GCM (RFC 7714).
    pub encryption: u8,
    /// Session encryption key, and master key: 16, 24 or 32 with AES-CM, 16 with AES-F8, 16 or 32 with AES-GCM.
    pub encryption_key: u8,
    /// Of SRTP packets: 0 NULL, 1 HMAC-SHA-1-160, 2 to 4 RCCm1 to RCCm3 (RFC 4771).
    pub authentication: u8,
    /// Session authentication key of SRTP: 20 with HMAC.
    pub authentication_key: u8,
    /// Tag of SRTP packets, the 4 octets of ROC included: 4 to 20 with HMAC-SHA-1, 8 to 24 with RCCm1 and RCCm2, 4 with RCCm3.
    pub tag: u8,
    /// Of SRTCP packets: 0 NULL, 1 HMAC-SHA-1-160.
    pub rtcp_authentication: u8,
    /// Session authentication key of SRTCP, as that of SRTP.
    pub rtcp_authentication_key: u8,
    /// Tag of SRTCP packets: 4 to 20 with HMAC-SHA-1.
    pub rtcp_tag: u8,
    /// Session salt: at most 14, and 12 with AES-GCM.
    pub salt: u8,
    /// The PRF of SRTP; 0 is AES-CM.
    pub prf: u8,
    /// Tag of AES-GCM: 16.
    pub aead_tag: u8,
    /// Each n-th packet carries ROC, 1 or more; of use with RCC alone.
    pub roc_rate: u16,
    /// Key derivation rate, in packets: 0 derives once, others are powers of 2 up to 2^24 (RFC 3711 4.3.1).
    pub key_derivation_rate: u32,
}

/// Who sends a message.
#[repr(C)]
pub struct es_mikey_sender {
    /// Its name.
    pub user: *const es_mikey_user,
    /// Its key in the period of the message.
    pub key: *const es_signing_key,
    /// Z of its KMS, for SAKKE-to-self.
    pub z: *const es_sakke_public,
}

/// Whom a message is for.
#[repr(C)]
pub struct es_mikey_recipient {
    /// Its name.
    pub user: *const es_mikey_user,
    /// Z of its KMS.
    pub z: *const es_sakke_public,
}

/// An initiator whose messages are accepted.
#[repr(C)]
pub struct es_mikey_initiator {
    /// Its name.
    pub user: *const es_mikey_user,
    /// KPAK of its KMS.
    pub kpak: *const es_kpak,
}

/// Who opens a message, and what it accepts.
#[repr(C)]
pub struct es_mikey_receiver {
    /// Its name.
    pub user: *const es_mikey_user,
    /// Its keys: that of the current period, and while periods overlap that of the other one.
    pub keys: *const *const es_sakke_key,
    /// Their number.
    pub key_count: usize,
    /// Seconds that T may lie back, such as ES_MIKEY_SKEW; more for messages that were stored.
    pub past: u64,
    /// Seconds that T may lie ahead, such as ES_MIKEY_SKEW.
    pub future: u64,
    /// Seconds that keys of a period are accepted before it begins and after it ends, such as ES_MIKEY_OVERLAP.
    pub overlap: u64,
}
