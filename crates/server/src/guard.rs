//! What stands before and behind every handler: which host was asked for, whether a change was asked for from the
//! console's own page, and the headers that every answer carries.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::language::Language;
use crate::problem::Problem;

/// Whether a path takes a file as it is, or a part of one, instead of JSON.
fn takes_bytes(path: &str) -> bool {
    path == "/api/imports"
        || (path.starts_with("/api/files/") && path.contains("/bytes/"))
        || (path.starts_with("/api/items/") && path.ends_with("/files"))
}

const HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), serial=(), usb=()",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

/// What the guard knows of the place it stands at.
pub(crate) struct Door {
    /// Host names, with port where one is typed, under which the edge answers; empty for any.
    pub(crate) hosts: Vec<String>,
    /// Whether it is served under TLS.
    pub(crate) secure: bool,
}

/// The middleware.
pub(crate) async fn guard(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let language = Language::of(request.headers());
    let api = request.uri().path().starts_with("/api/");
    let mut response = match admit(&door, &request) {
        Ok(()) => next.run(request).await,
        Err((status, code)) => Problem::edge(status, code, language).into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if door.secure {
        let value = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    if api {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn admit(door: &Door, request: &Request) -> Result<(), (StatusCode, &'static str)> {
    let headers = request.headers();
    let host = host(request.uri(), headers);
    // A page elsewhere can give its own name our address; its requests then carry that name.
    let served = door.hosts.is_empty()
        || host.is_some_and(|host| door.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)));
    if !served {
        return Err((StatusCode::MISDIRECTED_REQUEST, "host"));
    }
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    if !from_own_page(headers, host, door.secure) {
        return Err((StatusCode::FORBIDDEN, "origin"));
    }
    Ok(())
}

/// Lets a change through only with the media type that no form of another page can send; stands before routes, so
/// that a method without a route is told so first.
pub(crate) async fn typed(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    let expected = match request.uri().path() {
        "/api/items" => "multipart/form-data",
        path if takes_bytes(path) => "application/octet-stream",
        _ => "application/json",
    };
    let found = text(request.headers(), &header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    if found.eq_ignore_ascii_case(expected) {
        return next.run(request).await;
    }
    let language = Language::of(request.headers());
    Problem::edge(StatusCode::UNSUPPORTED_MEDIA_TYPE, "body.type", language).into_response()
}

/// Whether a change was asked for from a page of ours: browsers say so in one of these two headers, and no page can
/// forge them.
fn from_own_page(headers: &HeaderMap, host: Option<&str>, secure: bool) -> bool {
    match text(headers, &HeaderName::from_static("sec-fetch-site")) {
        "same-origin" | "none" => true,
        "" => {
            let origin = text(headers, &header::ORIGIN);
            let scheme = if secure { "https://" } else { "http://" };
            origin
                .strip_prefix(scheme)
                .zip(host)
                .is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host))
        }
        _ => false,
    }
}

fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    uri.authority()
        .map(axum::http::uri::Authority::as_str)
        .or_else(|| headers.get(header::HOST).and_then(|value| value.to_str().ok()))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
