//! Whether a folder is a place for sign-ins: on a disk of this computer, and copied by nobody.
//!
//! Locks and synchronisation are promises that network file systems keep now and then, and a program that
//! copies files while they are written brings back a refresh token that was spent elsewhere. Either costs
//! sign-ins without a word, so Latchkey says so instead and does not start there.

use std::path::{Component, Path, Prefix};

/// Why a folder is no place for sign-ins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is on another computer.
    #[error("it is on a network file system ({0})")]
    Network(String),
    /// A program copies it to other computers.
    #[error("{0} copies it to other computers")]
    Synced(&'static str),
}

/// Says no to a folder where sign-ins would be lost. One that cannot be examined is given the benefit of the
/// doubt: that alone is no reason to keep somebody out.
pub(crate) fn examine(folder: &Path) -> Result<(), Unfit> {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    if let Some(program) = synced(&folder, Path::exists) {
        return Err(Unfit::Synced(program));
    }
    network(&folder).map_or(Ok(()), |kind| Err(Unfit::Network(kind)))
}

/// Folders that belong to a program that copies files, by name; one that begins so where a dash follows.
const BY_NAME: [(&str, &str); 9] = [
    ("Dropbox", "Dropbox"),
    ("OneDrive", "OneDrive"),
    ("iCloud Drive", "iCloud"),
    ("iCloudDrive", "iCloud"),
    ("Mobile Documents", "iCloud"),
    ("CloudStorage", "a cloud service"),
    ("Google Drive", "Google Drive"),
    ("GoogleDrive", "Google Drive"),
    ("Nextcloud", "Nextcloud"),
];
/// What such programs leave at the top of what they copy.
const BY_MARK: [(&str, &str); 4] = [
    (".dropbox.cache", "Dropbox"),
    (".stfolder", "Syncthing"),
    (".owncloudsync.log", "ownCloud"),
    (".nextcloudsync.log", "Nextcloud"),
];

/// The program that copies `folder` elsewhere. `exists` looks for marks.
fn synced(folder: &Path, exists: impl Fn(&Path) -> bool) -> Option<&'static str> {
    let parts = folder.components().filter_map(|component| match component {
        Component::Normal(name) => name.to_str(),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
    });
    // "OneDrive - Example Ltd", "Dropbox (Personal)".
    let named = |name: &str, begins: &str| {
        let rest = name.strip_prefix(begins);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" - ") || rest.starts_with(" ("))
    };
    let mut found = parts.flat_map(|name| BY_NAME.iter().filter(move |(begins, _)| named(name, begins)));
    found.next().map(|(_, program)| *program).or_else(|| {
        let marked = |(mark, _): &&(&str, &str)| folder.ancestors().any(|above| exists(&above.join(mark)));
        BY_MARK.iter().find(marked).map(|(_, program)| *program)
    })
}

/// The network file system that `folder` is on.
fn network(folder: &Path) -> Option<String> {
    share(folder).or_else(|| mounted(folder))
}

/// A share by its path, as Windows writes one.
fn share(folder: &Path) -> Option<String> {
    match folder.components().next()? {
        Component::Prefix(prefix) => match prefix.kind() {
            Prefix::UNC(..) | Prefix::VerbatimUNC(..) => Some("a share".to_owned()),
            Prefix::Verbatim(_) | Prefix::VerbatimDisk(_) | Prefix::DeviceNS(_) | Prefix::Disk(_) => None,
        },
        Component::RootDir | Component::CurDir | Component::ParentDir | Component::Normal(_) => None,
    }
}

#[cfg(not(target_os = "linux"))]
fn mounted(_: &Path) -> Option<String> {
    None
}

#[cfg(target_os = "linux")]
fn mounted(folder: &Path) -> Option<String> {
    let magic = rustix::fs::statfs(folder).ok()?.f_type;
    // The number has the width of a register, and what it counts fits into half of one.
    #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "a number of 32 bits")]
    let magic = magic as u32;
    if magic != FUSE {
        return by_magic(magic).map(str::to_owned);
    }
    by_mount(&std::fs::read_to_string("/proc/self/mountinfo").ok()?, folder)
}

/// Numbers of file systems of other computers (`statfs(2)`, `linux/magic.h`).
#[cfg(target_os = "linux")]
fn by_magic(magic: u32) -> Option<&'static str> {
    match magic {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x7375_7245 => Some("Coda"),
        0x00c3_6400 => Some("Ceph"),
        0x564c => Some("NCP"),
        0x786f_4256 | 0xbacb_acbc => Some("a folder of the host of this virtual machine"),
        _ => None,
    }
}

