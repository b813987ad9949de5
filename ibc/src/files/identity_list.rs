//! Lists of identities to issue for: one a line, thousands to a million.
//!
//! A list is read twice: first all of it is checked, so that a mistake in the last line is found
//! before the first key is issued; then it is worked through. Of each line 20 octets are kept in
//! between, not its text.

use super::credential_file::{CredentialIdentity, MAX_IDENTITY};
use super::on_disk::{open_regular, read_bounded, stdin};
use super::{FileError, FileProblem, FormatError};
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity, Fqdn};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Most lines of a list: with more, what is kept of them would take more than 1 GiB.
pub const MAX_LINES: u64 = 50_000_000;

/// Largest list taken from standard input, in octets: it is held in memory.
pub const MAX_STDIN: u64 = 512 * 1024 * 1024;

/// Longest line, in octets: the longest identity in hexadecimal.
const MAX_LINE: usize = 2 * MAX_IDENTITY;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineForm {
    /// An ID_2.
    Id2,
    /// A CSE-ID or AE-ID; the ID_2 is made of it with this FQDN and expiry.
    Entity {
        /// The FQDN of the MEF.
        fqdn: Fqdn,
        /// The expiry of all credentials.
        expiration: ExpirationTime,
    },
    /// The octets of an identity in hexadecimal.
    Hex,
}

impl LineForm {
    fn parse(&self, line: &str) -> Result<CredentialIdentity, FormatError> {
        if line.is_empty() {
            return Err(FormatError::EmptyLine);
        }
        match self {
            Self::Id2 => CredentialIdentity::parse_id2(line),
            Self::Entity { fqdn, expiration } => {
                let entity = EntityName::parse(line)?;
                Ok(CredentialIdentity::Id2(ExpiringIdentity::new(fqdn.clone(), entity, *expiration)?))
            }
            Self::Hex => CredentialIdentity::parse_hex(line),
        }
    }
}

/// By what two identities count as one in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sameness {
    /// By all their octets.
    Octets,
    /// By FQDN and CSE-ID or AE-ID, whatever the expiry: for a run that chose the expiry itself, and
    /// would choose another when it is started again.
    Entity,
}

/// Sixteen octets that stand for an identity: two identities share them with a chance of 2⁻¹²⁸.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdentityHash([u8; 16]);

impl IdentityHash {
    /// Hashes what counts of `identity`.
    pub fn of(identity: &CredentialIdentity, sameness: Sameness) -> Self {
        let octets = identity.identity().as_bytes();
        let counted = match (identity.id_2(), sameness) {
            // Behind the last '@' comes the expiry, of fixed length.
            (Some(_), Sameness::Entity) => &octets[..octets.len() - ExpirationTime::LEN],
            (Some(_), Sameness::Octets) | (None, _) => octets,
        };
        let [hash @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
            <[u8; 32]>::from(Sha256::digest(counted));
        Self(hash)
    }
}

/// A line that repeats an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Its number, counted from 1.
    pub line: u64,
    /// The number of the line it repeats.
    pub first: u64,
}

/// A list as it was found on the first reading.
#[derive(Debug)]
pub struct Survey {
    /// By line; the hash is there to notice a list that changes.
    lines: Vec<Line>,
    /// Lines to issue for.
    pub to_issue: u64,
    /// Distinct identities that were done before.
    pub done: u64,
    /// Lines that repeat an earlier one.
    pub duplicates: Vec<Duplicate>,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    hash: IdentityHash,
    number: u32,
    wanted: bool,
}

/// A list of identities.
#[derive(Debug)]
pub struct IdentityList {
    path: PathBuf,
    source: Source,
    form: LineForm,
    sameness: Sameness,
}

#[derive(Debug)]
enum Source {
    File(File),
    Memory(Zeroizing<Vec<u8>>),
}

