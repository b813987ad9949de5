//! README.md and docs/operating.md, as their readers type them: every `sh` block runs.
//!
//! One shell runs a document from its beginning to its end, so that variables and what runs in the background carry from block
//! to block; the built command is the first `ibc` of its PATH. A block has to end with status 0. A comment on the line before
//! it says otherwise:
//!
//! - `<!-- status: 1 -->`: it has to end with this status. Its variables do not carry.
//! - `<!-- fragment: why -->`: it does not run. Each document says here how many of those it has.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// For a whole document, on a slow machine.
const PATIENCE: Duration = Duration::from_secs(900);

/// For what runs in the background, from SIGTERM on.
const STOPPING: Duration = Duration::from_secs(20);

#[test]
fn readme_runs() {
    document("README.md", 3);
}

#[test]
fn operating_runs() {
    document("docs/operating.md", 2);
}

#[track_caller]
fn document(path: &str, fragments: usize) {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap();
    let blocks = blocks(&text).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
    let left_out: Vec<_> = blocks
        .iter()
        .filter_map(|block| match &block.mark {
            Mark::Fragment(why) => Some(format!("{path}:{}: {why}", block.line)),
            Mark::Status(_) => None,
        })
        .collect();
    assert_eq!(left_out.len(), fragments, "fragments:\n{}", left_out.join("\n"));
    run(&blocks).unwrap_or_else(|failed| panic!("{path}:{failed}"));
}

#[derive(Debug, PartialEq)]
enum Mark {
    Status(i32),
    Fragment(String),
}

#[derive(Debug, PartialEq)]
struct Block {
    /// Of its first command, counted from 1.
    line: usize,
    mark: Mark,
    text: String,
}

/// The `sh` blocks. A block of another kind of shell, or of none, would be left out in silence: it is an error.
fn blocks(text: &str) -> Result<Vec<Block>, String> {
    let mut found = Vec::new();
    let mut before = "";
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else {
            before = line;
            continue;
        };
        let mut content = String::new();
        loop {
            match lines.next() {
                Some((_, "```")) => break,
                Some((_, line)) => writeln!(content, "{line}").unwrap(),
                None => return Err(format!("{}: this block has no end", number + 1)),
            }
        }
        match language {
            "sh" if line.starts_with("```") => {
                let mark =
                    mark(before).ok_or_else(|| format!("{number}: not a mark of a block: {before}"))?;
                found.push(Block { line: number + 2, mark, text: content });
            }
            // capi/tests/installed runs those in C.
            "c" | "ini" | "json" | "rust" | "sql" | "text" | "toml" => {}
            _ => return Err(format!("{}: a block of kind {language:?}: is it one of sh?", number + 1)),
        }
        before = "";
    }
    Ok(found)
}

/// What the line before a block says of it, if it is a comment.
fn mark(line: &str) -> Option<Mark> {
    let Some(comment) = line.trim().strip_prefix("<!--") else { return Some(Mark::Status(0)) };
    let (name, value) = comment.strip_suffix("-->")?.split_once(':')?;
    match (name.trim(), value.trim()) {
        ("status", status) => status.parse().ok().map(Mark::Status),
        ("fragment", why) if !why.is_empty() => Some(Mark::Fragment(why.into())),
        _ => None,
    }
}

/// Removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("documents-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("blocks")).unwrap();
        // The reader's, which is empty.
        fs::create_dir(path.join("home")).unwrap();
        Self(path)
    }

    /// One file for each block, and one that runs them all.
    fn write(&self, blocks: &[Block]) {
        // Whoever started something in the background waits for its end.
        let mut all = String::from(
            "set -euo pipefail\ntrap 'for job in $(jobs -p); do kill $job || true; done 2>&-; wait' EXIT\n",
        );
        for block in blocks {
            let Mark::Status(status) = block.mark else { continue };
            let file = self.0.join("blocks").join(block.line.to_string());
            fs::write(&file, &block.text).unwrap();
            let (file, line) = (file.display(), block.line);
            writeln!(all, "echo {line} >>'{}'", self.0.join("begun").display()).unwrap();
            match status {
                0 => writeln!(all, ". '{file}'").unwrap(),
                // In a shell of its own, which ends at the first failure as the others do.
                _ => writeln!(
                    all,
                    "set +e; (set -e; . '{file}'); ended=$?; set -e\n\
                     [ $ended = {status} ] || {{ echo \"status $ended, not {status}\" >&2; exit 99; }}"
                )
                .unwrap(),
            }
        }
        fs::write(self.0.join("all"), all).unwrap();
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.0.join(name)).unwrap_or_default()).into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A document at work in a session of its own: without terminal, and its processes can be told from all others.
struct Session(Child);

impl Session {
    fn signal(&self, signal: &str) -> bool {
        // The shell's own: the program of this name is in a package that need not be there.
        let kill = format!("kill -{signal} -{} 2>&-", self.0.id());
        Command::new("sh").args(["-c", &kill]).status().unwrap().success()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.signal("TERM");
        let until = Instant::now() + STOPPING;
        let mut ended = false;
        while Instant::now() < until && !ended {
            std::thread::sleep(Duration::from_millis(50));
            // What has ended and was not waited for counts as there.
            let _ = self.0.try_wait();
            ended = !self.signal("0");
        }
        if !ended {
            self.signal("KILL");
        }
        let _ = self.0.wait();
    }
}

