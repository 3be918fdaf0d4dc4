//! Wrong tries slow down: five, then a wait that doubles up to a quarter of an hour. By account and by address, whichever is
//! worse. A browser that has signed in before has an allowance of its own, so that nobody can hold the owner outside by trying
//! in their name. A try is counted before it is looked at: a flood side by side gets exactly the allowance.
//!
//! Names and addresses stand here as keyed hashes only, in memory and in the register, where the counts outlive a restart.

use crate::household::Tries;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Tries before the first wait.
pub(crate) const FREE: u32 = 5;
const FIRST_WAIT: i64 = 30;
const LONGEST_WAIT: i64 = 15 * 60;
/// A name or address that did nothing for so long is forgotten.
pub(crate) const FORGET: i64 = 60 * 60;
/// So that names made up by the thousand do not fill the memory.
const MOST: usize = 20_000;

/// Who tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// A name at sign-in.
    Account(String),
    /// A member who has given the right passphrase, at the second factor: from anywhere, in a known browser, or in a session.
    Member(String),
    /// A network address.
    Address(IpAddr),
    /// A browser that has signed in before, or a session, at the passphrase.
    Browser(String),
}

#[derive(Clone, Copy, Debug)]
struct Count {
    failed: u32,
    until: i64,
    last: i64,
}

/// Who has tried how often.
#[derive(Debug)]
pub(crate) struct Throttle {
    key: [u8; 32],
    table: Mutex<HashMap<String, Count>>,
}

/// A try that was let through: it counts as failed until it is told that it succeeded.
#[derive(Debug)]
pub(crate) struct Try {
    /// What to keep of it over a restart.
    pub(crate) rows: Vec<Tries>,
    /// How many more tries before a wait.
    pub(crate) left: u32,
}

impl Try {
    pub(crate) fn names(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.who.clone()).collect()
    }
}

fn now() -> i64 {
    super::pages::words::now()
}

impl Throttle {
    /// `key` makes names into what stands in the table; `before` is what was kept of earlier runs.
    pub(crate) fn new(key: [u8; 32], before: &[Tries]) -> Self {
        let now = now();
        // A clock that was wrong must not shut anyone out for longer than a wait lasts.
        let count = |t: &Tries| Count { failed: t.failed, until: t.until.min(now + LONGEST_WAIT), last: t.last.min(now) };
        let table = before.iter().take(MOST).map(|t| (t.who.clone(), count(t))).collect();
        Self { key, table: Mutex::new(table) }
    }

    /// Counts a try before what was tried is looked at, so that tries side by side cannot slip through together.
    /// Err: how long to wait.
    pub(crate) fn begin(&self, who: &[Who]) -> Result<Try, Duration> {
        self.begin_at(who, now())
    }

    fn begin_at(&self, who: &[Who], now: i64) -> Result<Try, Duration> {
        let names: Vec<String> = who.iter().map(|w| self.name(w)).collect();
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = names.iter().filter_map(|name| table.get(name)).map(|t| t.until - now).max().unwrap_or(0);
        if wait > 0 {
            return Err(Duration::from_secs(wait.min(LONGEST_WAIT).unsigned_abs()));
        }
        make_room(&mut table, names.len(), now);
        let mut done = Try { rows: Vec::new(), left: FREE };
        for name in names {
            let count = table.entry(name.clone()).or_insert(Count { failed: 0, until: now, last: now });
            if now - count.last >= FORGET {
                count.failed = 0;
            }
            count.failed += 1;
            count.last = now;
            if let Some(beyond) = count.failed.checked_sub(FREE) {
                count.until = now + (FIRST_WAIT << beyond.min(10)).min(LONGEST_WAIT);
            }
            done.left = done.left.min(FREE.saturating_sub(count.failed));
            done.rows.push(Tries { who: name, failed: count.failed, until: count.until, last: count.last });
        }
        Ok(done)
    }

    /// It was right: the counts begin anew.
    pub(crate) fn succeeded(&self, good: &Try) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        for row in &good.rows {
            table.remove(&row.who);
        }
    }

    /// It was never looked at, since the server was too busy: it does not count.
    pub(crate) fn take_back(&self, unseen: &Try) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        for row in &unseen.rows {
            if let Some(count) = table.get_mut(&row.who) {
                count.failed = count.failed.saturating_sub(1);
                if count.failed < FREE {
                    count.until = count.last;
                }
            }
        }
    }

    fn name(&self, who: &Who) -> String {
        let text = match who {
            Who::Account(name) => format!("a{}", name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()),
            Who::Member(id) => format!("m{id}"),
            Who::Address(address) => format!("i{}", network(*address)),
            Who::Browser(id) => format!("b{id}"),
        };
        blake3::keyed_hash(&self.key, text.as_bytes()).to_hex().to_string()
    }
}

