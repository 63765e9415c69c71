//! Back-off after failed tries with a password, by account and by address.
//!
//! A try counts as failed from its beginning until it has succeeded, so that a hundred tries at once count as a
//! hundred. Must never keep a name as typed: people type passwords there.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Failures with one account that cost nothing: people mistype.
const FREE: u32 = 3;
/// Failures from one address that cost nothing: a whole office signs at the registrar's desk.
const ADDRESS_FREE: u32 = 20;
/// Longest wait by account: short, or anybody could lock anybody out.
const ACCOUNT_WAIT: Duration = Duration::from_mins(1);
/// Longest wait by address.
const ADDRESS_WAIT: Duration = Duration::from_mins(15);
/// Failures are forgotten after this long without another.
const MEMORY: Duration = Duration::from_mins(30);
/// Most names and addresses remembered; the oldest go first.
const MOST: usize = 20_000;
/// Most tries that wait for their turn.
const QUEUE: usize = 64;

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// Who failed how often.
pub(crate) struct Throttle {
    failures: Mutex<HashMap<u64, Failures>>,
    hasher: RandomState,
    turn: Semaphore,
    queue: Semaphore,
}

/// A try that was let through: it counts as a failure until it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Try {
    account: u64,
    address: u64,
    /// When the address had failed last before this try.
    before: Option<Instant>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            failures: Mutex::default(),
            hasher: RandomState::new(),
            // One password at a time: whoever tries many must not take the machine from those who read.
            turn: Semaphore::new(1),
            queue: Semaphore::new(QUEUE),
        }
    }
}

impl Throttle {
    /// Lets a try through, or answers how many seconds to wait.
    pub(crate) fn begin(&self, account: &str, address: &str, now: Instant) -> Result<Try, u64> {
        let mut this = Try {
            account: self.hasher.hash_one(("account", account)),
            address: self.hasher.hash_one(("address", address)),
            before: None,
        };
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        this.before = failures.get(&this.address).map(|known| known.last);
        let wait = wait(failures.get(&this.account), FREE, ACCOUNT_WAIT, now).max(wait(
            failures.get(&this.address),
            ADDRESS_FREE,
            ADDRESS_WAIT,
            now,
        ));
        if !wait.is_zero() {
            return Err(u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX));
        }
        if failures.len() + 2 > MOST {
            failures.retain(|_, known| now.saturating_duration_since(known.last) < MEMORY);
        }
        while failures.len() + 2 > MOST
            && let Some(oldest) = failures.iter().min_by_key(|(_, known)| known.last).map(|(key, _)| *key)
        {
            failures.remove(&oldest);
        }
        for key in [this.account, this.address] {
            let known = failures.entry(key).or_insert(Failures { count: 0, last: now });
            if now.saturating_duration_since(known.last) >= MEMORY {
                known.count = 0;
            }
            *known = Failures { count: known.count.saturating_add(1), last: now };
        }
        Ok(this)
    }

    /// The try succeeded: the account's failures are forgotten, the address gets this one back.
    pub(crate) fn succeeded(&self, this: Try) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&this.account);
        if let Some(address) = failures.get_mut(&this.address) {
            address.count = address.count.saturating_sub(1);
            // A right password doesn't begin the wait of an earlier wrong one anew.
            address.last = this.before.unwrap_or(address.last);
        }
    }

    /// Waits for the turn to check a password; nothing when too many wait already.
    pub(crate) async fn turn(&self) -> Option<(SemaphorePermit<'_>, SemaphorePermit<'_>)> {
        let place = self.queue.try_acquire().ok()?;
        Some((place, self.turn.acquire().await.ok()?))
    }
}

/// How long to wait after these failures: a second after the last free one, then twice as long each time.
fn wait(known: Option<&Failures>, free: u32, longest: Duration, now: Instant) -> Duration {
    let Some(known) = known.filter(|known| known.count >= free) else { return Duration::ZERO };
    let pause = Duration::from_secs(1 << (known.count - free).min(16)).min(longest);
    (known.last + pause).saturating_duration_since(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_are_free_then_the_wait_doubles() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        for _ in 0..3 {
            throttle.begin("a", "1", now).unwrap();
        }
        assert_eq!(throttle.begin("a", "2", now), Err(1), "the account waits, whatever the address");
        throttle.begin("b", "1", now).expect("one person's typing errors don't stop the others at that desk");
        throttle.begin("b", "2", now).unwrap();
        now += Duration::from_secs(1);
        throttle.begin("a", "1", now).unwrap();
        assert_eq!(throttle.begin("a", "3", now), Err(2));
    }

    #[test]
    fn an_address_that_tries_many_accounts_waits_too() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for number in 0..ADDRESS_FREE {
            throttle.begin(&number.to_string(), "1", now).unwrap();
        }
        assert_eq!(throttle.begin("right", "1", now), Err(1));
        let later = now + Duration::from_secs(1);
        let right = throttle.begin("right", "1", later).unwrap();
        throttle.succeeded(right);
        throttle.begin("next", "1", later).expect("a right password begins no wait anew");
    }

    #[test]
    fn nobody_is_locked_out_for_long_and_success_clears_the_account() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        for address in 0..100 {
            now += ACCOUNT_WAIT;
            let this = throttle.begin("a", &address.to_string(), now).unwrap();
            if address == 99 {
                throttle.succeeded(this);
            }
        }
        assert!(throttle.begin("a", "x", now).is_ok());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for number in 0..MOST {
            throttle.begin(&number.to_string(), &number.to_string(), now).unwrap();
        }
        assert!(throttle.failures.lock().unwrap().len() <= MOST);
    }
}
