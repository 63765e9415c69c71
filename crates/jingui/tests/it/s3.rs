//! Files in a store that speaks S3, where the machine has a server for it: `moto_server` (from the Python package `moto`) on
//! the path. Without one the test says so and ends.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::content::{BYTES, item, letter, looked_into, upload};
use crate::program::{Founded, PASSWORD, Served, Session, people};

/// The server. Ended when dropped.
struct S3 {
    child: Child,
    address: SocketAddr,
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl S3 {
    fn start() -> Option<Self> {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new("moto_server");
        command.args(["-H", "127.0.0.1", "-p", &address.port().to_string()]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let served = Self { child, address };
        let patience = Instant::now() + Duration::from_mins(1);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < patience, "moto_server doesn't listen");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(served)
    }
}

#[test]
fn files_lie_in_a_store_that_speaks_s3_where_there_is_one() {
    let Some(s3) = S3::start() else {
        println!("skipped: there is no moto_server on the path");
        return;
    };
    let store = |method: &str, path: &str| Session::at(s3.address).raw(method, path, BYTES, b"").unwrap();
    assert_eq!(store("PUT", "/office").0, 200, "a bucket");
    let endpoint = format!("http://{}", s3.address);
    let environment = [
        ("AWS_ENDPOINT", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "office"),
        ("AWS_SECRET_ACCESS_KEY", "office"),
    ];
    let founded = Founded::new();
    let serve = || {
        let order = founded.with("serve", &["--listen", "127.0.0.1:0", "--vault", "s3://office/vault"]);
        Served::start_in(&order, &environment)
    };
    let served = serve();
    people(&served, &founded);
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let item = item(&registrar);
    let file = upload(&registrar, &item, "通知.txt", letter().as_bytes());
    assert_eq!(looked_into(&registrar, &item, &file)["pages"], 2);
    // Larger than one part of a multipart upload. It has more pages than a file may have; but its bytes came back whole.
    let large = upload(&registrar, &item, "大.txt", letter().repeat(8_000).as_bytes());
    let state = looked_into(&registrar, &item, &large);
    assert!(state["name"] == "faulty" && state["code"] != "vault", "{state}");
    assert!(!founded.data.join("vault").exists(), "nothing lies on this machine");
    assert!(served.end());

    let listed = || String::from_utf8(store("GET", "/office?list-type=2").2).unwrap();
    assert_eq!(listed().matches("<Key>vault/").count(), 3, "two files and words of one: {}", listed());
    assert!(!listed().contains("通知"));
    let served = serve();
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let reading = registrar.did("view.open", &json!({"file": file}))["id"].as_str().unwrap().to_owned();
    assert_eq!(registrar.raw("GET", &format!("/api/readings/{reading}/pages/2"), BYTES, b"").unwrap().0, 200);
    assert!(served.end());
}
