//! What a process that runs takes up of a configuration that was changed.

use super::Config;
use std::vec::Vec;

impl Config {
    /// What of `new` holds only for a process that starts with it: names of sections and keys. The rest is taken by one
    /// that runs: certificates, authorities, limits, level of the log.
    pub fn not_reloaded(&self, new: &Self) -> Vec<&'static str> {
        let (server, changed) = (&self.server, &new.server);
        let all = [
            ("provider", self.provider == new.provider),
            ("node", self.node == new.node),
            ("lab", self.lab == new.lab),
            ("[store]", self.store == new.store),
            ("[keys]", self.keys == new.keys),
            ("[mef]", self.mef == new.mef),
            ("[maf]", self.maf == new.maf),
            ("[server] listen", server.listen == changed.listen),
            ("[server] monitor", server.monitor == changed.monitor),
            ("[tidy]", self.tidy == new.tidy),
            ("[audit]", self.audit == new.audit),
        ];
        all.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }
}
