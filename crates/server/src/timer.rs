//! The clock's own work: once at the start and then every minute it asks which loans are to be reminded of, to lapse
//! or to be escalated, and which confirmed values of parameters come into force, and does so through journaled actions; and it journals sessions that lapsed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jingui_office::loans::views::due_for_clock;
use jingui_office::{Caller, Office, Request};
use jingui_store::StoreError;

use crate::content::inspect;
use crate::edge::Edge;
use crate::{input, keys};

const EVERY: Duration = Duration::from_mins(1);

/// Runs until the server ends.
pub(crate) async fn run(edge: Arc<Edge>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    if let Err(error) = inspect::take_up_undone(&edge) {
        tracing::error!(%error, "files that were left half done could not be looked up");
    }
    loop {
        ticks.tick().await;
        let working = Arc::clone(&edge);
        let done = tokio::task::spawn_blocking(move || {
            lapse(&working);
            working.uploads.sweep(Instant::now());
            working.rooms.sweep(Instant::now());
            work(&working)
        })
        .await;
        keys::carry_out(&edge).await;
        edge.witnesses.ask(edge.office.store()).await;
        if let Err(error) = inspect::take_up(&edge) {
            tracing::error!(%error, "files that wait could not be looked up");
        }
        if let Ok(Err(error)) = done {
            tracing::error!(%error, "the clock's work could not be done; it is tried again in a minute");
        }
    }
}

/// Journals the end of sessions that lay idle or lasted too long.
fn lapse(edge: &Edge) {
    for lapsed in edge.sessions.sweep(Instant::now(), edge.limits()) {
        let caller = Caller::Person { id: lapsed.person, terminal: lapsed.terminal };
        let request =
            Request { caller, action: "session.sign_out".to_owned(), input: input::empty(), seen: None };
        edge.office.submit(request, |performed| {
            if let Err(error) = performed {
                tracing::warn!(%error, "the end of a session could not be journaled");
            }
        });
    }
}

/// Does what is due. An action that is refused meanwhile was overtaken by a person: that is no failure.
fn work(edge: &Edge) -> Result<(), StoreError> {
    let office = &edge.office;
    let rules = office.rules();
    let due = office.store().read(|conn| due_for_clock(conn, office.today(), &rules))?;
    let values = office.store().read(|conn| jingui_office::rules::parameter::due(conn, office.today()))?;
    for proposal in values {
        by_clock(office, "parameter.take_effect", &serde_json::json!({ "proposal": proposal }))?;
    }
    let actions = [("loan.expire", due.expire), ("loan.remind", due.remind), ("loan.escalate", due.escalate)];
    for (action, loans) in actions {
        for loan in loans {
            by_clock(office, action, &serde_json::json!({ "loan": loan }))?;
        }
    }
    Ok(())
}

fn by_clock(office: &Office, action: &'static str, input: &serde_json::Value) -> Result<(), StoreError> {
    let input = serde_json::value::to_raw_value(input)?;
    let request = Request { caller: Caller::Clock, action: action.to_owned(), input, seen: None };
    if let Err(error) = office.perform(request) {
        tracing::error!(%error, action, "the clock's action could not be performed");
    }
    Ok(())
}
