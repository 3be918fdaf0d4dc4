//! The same work on many items, on all cores.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Fewer items than this are done by one thread.
const FEW: usize = 64;
/// More threads than this gain little: the disk is one.
const MOST: usize = 8;

/// What the work gives for each item, in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let workers = workers();
    if items.len() < FEW || workers < 2 {
        return items.iter().map(work).collect();
    }
    // Several pieces for each worker: some items are larger than others.
    let done = pieces(items, items.len().div_ceil(workers * 8), |piece| piece.iter().map(&work).collect::<Vec<R>>());
    done.into_iter().flatten().collect()
}

/// What the work gives for each piece of so many items, in the order of the items.
pub(crate) fn pieces<T: Sync, R: Send>(items: &[T], size: usize, work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let pieces: Vec<&[T]> = items.chunks(size.max(1)).collect();
    let next = AtomicUsize::new(0);
    let one = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(at) else { return done };
            done.push((at, work(piece)));
        }
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..workers().min(pieces.len())).map(|_| scope.spawn(one)).collect();
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
    done.into_iter().map(|(_, result)| result).collect()
}

fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::{map, pieces};

    #[test]
    fn the_order_stays() {
        for count in [0, 1, 63, 64, 1000, 1001] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(map(&items, |n| n * 2), items.iter().map(|n| n * 2).collect::<Vec<_>>());
            assert_eq!(pieces(&items, 7, <[usize]>::to_vec).concat(), items);
        }
    }
}