impl IdentityList {
    /// Opens a list; `-` is standard input.
    ///
    /// # Errors
    /// [`FileProblem::NotRegular`], [`FileProblem::TooLarge`], [`FileProblem::Io`].
    pub fn open(path: &Path, form: LineForm, sameness: Sameness) -> Result<Self, FileError> {
        if path != Path::new("-") {
            let (file, _) = open_regular(path)?;
            return Ok(Self { path: path.into(), source: Source::File(file), form, sameness });
        }
        let path = PathBuf::from("standard input");
        let read =
            stdin().map_err(FileProblem::from).and_then(|mut input| read_bounded(&mut input, MAX_STDIN, 0));
        match read {
            Ok(octets) => Ok(Self { path, source: Source::Memory(octets), form, sameness }),
            Err(problem) => Err(FileError::new(&path, problem)),
        }
    }

    /// A list in memory, named `standard input` in messages.
    pub fn from_octets(octets: &[u8], form: LineForm, sameness: Sameness) -> Self {
        let source = Source::Memory(Zeroizing::new(octets.into()));
        Self { path: PathBuf::from("standard input"), source, form, sameness }
    }

    /// Reads the list to its end and checks each line. `is_done` knows the identities of earlier runs;
    /// `check` has a say on those still to be issued for.
    ///
    /// # Errors
    /// [`FileProblem::List`] with the first malformed line and the number of all;
    /// [`FileProblem::TooManyLines`], [`FileProblem::Io`].
    pub fn survey(
        &mut self,
        is_done: impl Fn(&IdentityHash) -> bool,
        check: impl Fn(&CredentialIdentity) -> Result<(), FormatError>,
    ) -> Result<Survey, FileError> {
        let (form, sameness) = (self.form.clone(), self.sameness);
        let mut lines = Vec::new();
        let mut malformed: Option<(u64, FormatError, u64)> = None;
        self.each_line(|number, line| {
            let parsed = line.and_then(|line| form.parse(line)).and_then(|identity| {
                let hash = IdentityHash::of(&identity, sameness);
                let done = is_done(&hash);
                if !done {
                    check(&identity)?;
                }
                Ok(Line { hash, number, wanted: !done })
            });
            match (parsed, &mut malformed) {
                (Ok(line), _) => lines.push(line),
                (Err(_), Some((_, _, count))) => *count += 1,
                (Err(error), none) => *none = Some((number.into(), error, 1)),
            }
            Ok(())
        })?;
        if let Some((first, error, count)) = malformed {
            return Err(FileError::new(&self.path, FileProblem::List { first, error, count }));
        }
        Ok(Survey::new(lines))
    }

    /// Reads the list again and gives `each` the identities to issue for, in their order.
    ///
    /// # Errors
    /// [`FileProblem::ListChanged`] if a line is not the one that was surveyed; what `each` returns;
    /// [`FileProblem::Io`].
    pub fn work_through<E: From<FileError>>(
        &mut self,
        survey: &Survey,
        mut each: impl FnMut(CredentialIdentity) -> Result<(), E>,
    ) -> Result<(), E> {
        let (form, sameness, path) = (self.form.clone(), self.sameness, self.path.clone());
        let changed = |line: u64| E::from(FileError::new(&path, FileProblem::ListChanged { line }));
        let mut count = 0;
        self.each_line(|number, line| {
            count = u64::from(number);
            let surveyed = survey.lines.get(number as usize - 1).ok_or_else(|| changed(count))?;
            let identity = line.and_then(|line| form.parse(line)).map_err(|_| changed(count))?;
            if IdentityHash::of(&identity, sameness) != surveyed.hash {
                return Err(changed(count));
            }
            if surveyed.wanted { each(identity) } else { Ok(()) }
        })?;
        if count == survey.lines.len() as u64 { Ok(()) } else { Err(changed(count + 1)) }
    }

