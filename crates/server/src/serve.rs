//! Starting and stopping the edge.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use jingui_office::Office;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::backups::Commands;
use crate::content::Content;
use crate::edge::Edge;
use crate::guard::Door;
use crate::keys::Keeper;
use crate::live::Live;
use crate::witness::WitnessAt;
use crate::{router, timer, told};

/// A request's head must have arrived after this long; also how long an idle connection is kept.
const HEAD: Duration = Duration::from_secs(30);
/// Requests under way when the server stops get this long.
const GRACE: Duration = Duration::from_secs(5);

/// How the edge is served.
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Listens there already: the door of a sealed office hands its place over, so that nobody else takes it meanwhile.
    pub listener: Option<TcpListener>,
    /// The office.
    pub office: Office,
    /// Its files.
    pub content: Content,
    /// Carries the store's notices; its notifier went into the store's options.
    pub live: Live,
    /// Certificate and key; must be there off loopback.
    pub tls: Option<Tls>,
    /// Host names under which it answers besides the address itself, with the port where browsers type one. Off
    /// loopback an empty list means any name: the certificate decides there.
    pub hosts: Vec<String>,
    /// Threads that answer requests; 0 means one for each core.
    pub workers: usize,
    /// Who is shown the newest checkpoint every minute.
    pub witnesses: Vec<WitnessAt>,
    /// How backups are taken, for those who take them.
    pub commands: Commands,
    /// The keys, where two people may change them: with the file they lie in.
    pub keys: Option<Arc<Keeper>>,
    /// Whether the clock reminds, lapses and escalates; off in simulations that move time themselves.
    pub clock: bool,
}

impl Config {
    /// Loopback or TLS to be chosen, one worker for each core, the clock running.
    pub fn new(address: SocketAddr, office: Office, content: Content, live: Live) -> Self {
        Self {
            address,
            listener: None,
            office,
            content,
            live,
            tls: None,
            hosts: Vec::new(),
            workers: 0,
            clock: true,
            keys: None,
            witnesses: Vec::new(),
            commands: Commands::default(),
        }
    }
}

/// A certificate chain and its key, PEM.
pub struct Tls {
    /// Certificates, the server's own first.
    pub certificates: Vec<u8>,
    /// Private key.
    pub key: Vec<u8>,
}

/// Why the edge doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Off loopback without TLS.
    #[error("{0} isn't a loopback address; give a certificate and key, or listen on 127.0.0.1")]
    NeedsTls(SocketAddr),
    /// The certificate or key can't be used.
    #[error("the certificate or its key can't be used ({0}); give PEM files that belong together")]
    Certificate(String),
    /// The address can't be taken.
    #[error("can't listen on {address}; choose a free port")]
    Listen {
        /// The address.
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    /// The machine gave no threads.
    #[error("can't start the server; the machine is out of resources")]
    Start(#[source] io::Error),
}

/// The edge while it serves. Dropping it stops it at once; [`Running::stop`] waits for requests under way.
pub struct Running {
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    runtime: Option<Runtime>,
    told: watch::Receiver<bool>,
}

/// Starts serving and returns at once.
pub fn serve(config: Config) -> Result<Running, ServeError> {
    let Config {
        address,
        listener,
        office,
        content,
        live,
        tls,
        hosts,
        workers,
        clock,
        witnesses,
        commands,
        keys,
    } = config;
    let place = Place::take(address, listener, tls, hosts)?;
    let edge = Arc::new(Edge::new(office, content, live, witnesses, commands, keys, place.door.secure));
    let runtime = runtime(workers).map_err(ServeError::Start)?;
    if clock {
        runtime.spawn(timer::run(Arc::clone(&edge)));
    }
    let router = router::router(edge, Arc::clone(&place.door));
    place.open(runtime, router)
}

/// A place that was taken and doesn't answer yet.
pub(crate) struct Place {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
    tls: Option<Arc<rustls::ServerConfig>>,
    pub(crate) door: Arc<Door>,
}

impl Place {
    /// Takes an address; off loopback only under TLS.
    pub(crate) fn take(
        address: SocketAddr,
        listener: Option<TcpListener>,
        tls: Option<Tls>,
        mut hosts: Vec<String>,
    ) -> Result<Self, ServeError> {
        if tls.is_none() && !address.ip().is_loopback() {
            return Err(ServeError::NeedsTls(address));
        }
        let failed = |source| ServeError::Listen { address, source };
        let listener = listener.map_or_else(|| TcpListener::bind(address), Ok).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let tls = tls.map(|tls| rustls_config(&tls)).transpose()?;
        if address.ip().is_loopback() {
            hosts.extend(
                ["127.0.0.1", "localhost", "[::1]"].iter().map(|name| format!("{name}:{}", address.port())),
            );
        }
        let door = Arc::new(Door { hosts, secure: tls.is_some() });
        Ok(Self { listener, address, tls, door })
    }

    /// The same place once more, for whoever answers there next.
    pub(crate) fn again(&self) -> Result<TcpListener, ServeError> {
        self.listener.try_clone().map_err(|source| ServeError::Listen { address: self.address, source })
    }

    /// Answers there from now on.
    pub(crate) fn open(self, runtime: Runtime, router: Router) -> Result<Running, ServeError> {
        // Listened for before anybody is told that it serves: an end that is asked for at once is an orderly one too.
        let told = told::listen().map_err(ServeError::Start)?;
        let handle = Handle::new();
        let serving = accept(self.listener, self.tls, handle.clone(), router);
        runtime.spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the server ended");
            }
        });
        Ok(Running { address: self.address, handle, runtime: Some(runtime), told })
    }
}

