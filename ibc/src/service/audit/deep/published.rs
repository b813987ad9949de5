//! The deny list that peers get: signed, the newest, and with all that its table says it has.

use crate::service::deny_list::{self, acceptable_after};
use crate::service::error::ServiceError;
use crate::service::kms::ServicePublicKey;
use crate::service::store::{decisions, lists, state_file};
use crate::wire::DenyList;
use eccsi_sakke::onem2m::ExpirationTime;
use sqlx::AnyConnection;
use std::collections::HashSet;
use std::path::Path;

/// What lies beside the state files of this node.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The number of the newest deny list that this node has seen.
    pub number: u64,
    /// The file with it.
    pub list: Option<Vec<u8>>,
}

impl State {
    /// Reads both.
    ///
    /// # Errors
    /// As [`state_file::known_heads`].
    pub fn read(folder: &Path, key: &[u8; 32]) -> Result<Self, state_file::StateError> {
        Ok(Self { number: state_file::known_deny_list(folder, key)?, list: state_file::deny_list(folder)? })
    }
}

/// `newest`: number and entries of the newest list, and which entry of the log says so.
pub(super) async fn compare(
    connection: &mut AnyConnection,
    signer: &ServicePublicKey,
    state: &State,
    newest: Option<&(u64, u64, String)>,
) -> Result<Vec<String>, ServiceError> {
    let mut findings = Vec::new();
    findings.extend(beside_state_files(signer, state));
    let row = lists::published(connection).await?;
    let Some((number, entries, entry)) = newest else {
        if !row.body.is_empty() {
            findings.push("a deny list is published, and no entry of the log tells of it".into());
        }
        return Ok(findings);
    };
    let list = match deny_list::open(row.body.as_bytes(), signer) {
        Ok(list) => list,
        Err(why) => {
            findings.push(std::format!("the published deny list: {why}"));
            return Ok(findings);
        }
    };
    if list.number != *number || list.denied.len() as u64 != *entries || row.number < *number {
        findings.push(std::format!(
            "the published deny list is number {} with {} entries, and {entry} tells of number {number} with {entries}",
            list.number,
            list.denied.len()
        ));
        return Ok(findings);
    }
    if ExpirationTime::parse(&list.next_update).map(ExpirationTime::to_unix) != Ok(row.next_update) {
        findings
            .push(std::format!("the time of the next deny list is not the one that number {number} says"));
    }
    findings.extend(unlisted(connection, &list).await?);
    Ok(findings)
}

fn beside_state_files(signer: &ServicePublicKey, state: &State) -> Option<String> {
    let State { number, list } = state;
    let Some(octets) = list else {
        return (*number > 0).then(|| {
            std::format!("denylist.json is missing beside the state files, which know number {number}")
        });
    };
    match deny_list::open(octets, signer) {
        Err(why) => Some(std::format!("denylist.json beside the state files: {why}")),
        Ok(list) if list.number < *number => Some(std::format!(
            "denylist.json beside the state files is number {}, and they know number {number}",
            list.number
        )),
        Ok(_) => None,
    }
}

/// Denials that the published list should have, by the column that says so: without it they would wait for the next list.
async fn unlisted(connection: &mut AnyConnection, list: &DenyList) -> Result<Vec<String>, ServiceError> {
    let Ok(issued) = ExpirationTime::parse(&list.issued) else { return Ok(Vec::new()) };
    let after = acceptable_after(issued.to_unix());
    let there: HashSet<&str> = list.denied.iter().map(|entry| entry.id2.as_str()).collect();
    let (mut findings, mut behind): (Vec<String>, Option<String>) = (Vec::new(), None);
    loop {
        let page = decisions::listed(connection, after, behind.as_deref()).await?;
        let Some(last) = page.last() else { return Ok(findings) };
        behind = Some(last.clone());
        let missing = page.iter().filter(|id_2| !there.contains(id_2.as_str()));
        findings.extend(missing.map(|id_2| {
            std::format!(
                "the denial of {id_2} is marked as published, and list {} does not have it",
                list.number
            )
        }));
    }
}
