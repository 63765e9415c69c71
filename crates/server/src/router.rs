//! The routes: those of the edge itself, one for every view, one for all actions, and the console for the rest.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{any, get, post, put};
use axum::{Json, Router, middleware};

use crate::content::{page, rebuild, upload};
use crate::edge::Shared;
use crate::guard::Door;
use crate::language::Language;
use crate::problem::Problem;
use crate::{
    actions, console, evidence, guard, imports, ledger, live, openapi, sign_in, verification, views,
};

/// Everything that is served.
pub(crate) fn router(edge: Shared, door: Arc<Door>) -> Router {
    let mut router = Router::new()
        .route("/api/actions/{name}", post(actions::act))
        .route("/api/countersign", post(sign_in::countersign))
        .route("/api/evidence", post(evidence::make))
        .route("/api/evidence/{evidence}", get(evidence::progress))
        .route("/api/evidence/{evidence}/bundle", get(evidence::fetch))
        .route("/api/files/{file}/bytes", get(upload::progress))
        .route("/api/files/{file}/bytes/{from}", put(upload::receive))
        .route("/api/health", get(health))
        .route("/api/imports", post(imports::upload))
        .route("/api/imports/{import}", get(imports::show))
        .route("/api/imports/{import}/mapping", put(imports::map))
        .route("/api/imports/{import}/refused.xlsx", get(imports::refused))
        .route("/api/imports/{import}/run", post(imports::run))
        .route("/api/journal/verify", get(verification::progress).post(verification::start))
        .route("/api/items/{item}/files", post(upload::add))
        .route("/api/ledger", get(ledger::show))
        .route("/api/ledger/checkpoint", get(ledger::checkpoint))
        .route("/api/ledger/compare", post(ledger::compare))
        .route("/api/ledger/proofs/{seq}", get(ledger::prove))
        .route("/api/ledger/slip", get(ledger::slip))
        .route("/api/live", get(live::live))
        .route("/api/me", get(sign_in::me))
        .route("/api/openapi.json", get(openapi::serve))
        .route("/api/prints/{print}/copies/{copy}/pages/{page}", get(page::sheet))
        .route("/api/readings/{reading}", get(page::open))
        .route("/api/readings/{reading}/hits", get(page::hits))
        .route("/api/readings/{reading}/pages/{page}", get(page::page))
        .route("/api/readings/{reading}/small/{from}", get(page::small))
        .route("/api/sign-in", post(sign_in::sign_in))
        .route("/api/sign-out", post(sign_in::sign_out))
        .route("/api/words/rebuild", get(rebuild::progress).post(rebuild::start));
    for view in views::all() {
        let (path, route) = view.route();
        router = router.route(path, route);
    }
    router
        .route_layer(middleware::from_fn(guard::typed))
        .route("/api/{*rest}", any(nothing))
        .fallback(console::console)
        .method_not_allowed_fallback(wrong_method)
        // Bodies are bounded where they are read, each by what it may be.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(door, guard::guard))
        .with_state(edge)
}

/// `GET /api/health`: answers as long as the process serves.
async fn health() -> impl IntoResponse {
    Json(serde_json::json!({ "status": "ok" }))
}

pub(crate) async fn nothing(headers: HeaderMap) -> Problem {
    Problem::absent(Language::of(&headers))
}

pub(crate) async fn wrong_method(headers: HeaderMap) -> Problem {
    Problem::edge(StatusCode::METHOD_NOT_ALLOWED, "method", Language::of(&headers))
}