/// What a program, not the kernel, makes of a file system: it may be anything.
#[cfg(target_os = "linux")]
const FUSE: u32 = 0x6573_5546;
/// Those that reach another computer, by how their kind begins.
#[cfg(target_os = "linux")]
const REMOTE_FUSE: [&str; 15] = [
    "fuse.sshfs",
    "fuse.rclone",
    "fuse.davfs",
    "fuse.gvfsd",
    "fuse.s3",
    "fuse.goofys",
    "fuse.gluster",
    "fuse.curlftpfs",
    "fuse.google",
    "fuse.onedriver",
    "fuse.ceph",
    "fuse.smb",
    "fuse.nfs",
    "fuse.juicefs",
    "fuse.kio",
];

/// The kind of the mount that holds `folder`, where it reaches another computer (`proc_pid_mountinfo(5)`).
#[cfg(target_os = "linux")]
fn by_mount(mounts: &str, folder: &Path) -> Option<String> {
    let holds = |line: &str| {
        let (mount, kind) = line.split_once(" - ")?;
        let at = mount.split(' ').nth(4)?.replace("\\040", " ");
        let kind = kind.split(' ').next()?.to_owned();
        folder.starts_with(&at).then_some((at.len(), kind))
    };
    // The longest path is the innermost mount; of two on one place the later one is on top.
    let (_, kind) = mounts.lines().filter_map(holds).max_by_key(|(length, _)| *length)?;
    REMOTE_FUSE.iter().any(|remote| kind.starts_with(remote)).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(folder: &str) -> Option<&'static str> {
        synced(Path::new(folder), |_| false)
    }

    #[test]
    fn f49_a_folder_of_a_program_that_copies_files_is_known_by_its_name() {
        assert_eq!(of("/home/ada/Dropbox/latchkey"), Some("Dropbox"));
        assert_eq!(of("/home/ada/Dropbox (Personal)/latchkey"), Some("Dropbox"));
        assert_eq!(of("/Users/ada/OneDrive - Example Ltd/latchkey"), Some("OneDrive"));
        assert_eq!(of("/Users/ada/Library/Mobile Documents/com~apple~CloudDocs/x"), Some("iCloud"));
        assert_eq!(of("/Users/ada/Library/CloudStorage/Box-Box/x"), Some("a cloud service"));
        for good in ["/home/ada/.local/share/dev.latchkey.app", "/home/ada/.dropbox", "/home/ada/Dropboxes/x"]
        {
            assert_eq!(of(good), None, "{good}");
        }
    }

    #[test]
    fn f49_a_folder_of_a_program_that_copies_files_is_known_by_its_mark() {
        let marked = |mark: &'static str| {
            synced(Path::new("/home/ada/files/latchkey"), move |path| path == Path::new(mark))
        };
        assert_eq!(marked("/home/ada/files/.stfolder"), Some("Syncthing"));
        assert_eq!(marked("/home/ada/files/.dropbox.cache"), Some("Dropbox"));
        assert_eq!(marked("/home/ben/.stfolder"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn f49_a_network_file_system_is_known_by_its_number() {
        for (magic, kind) in [(0x6969, "NFS"), (0xff53_4d42, "SMB"), (0xfe53_4d42, "SMB"), (0x517b, "SMB")] {
            assert_eq!(by_magic(magic), Some(kind));
        }
        let (ext4, btrfs, xfs, tmpfs, zfs, overlay) =
            (0xef53, 0x9123_683e, 0x5846_5342, 0x0102_1994, 0x2fc1_2fc1, 0x794c_7630);
        for local in [ext4, btrfs, xfs, tmpfs, zfs, overlay, FUSE] {
            assert_eq!(by_magic(local), None, "{local:x}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn f49_a_file_system_of_a_program_is_judged_by_what_it_reaches() {
        let mounts = "\
            22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
            40 22 0:50 / /home/ada/far\\040away rw shared:9 - fuse.sshfs ada@example.com: rw\n\
            41 22 0:51 / /home/ada/stick rw shared:10 - fuseblk /dev/sdb1 rw\n\
            42 40 0:52 / /home/ada/far\\040away/vault rw - fuse.gocryptfs /home/ada/cipher rw\n";
        let kind = |folder: &str| by_mount(mounts, Path::new(folder));
        assert_eq!(kind("/home/ada/far away/latchkey").as_deref(), Some("fuse.sshfs"));
        for local in ["/home/ada/stick/latchkey", "/home/ada/far", "/home/ada/far away/vault/x", "/x"] {
            assert_eq!(kind(local), None, "{local}");
        }
    }
}
