//! Issuing: from an ID_2 to a credential that was validated before it leaves.

use super::directory::KeyDirectory;
use super::error::KmsError;
use super::kms_key::{KmsKey, PublicKeys};
use super::secret_octets::SecretOctets;
use super::vault::scrubbed;
use eccsi_sakke::SysRng;
use eccsi_sakke::eccsi::{self, PublicValidationToken};
use eccsi_sakke::error::Error;
use eccsi_sakke::onem2m::{ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::KpakTag;
use rayon::prelude::*;
use std::sync::Arc;

/// Identities that share the inversions of a batch, and the unit that goes to one core.
const BATCH: usize = 128;

/// The same with RSKs, each of which takes as long as dozens of credentials without.
const BATCH_WITH_RSK: usize = 8;

/// What the KMS made for one identity, validated. The secrets are wiped when dropped; the KMS keeps
/// nothing of them.
///
/// It leaves a stack that held secrets, so it has no octet that nobody writes: those would take along what the stack held.
#[derive(Debug)]
pub struct Issued {
    /// KPAK and Z under which it was issued.
    pub keys: Arc<PublicKeys>,
    /// PVT.
    pub pvt: PublicValidationToken,
    /// SSK, 32 octets, big-endian.
    pub ssk: SecretOctets,
    /// RSK, 257 octets, `04 ‖ x ‖ y`, if it was asked for: of the identifier
    /// [`sakke_identifier`](ExpiringIdentity::sakke_identifier) of ID_2.
    pub rsk: Option<SecretOctets>,
}

/// A KMS: makes credentials for the identities that a MEF has decided on, and reserved.
///
/// Calls compute, and wait for other threads: an async caller makes them where blocking is allowed.
pub trait Kms: Send + Sync {
    /// Makes (SSK, PVT) for `id_2` (RFC 6507 §5.1.1), and its RSK (RFC 6508 §6.1.1) if asked for. Under
    /// the KPAK of this tag, or under the one that [issues](Self::issuing) at `now`. Both are validated
    /// (§5.1.2, §6.1.2) before they are given out.
    ///
    /// # Errors
    /// A [`KmsError`] that says why nothing was made.
    fn issue(
        &self,
        tag: Option<KpakTag>,
        id_2: &ExpiringIdentity,
        with_rsk: bool,
        now: UnixTime,
    ) -> Result<Issued, KmsError>;

    /// As [`issue`](Self::issue) for each of `ids`, in their order, on all cores, sharing what can be
    /// shared. For all or for none.
    ///
    /// # Errors
    /// That of an identity that is refused.
    fn issue_many(
        &self,
        tag: Option<KpakTag>,
        ids: &[ExpiringIdentity],
        with_rsk: bool,
        now: UnixTime,
    ) -> Result<Vec<Issued>, KmsError>;

    /// The KPAK of a domain that issues at `now`: of those that have begun, not ended, and may still
    /// issue, the newest.
    ///
    /// # Errors
    /// [`KmsError::NoKpak`].
    fn issuing(&self, fqdn: &Fqdn, now: UnixTime) -> Result<Arc<PublicKeys>, KmsError>;

    /// The KPAKs of a domain that have not ended at `now`, the oldest first; those that have not begun
    /// as well, so that everybody knows them in time.
    fn public_keys(&self, fqdn: &Fqdn, now: UnixTime) -> Vec<Arc<PublicKeys>>;
}

impl Kms for KeyDirectory {
    fn issue(
        &self,
        tag: Option<KpakTag>,
        id_2: &ExpiringIdentity,
        with_rsk: bool,
        now: UnixTime,
    ) -> Result<Issued, KmsError> {
        let key = self.key_for(tag, id_2, now)?;
        self.vault().run(|| {
            let issued = key.ksak().issue(id_2.identity(), &mut SysRng)?;
            release(&key, id_2, issued, with_rsk)
        })
    }

    fn issue_many(
        &self,
        tag: Option<KpakTag>,
        ids: &[ExpiringIdentity],
        with_rsk: bool,
        now: UnixTime,
    ) -> Result<Vec<Issued>, KmsError> {
        // Neighbours of one KPAK, which is nearly always all of them, share a batch.
        let mut batches = Vec::new();
        let keys = ids.iter().map(|id_2| self.key_for(tag, id_2, now)).collect::<Result<Vec<_>, _>>()?;
        let mut rest = ids;
        for run in keys.chunk_by(Arc::ptr_eq) {
            let (of_one, others) = rest.split_at(run.len());
            rest = others;
            let size = if with_rsk { BATCH_WITH_RSK } else { BATCH };
            batches.extend(of_one.chunks(size).map(|batch| (&run[0], batch)));
        }
        let issued: Vec<Vec<Issued>> = self.vault().run(|| {
            batches
                .par_iter()
                .map(|(key, batch)| scrubbed(|| issue_batch(key, batch, with_rsk)))
                .collect::<Result<_, _>>()
        })?;
        Ok(issued.into_iter().flatten().collect())
    }

    fn issuing(&self, fqdn: &Fqdn, now: UnixTime) -> Result<Arc<PublicKeys>, KmsError> {
        self.newest(fqdn, now).map(|key| key.public.clone())
    }

    fn public_keys(&self, fqdn: &Fqdn, now: UnixTime) -> Vec<Arc<PublicKeys>> {
        let mut list = self.list();
        list.retain(|public| public.fqdn == *fqdn && now < public.not_after);
        list
    }
}

impl KeyDirectory {
    fn newest(&self, fqdn: &Fqdn, now: UnixTime) -> Result<Arc<KmsKey>, KmsError> {
        self.kms_keys()
            .into_iter()
            .filter(|key| key.public.fqdn == *fqdn && key.public.issues_at(now))
            .max_by_key(|key| key.public.age())
            .ok_or(KmsError::NoKpak)
    }

    /// The key that issues for this identity, with everything that policy says about the two.
    fn key_for(
        &self,
        tag: Option<KpakTag>,
        id_2: &ExpiringIdentity,
        now: UnixTime,
    ) -> Result<Arc<KmsKey>, KmsError> {
        let key = match tag {
            None => self.newest(id_2.fqdn(), now)?,
            Some(tag) => self.kms_key(tag).ok_or(KmsError::UnknownKpak)?,
        };
        let public = &key.public;
        if public.fqdn != *id_2.fqdn() {
            return Err(KmsError::OtherDomain);
        }
        if !public.issues_at(now) {
            return Err(KmsError::NotIssuing);
        }
        if !id_2.is_live(now) {
            return Err(KmsError::Expired);
        }
        if id_2.expiration().to_unix() > public.not_after {
            return Err(KmsError::ExpiryBeyondKpak { not_after: public.not_after });
        }
        Ok(key)
    }
}

fn issue_batch(key: &KmsKey, ids: &[ExpiringIdentity], with_rsk: bool) -> Result<Vec<Issued>, KmsError> {
    let identities: Vec<_> = ids.iter().map(ExpiringIdentity::identity).collect();
    let keys = key.ksak().issue_many(&identities, &mut SysRng)?;
    let mut issued = Vec::with_capacity(ids.len());
    for (id_2, made) in ids.iter().zip(&keys) {
        // A copy, since what moves out of a vector stays behind in its memory. The vector wipes its own.
        let copy = eccsi::IssuedKey::from_parts(&made.expose(), made.pvt()).map_err(Error::from)?;
        issued.push(release(key, id_2, copy, with_rsk)?);
    }
    Ok(issued)
}

/// Validates, and puts the secrets into boxes of their own.
fn release(
    key: &KmsKey,
    id_2: &ExpiringIdentity,
    issued: eccsi::IssuedKey,
    with_rsk: bool,
) -> Result<Issued, KmsError> {
    let public = &key.public;
    let valid = issued.validate(&public.kpak, id_2.identity())?;
    let rsk = match with_rsk {
        false => None,
        true => {
            let b = id_2.sakke_identifier();
            let valid = key.z().issue(&b)?.validate(&public.z, &b)?;
            Some(SecretOctets::copy(valid.expose().as_slice()))
        }
    };
    let ssk = SecretOctets::copy(valid.expose().as_slice());
    Ok(Issued { keys: public.clone(), pvt: *valid.pvt(), ssk, rsk })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_the_vault_has_no_octet_that_nobody_writes() {
        let fields = [
            size_of::<Arc<PublicKeys>>(),
            size_of::<PublicValidationToken>(),
            size_of::<SecretOctets>(),
            size_of::<Option<SecretOctets>>(),
        ];
        assert_eq!(size_of::<Issued>(), fields.iter().sum::<usize>());
    }
}
