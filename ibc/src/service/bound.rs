//! The identity that a client has, and the names under which it may ask.

use eccsi_sakke::onem2m::{AeIdStem, EntityId, EntityKind, EntityName, Fqdn};

/// An identity that an administrator bound to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A CSE or an AE, in absolute form.
    Entity(EntityId),
    /// A MAF, which fetches keys from the MEF.
    Maf(Fqdn),
}

impl Bound {
    /// The text that is compared.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Entity(entity) => entity.as_str(),
            Self::Maf(fqdn) => fqdn.as_str(),
        }
    }

    /// Does `origin` name this identity? In absolute form, or in a shorter one that its own registrar or
    /// provider completes (TS-0001 clause 7.2).
    pub(super) fn is_named_by(&self, origin: &str) -> bool {
        let Self::Entity(entity) = self else { return self.as_str() == origin };
        if origin == entity.as_str() {
            return true;
        }
        let Some(provider) = entity.name().provider() else { return false };
        if let Ok(name) = EntityName::parse(origin) {
            return name.to_absolute(provider).is_ok_and(|name| name.as_str() == entity.as_str());
        }
        let registrar = entity.as_str().rsplit_once('/').and_then(|(cse, _)| EntityName::parse(cse).ok());
        entity.kind() == EntityKind::Ae
            && AeIdStem::parse(origin)
                .and_then(|stem| stem.to_absolute(registrar.as_ref(), provider))
                .is_ok_and(|expanded| expanded.as_str() == entity.as_str())
    }
}