/// Whether commands may have a network of their own, in which every port is free.
fn has_namespaces() -> bool {
    let probe = Command::new("unshare")
        .args(["--net", "ip", "link", "set", "lo", "up"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    probe.is_ok_and(|status| status.success())
}

/// Runs all, and says which one failed, and what was printed.
fn run(blocks: &[Block]) -> Result<String, String> {
    let folder = Folder::new();
    folder.write(blocks);
    let mut arguments = vec!["bash", "../all"];
    // Held until the end.
    let ports;
    if has_namespaces() {
        let alone = ["unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"];
        arguments.splice(0..0, alone);
    } else {
        ports = File::create(std::env::temp_dir().join("ibc-documents.lock")).unwrap();
        ports.lock().unwrap();
    }
    let said = File::create(folder.0.join("said")).unwrap();
    let built = Path::new(env!("CARGO_BIN_EXE_ibc")).parent().unwrap();
    let session = Command::new("setsid")
        .args(&arguments)
        .current_dir(folder.0.join("home"))
        .env("HOME", folder.0.join("home"))
        .env("PATH", format!("{}:{}", built.display(), std::env::var("PATH").unwrap()))
        .env_remove("IBC_STORE_PASSWORD")
        .stdin(Stdio::null())
        .stdout(said.try_clone().unwrap())
        .stderr(said)
        .spawn()
        .unwrap();
    let mut session = Session(session);
    let until = Instant::now() + PATIENCE;
    let ended = loop {
        match session.0.try_wait().unwrap() {
            Some(status) => break status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()),
            None if Instant::now() > until => break 124,
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    drop(session);
    let said = folder.read("said");
    let count = blocks.iter().filter(|block| matches!(block.mark, Mark::Status(_))).count();
    let begun = folder.read("begun");
    if ended == 0 && begun.lines().count() == count {
        return Ok(said);
    }
    let last = begun.lines().last().unwrap_or("0");
    Err(format!("{last}: the block that begins here failed, status {ended}; all that was printed:\n{said}"))
}

fn failing(text: &str) -> String {
    run(&blocks(text).unwrap()).unwrap_err()
}

#[test]
fn a_command_that_is_broken_is_found() {
    for (broken, words) in [
        ("ibc kms inti --kms a", "unrecognized subcommand"),
        ("ibc credential show --credential none", "none"),
        ("no-such-command", "command not found"),
        ("false | cat", "status 1"),
        ("echo \"$ID_2\"", "unbound variable"),
        ("(", "syntax error"),
        ("exit 0", "status 0"),
        ("ibc kms init --kms a", "no terminal"),
    ] {
        let text = format!(
            "# T\n\n```sh\ntrue\n```\n\n```sh\necho reached\n{broken}\ntrue\n```\n\n```sh\necho beyond\n```\n"
        );
        let failed = failing(&text);
        assert!(failed.starts_with("8: ") && failed.contains("reached"), "{broken}: {failed}");
        assert!(failed.contains(words) && !failed.contains("beyond"), "{broken}: {failed}");
    }
    let succeeds = "<!-- status: 3 -->\n```sh\ntrue\n```\n";
    assert!(failing(succeeds).contains("status 0, not 3"));
}

#[test]
fn a_document_is_one_session_in_an_empty_folder() {
    let text = "```sh\n[ -z \"$(ls -A)\" ] && [ \"$HOME\" = \"$PWD\" ]\nname=value\nsleep 600 &\nsleeping=$!\n```\n\
                <!-- fragment: not here -->\n```sh\nfalse\n```\n\
                <!-- status: 3 -->\n```sh\nkill -0 \"$sleeping\"\nexit 3\n```\n\
                ```sh\nkill -0 \"$sleeping\"\necho \"$name of $sleeping\"\nibc --version\n```\n";
    let said = run(&blocks(text).unwrap()).unwrap();
    let (value, number) = said.lines().next().unwrap().split_once(" of ").unwrap();
    assert_eq!(value, "value");
    assert!(!Path::new("/proc").join(number).exists(), "{number} still runs");
    assert!(said.contains("ibc "), "{said}");
}

#[test]
fn no_block_is_left_out_in_silence() {
    for wrong in [
        "```\nibc\n```\n",
        "```bash\nibc\n```\n",
        "```console\n$ ibc\n```\n",
        "  ```sh\nibc\n```\n",
        "```sh\nibc\n",
        "<!-- fragment: -->\n```sh\nibc\n```\n",
        "<!-- fragmint: why -->\n```sh\nibc\n```\n",
        "<!-- status: many -->\n```sh\nibc\n```\n",
        "<!-- a comment -->\n```sh\nibc\n```\n",
    ] {
        assert!(blocks(wrong).is_err(), "{wrong}");
    }
    let block = |line, mark, text: &str| Block { line, mark, text: text.into() };
    let text = "a\n```sh\nb\n```\n```toml\n```\n<!-- status: 1 -->\n```sh\nc\nd\n```\n<!-- fragment: why: so -->\n```sh\n```\n";
    let found = [
        block(3, Mark::Status(0), "b\n"),
        block(9, Mark::Status(1), "c\nd\n"),
        block(14, Mark::Fragment("why: so".into()), ""),
    ];
    assert_eq!(blocks(text).unwrap(), found);
}
