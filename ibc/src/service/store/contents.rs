//! How far a database, or a copy of one, has come: what restoring compares.
//!
//! A dump of PostgreSQL is read to its end without a server, from the text that pg_restore makes of it: so it is known
//! to be whole before anything is replaced.

use super::audit::{self, CheckpointRow};
use super::backup_error::BackupError;
use super::columns::{seconds, time};
use crate::service::audit::chain::Head;
use crate::service::error::ServiceError;
use eccsi_sakke::onem2m::UnixTime;
use sqlx::{AnyConnection, Row};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

/// An entry of the audit log that somebody knows: writer and number.
pub(crate) type Place = (String, u64);

/// What is in it.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// Of its tables.
    pub(crate) version: i64,
    /// The latest time at which it was written.
    pub(crate) mark: UnixTime,
    /// How often a loss was accepted.
    pub(crate) epoch: u64,
    pub(crate) deny_list: u64,
    /// The newest list as published.
    pub(crate) signed_list: String,
    pub(crate) audit_entries: u64,
    /// Where each chain ends.
    pub(crate) heads: BTreeMap<String, Head>,
    /// Hashes of the entries that were asked for, as far as they are there.
    pub(crate) hashes: BTreeMap<Place, [u8; 32]>,
    pub(crate) checkpoints: Vec<CheckpointRow>,
}

/// Moves the mark, counts one more accepted loss, and gives the count.
pub(crate) async fn begin_epoch(connection: &mut AnyConnection, now: UnixTime) -> Result<u64, ServiceError> {
    let epoch: i64 =
        sqlx::query_scalar("update clock set mark = $1, epoch = epoch + 1 where one = 1 returning epoch")
            .bind(seconds(now))
            .fetch_one(connection)
            .await?;
    Ok(epoch.unsigned_abs())
}

impl Contents {
    /// Of a database.
    pub(crate) async fn of_database(
        connection: &mut AnyConnection,
        places: &[Place],
    ) -> Result<Self, ServiceError> {
        let version =
            sqlx::query_scalar("select max(number) from migration").fetch_one(&mut *connection).await?;
        let row = sqlx::query(
            "select mark, epoch, number, body, (select count(*) from audit) as entries from clock \
             join deny_list on deny_list.one = clock.one where clock.one = 1",
        )
        .fetch_one(&mut *connection)
        .await?;
        let number = |name: &str| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
        let mut contents = Self {
            version,
            mark: time(row.try_get("mark")?),
            epoch: number("epoch")?,
            deny_list: number("number")?,
            signed_list: row.try_get("body")?,
            audit_entries: number("entries")?,
            heads: audit::heads(connection).await?.into_iter().collect(),
            hashes: BTreeMap::new(),
            checkpoints: audit::checkpoints(connection).await?,
        };
        for place in places {
            if let Some(hash) = audit::hash_at(connection, &place.0, place.1).await? {
                contents.hashes.insert(place.clone(), hash);
            }
        }
        Ok(contents)
    }

    /// Of a dump in the custom format of pg_dump.
    pub(crate) fn of_dump(path: &Path, places: &[Place]) -> Result<Self, BackupError> {
        let program = "pg_restore";
        let none = |error| BackupError::NoProgram(program, error);
        let mut child = Command::new(program)
            .args(["--data-only", "--file=-"])
            .arg(path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(none)?;
        let mut errors = child.stderr.take().expect("a pipe");
        let words = thread::spawn(move || {
            let mut words = String::new();
            let _ = errors.read_to_string(&mut words);
            words
        });
        let read = Rows::default().read(&mut BufReader::new(child.stdout.take().expect("a pipe")), places);
        // It ends by itself when nobody reads on.
        let status = child.wait().map_err(none)?;
        let words = words.join().unwrap_or_default();
        let failed = |why| BackupError::NotABackup(path.into(), why);
        if !status.success() {
            let words = words.lines().last().unwrap_or_default().into();
            return Err(BackupError::Damaged(path.into(), words));
        }
        read.map_err(failed)
    }
}

/// Reads the text of a dump.
#[derive(Default)]
struct Rows {
    contents: Contents,
    /// Tables that every service has, as far as they were seen.
    seen: Vec<String>,
}

impl Rows {
    fn read(mut self, text: &mut impl BufRead, places: &[Place]) -> Result<Contents, &'static str> {
        let mut table: Option<(String, Vec<String>)> = None;
        let mut line = Vec::new();
        loop {
            line.clear();
            if text.read_until(b'\n', &mut line).map_err(|_| "it cannot be read")? == 0 {
                break;
            }
            let text = core::str::from_utf8(&line).map_err(|_| "it is not in UTF-8")?;
            let text = text.strip_suffix('\n').unwrap_or(text);
            match &table {
                None => table = copy_statement(text),
                Some(_) if text == "\\." => table = None,
                Some((name, columns)) => {
                    self.row(name, &Fields { columns, values: text.split('\t').collect() }, places)
                        .ok_or("a row has another form")?;
                }
            }
            if let Some((name, _)) = &table
                && !self.seen.contains(name)
            {
                self.seen.push(name.clone());
            }
        }
        let needed = ["audit", "ibc_identity", "denied", "deny_list", "clock", "migration", "checkpoint"];
        if table.is_none() && needed.iter().all(|name| self.seen.iter().any(|seen| seen == name)) {
            Ok(self.contents)
        } else {
            Err("tables are missing in it")
        }
    }

