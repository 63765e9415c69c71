//! Where it may listen, TLS, and stopping.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jingui_server::{Config, Live, ServeError, Tls, serve};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;

use crate::harness::{House, PASSWORD};

fn certificate() -> (rcgen::CertifiedKey<rcgen::KeyPair>, Tls) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls = Tls {
        certificates: made.cert.pem().into_bytes(),
        key: made.signing_key.serialize_pem().into_bytes(),
    };
    (made, tls)
}

#[test]
fn off_loopback_it_wants_tls() {
    let house = House::new();
    let config = |address: &str| {
        Config::new(address.parse().unwrap(), house.office.clone(), house.content(), Live::default())
    };
    assert!(matches!(serve(config("0.0.0.0:0")), Err(ServeError::NeedsTls(_))));
    assert!(matches!(serve(config("[::]:0")), Err(ServeError::NeedsTls(_))));
    let mut broken = config("0.0.0.0:0");
    broken.tls = Some(Tls { certificates: b"no certificate".to_vec(), key: b"no key".to_vec() });
    assert!(matches!(serve(broken), Err(ServeError::Certificate(_))));
    let taken = house.running.address();
    assert!(matches!(serve(config(&taken.to_string())), Err(ServeError::Listen { .. })));
}

#[test]
fn under_tls_the_cookie_is_held_to_the_host() {
    let (made, tls) = certificate();
    let house = House::under(Some(tls));
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(house.running.address()).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    let body = json!({"account": "staff", "password": PASSWORD}).to_string();
    let port = house.running.address().port();
    write!(
        stream,
        "POST /api/sign-in HTTP/1.1\r\nhost: localhost:{port}\r\norigin: https://localhost:{port}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = answer.to_ascii_lowercase();
    assert!(answer.contains("set-cookie: __host-jingui="), "{answer}");
    assert!(answer.contains("; path=/; httponly; samesite=strict; secure"), "{answer}");
    assert!(answer.contains("strict-transport-security:"), "{answer}");
}

#[test]
fn stopping_ends_streams_and_frees_the_port() {
    let house = House::new();
    let address = house.running.address();
    let client = house.signed_in("staff");
    let _stream = client.open("GET", "/api/live", b"");
    let began = Instant::now();
    house.running.stop();
    assert!(began.elapsed() < Duration::from_secs(15));
    assert!(TcpStream::connect(address).is_err());
}
