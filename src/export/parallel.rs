//! The same work on many items, on all cores.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Fewer items than this are done by one thread.
const FEW: usize = 64;
/// More threads than this gain little: the disk is one.
const MOST: usize = 8;

/// What the work gives for each item, in the order of the items.
pub(super) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST);
    if items.len() < FEW || workers < 2 {
        return items.iter().map(work).collect();
    }
    // Several pieces for each worker: some items are larger than others.
    let pieces: Vec<&[T]> = items.chunks(items.len().div_ceil(workers * 8)).collect();
    let next = AtomicUsize::new(0);
    let one = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(at) else { return done };
            done.push((at, piece.iter().map(&work).collect::<Vec<R>>()));
        }
    };
    let mut done: Vec<(usize, Vec<R>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..workers).map(|_| scope.spawn(one)).collect();
        let mut done = one();
        for thread in threads {
            match thread.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

/// Two pieces of work at once.
///
/// # Errors
/// The first one's, else the second one's.
pub(super) fn both<R: Send, E: Send>(
    one: impl FnOnce() -> Result<R, E> + Send,
    two: impl FnOnce() -> Result<R, E> + Send,
) -> Result<[R; 2], E> {
    std::thread::scope(|scope| {
        let other = scope.spawn(two);
        let first = one();
        let second = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok([first?, second?])
    })
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn the_order_stays() {
        for count in [0, 1, 63, 64, 1000, 1001] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(map(&items, |n| n * 2), items.iter().map(|n| n * 2).collect::<Vec<_>>());
        }
    }
}
