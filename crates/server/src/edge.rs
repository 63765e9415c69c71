//! What every handler of the edge shares.

use std::sync::Arc;
use std::time::Duration;

use jingui_office::{Office, Performed, Request, Unable};
use jingui_regulation::Param;
use jingui_store::StoreError;
use tokio::sync::{Mutex, Semaphore};

use crate::backups::Commands;
use crate::content::Content;
use crate::content::inspect::Inspections;
use crate::content::rebuild::Rebuild;
use crate::content::room::Rooms;
use crate::content::spare::Spare;
use crate::content::upload::Uploads;
use crate::evidence::Bundles;
use crate::imports::Imports;
use crate::keys::Keeper;
use crate::live::Live;
use crate::session::{Limits, Sessions};
use crate::throttle::Throttle;
use crate::verification::Verification;
use crate::witness::{WitnessAt, Witnesses};

/// Long reads at once: two of the store's four read connections.
const LONG_READS: usize = 2;

/// The edge's own state, all of it in memory.
pub(crate) struct Edge {
    pub(crate) office: Office,
    pub(crate) live: Live,
    pub(crate) sessions: Sessions,
    pub(crate) throttle: Throttle,
    pub(crate) imports: Imports,
    pub(crate) verification: Verification,
    pub(crate) evidence: Bundles,
    pub(crate) content: Content,
    pub(crate) uploads: Arc<Uploads>,
    pub(crate) inspections: Inspections,
    pub(crate) rooms: Rooms,
    pub(crate) rebuild: Rebuild,
    pub(crate) witnesses: Witnesses,
    /// How backups are taken, for those who take them.
    pub(crate) commands: Commands,
    /// The keys, where this process has the file they lie in.
    pub(crate) keys: Option<Arc<Keeper>>,
    /// One place to look into files: it takes memory and a core.
    pub(crate) inspecting: Mutex<Spare>,
    /// Places for long reads, fewer than the store has read connections.
    pub(crate) long_reads: Semaphore,
    /// One place to take uploaded files apart.
    pub(crate) reading: Semaphore,
    /// Whether it is served under TLS.
    pub(crate) secure: bool,
}

/// The edge as handlers hold it.
pub(crate) type Shared = Arc<Edge>;

impl Edge {
    pub(crate) fn new(
        office: Office,
        content: Content,
        live: Live,
        witnesses: Vec<WitnessAt>,
        commands: Commands,
        keys: Option<Arc<Keeper>>,
        secure: bool,
    ) -> Self {
        Self {
            office,
            live,
            sessions: Sessions::default(),
            throttle: Throttle::default(),
            imports: Imports::default(),
            verification: Verification::default(),
            evidence: Bundles::default(),
            content,
            uploads: Arc::default(),
            inspections: Inspections::default(),
            rooms: Rooms::default(),
            rebuild: Rebuild::default(),
            witnesses: Witnesses::new(witnesses),
            inspecting: Mutex::default(),
            commands,
            keys,
            long_reads: Semaphore::new(LONG_READS),
            reading: Semaphore::new(1),
            secure,
        }
    }

    /// Name of the session cookie; browsers hold a `__Host-` cookie to this host, this path and TLS.
    pub(crate) const fn cookie_name(&self) -> &'static str {
        if self.secure { "__Host-jingui" } else { "jingui" }
    }

    /// How long sessions last: the parameters, never more than ten minutes idle and twelve hours in all.
    pub(crate) fn limits(&self) -> Limits {
        let rules = self.office.rules();
        let count = |parameter, most| u64::from(rules.count(parameter).clamp(1, most));
        Limits {
            idle: Duration::from_secs(60 * count(Param::IdleLockMinutes, 10)),
            longest: Duration::from_secs(3600 * count(Param::SessionHours, 12)),
        }
    }

    /// Performs an action and waits, without holding a thread, until its entry is on disk.
    pub(crate) async fn perform(&self, request: Request) -> Result<Performed, Unable> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.office.submit(request, move |performed| drop(sender.send(performed)));
        receiver.await.unwrap_or(Err(Unable::Store(StoreError::Stopped)))
    }
}
