//! The root key sealed under an AES key inside a PKCS#11 token, which never gives that key out.
//!
//! What this protects is the directory at rest: without token and PIN nobody opens a copy of it. It does not
//! keep KSAK inside the token. No PKCS#11 mechanism computes KSAK + HS·v modulo the group order, nor
//! (a + z)⁻¹, so the service has the root key unwrapped when it starts and holds KSAK and z in its own
//! memory; what the token's library keeps of an unwrapped key in this process is up to that library.

use super::error::KeysError;
use super::sealed_file::{KEY, NONCE, TAG};
use crate::files::private_file;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11 as Library};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// Name of the cipher in the header.
pub(super) const CIPHER: &str = "CKM_AES_GCM";

/// Largest file with a PIN, in octets: what any token takes, and a line end.
const MAX_PIN: u64 = 256;

/// A library is initialised once in a process: its users take turns.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// An AES key of 256 bits in a token, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pkcs11 {
    /// The token's library, `libsofthsm2.so` for one.
    pub module: PathBuf,
    /// Label of the token.
    pub token: String,
    /// Label of the key.
    pub key: String,
    /// A file with the PIN of the user, mode 0600; a line end after it does not count.
    pub pin_file: PathBuf,
}

impl From<Error> for KeysError {
    fn from(error: Error) -> Self {
        Self::Token(format!("{error}"))
    }
}

fn refused(message: String) -> KeysError {
    KeysError::Token(message)
}

impl Pkcs11 {
    /// Makes the key inside the token: sensitive, not extractable, for encryption and decryption.
    ///
    /// # Errors
    /// [`KeysError::Token`], also if there is one of that label; [`KeysError::File`] for the PIN.
    pub fn make_key(&self) -> Result<(), KeysError> {
        self.with_session(true, |session| {
            if !session.find_objects(&self.template())?.is_empty() {
                return Err(refused(format!("there is a key {:?} already", self.key)));
            }
            let template = [
                Attribute::Token(true),
                Attribute::Private(true),
                Attribute::Label(self.key.as_bytes().to_vec()),
                Attribute::ValueLen((KEY as u64).into()),
                Attribute::Sensitive(true),
                Attribute::Extractable(false),
                Attribute::Encrypt(true),
                Attribute::Decrypt(true),
                Attribute::Wrap(false),
                Attribute::Unwrap(false),
            ];
            session.generate_key(&Mechanism::AesKeyGen, &template)?;
            Ok(())
        })
    }

    /// Ciphertext and tag.
    pub(super) fn encrypt(
        &self,
        nonce: &[u8; NONCE],
        associated: &[u8],
        secret: &[u8; KEY],
    ) -> Result<Vec<u8>, KeysError> {
        self.with_session(false, |session| {
            let key = self.find(session)?;
            let mut iv = *nonce;
            let gcm = GcmParams::new(&mut iv, associated, (8 * TAG as u64).into())?;
            let sealed = session.encrypt(&Mechanism::AesGcm(gcm), key, secret)?;
            if iv != *nonce {
                return Err(refused("it insists on nonces of its own, which is not supported".into()));
            }
            if sealed.len() != KEY + TAG {
                return Err(refused(format!("it gave {} octets for a key and its tag", sealed.len())));
            }
            Ok(sealed)
        })
    }

    pub(super) fn decrypt(
        &self,
        nonce: &[u8; NONCE],
        associated: &[u8],
        sealed: &[u8],
        secret: &mut [u8; KEY],
    ) -> Result<(), KeysError> {
        self.with_session(false, |session| {
            let key = self.find(session)?;
            let mut iv = *nonce;
            let gcm = GcmParams::new(&mut iv, associated, (8 * TAG as u64).into())?;
            let opened = session.decrypt(&Mechanism::AesGcm(gcm), key, sealed);
            // Wiped with all of its capacity.
            let opened = Zeroizing::new(
                opened.map_err(|error| refused(format!("{error}: another key, or the file was changed")))?,
            );
            let opened: &[u8; KEY] = opened
                .as_slice()
                .try_into()
                .map_err(|_| refused(format!("it gave {} octets for a key", opened.len())))?;
            *secret = *opened;
            Ok(())
        })
    }

    fn template(&self) -> [Attribute; 3] {
        [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Label(self.key.as_bytes().to_vec()),
        ]
    }

    /// The one key of the label, if it is one that the token never gives out.
    fn find(&self, session: &Session) -> Result<ObjectHandle, KeysError> {
        let key = match session.find_objects(&self.template())?[..] {
            [key] => key,
            [] => return Err(refused(format!("there is no AES key {:?}", self.key))),
            _ => return Err(refused(format!("there are several AES keys {:?}", self.key))),
        };
        let attributes =
            session.get_attributes(key, &[AttributeType::Sensitive, AttributeType::Extractable])?;
        let kept = [Attribute::Sensitive(true), Attribute::Extractable(false)];
        if kept.iter().all(|needed| attributes.contains(needed)) {
            Ok(key)
        } else {
            Err(refused(format!("the key {:?} can be read out of the token: make another", self.key)))
        }
    }

    fn with_session<R>(
        &self,
        writing: bool,
        work: impl FnOnce(&Session) -> Result<R, KeysError>,
    ) -> Result<R, KeysError> {
        let pin = self.pin()?;
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let library = Library::new(&self.module)?;
        let foreign = match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => true,
            initialized => {
                initialized?;
                false
            }
        };
        let result = self.in_session(&library, writing, &pin, work);
        if !foreign {
            // What the library holds of keys goes with it. If that fails, the result is as good.
            let _ = library.finalize();
        }
        result
    }

    fn in_session<R>(
        &self,
        library: &Library,
        writing: bool,
        pin: &AuthPin,
        work: impl FnOnce(&Session) -> Result<R, KeysError>,
    ) -> Result<R, KeysError> {
        let mut found = vec![];
        for slot in library.get_slots_with_initialized_token()? {
            if library.get_token_info(slot)?.label() == self.token {
                found.push(slot);
            }
        }
        let slot = match found[..] {
            [slot] => slot,
            [] => return Err(refused(format!("there is no token {:?}", self.token))),
            _ => return Err(refused(format!("there are several tokens {:?}", self.token))),
        };
        let session = if writing { library.open_rw_session(slot)? } else { library.open_ro_session(slot)? };
        session.login(UserType::User, Some(pin))?;
        let result = work(&session);
        // The session is closed with its value, and that logs out as well.
        let _ = session.logout();
        result
    }

    fn pin(&self) -> Result<AuthPin, KeysError> {
        let octets = private_file::read(&self.pin_file, MAX_PIN)?;
        let text = core::str::from_utf8(&octets)
            .map_err(|_| KeysError::file(&self.pin_file, crate::files::FormatError::NotText))?;
        Ok(AuthPin::new(text.trim_end_matches(['\r', '\n']).into()))
    }
}
