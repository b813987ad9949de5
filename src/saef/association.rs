//! From the peer's PSK identity to the shared key.

use super::{Credential, PeerPolicy, PskIdentity, SaefError, TrustedDomains};
use crate::eccsi::{KmsPublicKey, PublicValidationToken};
use crate::onem2m::{EntityName, ExpirationTime, ExpiringIdentity, UnixTime};
use alloc::vec::Vec;
use core::time::Duration;
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Salt, and first field of info. It carries the version.
const LABEL: &[u8] = b"oneM2M-IBC-SAEF-v1";

/// Which end of the (D)TLS connection this entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The end that sends ClientHello.
    Client,
    /// The end that answers it.
    Server,
}

/// One entity's side of security associations.
#[derive(Clone, Copy)]
pub struct Association<'a> {
    /// Own credential.
    pub own: &'a Credential,
    /// Own end of the connection.
    pub role: Role,
    /// The pinned KPAKs.
    pub trusted: &'a TrustedDomains,
    /// Who may be the peer.
    pub policy: &'a (dyn PeerPolicy + Sync),
    /// How long a peer's credential is accepted beyond its end, for clocks that differ.
    pub skew: Duration,
}

impl core::fmt::Debug for Association<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Association")
            .field("own", self.own)
            .field("role", &self.role)
            .field("skew", &self.skew)
            .finish_non_exhaustive()
    }
}

impl Association<'_> {
    /// [`skew`](Self::skew) where nothing else is configured.
    pub const DEFAULT_SKEW: Duration = Duration::from_secs(300);

    /// Checks the peer and derives the key shared with it: [`examine`](Self::examine), then
    /// [`ExaminedPeer::derive`].
    ///
    /// # Errors
    /// A [`SaefError`], for the log of this side: the peer must not see which.
    ///
    /// # Timing
    /// Constant in SSK and Z. The checks see public values only.
    pub fn derive(&self, peer: &PskIdentity, now: UnixTime) -> Result<SharedKey, SaefError> {
        self.examine(peer, now)?.derive()
    }

    /// All checks on the peer, without the arithmetic on secrets.
    ///
    /// They come in the order of their cost: own expiry, domain, expiry, deny list, own identity, policy,
    /// KPAK by tag, and the point.
    ///
    /// # Errors
    /// As [`derive`](Self::derive).
    ///
    /// # Timing
    /// Depends on public values only.
    pub fn examine<'b>(
        &'b self,
        peer: &'b PskIdentity,
        now: UnixTime,
    ) -> Result<ExaminedPeer<'b>, SaefError> {
        let own_id = self.own.id_2();
        if !own_id.is_live(now) {
            return Err(SaefError::OwnCredentialExpired);
        }
        PskIdentity::check_length(own_id.psk_identity_len())?; // what the peer cannot be told
        let entity = self.admit(peer.id_2(), now)?;
        let kpak = self.trusted.kpak(peer.id_2().fqdn(), peer.tag())?;
        let pvt = peer.pvt()?;

        let own_key = self.own.signing_key();
        let own = Party { kpak: own_key.kms_public_key(), id_2: own_id, pvt: own_key.pvt() };
        let party = Party { kpak, id_2: peer.id_2(), pvt: &pvt };
        let (client, server) = match self.role {
            Role::Client => (&own, &party),
            Role::Server => (&party, &own),
        };
        let info = info(client, server);
        Ok(ExaminedPeer { own: self.own, entity, kpak, id_2: peer.id_2(), pvt, info })
    }

    /// The checks on a peer's identity alone: domain, expiry, deny list, own identity, policy. Gives the
    /// entity in absolute form.
    ///
    /// # Errors
    /// A [`SaefError`], for the log of this side.
    ///
    /// # Timing
    /// Variable: all inputs are public.
    pub fn admit(&self, id_2: &ExpiringIdentity, now: UnixTime) -> Result<EntityName, SaefError> {
        let entity = self.trusted.absolute(id_2.fqdn(), id_2.entity_id())?;
        if !id_2.is_live_with_skew(now, self.skew) {
            return Err(SaefError::PeerCredentialExpired);
        }
        if self.policy.is_denied(id_2) {
            return Err(SaefError::Denied);
        }
        let own_id = self.own.id_2();
        let own_entity = self.trusted.absolute(own_id.fqdn(), own_id.entity_id())?;
        if entity == own_entity {
            return Err(SaefError::OwnIdentity);
        }
        if !self.policy.admits(&entity, id_2) {
            return Err(SaefError::NotAdmitted);
        }
        Ok(entity)
    }
}

/// A peer that has passed all checks.
#[derive(Debug)]
pub struct ExaminedPeer<'a> {
    own: &'a Credential,
    entity: EntityName,
    kpak: &'a KmsPublicKey,
    id_2: &'a ExpiringIdentity,
    pvt: PublicValidationToken,
    info: Vec<u8>,
}

