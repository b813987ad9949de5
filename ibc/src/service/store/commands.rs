//! Commands of a registration at the MEF.

use super::columns::{self, seconds};
use crate::service::error::ServiceError;
use crate::wire::CommandDescription;
use eccsi_sakke::onem2m::UnixTime;
use sqlx::{AnyConnection, Row};

/// A command that waits or is issued.
pub(crate) struct CommandRow {
    pub(crate) number: u64,
    pub(crate) description: CommandDescription,
    pub(crate) is_issued: bool,
}

/// How far a command has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Waits = 0,
    Issued = 1,
    /// Or needs no report.
    Reported = 2,
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The command that was issued and not reported; else the one that waits longest.
pub(crate) async fn first(
    connection: &mut AnyConnection,
    registration: &str,
) -> Result<Option<CommandRow>, ServiceError> {
    let row = sqlx::query(
        "select number, class, args, target, state from command where registration = $1 and state < 2 \
         order by state desc, number limit 1",
    )
    .bind(registration)
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let (number, state): (i64, i64) = (row.try_get("number")?, row.try_get("state")?);
        Ok(CommandRow {
            number: number.unsigned_abs(),
            description: columns::command(&row)?,
            is_issued: state == State::Issued as i64,
        })
    })
    .transpose()
}

/// How many commands wait or are issued.
pub(crate) async fn open(connection: &mut AnyConnection, registration: &str) -> Result<usize, ServiceError> {
    let count: i64 = sqlx::query_scalar("select count(*) from command where registration = $1 and state < 2")
        .bind(registration)
        .fetch_one(connection)
        .await?;
    usize::try_from(count).map_err(ServiceError::internal)
}

/// Appends a command and gives its number, which counts up within the registration.
pub(crate) async fn append(
    connection: &mut AnyConnection,
    registration: &str,
    command: &CommandDescription,
    state: State,
) -> Result<u64, ServiceError> {
    let number: i64 = sqlx::query_scalar(
        "insert into command (registration, number, class, args, target, state, deliveries, status) \
         select $1, (select coalesce(max(number), 0) + 1 from command where registration = $1), $2, $3, $4, $5, 0, 0 \
         returning number",
    )
    .bind(registration)
    .bind(i64::from(command.class))
    .bind(columns::json(&command.arguments)?)
    .bind(command.target.as_deref().unwrap_or_default())
    .bind(state as i64)
    .fetch_one(connection)
    .await?;
    Ok(number.unsigned_abs())
}

/// Appends what every registration of this client begins with.
pub(crate) async fn append_standing(
    connection: &mut AnyConnection,
    registration: &str,
    (stakeholder, client): (&str, &str),
) -> Result<usize, ServiceError> {
    let rows = sqlx::query(
        "select class, args, target from standing_command where stakeholder = $1 and (client = $2 or client = '') \
         order by number, client desc",
    )
    .bind(stakeholder)
    .bind(client)
    .fetch_all(&mut *connection)
    .await?;
    for row in &rows {
        append(connection, registration, &columns::command(row)?, State::Waits).await?;
    }
    Ok(rows.len())
}

