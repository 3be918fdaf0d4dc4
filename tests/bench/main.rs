//! Measurements, printed in one run: `cargo bench`.
//!
//! They are of the real thing: the import pipeline, an encrypted vault on disk, the router, the binary as a process of its
//! own. `KEEPWELL_BENCH_SCALE` scales every size (1 is what the README states; 0.1 is good for a first look);
//! `KEEPWELL_BENCH_PARTS` names the parts to run, such as `import,pages`.
#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made stops the run")]

mod floor;
mod given;
mod memory;
mod pages;
mod process;
mod world;

use keepwell::demo::large_bundle;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use world::World;

/// Runs of the floor and of the import.
const RUNS: u32 = 3;

/// Sizes of a run.
#[derive(Clone, Copy)]
struct Scale(f64);

impl Scale {
    fn of(self, n: u64) -> u64 {
        ((n as f64 * self.0) as u64).max(1)
    }
}

/// A line of the table: what, the figure, the target.
fn line(what: &str, figure: &str, target: &str) {
    println!("{what:<58} {figure:>26}   {target}");
}

fn main() {
    let scale = Scale(std::env::var("KEEPWELL_BENCH_SCALE").ok().and_then(|s| s.parse().ok()).unwrap_or(1.0));
    println!("Machine: {}", process::machine());
    println!("Build: {}, scale {}\n", if cfg!(debug_assertions) { "debug (figures mean nothing)" } else { "release" }, scale.0);
    line("What", "Measured", "Target");
    line("----", "--------", "------");
    let dir = tempfile::tempdir().unwrap();
    let parts = std::env::var("KEEPWELL_BENCH_PARTS").unwrap_or_else(|_| "import,given,pages,memory".into());
    let wanted = |part: &str| parts.split(',').any(|p| p == part);
    let mut world = World::new(&dir.path().join("vault"));
    if wanted("import") {
        import(&world, dir.path(), scale);
    }
    if wanted("given") {
        given::measure(&World::new(&dir.path().join("given")), dir.path(), scale);
    }
    let place = (world.dir.clone(), world.person.clone());
    if wanted("pages") {
        grow(&mut world, dir.path(), scale, wanted("import"));
        open(&mut world, scale);
        pages::measure(world);
    } else {
        drop(world);
    }
    if wanted("memory") {
        memory::measure(&place.0, &place.1, dir.path(), scale);
    }
}

/// Writes a bundle of so many resources and gives its size.
fn bundle(path: &Path, resources: u64, seed: u64) -> u64 {
    let mut out = BufWriter::new(File::create(path).unwrap());
    let bytes = large_bundle(resources as usize, seed, &mut out).unwrap();
    out.flush().unwrap();
    bytes
}

/// The floor and the import, turn by turn, each into a new database; of each the quickest run counts, since whatever else
/// the machine does only ever makes them slower. The last run leaves its records in `world`.
fn import(world: &World, dir: &Path, scale: Scale) {
    let count = scale.of(40_000);
    let file = dir.join("first.json");
    let bytes = bundle(&file, count, 1);
    let (mut floor, mut took, mut busy) = (Duration::MAX, Duration::MAX, f64::MAX);
    for run in 1..=RUNS {
        floor = floor.min(floor::parse_and_insert(&file, &dir.join(format!("floor-{run}.db"))));
        let other = (run < RUNS).then(|| World::new(&dir.join(format!("vault-{run}"))));
        let (used, begun) = (process::cpu_seconds(), Instant::now());
        let stored = other.as_ref().unwrap_or(world).import(&file);
        took = took.min(begun.elapsed());
        busy = busy.min(process::cpu_seconds() - used);
        assert_eq!(stored, count, "every resource of the bundle is stored");
    }
    let size = format!("{count} resources, {:.1} MB, best of {RUNS}", bytes as f64 / 1e6);
    line("Floor: serde_json and plain SQLite", &format!("{:.2} s", floor.as_secs_f64()), &size);
    line("Import, from the file to the committed vault", &format!("{:.2} s", took.as_secs_f64()), "");
    line("  against the floor", &format!("{:.2} times", took.as_secs_f64() / floor.as_secs_f64()), "at most 4 times");
    line("  resources a second", &format!("{:.0}", count as f64 / took.as_secs_f64()), "at least 15,000");
    line("  resources a second of processor time", &format!("{:.0}", count as f64 / busy), "at least 15,000, one core");
    std::fs::remove_file(file).unwrap();
}

/// Brings the chart to 100,000 resources, weighs it, and goes on to 200,000. `begun`: the first bundle is in it.
fn grow(world: &mut World, dir: &Path, scale: Scale, begun: bool) {
    let file = dir.join("more.json");
    let first = bundle(&file, scale.of(40_000), 1);
    if !begun {
        world.import(&file);
    }
    let second = bundle(&file, scale.of(60_000), 2);
    world.import(&file);
    let weight = world.database_bytes();
    let source = first + second;
    line(
        &format!("Database of {} resources, indexes included", scale.of(100_000)),
        &format!("{:.1} MB", weight as f64 / 1e6),
        &format!("source JSON {:.1} MB", source as f64 / 1e6),
    );
    line("  against the source", &format!("{:.2} times", weight as f64 / source as f64), "at most 1.5 times");
    bundle(&file, scale.of(100_000), 3);
    world.import(&file);
    std::fs::remove_file(file).unwrap();
}

fn open(world: &mut World, scale: Scale) {
    let took: Vec<Duration> = (0..7).map(|_| world.reopen()).collect();
    line(&format!("Opening a chart of {} records, after the passphrase", scale.of(200_000)), &milliseconds(median(took)), "under 50 ms");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn percentile_95(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get((times.len() * 95 / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
