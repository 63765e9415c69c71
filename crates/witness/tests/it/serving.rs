//! The same over HTTP: status, kind and body of each answer.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use jingui_ledger::TreeSuite;
use jingui_witness::router;
use tower::ServiceExt as _;

use crate::log::{Log, NOW, witness};

#[tokio::test]
async fn each_answer_has_its_status() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let forked = Log::new(TreeSuite::International, 60);
    let mut stranger = Log::new(TreeSuite::International, 200);
    stranger.origin = "jingui/other".into();
    let mut thief = Log::new(TreeSuite::International, 200);
    thief.secret = ed25519_dalek::SigningKey::from_bytes(&[8; 32]);
    let router = router(Arc::new(witness(dir.path(), &log)), || NOW);
    for (body, status, expected) in [
        (log.body(0, 100), StatusCode::OK, "\u{2014} auditor/1 "),
        (log.body(0, 100), StatusCode::CONFLICT, "100\n"),
        (forked.body(100, 100), StatusCode::CONFLICT, "100\n"),
        (forked.body(100, 150), StatusCode::UNPROCESSABLE_ENTITY, ""),
        (thief.body(100, 150), StatusCode::FORBIDDEN, ""),
        (stranger.body(0, 5), StatusCode::NOT_FOUND, ""),
        (b"old".to_vec(), StatusCode::BAD_REQUEST, ""),
        (vec![b'a'; 80 << 10], StatusCode::PAYLOAD_TOO_LARGE, ""),
    ] {
        let request = Request::post("/add-checkpoint").body(Body::from(body)).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status);
        let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        assert_eq!(kind.as_deref() == Some("text/x.tlog.size"), status == StatusCode::CONFLICT);
        let answer = response.into_body().collect().await.unwrap().to_bytes();
        let answer = std::str::from_utf8(&answer).unwrap();
        assert!(answer.starts_with(expected), "{answer}");
    }
    std::fs::read_dir(dir.path())
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .for_each(|path| std::fs::write(path, "damaged").unwrap());
    let request = Request::post("/add-checkpoint").body(Body::from(log.body(100, 150))).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let answer = response.into_body().collect().await.unwrap().to_bytes();
    assert!(answer.is_empty(), "a path is nobody's business");
    let get = router.oneshot(Request::get("/add-checkpoint").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
}
