//! Wrong passphrases slow down: five tries, then a wait that doubles. By account and by address, whichever is worse.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tries before the first wait.
pub(crate) const FREE: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// A name or address that did nothing for so long is forgotten.
const FORGET: Duration = Duration::from_secs(60 * 60);
/// So that names made up by the thousand do not fill the memory.
const MOST: usize = 20_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    failed: u32,
    until: Instant,
    last: Instant,
}

/// Who has tried how often.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<Key, Tries>>);

/// A try that was let through: it counts as failed until it is told that it succeeded.
#[derive(Debug)]
pub(crate) struct Try {
    keys: [Key; 2],
    /// How many more tries before a wait.
    pub(crate) left: u32,
}

impl Throttle {
    /// Counts a try before the passphrase is looked at, so that tries side by side cannot slip through together.
    /// Err: how long to wait.
    pub(crate) fn begin(&self, account: &str, address: IpAddr) -> Result<Try, Duration> {
        self.begin_at(account, address, Instant::now())
    }

    fn begin_at(&self, account: &str, address: IpAddr, now: Instant) -> Result<Try, Duration> {
        let keys = [Key::Account(account.trim().to_lowercase()), Key::Address(network(address))];
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= MOST {
            table.retain(|_, tries| now.duration_since(tries.last) < FORGET);
        }
        let waits = keys.iter().filter_map(|key| table.get(key)).map(|t| t.until.saturating_duration_since(now));
        let wait = waits.max().unwrap_or_default();
        if !wait.is_zero() {
            return Err(wait);
        }
        if table.len() >= MOST {
            return Err(FIRST_WAIT);
        }
        let mut left = FREE;
        for key in &keys {
            let tries = table.entry(key.clone()).or_insert(Tries { failed: 0, until: now, last: now });
            if now.duration_since(tries.last) >= FORGET {
                tries.failed = 0;
            }
            tries.failed += 1;
            tries.last = now;
            if let Some(beyond) = tries.failed.checked_sub(FREE) {
                tries.until = now + FIRST_WAIT.saturating_mul(1 << beyond.min(10)).min(LONGEST_WAIT);
            }
            left = left.min(FREE.saturating_sub(tries.failed));
        }
        Ok(Try { keys, left })
    }

    /// The passphrase was right: both counts begin anew.
    pub(crate) fn succeeded(&self, good: &Try) {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in &good.keys {
            table.remove(key);
        }
    }
}

/// An IPv6 household has a whole /64 to try from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn five_tries_then_a_wait_that_doubles_and_ends() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        let left: Vec<u32> = (0..5).map(|_| throttle.begin_at("Ruth", HERE, now).expect("free").left).collect();
        assert_eq!(left, [4, 3, 2, 1, 0]);
        assert_eq!(throttle.begin_at("ruth ", HERE, now).expect_err("wait"), FIRST_WAIT);
        now += FIRST_WAIT;
        assert_eq!(throttle.begin_at("Ruth", HERE, now).expect("after the wait").left, 0);
        assert_eq!(throttle.begin_at("Ruth", HERE, now).expect_err("longer"), FIRST_WAIT * 2);
        for _ in 0..20 {
            now += LONGEST_WAIT;
            let _ = throttle.begin_at("Ruth", HERE, now);
        }
        assert_eq!(throttle.begin_at("Ruth", HERE, now).expect_err("longest"), LONGEST_WAIT);
        now += FORGET;
        assert_eq!(throttle.begin_at("Ruth", HERE, now).expect("forgotten").left, 4);
    }

    #[test]
    fn success_begins_anew() {
        let throttle = Throttle::default();
        for _ in 0..20 {
            let good = throttle.begin("Ruth", HERE).expect("free");
            throttle.succeeded(&good);
        }
    }

    #[test]
    fn an_address_cannot_go_through_names_nor_a_name_through_addresses() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let let_through = (0..50).filter(|n| throttle.begin_at(&format!("name {n}"), HERE, now).is_ok()).count();
        assert_eq!(let_through, FREE as usize);
        let from = |n: u8| IpAddr::V4([10, 0, 0, n].into());
        let let_through = (0..50).filter(|n| throttle.begin_at("Walter", from(*n), now).is_ok()).count();
        assert_eq!(let_through, FREE as usize);
        let six = |n: u16| IpAddr::V6([0x2001, 0xdb8, 0, 0, 0, 0, 0, n].into());
        let let_through = (0..50).filter(|n| throttle.begin_at(&format!("six {n}"), six(*n), now).is_ok()).count();
        assert_eq!(let_through, FREE as usize);
    }
}
