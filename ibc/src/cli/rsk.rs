//! The half of a credential that is for SAKKE.

use crate::files::credential_file::CredentialIdentity;
use eccsi_sakke::Error;
use eccsi_sakke::sakke;

/// Makes RSK for an identity and validates it.
pub(super) fn issue(
    z: &sakke::KmsSecretKey,
    z_public: &sakke::KmsPublicKey,
    identity: &CredentialIdentity,
) -> Result<sakke::ReceiverSecretKey, Error> {
    let b = identity.sakke_identifier();
    z.issue(&b)?.validate(z_public, &b)
}
