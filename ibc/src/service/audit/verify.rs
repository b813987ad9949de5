//! Checking the whole log: each chain from its first entry to its last, in files and database, against the state
//! files of this node and all checkpoints.

use super::PAGE;
use super::chain::{Entry, Head, RESTORED};
use super::named::Named;
use super::{checkpoint, segment};
use crate::service::error::ServiceError;
use crate::service::kms::ServicePublicKey;
use crate::service::store::ReadStore;
use crate::service::store::audit;
use core::fmt;
use std::collections::BTreeMap;
use std::path::Path;
use std::string::ToString;

/// Findings that are kept: one break shows in everything behind it.
pub(super) const FINDINGS: usize = 64;

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whose chain, or `""`.
    pub writer: String,
    /// A sentence.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A chain that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Whose.
    pub writer: String,
    /// Number of its last entry.
    pub last: u64,
    /// Entries found.
    pub entries: u64,
    /// Entries that an operator accepted as lost, by their declaration.
    pub lost: u64,
    /// Files of older entries.
    pub segments: usize,
}

/// What checking came to.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    /// Every chain.
    pub chains: Vec<Chain>,
    /// Checkpoints that hold.
    pub checkpoints: usize,
    /// State files whose end is in its chain.
    pub state_files: usize,
    /// What does not hold. Empty if all is well.
    pub findings: Vec<Finding>,
}

impl Verification {
    /// Looks whether each of these writers that has a chain has a state file, in whose place somebody could cut the
    /// end of its chain.
    pub fn expect_state_files(&mut self, own: &[String], known: &[(String, Head)]) {
        for writer in own {
            let has_file = known.iter().any(|(known, _)| known == writer);
            if !has_file && self.chains.iter().any(|chain| chain.writer == *writer) {
                let text =
                    std::format!("the state file of {writer} is missing, which tells where its chain ends");
                self.find(writer, text);
            }
        }
    }

    pub(super) fn find(&mut self, writer: &str, text: impl Into<String>) {
        if self.findings.len() < FINDINGS {
            self.findings.push(Finding { writer: writer.into(), text: text.into() });
        }
    }
}

/// What somebody else says about an entry: its hash, and who says so.
struct Claim {
    hash: [u8; 32],
    by: String,
    /// Not seen yet.
    is_open: bool,
}

type Claims = BTreeMap<String, BTreeMap<u64, Vec<Claim>>>;

