//! Erasing a file that holds a sealed key.

use crate::files::open_at_once;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

const SUFFIX: &str = ".erase";

/// Takes the file out of its folder, overwrites it and removes it; durable when this returns. `false`
/// if there is none.
///
/// It first gets the name `.NAME.erase`, so that nobody finds it half overwritten; what a crash leaves
/// of it, [`finish`] erases. Overwriting reaches the old octets only where the medium writes in place:
/// journals, copies on write and flash keep what they keep. The file is sealed all the same.
pub(super) fn erase(folder: &Path, name: &str) -> io::Result<bool> {
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(SUFFIX);
    let hidden = folder.join(hidden);
    match fs::rename(folder.join(name), &hidden) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        renamed => renamed?,
    }
    File::open(folder)?.sync_all()?;
    overwrite(&hidden)?;
    File::open(folder)?.sync_all()?;
    Ok(true)
}

/// Ends what an erasing that was cut off has begun.
pub(super) fn finish(folder: &Path) -> io::Result<()> {
    let mut found = false;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(SUFFIX) {
            overwrite(&entry.path())?;
            found = true;
        }
    }
    if found { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn overwrite(path: &Path) -> io::Result<()> {
    let gone = |result: io::Result<()>| match result {
        // Another node ends the same erasing.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    };
    gone(open_at_once(path, OpenOptions::new().write(true)).and_then(|(mut file, metadata)| {
        let octets = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        file.write_all(&std::vec![0; octets])?;
        file.sync_all()
    }))?;
    gone(fs::remove_file(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{env, process};

    #[test]
    fn overwrites_and_removes_and_ends_what_was_begun() {
        let folder = env::temp_dir().join(std::format!("ibc-erase-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        for name in ["one", "two", ".two.erase", "three"] {
            fs::write(folder.join(name), b"a sealed key").unwrap();
        }
        // A second name of the same octets shows what becomes of them.
        let (witness, other) = (folder.join("witness"), folder.join("other"));
        fs::hard_link(folder.join("one"), &witness).unwrap();
        fs::hard_link(folder.join(".two.erase"), &other).unwrap();
        assert!(erase(&folder, "one").unwrap());
        assert!(!erase(&folder, "one").unwrap());
        assert_eq!(fs::read(&witness).unwrap(), [0; 12]);
        assert_eq!(fs::read(&other).unwrap(), b"a sealed key");
        finish(&folder).unwrap();
        assert_eq!(fs::read(&other).unwrap(), [0; 12]);
        let mut left: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["other", "three", "two", "witness"]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