    /// Calls `each` with the number and the text of each line, without its end.
    fn each_line<E: From<FileError>>(
        &mut self,
        each: impl FnMut(u32, Result<&str, FormatError>) -> Result<(), E>,
    ) -> Result<(), E> {
        let path = &self.path;
        match &mut self.source {
            Source::File(file) => {
                file.rewind().map_err(|error| E::from(FileError::new(path, error)))?;
                each_line_of(&mut BufReader::with_capacity(1 << 16, file), path, each)
            }
            Source::Memory(octets) => each_line_of(&mut Cursor::new(octets.as_slice()), path, each),
        }
    }
}

fn each_line_of<E: From<FileError>>(
    input: &mut impl BufRead,
    path: &Path,
    mut each: impl FnMut(u32, Result<&str, FormatError>) -> Result<(), E>,
) -> Result<(), E> {
    let fail = |problem: FileProblem| E::from(FileError::new(path, problem));
    let mut line = Vec::with_capacity(MAX_LINE + 2);
    for number in 1u32.. {
        line.clear();
        input.take(MAX_LINE as u64 + 2).read_until(b'\n', &mut line).map_err(|error| fail(error.into()))?;
        if line.is_empty() {
            break;
        }
        if u64::from(number) > MAX_LINES {
            return Err(fail(FileProblem::TooManyLines { limit: MAX_LINES }));
        }
        let ended = line.last() == Some(&b'\n');
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.len() > MAX_LINE {
            if !ended {
                skip_line(input).map_err(|error| fail(error.into()))?;
            }
            each(number, Err(FormatError::LongLine { limit: MAX_LINE }))?;
        } else {
            each(number, core::str::from_utf8(text).map_err(|_| FormatError::NotText))?;
        }
    }
    Ok(())
}

/// Reads on behind the next line end, without keeping anything.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let available = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            available => available?,
        };
        match available.iter().position(|octet| *octet == b'\n') {
            Some(at) => {
                input.consume(at + 1);
                return Ok(());
            }
            None if available.is_empty() => return Ok(()),
            None => {
                let count = available.len();
                input.consume(count);
            }
        }
    }
}

impl Survey {
    fn new(mut lines: Vec<Line>) -> Self {
        lines.sort_unstable_by_key(|line| (line.hash, line.number));
        let (mut to_issue, mut done, mut duplicates) = (0, 0, vec![]);
        for group in lines.chunk_by_mut(|a, b| a.hash == b.hash) {
            let [first, repeated @ ..] = group else { continue };
            if first.wanted {
                to_issue += 1;
            } else {
                done += 1;
            }
            for line in repeated {
                line.wanted = false;
                duplicates.push(Duplicate { line: line.number.into(), first: first.number.into() });
            }
        }
        lines.sort_unstable_by_key(|line| line.number);
        duplicates.sort_unstable_by_key(|duplicate| duplicate.line);
        Self { lines, to_issue, done, duplicates }
    }

