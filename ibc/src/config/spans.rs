//! Spans of time that reach out of what a date can say, from now.

use super::Config;
use crate::clock::{Clock, SystemClock};
use core::time::Duration;
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use std::string::String;

impl Config {
    /// Refuses a span that would be an error each time it is used.
    pub(super) fn check_spans(&self) -> Result<(), String> {
        let now = SystemClock.now();
        let last = ExpirationTime::MAX.to_unix();
        let is_past = |span: Duration| now.checked_sub(span).is_none();
        let is_late = |span: Duration| now.checked_add(span).is_none_or(|end: UnixTime| end > last);
        if is_past(self.audit.keep) {
            return Err("[audit] keep reaches before 1970: entries that old do not exist".into());
        }
        let mef = self.mef.iter().flat_map(|mef| {
            [
                ("[mef] default_lifetime", mef.default_lifetime),
                ("[mef] max_lifetime", mef.max_lifetime),
                ("[mef] supersede_window", mef.supersede_window),
                ("[mef] command_retry", mef.command_retry),
            ]
        });
        let others = [
            ("[store] clock_tolerance", self.store.clock_tolerance),
            ("[tidy] interval", self.tidy.interval),
            ("[server] session", self.server.session),
        ];
        match mef.chain(others).find(|(_, span)| is_late(*span)) {
            Some((name, _)) => Err(format!("{name} reaches beyond the year 9999")),
            None => Ok(()),
        }
    }
}
