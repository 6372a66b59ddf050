//! What the process has used so far, as the operating system counts it.

/// Largest resident set size of this process in bytes; 0 where the system does not tell.
pub fn peak_rss_bytes() -> u64 {
    field("VmHWM:").unwrap_or(0) * 1024
}

/// Lets the largest resident set size begin anew, for a process that does one thing after another. Where the system
/// cannot, it stays the largest of them all.
pub fn restart_peak_rss() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// CPU seconds of all threads of this process; 0 where the system does not tell.
pub fn cpu_seconds() -> f64 {
    // user and system time are the 14th and 15th fields, in ticks of 1/100 s; the 2nd may hold blanks.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or("");
    let ticks: f64 = after_name.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// Memory in bytes that can still be had without swapping; `None` where the system does not tell.
pub fn available_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let system = number(text.lines().find(|l| l.starts_with("MemAvailable:"))?)? * 1024;
    Some(system.min(cgroup_room().unwrap_or(u64::MAX)))
}

/// What a container's limit leaves.
fn cgroup_room() -> Option<u64> {
    let read = |name: &str| std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?.trim().parse::<u64>().ok();
    Some(read("memory.max")?.saturating_sub(read("memory.current")?))
}

fn field(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    number(text.lines().find(|l| l.starts_with(name))?)
}

fn number(line: &str) -> Option<u64> {
    line.split_whitespace().nth(1)?.parse().ok()
}