/// Forgets who has been quiet, then who has tried least: those who are made to wait stay.
fn make_room(table: &mut HashMap<String, Count>, more: usize, now: i64) {
    if table.len() + more <= MOST {
        return;
    }
    table.retain(|_, count| now - count.last < FORGET);
    while table.len() + more > MOST {
        let Some(least) = table.iter().min_by_key(|(_, c)| (c.failed, c.last)).map(|(name, _)| name.clone()) else { return };
        table.remove(&least);
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

    fn from(name: &str, address: IpAddr) -> [Who; 2] {
        [Who::Account(name.into()), Who::Address(address)]
    }

    fn fresh() -> Throttle {
        Throttle::new([7; 32], &[])
    }

    fn seconds(wait: Duration) -> i64 {
        wait.as_secs().cast_signed()
    }

    #[test]
    fn five_tries_then_a_wait_that_doubles_and_ends() {
        let throttle = fresh();
        let mut now = 1_000_000;
        let left: Vec<u32> = (0..5).map(|_| throttle.begin_at(&from("Ruth", HERE), now).expect("free").left).collect();
        assert_eq!(left, [4, 3, 2, 1, 0]);
        assert_eq!(seconds(throttle.begin_at(&from("ruth ", HERE), now).expect_err("wait")), FIRST_WAIT);
        now += FIRST_WAIT;
        assert_eq!(throttle.begin_at(&from("Ruth", HERE), now).expect("after the wait").left, 0);
        assert_eq!(seconds(throttle.begin_at(&from("Ruth", HERE), now).expect_err("longer")), FIRST_WAIT * 2);
        for _ in 0..20 {
            now += LONGEST_WAIT;
            let _ = throttle.begin_at(&from("Ruth", HERE), now);
        }
        assert_eq!(seconds(throttle.begin_at(&from("Ruth", HERE), now).expect_err("longest")), LONGEST_WAIT);
        now += FORGET;
        assert_eq!(throttle.begin_at(&from("Ruth", HERE), now).expect("forgotten").left, 4);
    }

    #[test]
    fn success_begins_anew_and_what_was_not_looked_at_does_not_count() {
        let throttle = fresh();
        for _ in 0..20 {
            let good = throttle.begin(&from("Ruth", HERE)).expect("free");
            throttle.succeeded(&good);
        }
        for _ in 0..20 {
            let unseen = throttle.begin(&from("Ruth", HERE)).expect("free");
            throttle.take_back(&unseen);
        }
    }

    #[test]
    fn an_address_cannot_go_through_names_nor_a_name_through_addresses() {
        let throttle = fresh();
        let now = 1_000_000;
        let let_through = (0..50).filter(|n| throttle.begin_at(&from(&format!("name {n}"), HERE), now).is_ok()).count();
        assert_eq!(let_through, FREE as usize);
        let four = |n: u8| IpAddr::V4([10, 0, 0, n].into());
        let let_through = (0..50).filter(|n| throttle.begin_at(&from("Walter", four(*n)), now).is_ok()).count();
        assert_eq!(let_through, FREE as usize);
        let six = |n: u16| IpAddr::V6([0x2001, 0xdb8, 0, 0, 0, 0, 0, n].into());
        let let_through = (0..50).filter(|n| throttle.begin_at(&from(&format!("six {n}"), six(*n)), now).is_ok()).count();
        assert_eq!(let_through, FREE as usize);
        // Meanwhile the owner's own browser is let through.
        assert!(throttle.begin_at(&[Who::Browser("known".into())], now).is_ok());
    }

    #[test]
    fn counts_outlive_a_restart_and_the_table_stays_small() {
        let throttle = fresh();
        let rows = (0..5).map(|_| throttle.begin(&from("Ruth", HERE)).expect("free").rows).last().expect("rows");
        let again = Throttle::new([7; 32], &rows);
        assert!(again.begin(&from("Ruth", HERE)).is_err());
        let now = now();
        for n in 0..(MOST + 50) {
            let who = [Who::Account(format!("name {n}"))];
            assert!(again.begin_at(&who, now).is_ok());
        }
        assert!(again.table.lock().expect("a table").len() <= MOST);
        assert!(again.begin_at(&from("Ruth", HERE), now).is_err(), "who waits is not flushed out");
    }
}