    /// Lines of the list.
    pub fn lines(&self) -> u64 {
        self.lines.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(octets: &[u8], form: LineForm) -> IdentityList {
        IdentityList::from_octets(octets, form, Sameness::Octets)
    }

    fn survey(octets: &[u8], form: LineForm) -> Result<Survey, FileError> {
        list(octets, form).survey(|_| false, |_| Ok(()))
    }

    fn issued(octets: &[u8], form: LineForm) -> Vec<String> {
        let mut list = list(octets, form);
        let survey = list.survey(|_| false, |_| Ok(())).unwrap();
        let mut issued = Vec::new();
        list.work_through(&survey, |identity| {
            issued.push(format!("{identity}"));
            Ok::<_, FileError>(())
        })
        .unwrap();
        assert_eq!(survey.to_issue, issued.len() as u64);
        issued
    }

    fn entity() -> LineForm {
        LineForm::Entity {
            fqdn: Fqdn::parse("mef.example.com").unwrap(),
            expiration: ExpirationTime::parse("20270101T000000").unwrap(),
        }
    }

    #[test]
    fn reads_the_three_forms() {
        assert_eq!(issued(b"00\nFFee\r\n01", LineForm::Hex), ["00", "ffee", "01"]);
        assert_eq!(issued(b"/CSE1\n", entity()), ["mef.example.com@2F43534531@20270101T000000"]);
        let id_2 = "mef.example.com@2F43534531@20270101T000000";
        assert_eq!(issued(id_2.as_bytes(), LineForm::Id2), [id_2]);
        assert!(issued(b"", LineForm::Id2).is_empty());
    }

    #[test]
    fn issues_once_for_repeated_lines_and_says_which() {
        let octets = b"01\n02\n01\n0A\n0a\n01\n";
        assert_eq!(issued(octets, LineForm::Hex), ["01", "02", "0a"]);
        let survey = survey(octets, LineForm::Hex).unwrap();
        let found: Vec<_> = survey.duplicates.iter().map(|found| (found.line, found.first)).collect();
        assert_eq!(found, [(3, 1), (5, 4), (6, 1)]);
        assert_eq!((survey.lines(), survey.to_issue, survey.done), (6, 3, 0));
    }

    #[test]
    fn names_the_first_malformed_line_and_counts_all() {
        let long = format!("00\n{}\n01\n", "0".repeat(100_000));
        for (octets, form, expected, total) in [
            (&b"01\nzz\n\nyy\n"[..], LineForm::Hex, (2, FormatError::NotHex), 3),
            (b"01\n\n02\n", LineForm::Hex, (2, FormatError::EmptyLine), 1),
            (b"\xff\n", LineForm::Hex, (1, FormatError::NotText), 1),
            (long.as_bytes(), LineForm::Hex, (2, FormatError::LongLine { limit: MAX_LINE }), 1),
            (b"/CSE1\n/CSE2/X1\n", entity(), (2, eccsi_sakke::onem2m::IdentifierError::NotAeId.into()), 1),
        ] {
            let error = survey(octets, form).unwrap_err();
            match error.problem() {
                FileProblem::List { first, error, count } => {
                    assert_eq!(((*first, error.clone()), *count), (expected, total));
                }
                other => std::panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn done_identities_are_neither_checked_nor_issued() {
        let mut list = list(b"01\n02\n", LineForm::Hex);
        let one = IdentityHash::of(&CredentialIdentity::parse_hex("01").unwrap(), Sameness::Octets);
        let two = CredentialIdentity::parse_hex("02").unwrap();
        let survey = list
            .survey(
                |hash| *hash == one,
                |identity| if *identity == two { Ok(()) } else { Err(FormatError::Keys) },
            )
            .unwrap();
        assert_eq!((survey.to_issue, survey.done), (1, 1));
    }

    #[test]
    fn a_list_that_changes_is_noticed() {
        let survey = survey(b"01\n02\n", LineForm::Hex).unwrap();
        for (other, line) in
            [(&b"01\n03\n"[..], 2), (b"01\n", 2), (b"01\n02\n03\n", 3), (b"01\nxx\n", 2), (b"", 1)]
        {
            let result = list(other, LineForm::Hex).work_through(&survey, |_| Ok::<_, FileError>(()));
            match result.unwrap_err().problem() {
                FileProblem::ListChanged { line: found } => assert_eq!(*found, line),
                found => std::panic!("{found:?}"),
            }
        }
    }

    #[test]
    fn sameness_by_entity_overlooks_the_expiry() {
        let [early, late] = ["20270101T000000", "20280101T000000"].map(|time| {
            CredentialIdentity::parse_id2(&format!("mef.example.com@2F43534531@{time}")).unwrap()
        });
        let same = |sameness| IdentityHash::of(&early, sameness) == IdentityHash::of(&late, sameness);
        assert!(same(Sameness::Entity) && !same(Sameness::Octets));
    }
}