pub(crate) fn runtime(workers: usize) -> io::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if workers > 0 {
        builder.worker_threads(workers);
    }
    builder.thread_name("edge").max_blocking_threads(32).enable_all().build()
}

async fn accept(
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    handle: Handle<SocketAddr>,
    router: Router,
) -> io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    match tls {
        None => {
            let mut server = axum_server::from_tcp(listener)?.handle(handle);
            patience(server.http_builder());
            server.serve(service).await
        }
        Some(tls) => {
            let mut server =
                axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(tls))?.handle(handle);
            patience(server.http_builder());
            server.serve(service).await
        }
    }
}

/// Slow heads are cut off, and a header flood stays small.
fn patience(builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>) {
    builder
        .http1()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(64)
        .max_buf_size(64 << 10)
        .http2()
        .timer(hyper_util::rt::TokioTimer::new())
        .keep_alive_interval(HEAD)
        .max_header_list_size(64 << 10)
        .max_concurrent_streams(128);
}

fn rustls_config(tls: &Tls) -> Result<Arc<rustls::ServerConfig>, ServeError> {
    let bad = |error: &dyn std::fmt::Display| ServeError::Certificate(error.to_string());
    let chain = CertificateDer::pem_slice_iter(&tls.certificates)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| bad(&error))?;
    let key = PrivateKeyDer::from_pem_slice(&tls.key).map_err(|error| bad(&error))?;
    let mut config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| bad(&error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

impl Running {
    /// The address it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: no new requests; those under way get a few seconds.
    pub fn stop(mut self) {
        self.handle.graceful_shutdown(Some(GRACE));
        let ends = std::time::Instant::now() + GRACE;
        while self.handle.connection_count() > 0 && std::time::Instant::now() < ends {
            std::thread::sleep(Duration::from_millis(20));
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(GRACE);
        }
    }

    /// Serves until the process is told to end (SIGINT, SIGTERM), then stops.
    pub fn until_told(self) {
        self.until(std::future::pending::<()>());
    }

    /// The same, or until something is there, which it answers.
    pub(crate) fn until<T>(mut self, there: impl Future<Output = T>) -> Option<T> {
        let told = &mut self.told;
        let found = self.runtime.as_ref().and_then(|runtime| {
            runtime.block_on(async {
                tokio::select! {
                    _ = told.wait_for(|told| *told) => None,
                    found = there => Some(found),
                }
            })
        });
        self.stop();
        found
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.shutdown();
        if let Some(runtime) = self.runtime.take() {
            // What is under way ends first: a thread still inside the database while the process exits, where OpenSSL
            // cleans up after itself, would crash it.
            runtime.shutdown_timeout(GRACE);
        }
    }
}
