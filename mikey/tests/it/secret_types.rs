//! What secret types do not have, and that their `Debug` shows nothing.

#[path = "../../../tests/support/secret_type.rs"]
mod secret_type;

use crate::has_not;
use mikey_sakke::keys::{Context, DerivedKey, KeyKind, Tgk};
use mikey_sakke::payload::PrfFunction;

has_not!(Tgk: Copy, Clone, PartialEq, std::hash::Hash, Default, std::fmt::Display, AsRef<[u8]>);
has_not!(DerivedKey: Copy, Clone, PartialEq, std::hash::Hash, Default, std::fmt::Display, AsRef<[u8]>);
has_not!(mikey_sakke::open::Opened: Copy, Clone, PartialEq, Default, std::fmt::Display);
const _: fn() = || {
    fn wiped<T: zeroize::ZeroizeOnDrop>() {}
    wiped::<Tgk>();
    wiped::<DerivedKey>();
};

#[test]
fn debug_shows_no_secret() {
    let tgk = Tgk::from_bytes(&[0x5a; 16]);
    assert_eq!(format!("{tgk:?} {tgk:#?}"), "Tgk(..) Tgk(..)");
    let context = Context { prf: PrfFunction::MIKEY_1, cs_id: 0, csb_id: 0, rand: &[1] };
    let key = tgk.derive(KeyKind::Tek, &context, 16).unwrap();
    assert_eq!(format!("{key:?} {key:#?}"), "DerivedKey(..) DerivedKey(..)");
}
