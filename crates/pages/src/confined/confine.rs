//! What the child gives up before it sees a byte of the file.

use std::collections::BTreeMap;

use rlimit::Resource;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Most memory of the child, bytes: a file of half a gigabyte, its fonts, and a few pages.
const MEMORY: u64 = 3 << 30;
/// Most processor time of the child, seconds, over all that it is asked.
const SECONDS: u64 = 900;

/// What the child still needs: memory, its two pipes, time, and its end.
const ALLOWED: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_write,
    libc::SYS_writev,
];

/// Gives up memory beyond a bound, files, programs and the network. Answers whether the kernel filters calls; without
/// that, the limits alone keep it from opening and making files and from starting programs.
pub fn confine() -> std::io::Result<bool> {
    // No file is opened any more: numbers above the three that are open can't be given.
    let limits = [
        (Resource::AS, MEMORY),
        (Resource::CPU, SECONDS),
        (Resource::FSIZE, 0),
        (Resource::NOFILE, 3),
        (Resource::NPROC, 0),
        (Resource::CORE, 0),
    ];
    for (resource, most) in limits {
        let most = resource.get_hard().unwrap_or(u64::MAX).min(most);
        resource.set(most, most)?;
    }
    Ok(filter().is_ok_and(|program| seccompiler::apply_filter(&program).is_ok()))
}

/// Bounds of a program of the machine.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// Most memory, bytes.
    pub memory: u64,
    /// Most processor time, seconds.
    pub seconds: u64,
    /// Most bytes of a file it writes.
    pub file: u64,
}

/// Gives up what a program of the machine doesn't need: more than its bounds, and, where the kernel filters calls, the
/// network. It keeps the right to open files and to start its own helpers, which can't work without.
pub fn without_network(bound: Bound) -> std::io::Result<()> {
    let limits = [
        (Resource::AS, bound.memory),
        (Resource::CPU, bound.seconds),
        (Resource::FSIZE, bound.file),
        (Resource::CORE, 0),
    ];
    for (resource, most) in limits {
        let most = resource.get_hard().unwrap_or(u64::MAX).min(most);
        resource.set(most, most)?;
    }
    if let Ok(program) = no_sockets() {
        let _ = seccompiler::apply_filter(&program);
    }
    Ok(())
}

/// Sockets to other machines can't be made; those within the machine can.
fn no_sockets() -> Result<BpfProgram, seccompiler::BackendError> {
    let family = |family: i32| {
        SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, u64::from(family.unsigned_abs()))
            .and_then(|condition| SeccompRule::new(vec![condition]))
    };
    let rules = vec![family(libc::AF_INET)?, family(libc::AF_INET6)?, family(libc::AF_NETLINK)?];
    SeccompFilter::new(
        BTreeMap::from([(libc::SYS_socket, rules)]),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        std::env::consts::ARCH.try_into()?,
    )?
    .try_into()
}

/// Every other call fails as if it weren't permitted; that is as good as an end, and a library that only asks for
/// something superfluous goes on.
fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let rules: BTreeMap<i64, Vec<_>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?
    .try_into()
}
