//! The witness over HTTP, as tlog-witness has it; besides, what it saw last, so that a log that was put back can say what is
//! missing and nobody has to believe a bare number. Decides nothing.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::WitnessError;
use crate::witness::{Answer, Witness};

/// Bytes of the longest request: a note of 64 KiB and a proof of 63 lines.
const LONGEST: usize = 72 << 10;

/// The witness and its clock.
type Desk = (Arc<Witness>, fn() -> u64);

/// A router with `POST /add-checkpoint` and `GET /newest/ORIGIN`. `clock` answers seconds since 1970.
pub fn router(witness: Arc<Witness>, clock: fn() -> u64) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/newest/{*origin}", get(newest))
        .layer(DefaultBodyLimit::max(LONGEST))
        .with_state((witness, clock))
}

async fn add_checkpoint(State((witness, clock)): State<Desk>, body: Bytes) -> Response {
    // The answer waits for the disk.
    let answer = tokio::task::spawn_blocking(move || witness.add_checkpoint(&body, clock())).await;
    match answer {
        Ok(Ok(answer)) => answer.into_response(),
        Ok(Err(error)) => failed(&error),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn newest(State((witness, _)): State<Desk>, Path(origin): Path<String>) -> Response {
    match tokio::task::spawn_blocking(move || witness.newest(&origin)).await {
        Ok(Ok(Some(note))) => note.into_response(),
        Ok(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        Ok(Err(error)) => failed(&error),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Paths and reasons are the operator's, not the caller's.
fn failed(error: &WitnessError) -> Response {
    tracing::error!(error = error as &dyn std::error::Error, "the witness can't sign");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Cosigned(line) => line.into_response(),
            Self::Malformed => StatusCode::BAD_REQUEST.into_response(),
            Self::Untrusted => StatusCode::FORBIDDEN.into_response(),
            Self::Unknown => StatusCode::NOT_FOUND.into_response(),
            Self::Conflict { size } => {
                let kind = [(header::CONTENT_TYPE, "text/x.tlog.size")];
                (StatusCode::CONFLICT, kind, format!("{size}\n")).into_response()
            }
            Self::Inconsistent => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        }
    }
}
