//! Messages of MIKEY-SAKKE: RFC 6509.

use crate::eccsi::{KmsPublicKey as Kpak, SigningKey};
use crate::errors::Raise;
use crate::held::{Held, secret_class};
use crate::octets::SecretOctets;
use crate::policy::SrtpPolicy;
use crate::sakke::{Identifier, KmsPublicKey, ReceiverSecretKey};
use core::time::Duration;
use eccsi_sakke::SysRng;
use eccsi_sakke::eccsi::KmsPublicKey as CoreKpak;
use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::sakke::ReceiverSecretKey as CoreReceiverSecretKey;
use mikey_sakke::build::{Draft, KeyId, Naming, Recipient, Sender};
use mikey_sakke::keys::{KeyKind, Protection, Tgk};
use mikey_sakke::open::{Known, Opened, Receiver};
use mikey_sakke::payload::{CsIdMap, SrtpSession};
use mikey_sakke::user::{KeyPeriod, UserIdentifier};
use mikey_sakke::{BoundedReplayCache, IMessage, Refusal, sdp};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("SKEW", Receiver::SKEW.as_secs())?;
    module.add("OVERLAP", Receiver::OVERLAP.as_secs())?;
    module.add_class::<User>()?;
    module.add_class::<Message>()?;
    module.add_class::<ReplayCache>()?;
    module.add_class::<SrtpPolicy>()?;
    module.add_function(wrap_pyfunction!(build, module)?)?;
    module.add_function(wrap_pyfunction!(open, module)?)?;
    module.add_function(wrap_pyfunction!(open_own, module)?)?;
    module.add_function(wrap_pyfunction!(sdp_messages, module)?)
}

/// A user: a name, and the rule by which it has another identity in each key period.
#[pyclass(frozen, eq, hash, module = "eccsi_sakke.mikey")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct User(mikey_sakke::User);

impl User {
    fn at(&self, time: u64) -> PyResult<UserIdentifier> {
        self.0.identifier(UnixTime::from_seconds(time)).ok_or_else(|| Refusal::KeyPeriod.raise())
    }
}

#[pymethods]
impl User {
    /// A user with a tel URI in global notation, whose keys are those of a month (RFC 6509 3.2); `kms_uri` stands in messages.
    #[staticmethod]
    #[pyo3(signature = (uri, kms_uri = None))]
    fn tel(uri: &str, kms_uri: Option<&str>) -> PyResult<Self> {
        let user = mikey_sakke::User::tel(uri).map_err(Raise::raise)?;
        let user = kms_uri.map_or_else(|| Ok(user.clone()), |kms_uri| user.clone().of_kms(kms_uri));
        user.map(Self).map_err(Raise::raise)
    }

    /// A user of mission-critical services (TS 33.180 Annex F.2.1): names as provisioned, UserKeyPeriod and UserKeyOffset of the
    /// KMS in seconds.
    #[staticmethod]
    #[pyo3(signature = (uri, kms_uri, *, period, offset = 0))]
    fn mcx(uri: &str, kms_uri: &str, period: u64, offset: u64) -> PyResult<Self> {
        let period = KeyPeriod::new(period, offset).map_err(Raise::raise)?;
        mikey_sakke::User::mcx(uri, kms_uri, period).map(Self).map_err(Raise::raise)
    }

    /// The name.
    #[getter]
    fn uri(&self) -> &str {
        self.0.uri()
    }

