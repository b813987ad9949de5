//! Whom an entity associates with. Names and lists are public, and the time of each function may depend on them.

use crate::onem2m::{EntityName, ExpiringIdentity, IdentifierError};
use alloc::collections::BTreeSet;

/// Whom this entity associates with: one entity ([`ExpectedPeer`]), lists ([`PeerLists`]), or what a closure
/// `|entity, id_2| …` admits, which denies nobody else.
///
/// An entity is given in absolute form; one spelling counts as the same entity whether it was
/// meant as CSE-ID or as AE-ID. `id_2` also says which domain vouches for it.
pub trait PeerPolicy {
    /// Is this identity on the deny list?
    fn is_denied(&self, id_2: &ExpiringIdentity) -> bool;

    /// Is this entity the one expected (client), or one that may associate (server)?
    fn admits(&self, entity: &EntityName, id_2: &ExpiringIdentity) -> bool;
}

/// Admits what the closure admits.
impl<F: Fn(&EntityName, &ExpiringIdentity) -> bool> PeerPolicy for F {
    fn is_denied(&self, _: &ExpiringIdentity) -> bool {
        false
    }

    fn admits(&self, entity: &EntityName, id_2: &ExpiringIdentity) -> bool {
        self(entity, id_2)
    }
}

/// The policy of a client that knows whom it calls: one entity, none denied.
#[derive(Clone, Debug)]
pub struct ExpectedPeer(EntityName);

impl ExpectedPeer {
    /// The CSE-ID or AE-ID that is expected, in absolute form.
    ///
    /// # Errors
    /// [`IdentifierError::NotAbsolute`].
    ///
    /// # Timing
    /// Variable: names are public.
    pub fn new(entity: EntityName) -> Result<Self, IdentifierError> {
        absolute(entity).map(Self)
    }
}

impl PeerPolicy for ExpectedPeer {
    fn is_denied(&self, _: &ExpiringIdentity) -> bool {
        false
    }

    fn admits(&self, entity: &EntityName, _: &ExpiringIdentity) -> bool {
        *entity == self.0
    }
}

/// Lists of those who may associate, and of those who may not. Who is on both may not.
///
/// ```
/// use eccsi_sakke::onem2m::EntityName;
/// use eccsi_sakke::saef::{PeerLists, PeerPolicy};
///
/// let cse = EntityName::parse("//sp.example.com/CSE1")?;
/// let mut peers = PeerLists::allowing([cse.clone(), EntityName::parse("//sp.example.com/S1")?])?;
/// peers.deny_entity(EntityName::parse("//sp.example.com/S1")?)?;
/// # Ok::<(), eccsi_sakke::onem2m::IdentifierError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PeerLists {
    /// `None`: everybody.
    allowed: Option<BTreeSet<EntityName>>,
    denied_entities: BTreeSet<EntityName>,
    denied_identities: BTreeSet<ExpiringIdentity>,
}

impl PeerLists {
    /// These entities, in absolute form, and no others; nobody for an empty list.
    ///
    /// # Errors
    /// [`IdentifierError::NotAbsolute`].
    ///
    /// # Timing
    /// Variable: names are public.
    pub fn allowing(entities: impl IntoIterator<Item = EntityName>) -> Result<Self, IdentifierError> {
        let allowed = entities.into_iter().map(absolute).collect::<Result<_, _>>()?;
        Ok(Self { allowed: Some(allowed), ..Self::allowing_everybody() })
    }

    /// Every entity that a trusted domain vouches for.
    pub const fn allowing_everybody() -> Self {
        Self { allowed: None, denied_entities: BTreeSet::new(), denied_identities: BTreeSet::new() }
    }

    /// Allows one more entity, in absolute form. Where everybody is allowed it changes nothing.
    ///
    /// # Errors
    /// [`IdentifierError::NotAbsolute`].
    pub fn allow(&mut self, entity: EntityName) -> Result<(), IdentifierError> {
        let entity = absolute(entity)?;
        if let Some(allowed) = &mut self.allowed {
            allowed.insert(entity);
        }
        Ok(())
    }

    /// Denies an entity, in absolute form, whatever credential it has.
    ///
    /// # Errors
    /// [`IdentifierError::NotAbsolute`].
    pub fn deny_entity(&mut self, entity: EntityName) -> Result<(), IdentifierError> {
        self.denied_entities.insert(absolute(entity)?);
        Ok(())
    }

    /// Denies one credential: its entity may come with another.
    pub fn deny(&mut self, id_2: ExpiringIdentity) {
        self.denied_identities.insert(id_2);
    }

    /// Is this entity, in absolute form, allowed and not denied?
    pub fn admits_entity(&self, entity: &EntityName) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(entity))
            && !self.denied_entities.contains(entity)
    }
}

impl PeerPolicy for PeerLists {
    fn is_denied(&self, id_2: &ExpiringIdentity) -> bool {
        self.denied_identities.contains(id_2)
    }

    fn admits(&self, entity: &EntityName, _: &ExpiringIdentity) -> bool {
        self.admits_entity(entity)
    }
}

fn absolute(entity: EntityName) -> Result<EntityName, IdentifierError> {
    if entity.is_absolute() { Ok(entity) } else { Err(IdentifierError::NotAbsolute) }
}
