//! The shape of the files in `vectors/`, for the tests that write them and the tests that run them.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

use super::model::{hex, unhex};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Where a file of that name lies.
pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name)
}

/// A whole file, its text and what it says.
pub fn load<Case: DeserializeOwned + Flagged>(name: &str) -> VectorFile<Case> {
    let text = std::fs::read_to_string(path(name)).expect(name);
    let file: VectorFile<Case> = serde_json::from_str(&text).expect(name);
    file.check();
    file
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VectorFile<Case> {
    pub algorithm: String,
    pub schema: String,
    pub source: String,
    pub number_of_tests: usize,
    /// What a case of SAKKE has where it gives nothing of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub defaults: Option<SakkeKeys>,
    pub notes: BTreeMap<String, String>,
    pub tests: Vec<Case>,
}

/// A case with a number, flags and an outcome.
pub trait Flagged {
    fn number(&self) -> usize;
    fn set_number(&mut self, number: usize);
    fn flags(&self) -> &[String];
    fn comment(&self) -> &str;
    fn result(&self) -> Outcome;
}

macro_rules! flagged {
    ($($case:ident),*) => {$(
        impl Flagged for $case {
            fn number(&self) -> usize { self.tc_id }
            fn set_number(&mut self, number: usize) { self.tc_id = number; }
            fn flags(&self) -> &[String] { &self.flags }
            fn comment(&self) -> &str { &self.comment }
            fn result(&self) -> Outcome { self.result }
        }
    )*};
}
flagged!(VerifyCase, KeyCase, IssueSignCase, SaefCase, SakkeCase);

impl<Case: Flagged> VectorFile<Case> {
    /// Numbers run from 1 to the declared count; flags and notes name the same things.
    pub fn check(&self) {
        assert_eq!(self.number_of_tests, self.tests.len(), "declared count");
        for (index, case) in self.tests.iter().enumerate() {
            assert_eq!(case.number(), index + 1, "tcId");
            assert!(!case.flags().is_empty(), "case {} has no flag", case.number());
        }
        let used: BTreeSet<&String> = self.tests.iter().flat_map(Flagged::flags).collect();
        let noted: BTreeSet<&String> = self.notes.keys().collect();
        assert_eq!(used, noted, "flags used and flags explained");
        let comments: BTreeSet<&str> = self.tests.iter().map(Flagged::comment).collect();
        assert_eq!(comments.len(), self.tests.len(), "each case has a comment of its own");
    }

    /// The number of cases that must be refused.
    pub fn invalid(&self) -> usize {
        self.tests.iter().filter(|case| case.result() == Outcome::Invalid).count()
    }
}

/// Octets in hexadecimal; a long run of one pattern as the pattern and how often it comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Octets {
    Plain(String),
    Repeated(Repeated),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeated {
    pub repeat: String,
    pub count: usize,
}

impl Octets {
    pub fn new(octets: &[u8]) -> Self {
        match octets.first() {
            Some(first) if octets.len() > 600 && octets.iter().all(|octet| octet == first) => {
                Self::Repeated(Repeated { repeat: hex([*first]), count: octets.len() })
            }
            _ => Self::Plain(hex(octets)),
        }
    }

    pub fn to_vec(&self) -> Vec<u8> {
        match self {
            Self::Plain(text) => unhex(text),
            Self::Repeated(run) => unhex(&run.repeat).repeat(run.count),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Valid,
    Invalid,
}

/// Where an invalid input is refused: while it is read, or by the arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Decode,
    Verify,
}

/// `eccsi_verify.json`: RFC 6507 §5.2.2.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyCase {
    pub tc_id: usize,
    pub comment: String,
    pub flags: Vec<String>,
    pub kpak: String,
    pub id: Octets,
    pub msg: Octets,
    pub sig: String,
    pub result: Outcome,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stage: Option<Stage>,
}

/// What a case of `eccsi_keys.json` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Kpak,
    Pvt,
    PvtCompressed,
    Ksak,
    Ssk,
    Issued,
}

/// `eccsi_keys.json`: decoding of keys, and RFC 6507 §5.1.2. Fields a kind does not need are absent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyCase {
    pub tc_id: usize,
    pub comment: String,
    pub flags: Vec<String>,
    pub kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ksak: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kpak: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<Octets>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ssk: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pvt: Option<String>,
    /// What a valid compressed PVT decodes to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub point: Option<String>,
    /// HS of a valid issued key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hs: Option<String>,
    pub result: Outcome,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stage: Option<Stage>,
}

/// `eccsi_issue_sign.json`: RFC 6507 §5.1.1 and §5.2.1 with every value on the way. `issueFresh` and
/// `signFresh` are the octets that a random generator gave, where v or j is hedged.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssueSignCase {
    pub tc_id: usize,
    pub comment: String,
    pub flags: Vec<String>,
    pub ksak: String,
    pub kpak: String,
    pub id: Octets,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub issue_fresh: Option<String>,
    pub v: String,
    pub pvt: String,
    pub hs: String,
    pub ssk: String,
    pub msg: Octets,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sign_fresh: Option<String>,
    pub j: String,
    pub r: String,
    pub he: String,
    pub s: String,
    pub sig: String,
    pub result: Outcome,
}

/// One side of a case of `saef.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaefParty {
    pub ksak: String,
    pub kpak: String,
    pub tag: String,
    pub id: String,
    pub id_text: String,
    pub v: String,
    pub pvt: String,
    pub hs: String,
    pub ssk: String,
    pub y: String,
    pub psk_identity: String,
}

/// `saef.json`: the key that two holders of credentials share.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaefCase {
    pub tc_id: usize,
    pub comment: String,
    pub flags: Vec<String>,
    pub client: SaefParty,
    pub server: SaefParty,
    pub z: String,
    pub prk: String,
    pub info_length: usize,
    pub info_sha256: String,
    pub kibc_id: String,
    pub kibc: String,
    pub result: Outcome,
}

/// Where a case of `sakke_decapsulate.json` ends: while octets are read, when the key is validated, or
/// when the data are decapsulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SakkeStage {
    Decode,
    Validate,
    Decapsulate,
}

/// The keys of a file, for all cases that have none of their own.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SakkeKeys {
    pub kms_public_key: String,
    pub identity: String,
    pub receiver_secret_key: String,
}

/// `sakke_decapsulate.json`: RFC 6508 §6.1.2 and §6.2.2.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SakkeCase {
    pub tc_id: usize,
    pub comment: String,
    pub flags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kms_public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub identity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub receiver_secret_key: Option<String>,
    /// None: the case ends with the keys.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub encapsulated_data: Option<String>,
    pub result: Outcome,
    pub stage: SakkeStage,
    /// Why an invalid case is refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// What valid data give.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ssv: Option<String>,
}
