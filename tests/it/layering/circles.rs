//! Files that import each other, directly or in a longer loop.

use super::arrows::Arrows;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The circles, each with all files that lie on a loop together.
pub(super) fn circles(arrows: &Arrows) -> Vec<BTreeSet<PathBuf>> {
    let mut circles = BTreeSet::new();
    for file in arrows.keys() {
        let mut circle = reached(arrows, file);
        circle.retain(|other| reached(arrows, other).contains(file.as_path()));
        if !circle.is_empty() {
            circles.insert(circle.into_iter().map(Path::to_owned).collect());
        }
    }
    circles.into_iter().collect()
}

/// The arrows of a circle, one a line, with the names that tie it.
pub(super) fn ties(circle: &BTreeSet<PathBuf>, arrows: &Arrows, folder: &Path) -> String {
    let mut text = String::new();
    for (from, to, names) in
        circle.iter().flat_map(|from| arrows[from].iter().map(move |(to, names)| (from, to, names)))
    {
        if circle.contains(to) {
            let [from, to] = [from, to].map(|file| file.strip_prefix(folder).unwrap_or(file).display());
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            writeln!(text, "  {from} -> {to}: {}", names.join(", ")).expect("a string takes all");
        }
    }
    text
}

/// The files to which a way leads from this one; itself only on a loop.
fn reached<'a>(arrows: &'a Arrows, from: &Path) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(file) = next.pop() {
        for to in arrows.get(file).into_iter().flat_map(|to| to.keys()) {
            if reached.insert(to.as_path()) {
                next.push(to);
            }
        }
    }
    reached
}
