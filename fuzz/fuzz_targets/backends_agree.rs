//! Every backend gives the same for the same scalars.
#![no_main]

use eccsi_sakke::__backends::{Name, probe, with};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|scalars: [[u8; 32]; 4]| {
    let results = || {
        let [k, p, h, g] = scalars.map(|octets| probe::order_reduce(&octets));
        if [k, p].contains(&[0; 32]) {
            return None;
        }
        let point = probe::mul_generator(&p);
        let product = probe::mul(&k, &point);
        Some((
            product,
            probe::order(&k, &h),
            probe::add_mul(&point, &h, &product),
            probe::mul_sum(&k, &point, true, &h, &product),
            probe::combination(&g, &[(h, product, true)]),
            probe::combination(&g, &[(h, product, false), (k, point, true)]),
            probe::mul_generator_if_equal(&k, &point, &h, &product),
        ))
    };
    let oracle = with(Name::RustCrypto, results).expect("everywhere");
    for name in Name::ALL {
        if let Some(given) = with(*name, results) {
            assert_eq!(given, oracle, "{}", name.as_str());
        }
    }
});