    /// The identity in the key period of a time, in seconds since 1970 (UTC): what the KMS issues the key of ECCSI for.
    fn identity<'py>(&self, py: Python<'py>, time: u64) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.at(time)?.as_bytes()))
    }

    /// The same for SAKKE.
    fn sakke_identifier(&self, time: u64) -> PyResult<Identifier> {
        Ok(Identifier(self.at(time)?.sakke()))
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// A message, built or opened, with the key that it carries.
#[pyclass(frozen, module = "eccsi_sakke.mikey")]
pub(crate) struct Message(Held<Opened>);

secret_class!(Message);

#[pymethods]
impl Message {
    /// The octets: what travels.
    fn octets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.0.get()?.message.as_bytes()))
    }

    /// RAND: given to build, it hands a group key on to later members.
    fn rand<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.0.get()?.message.rand()))
    }

    /// CSB ID, which names the key.
    fn key_id(&self) -> PyResult<u32> {
        Ok(self.0.get()?.message.header().csb_id)
    }

    /// The GMK-ID of a message to a member of a group, whose MC service ID is `uri` (TS 33.180 Annex F.1).
    fn group_id(&self, uri: &str) -> PyResult<u32> {
        let of = self.0.get()?;
        of.tgk.guk_id(of.message.header().csb_id, uri).map_err(Raise::raise)
    }

    /// T, in seconds since 1970 (UTC).
    fn time(&self) -> PyResult<u64> {
        Ok(self.0.get()?.time.as_seconds())
    }

    /// TGK itself, 16 octets. Python cannot wipe them.
    fn tgk<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &*self.0.get()?.tgk.expose()))
    }

    /// Derives a key of 1 to 256 octets for a crypto session (RFC 3830 4.1.3); `kind` is "tek", "authentication", "encryption"
    /// or "salt". Python cannot wipe it.
    fn derive<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        cs_id: u8,
        length: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let of = self.0.get()?;
        let kind = match kind {
            "tek" => KeyKind::Tek,
            "authentication" => KeyKind::Authentication,
            "encryption" => KeyKind::Encryption,
            "salt" => KeyKind::Salt,
            _ => {
                let text = "kind is \"tek\", \"authentication\", \"encryption\" or \"salt\"";
                return Err(PyValueError::new_err(text));
            }
        };
        if !(1..=256).contains(&length) {
            return Err(PyValueError::new_err("a derived key has 1 to 256 octets"));
        }
        Ok(PyBytes::new(py, of.derive(kind, cs_id, length).expose()))
    }

    /// The key by which signalling is protected under this one, a CSK or SPK, with the client whose MC service ID is `uri` (TS
    /// 33.180 Annex F.1): 32 octets, of which an algorithm with shorter keys takes its part; `protection` is
    /// "confidentiality" or "integrity". Python cannot wipe it.
    fn signalling_key<'py>(
        &self,
        py: Python<'py>,
        protection: &str,
        uri: &str,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let of = self.0.get()?;
        let protection = match protection {
            "confidentiality" => Protection::Confidentiality,
            "integrity" => Protection::Integrity,
            _ => {
                return Err(PyValueError::new_err("protection is \"confidentiality\" or \"integrity\""));
            }
        };
        let key = of.tgk.signalling_key(protection, uri, of.message.header().csb_id);
        Ok(PyBytes::new(py, key.map_err(Raise::raise)?.expose()))
    }

    /// The crypto sessions of SRTP, each as (policy, SSRC, ROC); their CS IDs are 1, 2 and so on. None where the map is empty
    /// or a GENERIC-ID map.
    fn sessions(&self) -> PyResult<Vec<(u8, u32, u32)>> {
        let of = self.0.get()?;
        Ok(match &of.message.header().map {
            CsIdMap::Srtp(sessions) => sessions.iter().map(|one| (one.policy, one.ssrc, one.roc)).collect(),
            _ => Vec::new(),
        })
    }

    /// The security policies by their numbers. None: SrtpPolicy.MCX holds.
    fn policies(&self) -> PyResult<HashMap<u8, SrtpPolicy>> {
        Ok(self.0.get()?.policies.iter().map(|(number, policy)| (*number, SrtpPolicy(*policy))).collect())
    }

    /// The line of SDP that carries the message, without CR and LF (RFC 4567 3.1).
    fn sdp(&self) -> PyResult<String> {
        Ok(self.0.get()?.message.to_sdp_attribute())
    }
}

/// The messages that a receiver has opened, in a fixed number of places, of which no initiator gets more than a quarter.
#[pyclass(frozen, module = "eccsi_sakke.mikey")]
pub(crate) struct ReplayCache(Mutex<BoundedReplayCache>);

#[pymethods]
impl ReplayCache {
    /// An empty one.
    #[new]
    fn new(places: usize) -> Self {
        Self(Mutex::new(BoundedReplayCache::new(places)))
    }

