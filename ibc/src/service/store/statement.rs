//! What stands behind the last octet of a copy: a signed statement of whose database it is, how far it had come, and of
//! the digest of all octets before.
//!
//! JSON text, 64 octets of signature, the length of the text in four octets (big-endian), and `ibc backup 1`. SQLite and
//! pg_restore read such a file as if it were not there.

use super::backup_error::BackupError;
use super::contents::Contents;
use crate::json;
use crate::service::kms::{ServiceKey, ServicePublicKey};
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::UnixTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// What the signature is for.
const LABEL: &str = "ibc backup v1";
const END: &[u8; 12] = b"ibc backup 1";
const SIGNATURE: usize = 64;
const FOOT: usize = SIGNATURE + 4 + END.len();

/// Longest text: thousands of writers.
const MAX_TEXT: u64 = 1 << 20;

/// What is said of a copy.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Statement {
    /// Public key of the service, in hexadecimal.
    service: String,
    /// Seconds since 1970.
    made: u64,
    /// Octets of the copy itself, and their SHA-256.
    pub(crate) octets: u64,
    sha256: String,
    mark: u64,
    epoch: u64,
    deny_list: u64,
    /// For each writer the number of its last entry, and its hash.
    heads: BTreeMap<String, (u64, String)>,
}

fn digest(file: &mut File, octets: u64) -> io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let mut rest = file.take(octets);
    let mut buffer = std::vec![0; 1 << 16];
    loop {
        let read = rest.read(&mut buffer)?;
        if read == 0 {
            return Ok(base16ct::lower::encode_string(&hash.finalize()));
        }
        hash.update(&buffer[..read]);
    }
}

/// Puts the statement behind the copy. Gives the octets of the file.
pub(crate) fn append(
    path: &Path,
    contents: &Contents,
    key: &ServiceKey,
    made: UnixTime,
) -> Result<u64, BackupError> {
    let io = |error| BackupError::Io(path.into(), error);
    let mut file = File::options().read(true).append(true).open(path).map_err(io)?;
    let octets = file.metadata().map_err(io)?.len();
    let hex = base16ct::lower::encode_string;
    let statement = Statement {
        service: hex(&key.public_key().to_sec1()),
        made: made.as_seconds(),
        octets,
        sha256: digest(&mut file, octets).map_err(io)?,
        mark: contents.mark.as_seconds(),
        epoch: contents.epoch,
        deny_list: contents.deny_list,
        heads: contents
            .heads
            .iter()
            .map(|(writer, head)| (writer.clone(), (head.number, hex(&head.hash))))
            .collect(),
    };
    let mut foot = serde_json::to_vec(&statement).map_err(|error| io(error.into()))?;
    let length = u32::try_from(foot.len()).map_err(|error| io(io::Error::other(error)))?;
    let signature = key.sign(LABEL, &foot, &mut SysRng).map_err(BackupError::Keys)?;
    foot.extend_from_slice(&signature);
    foot.extend_from_slice(&length.to_be_bytes());
    foot.extend_from_slice(END);
    file.write_all(&foot).map_err(io)?;
    Ok(octets + foot.len() as u64)
}

/// The statement of a copy, checked against the whole file; `None` for a copy without one.
///
/// `path` is read, `shown` is named.
pub(crate) fn read(
    path: &Path,
    shown: &Path,
    signer: &ServicePublicKey,
) -> Result<Option<Statement>, BackupError> {
    let io = |error| BackupError::Io(shown.into(), error);
    let changed = || BackupError::Changed(shown.into());
    let mut file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let Some(before) = length.checked_sub(FOOT as u64) else { return Ok(None) };
    file.seek(SeekFrom::Start(before)).map_err(io)?;
    let mut foot = [0; FOOT];
    file.read_exact(&mut foot).map_err(io)?;
    let (signature, rest) = foot.split_first_chunk::<SIGNATURE>().expect("longer");
    let (text_length, end) = rest.split_first_chunk::<4>().expect("longer");
    if end != END {
        return Ok(None);
    }
    let text_length = u64::from(u32::from_be_bytes(*text_length));
    let octets = before.checked_sub(text_length).filter(|_| text_length <= MAX_TEXT).ok_or_else(changed)?;
    file.seek(SeekFrom::Start(octets)).map_err(io)?;
    let mut text = std::vec![0; usize::try_from(text_length).map_err(|_| changed())?];
    file.read_exact(&mut text).map_err(io)?;
    let statement: Statement = json::from_slice(&text).map_err(|_| changed())?;
    if statement.service != base16ct::lower::encode_string(&signer.to_sec1()) {
        return Err(BackupError::OtherService(shown.into()));
    }
    let is_signed = signer.verify(LABEL, &text, signature);
    if !is_signed || statement.octets != octets || digest(&mut file, octets).map_err(io)? != statement.sha256
    {
        return Err(changed());
    }
    Ok(Some(statement))
}

impl Statement {
    /// When the copy was made.
    pub(crate) fn made(&self) -> UnixTime {
        UnixTime::from_seconds(self.made)
    }
}
