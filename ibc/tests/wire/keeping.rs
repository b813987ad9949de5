//! What is kept by one process while others are at the same folder.

use crate::client::keeper;
use crate::http::Running;
use crate::service::{Place, START};
use crate::setting::{Setting, days};
use eccsi_sakke::onem2m::UnixTime;
use ibc::client::Kept;
use ibc::client::install::NewKpak;

const DAY: u64 = 86_400;

async fn what_another_process_installed_is_what_is_kept(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut stays = keeper(place, &server, "device", NewKpak::First);
    let Kept::Renewed(_) = stays.keep().await else { panic!("there was none") };
    let half = |since: u64| UnixTime::from_seconds(START.as_seconds() + since + 5 * DAY);
    assert!(matches!(stays.keep().await, Kept::Until(at) if at == half(0)));
    stays.release();

    // Another renews by hand on the fourth day: on the fifth nothing is due.
    place.clock.advance(4 * DAY);
    let mut other = keeper(place, &server, "device", NewKpak::Refuse);
    let second = other.renew().await.unwrap();
    drop(other);
    place.clock.advance(DAY);
    assert!(matches!(stays.keep().await, Kept::Until(at) if at == half(4 * DAY)));
    // It is the newer one that is replaced.
    place.clock.advance(4 * DAY);
    let Kept::Renewed(third) = stays.keep().await else { panic!("half of its life is over") };
    assert_eq!(place.last("reserved").await["replaces"], second.as_str());
    stays.release();

    // One with a shorter life is due sooner, and one that is gone at once.
    let mut other = keeper(place, &server, "device", NewKpak::Refuse).lifetime(Some(days(2)));
    let short = other.renew().await.unwrap();
    drop(other);
    place.clock.advance(DAY);
    let Kept::Renewed(fourth) = stays.keep().await else { panic!("half of its life is over") };
    assert_eq!(place.last("reserved").await["replaces"], short.as_str());
    assert!(fourth != third);
    stays.release();
    std::fs::remove_file(place.folder.join("device/credential.json")).unwrap();
    let Kept::Renewed(_) = stays.keep().await else { panic!("there is none") };
    server.stop().await;
}

crate::on_each_store!(what_another_process_installed_is_what_is_kept);