    fn __len__(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Makes a message for each recipient, given with Z of its KMS, all with one key: `tgk` of 16 octets, or a random one
/// (RFC 6509 2.1 and 5). `key` is that of the sender in the key period of `time`, `z` that of its KMS.
///
/// `group` says that `key_id` is a GMK-ID; `naming` is "uris", "hidden" (UIDs) or "signalling" (no names); `to_self` adds the
/// extension by which the sender's other devices open the messages; `sessions` are (policy, SSRC, ROC) of SRTP, `policies` by
/// their numbers. Raises MessageError.
#[pyfunction]
#[pyo3(signature = (recipients, *, sender, key, z, time, key_id, group = false, naming = "uris", to_self = false, tgk = None,
    rand = None, sessions = Vec::new(), policies = BTreeMap::new()))]
#[allow(clippy::too_many_arguments, reason = "named ones, in Python")]
fn build(
    py: Python<'_>,
    recipients: Vec<(PyRef<'_, User>, PyRef<'_, KmsPublicKey>)>,
    sender: &User,
    key: &SigningKey,
    z: &KmsPublicKey,
    time: u64,
    key_id: u32,
    group: bool,
    naming: &str,
    to_self: bool,
    tgk: Option<SecretOctets<'_>>,
    rand: Option<Vec<u8>>,
    sessions: Vec<(u8, u32, u32)>,
    policies: BTreeMap<u8, PyRef<'_, SrtpPolicy>>,
) -> PyResult<Vec<Message>> {
    let key_id = if group { KeyId::Group(key_id) } else { KeyId::Same(key_id) };
    let mut draft = Draft::new(UnixTime::from_seconds(time), key_id);
    draft.naming = match naming {
        "uris" => Naming::Uris,
        "hidden" => Naming::Hidden,
        "signalling" => Naming::BySignalling,
        _ => return Err(PyValueError::new_err("naming is \"uris\", \"hidden\" or \"signalling\"")),
    };
    (draft.to_self, draft.rand) = (to_self, rand);
    if !sessions.is_empty() {
        let session = |(policy, ssrc, roc)| SrtpSession { policy, ssrc, roc };
        draft.map = CsIdMap::Srtp(sessions.into_iter().map(session).collect());
    }
    draft.policies = policies.iter().map(|(number, policy)| policy.0.to_payload(*number)).collect();
    let tgk = match tgk {
        Some(octets) => {
            let tgk = octets.with(|octets| octets.try_into().map(Tgk::from_bytes));
            tgk.map_err(|_| crate::errors::DecodeError::new_err("TGK: 16 octets expected"))?
        }
        None => Tgk::generate(&mut SysRng).map_err(Raise::raise)?,
    };
    let key = key.0.get()?;
    let sender = Sender { user: &sender.0, key: &key, z: &z.0 };
    let recipients: Vec<_> = recipients.iter().map(|(user, z)| (user.0.clone(), z.0.clone())).collect();
    let recipients: Vec<_> = recipients.iter().map(|(user, z)| Recipient { user, z }).collect();
    let made = py.detach(|| IMessage::build_with(&draft, &sender, &recipients, &tgk, &mut SysRng));
    let sent = |message| opened(Opened::sent(message, draft.time, &tgk));
    made.map_err(Raise::raise)?.into_iter().map(sent).collect()
}

/// A receiver, taken over from Python.
struct Taken {
    user: mikey_sakke::User,
    keys: Vec<Arc<CoreReceiverSecretKey>>,
    past: Duration,
    future: Duration,
    overlap: Duration,
}

impl Taken {
    fn new(
        user: &User,
        keys: &[PyRef<'_, ReceiverSecretKey>],
        (past, future, overlap): (u64, u64, u64),
    ) -> PyResult<Self> {
        let keys = keys.iter().map(|key| key.0.get()).collect::<PyResult<_>>()?;
        let [past, future, overlap] = [past, future, overlap].map(Duration::from_secs);
        Ok(Self { user: user.0.clone(), keys, past, future, overlap })
    }

    fn receiver(&self) -> Receiver<'_, Arc<CoreReceiverSecretKey>> {
        let (user, keys) = (&self.user, &self.keys);
        Receiver { user, keys, past: self.past, future: self.future, overlap: self.overlap }
    }
}

