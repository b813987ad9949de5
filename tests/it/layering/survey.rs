//! The packages of a workspace in numbers: rooms, which are the top-level modules, the arrows between them, and the
//! circles of files.

use super::arrows::Crate;
use super::circles::{circles, ties};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One library or program of a package.
pub(super) struct Survey {
    pub(super) root: PathBuf,
    pub(super) rooms: usize,
    pub(super) arrows: usize,
    pub(super) arrows_between_files: usize,
    /// Each as the arrows in it, one a line.
    pub(super) circles: Vec<String>,
}

impl Survey {
    /// Of the crate whose root is this file.
    pub(super) fn of(root: &Path, workspace: &Path) -> Self {
        let found = Crate::read(root);
        let arrows = found.arrows_between_files();
        Self {
            root: root.strip_prefix(workspace).unwrap_or(root).to_owned(),
            rooms: found.rooms().len(),
            arrows: found.arrows_between_rooms().len(),
            arrows_between_files: arrows.values().map(|to| to.len()).sum(),
            circles: circles(&arrows).iter().map(|circle| ties(circle, &arrows, workspace)).collect(),
        }
    }

    /// Of all libraries and programs of the packages of a workspace.
    pub(super) fn of_workspace(workspace: &Path) -> Vec<Self> {
        let workspace = workspace.canonicalize().expect("a folder");
        let cargo = Command::new(env!("CARGO"))
            .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
            .current_dir(&workspace)
            .output()
            .expect("cargo runs");
        assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
        let metadata: Value = serde_json::from_slice(&cargo.stdout).expect("JSON");
        let packages = metadata["packages"].as_array().expect("packages").iter();
        let targets = packages.flat_map(|package| package["targets"].as_array().expect("targets"));
        let shipped = targets.filter(|target| ["lib", "bin"].iter().any(|kind| target["kind"][0] == **kind));
        let roots = shipped.map(|target| target["src_path"].as_str().expect("a path"));
        roots.map(|root| Self::of(Path::new(root), &workspace)).collect()
    }
}
