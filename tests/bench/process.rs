//! What the system says of the machine and of processes (Linux, /proc).

use std::fs::read_to_string;

/// Processor, cores, memory.
pub(crate) fn machine() -> String {
    let field = |file: &str, name: &str| {
        read_to_string(file).ok()?.lines().find(|l| l.starts_with(name))?.split_once(':').map(|(_, v)| v.trim().to_owned())
    };
    let model =
        field("/proc/cpuinfo", "model name").or_else(|| field("/proc/cpuinfo", "Model")).unwrap_or_else(|| "unknown processor".into());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory: f64 = field("/proc/meminfo", "MemTotal").and_then(|m| m.split(' ').next()?.parse().ok()).unwrap_or(0.0);
    format!("{model}, {cores} cores, {:.0} GB of memory", memory / 1e6)
}

/// Processor time of this process in seconds, all threads.
pub(crate) fn cpu_seconds() -> f64 {
    let stat = read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold blanks; fields 14 and 15 count from after it, in hundredths of a second.
    let after = stat.rsplit(')').next().unwrap_or("");
    after.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// A line of /proc/<pid>/status in bytes, such as VmRSS; None once the process is gone.
pub(crate) fn memory_of(process: u32, name: &str) -> Option<u64> {
    let status = read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kb| kb * 1024)
}
