//! What programs have in hand between requests: charts that stay open for a minute, and a pace that they keep.

use crate::vault::Chart;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Opening a chart takes keys and a look through its originals: a program that asks for page after page opens it once.
const HELD: Duration = Duration::from_secs(60);
/// So many requests of one token a minute, and of one address.
const OF_TOKEN: u32 = 600;
const OF_ADDRESS: u32 = 1200;
const MINUTE: Duration = Duration::from_secs(60);
/// So many requests are worked on at a time: pages for people go on meanwhile.
const AT_ONCE: usize = 4;
/// So that tokens made up by the thousand do not fill the memory.
const MOST: usize = 4096;

#[derive(Debug)]
pub(crate) struct Tools {
    held: Mutex<HashMap<String, (Arc<Chart>, Instant)>>,
    counts: Mutex<HashMap<[u8; 32], (Instant, u32)>>,
    turns: Semaphore,
}

impl Default for Tools {
    fn default() -> Self {
        Self { held: Mutex::default(), counts: Mutex::default(), turns: Semaphore::new(AT_ONCE) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tools {
    /// Counts a request. Err: how many seconds to wait.
    pub(super) fn pace(&self, address: &str, token: &str) -> Result<(), u64> {
        let mut counts = lock(&self.counts);
        let now = Instant::now();
        if counts.len() >= MOST {
            counts.retain(|_, (since, _)| now.duration_since(*since) < MINUTE);
        }
        if counts.len() >= MOST {
            return Err(MINUTE.as_secs());
        }
        // The address first: tokens that are made up use up its allowance and no other's.
        for (who, most) in [(format!("a{address}"), OF_ADDRESS), (format!("t{token}"), OF_TOKEN)] {
            let count = counts.entry(*blake3::hash(who.as_bytes()).as_bytes()).or_insert((now, 0));
            if now.duration_since(count.0) >= MINUTE {
                *count = (now, 0);
            }
            count.1 = count.1.saturating_add(1);
            if count.1 > most {
                return Err((MINUTE - now.duration_since(count.0)).as_secs().max(1));
            }
        }
        Ok(())
    }

    /// Waits for a turn. None only at the end of the server.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    pub(super) fn hold(&self, chart: Arc<Chart>) {
        let person = chart.person().id.clone();
        // What goes out of the table is dropped after the lock: closing a chart may touch the disk.
        let before = lock(&self.held).insert(person, (chart, Instant::now()));
        drop(before);
    }

    /// Lets go of a chart: its keys or its person change.
    pub(crate) fn let_go(&self, person: &str) {
        let gone = lock(&self.held).remove(person);
        drop(gone);
    }

    /// Closes what no program has asked for in a while.
    pub(crate) fn sweep(&self) {
        let gone: Vec<_> = lock(&self.held).extract_if(|_, (_, since)| since.elapsed() >= HELD).collect();
        drop(gone);
    }

    pub(crate) fn end(&self) {
        let gone = std::mem::take(&mut *lock(&self.held));
        drop(gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_and_an_address_each_have_their_allowance() {
        let tools = Tools::default();
        let through = (0..700).filter(|_| tools.pace("10.0.0.1", "one").is_ok()).count();
        assert_eq!(through, OF_TOKEN as usize);
        assert!(tools.pace("10.0.0.2", "two").is_ok(), "others go on");
        let through = (0..2000).filter(|n| tools.pace("10.0.0.3", &format!("made up {n}")).is_ok()).count();
        assert_eq!(through, OF_ADDRESS as usize);
        assert!(tools.pace("10.0.0.3", "two").is_err_and(|wait| (1..=60).contains(&wait)));
    }
}
