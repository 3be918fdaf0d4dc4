//! Opening a passphrase takes a second and 128 MiB (scrypt): few at a time, and a queue that ends. Whoever finds it full is told
//! so at once and may come again.

use super::app::blocking;
use crate::{Error, Kind, Result};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

/// Derivations side by side.
const TURNS: usize = 2;
/// Those, and who may wait for a turn.
const PLACES: usize = 16;

static QUEUE: LazyLock<[Arc<Semaphore>; 2]> = LazyLock::new(|| [Arc::new(Semaphore::new(PLACES)), Arc::new(Semaphore::new(TURNS))]);

/// Runs work that derives a key from a passphrase.
///
/// # Errors
/// Busy when the queue is full: nothing was looked at. Else whatever the work returns.
pub(crate) async fn derive<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let [places, turns] = &*QUEUE;
    let place = Arc::clone(places).try_acquire_owned().map_err(|_| busy())?;
    let turn = Arc::clone(turns).acquire_owned().await.map_err(|_| busy())?;
    // Held by the work itself: a browser that hangs up does not make room for another before the memory is free.
    blocking(move || {
        let _held = (place, turn);
        work()
    })
    .await
}

fn busy() -> Error {
    Error::new(Kind::Busy, "Too many people are signing in at once. This try did not count. Wait a few seconds, then try again.")
}