    fn row(&mut self, table: &str, fields: &Fields<'_>, places: &[Place]) -> Option<()> {
        let contents = &mut self.contents;
        match table {
            "migration" => contents.version = contents.version.max(fields.number("number")?),
            "clock" => {
                contents.mark = time(fields.number("mark")?);
                contents.epoch = fields.number("epoch")?.unsigned_abs();
            }
            "deny_list" => {
                contents.deny_list = fields.number("number")?.unsigned_abs();
                contents.signed_list = fields.text("body")?;
            }
            "audit" => {
                contents.audit_entries += 1;
                let (writer, number) = (fields.text("writer")?, fields.number("seq")?.unsigned_abs());
                let hash: [u8; 32] = fields.octets("hash")?.try_into().ok()?;
                let place = (writer, number);
                if places.contains(&place) {
                    contents.hashes.insert(place.clone(), hash);
                }
                contents.end(place.0, Head { number, hash });
            }
            "segment" => {
                let hash = fields.octets("last_hash")?.try_into().ok()?;
                let number = fields.number("last_seq")?.unsigned_abs();
                contents.end(fields.text("writer")?, Head { number, hash });
            }
            "checkpoint" => contents.checkpoints.push(CheckpointRow {
                writer: fields.text("writer")?,
                number: fields.number("number")?.unsigned_abs(),
                at: time(fields.number("at")?),
                heads: fields.text("heads")?,
                signature: fields.octets("signature")?,
            }),
            _ => {}
        }
        Some(())
    }
}

impl Contents {
    fn end(&mut self, writer: String, head: Head) {
        let last = self.heads.entry(writer).or_insert(Head::START);
        if last.number < head.number {
            *last = head;
        }
    }
}

/// The table and columns of `COPY schema.table (a, b) FROM stdin;`.
fn copy_statement(line: &str) -> Option<(String, Vec<String>)> {
    let (name, columns) = line.strip_prefix("COPY ")?.strip_suffix(") FROM stdin;")?.split_once(" (")?;
    let bare = |name: &str| String::from(name.trim_matches('"'));
    let table = name.rsplit_once('.').map_or(name, |(_, table)| table);
    Some((bare(table), columns.split(", ").map(bare).collect()))
}

/// A row in the text format of COPY.
struct Fields<'a> {
    columns: &'a [String],
    values: Vec<&'a str>,
}

impl Fields<'_> {
    fn raw(&self, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.values.get(at).copied()
    }

    fn number(&self, column: &str) -> Option<i64> {
        self.raw(column)?.parse().ok()
    }

    fn octets(&self, column: &str) -> Option<Vec<u8>> {
        let digits = self.raw(column)?.strip_prefix("\\\\x")?;
        let mut octets = std::vec![0; digits.len() / 2];
        base16ct::lower::decode(digits, &mut octets).ok()?;
        Some(octets)
    }

    fn text(&self, column: &str) -> Option<String> {
        let mut text = String::new();
        let mut rest = self.raw(column)?.chars();
        while let Some(c) = rest.next() {
            text.push(match c {
                '\\' => match rest.next()? {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'v' => '\u{b}',
                    other => other,
                },
                c => c,
            });
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "COPY public.migration (number) FROM stdin;\n1\n\\.\n\nCOPY public.ibc_identity (id2) FROM stdin;\n\\.\n\
        COPY public.denied (id2) FROM stdin;\n\\.\nCOPY public.checkpoint (writer) FROM stdin;\n\\.\n\
        COPY public.clock (one, mark, epoch) FROM stdin;\n1\t77\t2\n\\.\n\
        COPY public.deny_list (one, number, body) FROM stdin;\n1\t3\t{\"a\":\"\\\\\\\\\"}\\nff\\n\n\\.\n";

    fn read(text: &str) -> Result<Contents, &'static str> {
        Rows::default().read(&mut text.as_bytes(), &[("b".into(), 2)])
    }

    #[test]
    fn the_text_of_a_dump_is_read() {
        let entry = |writer: &str, number: u64, digit: u8| {
            std::format!("{writer}\t{number}\t5\te\t{{}}\t\\\\x{}\n", std::format!("{digit:02x}").repeat(32))
        };
        let rows = [entry("b", 3, 9), entry("b", 2, 8), entry("a", 1, 7)].concat();
        let audit = "COPY public.audit (writer, seq, at, event, detail, hash) FROM stdin;\n";
        let contents = read(&std::format!("SET x;\n{START}{audit}{rows}\\.\n")).unwrap();
        assert_eq!((contents.version, contents.mark.as_seconds(), contents.epoch), (1, 77, 2));
        assert_eq!((contents.deny_list, contents.signed_list.as_str()), (3, "{\"a\":\"\\\\\"}\nff\n"));
        assert_eq!(contents.heads["b"], Head { number: 3, hash: [9; 32] });
        assert_eq!(contents.heads["a"], Head { number: 1, hash: [7; 32] });
        assert_eq!(contents.hashes[&("b".into(), 2)], [8; 32]);
        assert_eq!(contents.audit_entries, 3);
        // Not to its end; another number of columns; no table.
        for bad in
            [std::format!("{START}{audit}{rows}"), std::format!("{START}{audit}b\t1\n\\.\n"), START.into()]
        {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }
}
