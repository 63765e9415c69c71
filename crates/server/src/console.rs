//! The console's files, embedded at build.
//!
//! A path that isn't a file is the console's own page only where a browser navigates to it: a missing script or
//! picture is a plain 404, never a page in its place.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::language::Language;
use crate::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

const INDEX: &str = "index.html";
/// Vite puts a hash of the content into the name of everything in this folder.
const HASHED: &str = "assets/";

/// Answers whatever isn't the API.
pub(crate) async fn console(request: Request) -> Response {
    let language = Language::of(request.headers());
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::edge(StatusCode::METHOD_NOT_ALLOWED, "method", language).into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    let path = if path.is_empty() { INDEX } else { path };
    // The compressed twin is no address of its own.
    if !is_twin(path)
        && let Some(response) = file(path, request.headers())
    {
        return response;
    }
    let page = if is_navigation(path, request.headers()) { file(INDEX, request.headers()) } else { None };
    page.unwrap_or_else(|| Problem::absent(language).into_response())
}

fn is_twin(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension == "br")
}

/// Whether a browser goes to this address, rather than a page asking for a part of itself.
fn is_navigation(path: &str, headers: &HeaderMap) -> bool {
    let text =
        |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let wanted = match text(&HeaderName::from_static("sec-fetch-mode")) {
        "" => text(&header::ACCEPT).contains("text/html"),
        mode => mode == "navigate",
    };
    wanted && !last.contains('.') && !path.starts_with(HASHED)
}

fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let brotli = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|text| text.split(',').any(|part| part.trim().split(';').next() == Some("br")));
    let twin = if brotli { Dist::get(&format!("{path}.br")) } else { None };
    let encoded = twin.is_some();
    let found = twin.or_else(|| Dist::get(path))?;
    let etag = etag(&found, encoded)?;
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| *value == etag);
    let mut response =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { Body::from(found.data).into_response() };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    out.insert(header::ETAG, etag);
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let caching = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if encoded {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    Some(response)
}

/// Differs by encoding, so that no cache takes one for the other.
fn etag(file: &EmbeddedFile, encoded: bool) -> Option<HeaderValue> {
    let digest = data_encoding::HEXLOWER.encode(file.metadata.sha256_hash().get(..16)?);
    HeaderValue::from_str(&format!("\"{digest}{}\"", if encoded { "-br" } else { "" })).ok()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        console(request.body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn only_navigations_fall_back_to_the_page() {
        let html = [("accept", "text/html")];
        assert_eq!(answer("/", &[]).await.status(), StatusCode::OK);
        assert_eq!(answer("/items/123", &html).await.status(), StatusCode::OK);
        assert_eq!(answer("/items/123", &[]).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(answer("/assets/missing", &html).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(answer("/missing.js", &html).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(
            answer("/index.html.br", &[("accept-encoding", "br")]).await.status(),
            StatusCode::NOT_FOUND
        );
    }

    #[tokio::test]
    async fn what_the_browser_has_isnt_sent_again() {
        let first = answer("/", &[]).await;
        let etag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(answer("/", &[("if-none-match", &etag)]).await.status(), StatusCode::NOT_MODIFIED);
    }
}
