//! What can be learned about a process from outside, through `/proc`.

use std::{collections::BTreeMap, fs, ops::Range, os::unix::fs::FileExt, path::PathBuf};

use memchr::memmem;
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

use crate::{Error, Result};

/// How much of a process's memory is read at a time.
const CHUNK: usize = 1 << 20;

/// Where in a process a byte sequence was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Index into the sequences that were looked for.
    pub needle: usize,
    /// Address inside the process.
    pub address: u64,
    /// The line of `/proc/<pid>/maps` that the address lies in.
    pub region: String,
}

/// All process ids.
pub fn all() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Whether the process exists and is not merely waiting to be collected by its parent.
pub fn is_alive(pid: u32) -> bool {
    let Some(state) = status_field(pid, "State:") else {
        return false;
    };
    // The first thread of a killed process may be gone while another still writes a file.
    let threads = fs::read_dir(proc(pid, "task")).map_or(0, Iterator::count);
    !state.starts_with(['Z', 'X']) || threads > 1
}

/// The parent's id.
pub fn parent(pid: u32) -> Option<u32> {
    status_field(pid, "PPid:")?.parse().ok()
}

/// Children, their children and so on, without the process itself.
pub fn descendants(pid: u32) -> Vec<u32> {
    let families: Vec<(u32, u32)> =
        all().into_iter().filter_map(|child| Some((parent(child)?, child))).collect();
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(&ancestor) = found.get(next) {
        found.extend(families.iter().filter(|(parent, _)| *parent == ancestor).map(|(_, child)| child));
        next += 1;
    }
    found.split_off(1)
}

/// The command line.
pub fn command_line(pid: u32) -> Vec<String> {
    strings(pid, "cmdline")
}