/// Adds to what registrations of a client, or with "" of all clients of the stakeholder, begin with; false once there
/// are `most`.
pub(crate) async fn insert_standing(
    connection: &mut AnyConnection,
    (stakeholder, client): (&str, &str),
    command: &CommandDescription,
    most: usize,
) -> Result<bool, ServiceError> {
    let inserted = sqlx::query(
        "insert into standing_command (stakeholder, client, number, class, args, target) \
         select $1, $2, (select coalesce(max(number), 0) + 1 from standing_command where stakeholder = $1), $3, $4, $5 \
         where (select count(*) from standing_command where stakeholder = $1) < $6",
    )
    .bind(stakeholder)
    .bind(client)
    .bind(i64::from(command.class))
    .bind(columns::json(&command.arguments)?)
    .bind(command.target.as_deref().unwrap_or_default())
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Removes what registrations under a stakeholder begin with. Gives how many there were.
pub(crate) async fn clear_standing(
    connection: &mut AnyConnection,
    (stakeholder, client): (&str, &str),
) -> Result<u64, ServiceError> {
    let removed = sqlx::query("delete from standing_command where stakeholder = $1 and client = $2")
        .bind(stakeholder)
        .bind(client)
        .execute(connection)
        .await?;
    Ok(removed.rows_affected())
}

/// Notes a delivery.
pub(crate) async fn deliver(
    connection: &mut AnyConnection,
    registration: &str,
    command: u64,
) -> Result<(), ServiceError> {
    sqlx::query(
        "update command set state = 1, deliveries = deliveries + 1 where registration = $1 and number = $2 and state < 2",
    )
    .bind(registration)
    .bind(number(command))
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes the status that a client reported; false unless this command is the one issued.
pub(crate) async fn report(
    connection: &mut AnyConnection,
    registration: &str,
    command: u64,
    status: u16,
) -> Result<bool, ServiceError> {
    let reported = sqlx::query(
        "update command set state = 2, status = $1 where registration = $2 and number = $3 and state = 1",
    )
    .bind(i64::from(status))
    .bind(registration)
    .bind(number(command))
    .execute(connection)
    .await?;
    Ok(reported.rows_affected() == 1)
}

/// Removes what was reported, but for the newest `keep` numbers.
pub(crate) async fn forget_reported(
    connection: &mut AnyConnection,
    registration: &str,
    keep: i64,
) -> Result<(), ServiceError> {
    sqlx::query(
        "delete from command where registration = $1 and state = 2 \
         and number <= (select max(number) from command where registration = $1) - $2",
    )
    .bind(registration)
    .bind(keep)
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks the newest credential of an entity as confirmed; false if there is none that lives.
pub(crate) async fn confirm_credential(
    connection: &mut AnyConnection,
    (client, entity): (&str, &str),
    now: UnixTime,
) -> Result<bool, ServiceError> {
    let confirmed = sqlx::query(
        // Two of one second are told apart by which of them replaced the other.
        "update ibc_identity set confirmed = 1 where id2 = (select id2 from ibc_identity newest where name = $1 \
         and client = $2 and state = 1 and not_after > $3 and not exists \
         (select 1 from ibc_identity later where later.replaces = newest.id2 and later.state = 1) \
         order by issued_at desc, reserved_at desc, id2 desc limit 1)",
    )
    .bind(entity)
    .bind(client)
    .bind(seconds(now))
    .execute(connection)
    .await?;
    Ok(confirmed.rows_affected() == 1)
}

/// A command with its fate.
pub(crate) struct CommandFate {
    pub(crate) number: u64,
    pub(crate) class: u16,
    /// The client has it, and has not reported it.
    pub(crate) is_issued: bool,
    pub(crate) deliveries: u64,
    /// What the client reported.
    pub(crate) status: Option<u16>,
}

/// Commands of a registration, for administrators.
pub(crate) async fn all(
    connection: &mut AnyConnection,
    registration: &str,
) -> Result<Vec<CommandFate>, ServiceError> {
    let rows = sqlx::query(
        "select number, class, state, deliveries, status from command where registration = $1 order by number",
    )
    .bind(registration)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let count = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
            let code = |column| Ok::<_, ServiceError>(u16::try_from(count(column)?).unwrap_or(u16::MAX));
            Ok(CommandFate {
                number: count("number")?,
                class: code("class")?,
                is_issued: count("state")? == State::Issued as u64,
                deliveries: count("deliveries")?,
                status: Some(code("status")?).filter(|status| *status != 0),
            })
        })
        .collect()
}

/// Whether a command of this class waits that was not issued yet.
pub(crate) async fn waits(
    connection: &mut AnyConnection,
    registration: &str,
    class: u16,
) -> Result<bool, ServiceError> {
    let text = "select count(*) from command where registration = $1 and class = $2 and state = 0";
    let count: i64 =
        sqlx::query_scalar(text).bind(registration).bind(i64::from(class)).fetch_one(connection).await?;
    Ok(count > 0)
}
