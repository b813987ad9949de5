//! TLS 1.3 with raw public keys (RFC 7250) that are identities, and signatures by ECCSI: SignatureScheme
//! 0x0704, eccsi_sha256, of draft-wang-tls-raw-public-key-with-ibc-14. On rustls as it is.
//!
//! Both ends authenticate. Forward secrecy comes from the key exchange of TLS 1.3; the KMS can pose as any of
//! its identities, but not read what others have recorded.
//!
//! There are no tickets: each session is a handshake of its own, with all checks. All refusals of a peer's
//! identity or signature end in the same alert, access_denied.

pub use super::eccsi_der::{
    DerError, DraftIdentifier, SubjectPublicKeyInfo, parameters_hash, public_parameters, signature_from_der,
    signature_to_der,
};
use eccsi_sakke::SysRng;
use eccsi_sakke::eccsi::{KmsPublicKey, SigningKey};
use eccsi_sakke::identity::Identity;
use eccsi_sakke::onem2m::{Fqdn, UnixTime};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::pki_types::{self, CertificateDer, ServerName, SubjectPublicKeyInfoDer};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, CommonState, DigitallySignedStruct, DistinguishedName, Error,
    ServerConfig, SignatureAlgorithm, SignatureScheme,
};
use std::boxed::Box;
use std::string::String;
use std::sync::Arc;
use std::vec::Vec;

/// eccsi_sha256 in the registry of TLS signature schemes.
pub const ECCSI_SHA256: SignatureScheme = SignatureScheme::Unknown(0x0704);

/// Whoever holds a signing key: a credential, for instance.
pub trait SigningKeyHolder: Send + Sync + 'static {
    /// The key.
    fn signing_key(&self) -> &SigningKey;
}

impl SigningKeyHolder for SigningKey {
    fn signing_key(&self) -> &SigningKey {
        self
    }
}

/// One's own raw public key and what signs for it. Cheap to clone.
#[derive(Clone)]
pub struct OwnRawPublicKey {
    holder: Arc<dyn SigningKeyHolder>,
    spki: Arc<[u8]>,
}

impl std::fmt::Debug for OwnRawPublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OwnRawPublicKey(..)")
    }
}

impl OwnRawPublicKey {
    /// The key of `identity`, which has to be the one it was issued for: peers verify with it.
    pub fn new(identity: Identity<'_>, holder: Arc<dyn SigningKeyHolder>) -> Self {
        let parameters_hash = parameters_hash(holder.signing_key().kms_public_key());
        let spki = SubjectPublicKeyInfo { parameters_hash, identity: identity.as_bytes() }.to_der().into();
        Self { holder, spki }
    }

    pub(crate) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::new(CertifiedKey::new(
            std::vec![CertificateDer::from(self.spki.to_vec())],
            Arc::new(self.clone()),
        ))
    }
}

impl rustls::sign::SigningKey for OwnRawPublicKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn rustls::sign::Signer>> {
        if offered.contains(&ECCSI_SHA256) { Some(Box::new(self.clone())) } else { None }
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(SubjectPublicKeyInfoDer::from(&*self.spki))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::Unknown(0x04) // the lower octet of the scheme, where TLS 1.2 had the algorithm
    }
}

impl rustls::sign::Signer for OwnRawPublicKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.holder.signing_key().sign(message, &mut SysRng);
        signature.map(|signature| signature_to_der(&signature)).map_err(|_| Error::FailedToGetRandomBytes)
    }

    fn scheme(&self) -> SignatureScheme {
        ECCSI_SHA256
    }
}

/// Whose raw public keys are accepted.
pub trait PeerKeys: Send + Sync + 'static {
    /// KPAK with which to verify the signature of this identity, if the identity is one to be accepted now:
    /// known domain, not expired, not denied, not one's own, the one that is meant. `None` to refuse.
    fn kpak(&self, presented: &SubjectPublicKeyInfo<'_>) -> Option<KmsPublicKey>;

    /// The identity was accepted, but not the signature: for a log.
    fn signature_refused(&self, presented: &SubjectPublicKeyInfo<'_>) {
        let _ = presented;
    }
}

/// What gives one's own key, asked in each handshake.
pub(crate) trait OwnKeys: Send + Sync + 'static {
    fn certified(&self) -> Arc<CertifiedKey>;
}

impl OwnKeys for Arc<CertifiedKey> {
    fn certified(&self) -> Arc<CertifiedKey> {
        Self::clone(self)
    }
}

/// Peers that follow the draft to the letter: their identity is a [`DraftIdentifier`].
pub struct DraftPeers {
    /// The accepted KPAKs.
    pub kpaks: Vec<KmsPublicKey>,
    /// Which names are accepted.
    pub admits: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// The time.
    pub now: Box<dyn Fn() -> UnixTime + Send + Sync>,
}

impl std::fmt::Debug for DraftPeers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DraftPeers").field("kpaks", &self.kpaks).finish_non_exhaustive()
    }
}

