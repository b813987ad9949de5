//! docs/operating.md lists what a service says when something is wrong: each message of the sources stands there, and
//! nothing stands there that the sources do not say.

use std::fs;
use std::path::{Path, PathBuf};

/// Errors that reach an operator's terminal or the log of `ibc serve`.
const ERRORS: [&str; 9] = [
    "BackupError",
    "Behind",
    "Ended",
    "KeysError",
    "KmsError",
    "NoConnection",
    "OpenError",
    "RestoreError",
    "StateError",
];

/// Shorter ones are what stands between two placeholders, and say nothing by themselves.
const SHORTEST: usize = 12;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The sources of the service, without their unit tests.
fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![folder().join("src")];
    let mut all = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // The device has a part of its own.
                if !path.ends_with("src/client") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
                // Neither comments nor a character have a literal in them.
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                let code = code.collect::<Vec<_>>().join("\n").replace("'\"'", "' '");
                all.push((path, code));
            }
        }
    }
    assert!(all.len() > 100, "{}", all.len());
    all
}

/// The literals of a text of Rust that has no raw ones, each as it is printed but for its placeholders.
fn literals(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let mut literal = String::new();
        let mut chars = rest[start + 1..].char_indices();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    end = start + 1 + at + 1;
                    break;
                }
                '\\' => match chars.next() {
                    // The line goes on behind the blanks of the next one.
                    Some((_, '\n')) => {
                        let blanks = chars.as_str().len() - chars.as_str().trim_start().len();
                        chars.by_ref().take(blanks).for_each(drop);
                    }
                    Some((_, 'n')) => literal.push(' '),
                    Some((_, escaped)) => literal.push(escaped),
                    None => {}
                },
                c => literal.push(c),
            }
        }
        all.push(literal);
        rest = &rest[end..];
    }
    all
}

/// Up to the bracket that closes the one before `from`.
fn block(text: &str, from: usize, (open, close): (char, char)) -> &str {
    let mut depth = 1;
    for (at, c) in text[from..].char_indices() {
        depth += i32::from(c == open);
        depth -= i32::from(c == close);
        if depth == 0 {
            return &text[from..from + at];
        }
    }
    panic!("a bracket that is not closed")
}

/// The pieces of a message between its placeholders, without what a table does not have.
fn pieces(message: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut depth = 0;
    for c in message.chars() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                pieces.push(String::new());
            }
            '…' => pieces.push(String::new()),
            '`' => {}
            c if depth == 0 => pieces.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    pieces.into_iter().map(|piece| piece.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// What a service says in its log as a warning or an error, and the texts of its errors.
fn said() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (path, text) in sources() {
        let name = path.strip_prefix(folder()).unwrap().display().to_string();
        for call in ["tracing::error!(", "tracing::warn!("] {
            for (at, _) in text.match_indices(call) {
                let arguments = block(&text, at + call.len(), ('(', ')'));
                all.extend(literals(arguments).pop().map(|message| (name.clone(), message)));
            }
        }
        for error in ERRORS {
            let head = format!("impl fmt::Display for {error} {{");
            for (at, _) in text.match_indices(&head) {
                let body = block(&text, at + head.len(), ('{', '}'));
                all.extend(literals(body).into_iter().map(|message| (name.clone(), message)));
            }
        }
    }
    assert!(all.len() > 60, "{all:?}");
    all
}

fn section() -> String {
    let path = folder().join("../docs/operating.md");
    let text = fs::read_to_string(path).unwrap();
    let start = text.find("\n# When something is wrong\n").expect("the part of the document");
    let rest = &text[start + 1..];
    let end = rest[1..].find("\n# ").map_or(rest.len(), |end| end + 1);
    rest[..end].to_owned()
}

#[test]
fn each_message_of_the_service_is_explained() {
    let section = pieces(&section()).concat();
    let section = section.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut missing = Vec::new();
    for (source, message) in said() {
        let longest = pieces(&message).into_iter().max_by_key(String::len).unwrap_or_default();
        if longest.len() >= SHORTEST && !section.contains(&longest) {
            missing.push(format!("{source}: {message}"));
        }
    }
    assert!(missing.is_empty(), "docs/operating.md does not explain:\n{}", missing.join("\n"));
}

#[test]
fn each_message_that_is_explained_is_said() {
    let sources: Vec<String> = sources().iter().flat_map(|(_, text)| literals(text)).collect();
    let sources: Vec<String> = sources.iter().flat_map(|literal| pieces(literal)).collect();
    let mut rows = 0;
    let mut unsaid = Vec::new();
    for line in section().lines().filter(|line| line.starts_with("| `")) {
        let message = line.split(" | ").next().unwrap().trim_start_matches("| ").replace('`', "");
        rows += 1;
        for piece in pieces(&message).into_iter().filter(|piece| piece.len() >= SHORTEST) {
            if !sources.iter().any(|source| source.contains(&piece)) {
                unsaid.push(format!("{message}: {piece:?}"));
            }
        }
    }
    assert!(rows > 50, "{rows} rows");
    assert!(unsaid.is_empty(), "nothing says:\n{}", unsaid.join("\n"));
}