impl ExaminedPeer<'_> {
    /// SHA-256(info): finds a key that was derived before for the same two credentials and roles.
    pub fn context(&self) -> [u8; 32] {
        Sha256::digest(&self.info).into()
    }

    /// CSE-ID or AE-ID of the peer in absolute form.
    pub fn entity(&self) -> &EntityName {
        &self.entity
    }

    /// Derives the shared key.
    ///
    /// # Errors
    /// [`SaefError::PeerKey`].
    ///
    /// # Timing
    /// Constant in SSK and Z.
    pub fn derive(&self) -> Result<SharedKey, SaefError> {
        Ok(SharedKey {
            okm: derive_key(&*self.z()?, &self.info),
            context: self.context(),
            peer: self.entity.clone(),
            peer_id_2: self.id_2.clone(),
            expiration: self.own.id_2().expiration().min(self.id_2.expiration()),
        })
    }

    /// The x-coordinate of Z = \[SSK_A\](KPAK_B + \[HS_B\]PVT_B).
    pub(super) fn z(&self) -> Result<Zeroizing<[u8; 32]>, SaefError> {
        let (key, id) = (self.own.signing_key(), self.id_2.identity());
        key.shared_secret(self.kpak, id, &self.pvt).map_err(|_| SaefError::PeerKey)
    }

    /// The info of HKDF.
    #[cfg(feature = "hazmat")]
    pub(super) fn info(&self) -> &[u8] {
        &self.info
    }
}

/// What each side contributes to info.
struct Party<'a> {
    kpak: &'a KmsPublicKey,
    id_2: &'a ExpiringIdentity,
    pvt: &'a PublicValidationToken,
}

/// The info of HKDF: lp(label) ‖ lp(KPAK) ‖ lp(ID) ‖ lp(PVT) of the client ‖ the same of the server.
///
/// All of it public. The length prefixes make it unambiguous.
fn info(client: &Party<'_>, server: &Party<'_>) -> Vec<u8> {
    let mut info = Vec::new();
    let mut field = |octets: &[u8]| {
        let length = u16::try_from(octets.len()).expect("an ID_2 here fits a PSK identity");
        info.extend_from_slice(&length.to_be_bytes());
        info.extend_from_slice(octets);
    };
    field(LABEL);
    for party in [client, server] {
        field(&party.kpak.to_bytes());
        field(party.id_2.as_bytes());
        field(&party.pvt.to_bytes());
    }
    info
}

/// HKDF-Expand(HKDF-Extract(label, z), info, 48) with SHA-256 (RFC 5869).
fn derive_key(z: &[u8; 32], info: &[u8]) -> Zeroizing<[u8; 48]> {
    let mut okm = Zeroizing::new([0; 48]);
    Hkdf::<Sha256>::new(Some(LABEL), z)
        .expand(info, okm.as_mut_slice())
        .expect("48 octets are less than 255 hash values");
    okm
}

/// PRK = HKDF-Extract(label, z).
#[cfg(feature = "hazmat")]
pub(super) fn extract(z: &[u8; 32]) -> [u8; 32] {
    Hkdf::<Sha256>::extract(Some(LABEL), z).0.into()
}

/// What both sides derived: KibcID and Kibc, with what the session needs to know of the peer.
///
/// The same 16 and 32 octets as every exported key of TS-0003 clause 10.3.1. Wiped when dropped;
/// no way to clone, compare or print it.
#[derive(ZeroizeOnDrop)]
pub struct SharedKey {
    okm: Zeroizing<[u8; 48]>,
    #[zeroize(skip)]
    context: [u8; 32],
    #[zeroize(skip)]
    peer: EntityName,
    #[zeroize(skip)]
    peer_id_2: ExpiringIdentity,
    #[zeroize(skip)]
    expiration: ExpirationTime,
}

crate::secret::redacted_debug!(SharedKey);

impl SharedKey {
    /// KibcID, 16 octets: names the key.
    pub fn id(&self) -> [u8; 16] {
        *self.okm.first_chunk().expect("48 octets")
    }

    /// Kibc itself, 32 octets: the pre-shared key of the (D)TLS handshake.
    ///
    /// # Timing
    /// Constant: octets are copied.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.okm.last_chunk().expect("48 octets"))
    }

    /// SHA-256(info): names what the key was derived for, to find a cached one.
    pub fn context(&self) -> [u8; 32] {
        self.context
    }

    /// CSE-ID or AE-ID of the peer in absolute form. Authenticated once the handshake that uses the
    /// key has finished, not before.
    pub fn peer(&self) -> &EntityName {
        &self.peer
    }

    /// ID_2 of the peer, authenticated likewise: its FQDN is the domain that vouches for the peer.
    pub fn peer_id_2(&self) -> &ExpiringIdentity {
        &self.peer_id_2
    }

    /// The earlier end of the two credentials: sessions and tickets end here. Up to the skew it may lie
    /// in the past already.
    pub fn expiration(&self) -> ExpirationTime {
        self.expiration
    }
}