/// The environment the process was started with.
pub fn environment(pid: u32) -> BTreeMap<String, String> {
    let pairs = strings(pid, "environ");
    pairs
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// Whether the environment contains exactly this `name=value`.
pub(crate) fn has_variable(pid: u32, pair: &str) -> bool {
    strings(pid, "environ").iter().any(|candidate| candidate == pair)
}

/// Proportional memory of several processes in bytes; one that has just ended counts nothing.
pub fn memory(pids: &[u32]) -> u64 {
    pids.iter().filter_map(|&pid| proportional_kib(pid)).sum::<u64>() * 1024
}

/// How often each thread of the process has gone to sleep: each time, something woke it before. Threads come
/// and go, so only the difference thread by thread says how often the process woke ([`woken`]).
pub fn sleeps(pid: u32) -> BTreeMap<u32, u64> {
    let tasks = fs::read_dir(proc(pid, "task")).into_iter().flatten().flatten();
    let read = |task: fs::DirEntry| {
        let thread = task.file_name().to_str()?.parse().ok()?;
        let text = fs::read_to_string(task.path().join("status")).ok()?;
        Some((thread, field(&text, "voluntary_ctxt_switches:")?.parse().ok()?))
    };
    tasks.filter_map(read).collect()
}

/// How often threads woke between two looks; what a thread did that has ended meanwhile is not known.
pub fn woken(before: &BTreeMap<u32, u64>, after: &BTreeMap<u32, u64>) -> u64 {
    let by_thread = |(thread, count): (&u32, &u64)| count.saturating_sub(*before.get(thread).unwrap_or(&0));
    after.iter().map(by_thread).sum()
}

/// Sends a signal.
pub fn signal(pid: u32, signal: Signal) -> Result<()> {
    let target = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let target = target.ok_or_else(|| Error::failed(format!("process {pid}"), "is no process id"))?;
    kill_process(target, signal).map_err(|error| Error::io(format!("signal process {pid}"))(error.into()))
}

/// Looks for byte sequences in all readable memory of a process.
pub fn search_memory(pid: u32, needles: &[&[u8]]) -> Result<Vec<Finding>> {
    let maps = proc(pid, "maps");
    let maps = fs::read_to_string(&maps).map_err(Error::file("read", &maps))?;
    let path = proc(pid, "mem");
    let memory = fs::File::open(&path).map_err(Error::file("open", &path))?;
    let path = proc(pid, "pagemap");
    let pages = fs::File::open(&path).map_err(Error::file("open", &path))?;
    let mut found = Vec::new();
    for region in maps.lines() {
        let Some((start, end)) = readable(region) else { continue };
        for resident in resident(&pages, start..end) {
            search_region(&memory, resident, region, needles, &mut found);
        }
    }
    Ok(found)
}

/// The parts of a range that hold anything: a web view reserves gigabytes that it never touches.
fn resident(pages: &fs::File, range: Range<u64>) -> Vec<Range<u64>> {
    const ENTRY: u64 = 8;
    let page = rustix::param::page_size() as u64;
    let (mut address, mut parts) = (range.start, Vec::<Range<u64>>::new());
    let mut buffer = vec![0; 64 * 1024];
    while address < range.end {
        let wanted =
            usize::try_from((range.end - address) / page * ENTRY).unwrap_or(usize::MAX).min(buffer.len());
        let count = pages.read_at(&mut buffer[..wanted], address / page * ENTRY).unwrap_or(0);
        if count == 0 {
            break;
        }
        for entry in buffer[..count].chunks_exact(8) {
            // Bit 63: in memory. Bit 62: swapped out. Little-endian, so both are in the last byte.
            if entry[7] & 0b1100_0000 != 0 {
                match parts.last_mut() {
                    Some(last) if last.end == address => last.end += page,
                    Some(_) | None => parts.push(address..address + page),
                }
            }
            address += page;
        }
    }
    parts
}

/// Reads one region in chunks that overlap, so that a sequence on the seam is seen.
fn search_region(
    memory: &fs::File,
    range: Range<u64>,
    region: &str,
    needles: &[&[u8]],
    found: &mut Vec<Finding>,
) {
    let overlap = needles.iter().map(|needle| needle.len()).max().unwrap_or(0);
    let whole = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
    let mut buffer = vec![0; whole.min(CHUNK + overlap)];
    let mut address = range.start;
    while address < range.end {
        let left = usize::try_from(range.end - address).unwrap_or(usize::MAX).min(buffer.len());
        // Pages of a device or a file cut short cannot be read; they hold nothing of the program's own.
        let Ok(count) = memory.read_at(&mut buffer[..left], address) else {
            break;
        };
        if count == 0 {
            break;
        }
        for (index, needle) in needles.iter().enumerate() {
            let hits = memmem::find_iter(&buffer[..count], needle).filter(|hit| *hit < CHUNK);
            found.extend(hits.map(|hit| Finding {
                needle: index,
                address: address + hit as u64,
                region: region.to_owned(),
            }));
        }
        address += count.min(CHUNK) as u64;
    }
}

/// The address range of a line of `maps`, when it may be read.
fn readable(region: &str) -> Option<(u64, u64)> {
    let mut words = region.split_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let readable =
        words.next()?.starts_with('r') && !region.ends_with("[vvar]") && !region.ends_with("[vsyscall]");
    let parse = |text| u64::from_str_radix(text, 16).ok();
    readable.then_some((parse(start)?, parse(end)?))
}

fn proc(pid: u32, file: &str) -> PathBuf {
    format!("/proc/{pid}/{file}").into()
}

fn strings(pid: u32, file: &str) -> Vec<String> {
    let bytes = fs::read(proc(pid, file)).unwrap_or_default();
    let words = bytes.split(|byte| *byte == 0).filter(|word| !word.is_empty());
    words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

fn status_field(pid: u32, name: &str) -> Option<String> {
    field(&fs::read_to_string(proc(pid, "status")).ok()?, name)
}

fn proportional_kib(pid: u32) -> Option<u64> {
    let rollup = fs::read_to_string(proc(pid, "smaps_rollup")).ok()?;
    field(&rollup, "Pss:")?.trim_end_matches(" kB").trim().parse().ok()
}

fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::{
        process::{Command, id},
        time::Duration,
    };

    use super::*;
    use crate::wait;

    #[test]
    fn a_child_is_a_descendant_until_it_ends() {
        let mut command = Command::new("sleep");
        let mut child = command.arg("60").env("RIG_TEST", "yes").spawn().unwrap();
        let pid = child.id();
        assert!(descendants(id()).contains(&pid));
        // Until the child has become another program it is a copy of this one.
        wait::until("the child to start", Duration::from_secs(5), || {
            Ok((command_line(pid) == ["sleep", "60"]).then_some(()))
        })
        .unwrap();
        assert_eq!(environment(pid).get("RIG_TEST").map(String::as_str), Some("yes"));
        signal(pid, Signal::KILL).unwrap();
        child.wait().unwrap();
        assert!(!is_alive(pid));
    }

    #[test]
    fn memory_is_searched_and_weighed() {
        let needle = format!("needle-{}", "x".repeat(20));
        let found =
            search_memory(id(), &[needle.as_bytes(), b"\x01never in here\x02\x03\x04".as_slice()]).unwrap();
        assert!(found.iter().any(|finding| finding.needle == 0));
        assert!(memory(&[id()]) > 100_000);
        assert!(sleeps(id()).values().sum::<u64>() > 0);
    }

    #[test]
    fn a_thread_that_ended_does_not_hide_that_others_woke() {
        let before = BTreeMap::from([(1, 10), (2, 500)]);
        let after = BTreeMap::from([(1, 13), (3, 4)]);
        assert_eq!(woken(&before, &after), 7);
    }

    #[test]
    fn unreadable_regions_are_skipped() {
        assert_eq!(readable("1000-2000 r--p 00000000 00:00 0"), Some((0x1000, 0x2000)));
        assert_eq!(readable("1000-2000 ---p 00000000 00:00 0"), None);
        assert_eq!(readable("1000-2000 r--p 00000000 00:00 0   [vvar]"), None);
    }
}