impl PeerKeys for DraftPeers {
    fn kpak(&self, presented: &SubjectPublicKeyInfo<'_>) -> Option<KmsPublicKey> {
        let kpak = self.kpaks.iter().find(|kpak| parameters_hash(kpak) == presented.parameters_hash)?;
        let identifier = DraftIdentifier::from_der(presented.identity).ok()?;
        let live = (self.now)() <= identifier.expiration;
        if live && (self.admits)(&identifier.identity) { Some(kpak.clone()) } else { None }
    }
}

/// The peer's raw public key, once the handshake is done.
///
/// # Errors
/// [`DerError`] if there is none.
pub fn peer_key(connection: &CommonState) -> Result<SubjectPublicKeyInfo<'_>, DerError> {
    match connection.peer_certificates() {
        Some([key]) if !connection.is_handshaking() => SubjectPublicKeyInfo::from_der(key),
        _ => Err(DerError),
    }
}

/// A server that authenticates with `own`, answers to `names` (SNI), and asks its clients for keys that `peers`
/// accepts.
///
/// # Errors
/// None with the cryptography this is built with; rustls checks it.
pub fn server_config(
    own: &OwnRawPublicKey,
    names: impl IntoIterator<Item = Fqdn>,
    peers: Arc<dyn PeerKeys>,
) -> Result<ServerConfig, Error> {
    server_config_of(Arc::new(own.certified()), names, peers)
}

/// As [`server_config`], with a key that may change.
pub(crate) fn server_config_of(
    own: Arc<dyn OwnKeys>,
    names: impl IntoIterator<Item = Fqdn>,
    peers: Arc<dyn PeerKeys>,
) -> Result<ServerConfig, Error> {
    let resolver = Named { names: names.into_iter().map(|name| name.as_str().into()).collect(), own };
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(EccsiVerifier(peers)))
        .with_cert_resolver(Arc::new(resolver));
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.max_early_data_size = 0;
    Ok(config)
}

/// A client that authenticates with `own`, and accepts servers whose keys `peers` accepts.
///
/// # Errors
/// As [`server_config`].
pub fn client_config(own: &OwnRawPublicKey, peers: Arc<dyn PeerKeys>) -> Result<ClientConfig, Error> {
    client_config_of(Arc::new(own.certified()), peers)
}

/// As [`client_config`], with a key that may change.
pub(crate) fn client_config_of(
    own: Arc<dyn OwnKeys>,
    peers: Arc<dyn PeerKeys>,
) -> Result<ClientConfig, Error> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous() // rustls' name for any verifier that is not its own
        .with_custom_certificate_verifier(Arc::new(EccsiVerifier(peers)))
        .with_client_cert_resolver(Arc::new(Own(own)));
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    Ok(config)
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Gives the key to every server that asks.
struct Own(Arc<dyn OwnKeys>);

impl std::fmt::Debug for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Own")
    }
}

impl ResolvesClientCert for Own {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.certified())
    }

    fn only_raw_public_keys(&self) -> bool {
        true
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Gives the key to clients that name this server.
struct Named {
    names: Vec<String>,
    own: Arc<dyn OwnKeys>,
}

impl std::fmt::Debug for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Named").field("names", &self.names).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Named {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = hello.server_name()?;
        self.names.iter().any(|name| name.eq_ignore_ascii_case(named)).then(|| self.own.certified())
    }

    fn only_raw_public_keys(&self) -> bool {
        true
    }
}

struct EccsiVerifier(Arc<dyn PeerKeys>);

impl std::fmt::Debug for EccsiVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EccsiVerifier")
    }
}

/// The one way in which peers are refused.
fn refused() -> Error {
    Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
}

impl EccsiVerifier {
    fn identity(&self, key: &CertificateDer<'_>, more: &[CertificateDer<'_>]) -> Result<(), Error> {
        let presented = SubjectPublicKeyInfo::from_der(key).map_err(|_| refused())?;
        if !more.is_empty() || self.0.kpak(&presented).is_none() {
            return Err(refused());
        }
        Ok(())
    }

    /// `message` is what RFC 8446 section 4.4.3 says is signed.
    fn signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if signed.scheme != ECCSI_SHA256 {
            return Err(refused());
        }
        let presented = SubjectPublicKeyInfo::from_der(key).map_err(|_| refused())?;
        let kpak = self.0.kpak(&presented).ok_or_else(refused)?;
        let identity = Identity::new(presented.identity);
        let is_valid = signature_from_der(signed.signature())
            .is_ok_and(|signature| kpak.verify(identity, message, &signature).is_ok());
        if is_valid {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            self.0.signature_refused(&presented);
            Err(refused())
        }
    }
}

impl ServerCertVerifier for EccsiVerifier {
    fn verify_server_cert(
        &self,
        key: &CertificateDer<'_>,
        more: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: pki_types::UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.identity(key, more).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(refused()) // TLS 1.3 only
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(message, key, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        std::vec![ECCSI_SHA256]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for EccsiVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        key: &CertificateDer<'_>,
        more: &[CertificateDer<'_>],
        _: pki_types::UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.identity(key, more).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(refused()) // TLS 1.3 only
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(message, key, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        std::vec![ECCSI_SHA256]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