/// Checks everything. `known` are the ends that state files know; `progress` gets the number of entries checked so
/// far, and of all.
///
/// # Errors
/// [`Kind::Unavailable`](crate::service::error::Kind::Unavailable) if the store cannot be read. What does not hold is
/// no error but a finding.
pub async fn verify(
    reads: &ReadStore,
    signer: &ServicePublicKey,
    segments: &Path,
    known: &[(String, Head)],
    mut progress: impl FnMut(u64, u64),
) -> Result<Verification, ServiceError> {
    // Checkpoints and entries of one moment.
    let mut connection = reads.snapshot().await?;
    let mut result = Verification::default();
    let mut claims = Claims::new();
    for (writer, head) in known {
        claim(&mut claims, writer, head.number, head.hash, "the state file".into());
    }
    let (mut named, mut there) = (Named::default(), Vec::new());
    for row in audit::checkpoints(&mut connection).await? {
        there.push((row.writer.clone(), row.number));
        match checkpoint::open(&row, signer) {
            None => result.find(
                &row.writer,
                std::format!(
                    "checkpoint {} of {} was changed, or not signed by this service",
                    row.number,
                    row.writer
                ),
            ),
            Some(statement) => {
                result.checkpoints += 1;
                for (writer, (number, hash)) in statement.heads {
                    let mut octets = [0; 32];
                    let by = std::format!("checkpoint {} of {}", row.number, row.writer);
                    match base16ct::lower::decode(&hash, &mut octets) {
                        Ok(hash) if hash.len() == 32 => claim(&mut claims, &writer, number, octets, by),
                        _ => result.find(&writer, std::format!("{by} has another form")),
                    }
                }
            }
        }
    }
    let heads = audit::heads(&mut connection).await?;
    let all = heads.iter().map(|(_, head)| head.number).sum();
    let mut done = 0;
    for (writer, _) in heads {
        let mut walk = Walk {
            head: Head::START,
            entries: 0,
            lost: 0,
            claims: claims.remove(&writer).unwrap_or_default(),
        };
        let rows = audit::segments(&mut connection, &writer).await?;
        for row in &rows {
            match segment::read(segments, row, signer) {
                Err(why) => {
                    let path = segments.join(&row.file);
                    result.find(&writer, std::format!("{}: {why}", path.display()));
                    // The chain goes on behind it, so that the rest is checked as well.
                    walk.forgive(walk.head.number, row.last + 1);
                    walk.head = Head {
                        number: row.last,
                        hash: row.last_hash.as_slice().try_into().unwrap_or([0; 32]),
                    };
                }
                Ok(entries) => walk.follow(&entries, &mut named, &mut result),
            }
            progress(done + walk.entries, all);
        }
        loop {
            let page = audit::entries(&mut connection, &writer, walk.head.number, PAGE).await?;
            if page.is_empty() {
                break;
            }
            walk.follow(&page, &mut named, &mut result);
            progress(done + walk.entries, all);
        }
        done += walk.entries;
        let chain = Chain {
            writer: writer.clone(),
            last: walk.head.number,
            entries: walk.entries,
            lost: walk.lost,
            segments: rows.len(),
        };
        walk.close(&writer, &mut result);
        result.chains.push(chain);
    }
    for (writer, entries) in claims {
        for (number, claims) in entries.into_iter().filter(|(number, _)| *number > 0) {
            for Claim { by, .. } in claims {
                result.find(
                    &writer,
                    std::format!("{by} knows entry {number} of {writer}, whose chain is gone"),
                );
            }
        }
    }
    for (writer, text) in named.compare(&there) {
        result.find(&writer, text);
    }
    let broken = |writer: &String| result.findings.iter().any(|finding| finding.writer == *writer);
    result.state_files = known.iter().filter(|(writer, _)| !broken(writer)).count();
    Ok(result)
}

fn claim(claims: &mut Claims, writer: &str, number: u64, hash: [u8; 32], by: String) {
    let entries = claims.entry(writer.into()).or_default();
    entries.entry(number).or_default().push(Claim { hash, by, is_open: true });
}

/// One chain being checked.
struct Walk {
    head: Head,
    entries: u64,
    lost: u64,
    claims: BTreeMap<u64, Vec<Claim>>,
}

impl Walk {
    fn follow(&mut self, entries: &[Entry], named: &mut Named, result: &mut Verification) {
        for entry in entries {
            let before = self.head.number;
            if let Err(broken) = self.head.follow(entry) {
                result.find(&entry.writer, broken.to_string());
                // Behind a break the chain is taken as it stands: what else is wrong shows, too.
                self.head = Head { number: entry.number, hash: entry.hash };
            } else if entry.event == RESTORED {
                let lost = entry.number.saturating_sub(before + 1);
                self.lost += lost;
                self.forgive(before, entry.number);
            }
            self.entries += 1;
            named.follow(entry);
            for claim in self.claims.get_mut(&entry.number).into_iter().flatten() {
                claim.is_open = false;
                if claim.hash != entry.hash {
                    let text = std::format!(
                        "entry {} of {} is not the one that {} knows",
                        entry.number,
                        entry.writer,
                        claim.by
                    );
                    result.find(&entry.writer, text);
                }
            }
        }
    }

    /// What was declared lost is not missed.
    fn forgive(&mut self, before: u64, number: u64) {
        for (at, claims) in &mut self.claims {
            if before < *at && *at < number {
                for claim in claims {
                    claim.is_open = false;
                }
            }
        }
    }

    fn close(self, writer: &str, result: &mut Verification) {
        let missing = |(number, claims): (u64, Vec<Claim>)| -> Vec<(u64, String)> {
            claims
                .into_iter()
                .filter(|claim| claim.is_open && number > 0)
                .map(|claim| (number, claim.by))
                .collect()
        };
        let open: Vec<_> = self.claims.into_iter().map(missing).fold(vec![], |mut all, some| {
            all.extend(some);
            all
        });
        for (number, by) in open {
            let text = std::format!(
                "{by} knows entry {number} of {writer}, but the chain ends at {}",
                self.head.number
            );
            result.find(writer, text);
        }
    }
}
