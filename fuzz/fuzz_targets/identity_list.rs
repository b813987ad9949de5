//! Lists of identities: the second reading gives exactly the identities that the first one counted.

#![no_main]

use eccsi_sakke::onem2m::{ExpirationTime, Fqdn};
use ibc::files::FileError;
use ibc::files::identity_list::{IdentityList, LineForm, Sameness};
use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;

fuzz_target!(|octets: &[u8]| {
    let fqdn = Fqdn::parse("mef.example.com").expect("a name");
    for (form, sameness) in [
        (LineForm::Id2, Sameness::Octets),
        (LineForm::Hex, Sameness::Octets),
        (LineForm::Entity { fqdn, expiration: ExpirationTime::MAX }, Sameness::Entity),
    ] {
        let mut list = IdentityList::from_octets(octets, form, sameness);
        let Ok(survey) = list.survey(|_| false, |_| Ok(())) else { continue };
        let mut seen = HashSet::new();
        list.work_through(&survey, |identity| {
            assert!(seen.insert(identity.identity().as_bytes().to_vec()));
            Ok::<_, FileError>(())
        })
        .expect("the list is the same");
        assert_eq!(survey.to_issue, seen.len() as u64);
        assert_eq!(survey.lines(), survey.to_issue + survey.duplicates.len() as u64);
    }
});
