//! What a MEF or MAF keeps of its clients: registrations, and the keys below them.

use super::sealed::SealedColumns;
use eccsi_sakke::onem2m::{KmId, RelativeKeyId, SecurityUsage, UnixTime};

/// A client registration: `<mefClientReg>`, `<mafClientReg>`.
pub(crate) struct Registration {
    /// MEFClientRegID, mafClientRegID.
    pub(crate) id: String,
    /// The client, by its name at the administrators.
    pub(crate) client: String,
    /// adminFQDN.
    pub(crate) stakeholder: String,
    /// MEF or MAF Client ID, in absolute form.
    pub(crate) entity: String,
    pub(crate) not_after: UnixTime,
    pub(crate) labels: Vec<String>,
    /// assignedSymmKeyID, of a MAF.
    pub(crate) assigned: Option<KmId>,
    /// mefClientCfg, mafClientCfg.
    pub(crate) configuration: Option<serde_json::Value>,
    /// Counts changes: a write of another version than the one that was read writes nothing.
    pub(crate) version: i64,
}

/// A stakeholder has admitted a client: its registrations start with this.
pub(crate) struct Admission {
    /// mefClientCfg, mafClientCfg.
    pub(crate) configuration: Option<serde_json::Value>,
}

/// A registered key: `<symmKeyReg>`.
pub(crate) struct RegisteredKey {
    pub(crate) id: RelativeKeyId,
    /// The registration that it falls under: it lives no longer.
    pub(crate) registration: String,
    /// The client, by its name at the administrators.
    pub(crate) client: String,
    /// Source MEF or MAF Client ID, in absolute form.
    pub(crate) source: String,
    /// adminFQDN.
    pub(crate) stakeholder: String,
    /// SUID.
    pub(crate) usage: SecurityUsage,
    /// targetIDs, in absolute form.
    pub(crate) targets: Vec<String>,
    pub(crate) not_after: UnixTime,
    pub(crate) labels: Vec<String>,
    /// Key Value.
    pub(crate) sealed: SealedColumns,
    /// As of a [`Registration`].
    pub(crate) version: i64,
}
