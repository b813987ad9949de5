//! Keys that both ends derive from an enrolment key Ke: TS-0003 clauses 10.3.2, 10.3.3 and 10.3.7.
//!
//! HMAC-SHA-256 under Ke, 32 octets in and out, of a label and what the key is for, as UTF-8. oneM2M identifiers are
//! ASCII, which NFKC leaves as it is. The text does not say how SUID enters Kuse: here in decimal.

use eccsi_sakke::onem2m::{EntityId, EntityKind, Fqdn, SecurityUsage};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Km of clause 10.3.2, in the form of older releases: not what the fetch procedure gives, see [`kuse`].
pub fn km(ke: &[u8; 32], maf: &Fqdn) -> Zeroizing<[u8; 32]> {
    derive(ke, &["oneM2M Enrolment Key to Master Credential derivation", maf.as_str()])
}

/// Kpsa of clause 10.3.3, towards `other`.
pub fn kpsa(ke: &[u8; 32], other: &EntityId) -> Zeroizing<[u8; 32]> {
    derive(ke, &["oneM2M Enrolment Key to Provisioned Secure Connection Key derivation", other.as_str()])
}

/// The usage-constrained key of clause 10.3.7, for an Enrolment Target. With SUID 21 it is Km of a MAF.
pub fn kuse(ke: &[u8; 32], usage: SecurityUsage, target: &EnrolmentTarget) -> Zeroizing<[u8; 32]> {
    let usage = format!("{usage}");
    derive(ke, &["oneM2M Enrolment Key to Usage-Constrained Symmetric Key derivation", &usage, &target.0])
}

fn derive(ke: &[u8; 32], parts: &[&str]) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(ke).expect("any length of key");
    for part in parts {
        mac.update(part.as_bytes());
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// Enrolment-Target-ID: the domain name that stands for whoever gets a key.
///
/// | target | form |
/// |---|---|
/// | MAF | its FQDN |
/// | CSE | `<CSE-ID>.<provider>`, the public domain name of TS-0001 clause 6.5.1.1 |
/// | AE, stem "C" | `<stem>.` and that of its CSE |
/// | AE, stem "S" | `<stem>.<provider>` |
///
/// In lower case. How to make it of an AE-ID is not in the text, and characters that no domain name has stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentTarget(String);

impl EnrolmentTarget {
    /// That of a MAF.
    pub fn maf(fqdn: &Fqdn) -> Self {
        Self(fqdn.as_str().into())
    }

    /// That of a CSE or AE; `None` for an SP-relative identity.
    pub fn entity(entity: &EntityId) -> Option<Self> {
        let name = entity.name();
        let provider = name.provider()?;
        let path = name.path();
        debug_assert!(path.starts_with('/'));
        let text = match (entity.kind(), path[1..].split_once('/')) {
            (EntityKind::Ae, Some((cse, stem))) => format!("{stem}.{cse}.{provider}"),
            _ => format!("{}.{provider}", &path[1..]),
        };
        Some(Self(text.to_ascii_lowercase()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KE: [u8; 32] = {
        let mut ke = [0; 32];
        let mut index = 0;
        while index < 32 {
            ke[index] = index as u8;
            index += 1;
        }
        ke
    };

    fn hex(key: &[u8; 32]) -> String {
        base16ct::lower::encode_string(key)
    }

    #[test]
    fn known_derivations() {
        let maf = Fqdn::parse("MAF.example.com").unwrap();
        let cse = EntityId::parse(EntityKind::Cse, "//sp.example.com/CSE090112").unwrap();
        assert_eq!(hex(&km(&KE, &maf)), "3055bf32dd9c95586aaffa2ae2e165dfeffd0803566e16bdd343171457da8a5e");
        assert_eq!(hex(&kpsa(&KE, &cse)), "3f5a3ff7db7b85f843620417a6f4f9a9646ce5e1d0ded079074d8d7d96d26366");
        assert_eq!(
            hex(&kuse(&KE, SecurityUsage::RspfMaf, &EnrolmentTarget::maf(&maf))),
            "f8610e4d1a428f72308e2941f53a1a0fdc1afa7b1dde3ec59fc52381dcbeb66a"
        );
    }

    #[test]
    fn targets_are_domain_names() {
        let of = |kind, text| {
            EnrolmentTarget::entity(&EntityId::parse(kind, text).unwrap()).map(|target| target.0)
        };
        for (kind, text, target) in [
            (EntityKind::Cse, "//sp.example.com/CSE090112", Some("cse090112.sp.example.com")),
            (
                EntityKind::Ae,
                "//sp.example.com/CSE090112/C190XX7T",
                Some("c190xx7t.cse090112.sp.example.com"),
            ),
            (EntityKind::Ae, "//sp.example.com/S98821", Some("s98821.sp.example.com")),
            (EntityKind::Cse, "/CSE090112", None),
        ] {
            assert_eq!(of(kind, text).as_deref(), target, "{text}");
        }
    }
}
