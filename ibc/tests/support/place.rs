//! Runs the built `ibc` in a directory of its own.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) const PASSPHRASE: &str = "correct horse battery";

/// A directory that is removed when dropped, with a KMS in it.
pub(crate) struct Place(PathBuf);

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ibc-test-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        let place = Self(path);
        place.write_private("pass", format!("{PASSPHRASE}\n"));
        place
    }

    /// With `kms.ibc` and `kpak.json`, sealed as cheaply as is allowed.
    pub(crate) fn with_kms() -> Self {
        let place = Self::new();
        place.init("kms.ibc").done();
        place.kms("export-public", &["--out", "kpak.json"]).done();
        place
    }

    pub(crate) fn init(&self, file: &str) -> Ran {
        self.ibc(&[
            "kms",
            "init",
            "--kms",
            file,
            "--passphrase-file",
            "pass",
            "--kdf-memory-mib",
            "19",
            "--kdf-passes",
            "2",
        ])
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn write_private(&self, name: &str, content: impl AsRef<[u8]>) {
        self.write(name, content);
        self.chmod(name, 0o600);
    }

    pub(crate) fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o7777
    }

    /// Names of the files, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ibc"));
        command.current_dir(&self.0).args(arguments).stdin(Stdio::null());
        command
    }

    pub(crate) fn ibc(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    /// `ibc kms COMMAND` with the KMS file and its passphrase.
    pub(crate) fn kms(&self, command: &str, arguments: &[&str]) -> Ran {
        let common = ["kms", command, "--kms", "kms.ibc", "--passphrase-file", "pass"];
        self.ibc(&[&common, arguments].concat())
    }

    pub(crate) fn issue(&self, arguments: &[&str]) -> Ran {
        self.kms("issue", arguments)
    }

    pub(crate) fn ibc_with_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that refuses early closes its input.
        let _ = child.stdin.take().unwrap().write_all(input);
        Ran::from(child.wait_with_output().unwrap())
    }

    /// One field of a JSON file.
    pub(crate) fn field(&self, file: &str, name: &str) -> String {
        let value: serde_json::Value = serde_json::from_str(&self.read(file)).unwrap();
        value[name].as_str().unwrap().to_owned()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().expect("ended by itself"),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.status, 0, "{self:#?}");
        assert!(!self.stderr.contains("ibc:"), "{self:#?}");
        self
    }

    /// Refused with one sentence that has these words in it.
    #[track_caller]
    pub(crate) fn refused(self, words: &[&str]) -> Self {
        assert_eq!(self.status, 1, "{self:#?}");
        let sentence = self.stderr.lines().find_map(|line| line.strip_prefix("ibc: "));
        let sentence = sentence.unwrap_or_else(|| panic!("no sentence: {self:#?}"));
        for word in words {
            assert!(sentence.contains(word), "no {word:?} in {sentence:?}");
        }
        self
    }

    /// Refused with `--json`, by an object whose message has these words in it.
    #[track_caller]
    pub(crate) fn refused_json(&self, words: &str) {
        assert_eq!(self.status, 1, "{self:#?}");
        let message = self.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(words), "no {words:?} in {message:?}");
    }

    /// Refused by an object with one sentence that has these words in it.
    #[track_caller]
    pub(crate) fn refused_as_object(self, words: &[&str]) -> Self {
        assert_eq!(self.status, 1, "{self:#?}");
        let object = self.json();
        let sentence =
            object["error"]["message"].as_str().unwrap_or_else(|| panic!("no sentence: {self:#?}"));
        for word in words {
            assert!(sentence.contains(word), "no {word:?} in {sentence:?}");
        }
        self
    }

    #[track_caller]
    pub(crate) fn misused(self, words: &[&str]) -> Self {
        assert_eq!(self.status, 2, "{self:#?}");
        assert!(self.stdout.is_empty(), "{self:#?}");
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in {:?}", self.stderr);
        }
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:#?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Everything printed shows nothing of this secret in hexadecimal.
    #[track_caller]
    pub(crate) fn hides(self, secret: &str) -> Self {
        let printed = format!("{}{}", self.stdout, self.stderr).to_lowercase();
        assert!(secret.len() >= 32 && !printed.contains(&secret.to_lowercase()[..32]), "{self:#?}");
        self
    }
}