fn opened(result: Result<Opened, Refusal>) -> PyResult<Message> {
    Ok(Message(Held::new(result.map_err(Raise::raise)?)))
}

/// From whom a message may be.
#[derive(FromPyObject)]
enum Initiators<'py> {
    /// The one whom the signalling names.
    Named((PyRef<'py, User>, PyRef<'py, Kpak>)),
    /// One of these, whom the message names.
    Listed(Vec<(PyRef<'py, User>, PyRef<'py, Kpak>)>),
}

/// Opens a message as its responder, who has `user` as its name (RFC 6509 2.1). `initiators` is a list of those whose messages
/// are accepted, each with KPAK of its KMS, or one such pair: the initiator whom the signalling names. Times are in seconds, `now`
/// since 1970 (UTC). Raises InvalidSignature, DecapsulationFailed, MessageError; what is refused is not remembered.
#[pyfunction]
#[pyo3(signature = (data, *, user, keys, initiators, replay, now, past = 300, future = 300, overlap = 172_800))]
#[allow(clippy::too_many_arguments, reason = "named ones, in Python")]
fn open(
    py: Python<'_>,
    data: &[u8],
    user: &User,
    keys: Vec<PyRef<'_, ReceiverSecretKey>>,
    initiators: Initiators<'_>,
    replay: &ReplayCache,
    now: u64,
    past: u64,
    future: u64,
    overlap: u64,
) -> PyResult<Message> {
    let (taken, now) = (Taken::new(user, &keys, (past, future, overlap))?, UnixTime::from_seconds(now));
    let take = |(user, kpak): &(PyRef<'_, User>, PyRef<'_, Kpak>)| (user.0.clone(), kpak.0.clone());
    let (named, listed): (bool, Vec<(mikey_sakke::User, CoreKpak)>) = match &initiators {
        Initiators::Named(one) => (true, vec![take(one)]),
        Initiators::Listed(list) => (false, list.iter().map(take).collect()),
    };
    opened(py.detach(|| {
        let receiver = taken.receiver();
        let known: Vec<_> = listed.iter().map(|(user, kpak)| Known { user, kpak }).collect();
        let mut replay = replay.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.first() {
            Some(one) if named => IMessage::open(data, &receiver, one, &mut *replay, now),
            _ => IMessage::open(data, &receiver, &known[..], &mut *replay, now),
        }
    }))
}

/// Opens one's own message by its SAKKE-to-self extension: as another device of the sender, who has `user` as its name. Otherwise
/// as open.
#[pyfunction]
#[pyo3(signature = (data, *, user, keys, kpak, replay, now, past = 300, future = 300, overlap = 172_800))]
#[allow(clippy::too_many_arguments, reason = "named ones, in Python")]
fn open_own(
    py: Python<'_>,
    data: &[u8],
    user: &User,
    keys: Vec<PyRef<'_, ReceiverSecretKey>>,
    kpak: &Kpak,
    replay: &ReplayCache,
    now: u64,
    past: u64,
    future: u64,
    overlap: u64,
) -> PyResult<Message> {
    let (taken, now) = (Taken::new(user, &keys, (past, future, overlap))?, UnixTime::from_seconds(now));
    opened(py.detach(|| {
        let receiver = taken.receiver();
        let mut replay = replay.0.lock().unwrap_or_else(PoisonError::into_inner);
        IMessage::open_own(data, &receiver, &kpak.0, &mut *replay, now)
    }))
}

/// The octets of the messages in a session description, those of the session and of each medium, in order: what
/// `a=key-mgmt:mikey` carries (RFC 4567 3.1). Raises MessageError for a line that is wrong.
#[pyfunction]
fn sdp_messages<'py>(py: Python<'py>, description: &str) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let found = sdp::messages(description);
    found.map(|found| Ok(PyBytes::new(py, &found.map_err(Raise::raise)?))).collect()
}
