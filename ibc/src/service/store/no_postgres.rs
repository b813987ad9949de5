//! In the place of `postgres_url`, in a program without the driver: no URL of a PostgreSQL can be had.

use sqlx::any::AnyConnectOptions;
use std::path::{Path, PathBuf};

pub(crate) enum PostgresUrl {}

crate::redacted::redacted_debug!(PostgresUrl);

impl PostgresUrl {
    pub(crate) fn parse(_text: &str) -> Result<Self, &'static str> {
        Err("this program was built without PostgreSQL: build it with the feature store-postgres")
    }

    pub(crate) fn has_password(&self) -> bool {
        match *self {}
    }

    pub(crate) fn with_password(&self, _password: &[u8]) -> String {
        match *self {}
    }

    pub(crate) fn with_files_in(&self, _folder: &Path) -> String {
        match *self {}
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        match *self {}
    }

    pub(crate) fn mode_name(&self) -> &'static str {
        match *self {}
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        match *self {}
    }

    pub(super) fn connect_options(&self) -> Result<AnyConnectOptions, sqlx::Error> {
        match *self {}
    }

    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        match *self {}
    }

    pub(super) fn database(&self) -> String {
        match *self {}
    }
}
