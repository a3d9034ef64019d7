//! Signals.
//!
//! The handler that Python's `signal.signal` installs does next to nothing: it sets a bit, calls the wake
//! function that the virtual machine has registered (which must be async-signal-safe: it sets the safepoint
//! word), and writes the number to the wake-up descriptor, as CPython does. Python's handlers run later, on the
//! main thread, when it takes the bits with [`Signals::take_signals`]. Handlers are installed without
//! `SA_RESTART`, so that a blocking call ends with `EINTR` and Python's handler runs at once (PEP 475).
//!
//! The bits are statics because signal actions belong to the process.
//!
//! # Safety
//! Handlers use atomics, `write` and `errno`, which they leave as it was, and functions that were registered as
//! async-signal-safe; the words of those hold a function of their type or null. Sets, actions and infos lie in the calling
//! frame and are read after the system has filled them; zeros are valid values of all of them. An alternate stack is
//! memory that the caller leaves alone as long as the thread lives.

use crate::fs::{from_nanos, to_nanos};
use crate::sys::{self, zeroed};
use crate::{CheckRet, Errno, Fd, Outside, Pid, Res, number};
use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU64, Ordering::*};

/// The function of `sample_cpu`.
static SAMPLER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

extern "C" fn sampled(_: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel gives the interrupted thread's registers; the word is a function of this type or 0.
    unsafe {
        let c = &(*(context as *const libc::ucontext_t)).uc_mcontext;
        #[cfg(target_arch = "x86_64")]
        let (pc, sp) = (c.gregs[libc::REG_RIP as usize] as usize, c.gregs[libc::REG_RSP as usize] as usize);
        #[cfg(target_arch = "aarch64")]
        let (pc, sp) = (c.pc as usize, c.sp as usize);
        let errno = *libc::__errno_location();
        if let Some(f) = std::mem::transmute::<usize, Option<fn(usize, usize)>>(SAMPLER.load(Relaxed)) {
            f(pc, sp);
        }
        *libc::__errno_location() = errno;
    }
}

/// A set of signals: bit `n - 1` stands for signal `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalSet(pub u64);

impl SignalSet {
    pub fn with(self, signal: i32) -> SignalSet {
        SignalSet(self.0 | 1 << (signal - 1))
    }

    pub fn contains(self, signal: i32) -> bool {
        (1..=64).contains(&signal) && self.0 >> (signal - 1) & 1 != 0
    }

    /// Ascending.
    pub fn iter(self) -> impl Iterator<Item = i32> {
        (1..=64).filter(move |n| self.contains(*n))
    }

    pub(crate) fn to_c(self) -> libc::sigset_t {
        let mut set = zeroed();
        sys::sigemptyset(&mut set);
        for n in self.iter() {
            sys::sigaddset(&mut set, n);
        }
        set
    }

    fn from_c(set: &libc::sigset_t) -> SignalSet {
        (1..=64).filter(|n| sys::sigismember(set, *n) == 1).fold(SignalSet(0), SignalSet::with)
    }
}

/// What a signal does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Default,
    Ignore,
    /// Our handler, see the module.
    Flag,
    /// Somebody else's handler. Cannot be set.
    Foreign,
}

/// What `sigwaitinfo` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalInfo {
    pub signo: i32,
    pub code: i32,
    pub errno: i32,
    pub pid: Pid,
    pub uid: u32,
    pub status: i32,
    pub band: i64,
}

/// What a signal did before [`Signals::swap_raw_handler`].
#[derive(Clone, Copy)]
pub struct SavedAction(libc::sigaction);

// SAFETY: plain numbers; the addresses are of code.
unsafe impl Send for SavedAction {}
unsafe impl Sync for SavedAction {}

/// A frame of the native stack: path of the binary, symbol (may be empty), offset in it, address.
pub type NativeFrame<'a> = &'a mut dyn FnMut(&[u8], &[u8], u64, u64);

/// A handler of the crash reporter, called in signal context.
pub type RawHandler = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);

static PENDING: AtomicU64 = AtomicU64::new(0);
static WAKE: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static WAKEUP_FD: AtomicI32 = AtomicI32::new(-1);
static WARN_FULL: AtomicBool = AtomicBool::new(true);
static WAKEUP_ERROR: AtomicI32 = AtomicI32::new(0);

extern "C" fn flag_handler(signal: i32) {
    let saved = Errno::last();
    arrived(signal);
    saved.set();
}

fn arrived(signal: i32) {
    PENDING.fetch_or(1 << (signal - 1), Release);
    let wake = WAKE.load(Acquire);
    if !wake.is_null() {
        // SAFETY: only `set_wake` stores here, and it stores a `fn()`.
        unsafe { std::mem::transmute::<*mut (), fn()>(wake)() };
    }
    let fd = WAKEUP_FD.load(Relaxed);
    if fd != -1 {
        let byte = signal as u8;
        if unsafe { libc::write(fd, (&raw const byte).cast(), 1) } == -1 {
            let e = Errno::last();
            if e != Errno::EAGAIN || WARN_FULL.load(Relaxed) {
                WAKEUP_ERROR.store(e.0, Relaxed);
            }
        }
    }
}

fn action_of(a: &libc::sigaction) -> Action {
    match a.sa_sigaction {
        libc::SIG_DFL => Action::Default,
        libc::SIG_IGN => Action::Ignore,
        h if h == flag_handler as extern "C" fn(i32) as usize => Action::Flag,
        _ => Action::Foreign,
    }
}

door! {
    /// See the module.
    pub trait Signals {
        /// Registers what the handler calls. Async-signal-safe: no locks, no allocation, no Python.
        fn set_wake(&self, wake: fn()) -> () {
            WAKE.store(wake as *mut (), Release)
        }
        /// The previous action. `EINVAL` for numbers that are no signal or cannot be handled.
        fn set_action(&self, signal: i32, action: Action) -> Res<Action> {
            unsafe {
                let mut new: libc::sigaction = zeroed();
                let mut old: libc::sigaction = zeroed();
                new.sa_flags = libc::SA_ONSTACK;
                new.sa_sigaction = match action {
                    Action::Default => libc::SIG_DFL,
                    Action::Ignore => libc::SIG_IGN,
                    Action::Flag => flag_handler as extern "C" fn(i32) as usize,
                    Action::Foreign => return Err(Errno::EINVAL),
                };
                libc::sigaction(signal, &raw const new, &raw mut old).ok()?;
                Ok(action_of(&old))
            }
        }
        fn get_action(&self, signal: i32) -> Res<Action> {
            let mut old: libc::sigaction = zeroed();
            unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut old) }.ok()?;
            Ok(action_of(&old))
        }
        /// For `faulthandler`: called in signal context, on the alternate stack.
        fn swap_raw_handler(&self, signal: i32, handler: RawHandler, flags: i32) -> Res<SavedAction> {
            unsafe {
                let mut new: libc::sigaction = zeroed();
                let mut old: libc::sigaction = zeroed();
                new.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | flags;
                new.sa_sigaction = handler as usize;
                libc::sigaction(signal, &raw const new, &raw mut old).ok()?;
                Ok(SavedAction(old))
            }
        }
        fn restore_action(&self, signal: i32, saved: &SavedAction) -> Res<()> {
            unsafe { libc::sigaction(signal, &raw const saved.0, std::ptr::null_mut()) }.done()
        }
        /// The native stack of the calling thread, innermost first. The first call may allocate.
        fn c_stack(&self, each: NativeFrame) -> () { native_stack(each) }
        /// Gives the calling thread a stack for handlers, so that a stack overflow can be reported.
        fn set_alternate_stack(&self, base: *mut u8, size: usize) -> Res<()> {
            let s = libc::stack_t { ss_sp: base.cast(), ss_flags: 0, ss_size: size };
            unsafe { libc::sigaltstack(&raw const s, std::ptr::null_mut()) }.done()
        }
        /// The signals that came since the last call, which forgets them.
        fn take_signals(&self) -> SignalSet {
            SignalSet(PENDING.swap(0, AcqRel))
        }
        /// Those that were taken and could not be handled yet.
        fn put_back_signals(&self, signals: SignalSet) -> () {
            PENDING.fetch_or(signals.0, Release);
        }
        /// Does what the handler does when a signal comes.
        fn trip(&self, signal: i32) -> () { arrived(signal) }
        /// Cheap look without taking.
        fn signals_came(&self) -> bool {
            PENDING.load(Relaxed) != 0
        }
        /// -1: none. The previous one.
        fn set_wakeup_fd(&self, fd: Fd, warn_on_full_buffer: bool) -> Fd {
            WARN_FULL.store(warn_on_full_buffer, Relaxed);
            WAKEUP_FD.swap(fd, Relaxed)
        }
        /// The failure of a write to the wake-up descriptor since the last call.
        fn take_wakeup_error(&self) -> Option<Errno> {
            match WAKEUP_ERROR.swap(0, Relaxed) { 0 => None, n => Some(Errno(n)) }
        }
        fn kill(&self, pid: Pid, signal: i32) -> Res<()> { sys::kill(pid, signal).done() }
        fn killpg(&self, group: Pid, signal: i32) -> Res<()> { sys::killpg(group, signal).done() }
        fn raise(&self, signal: i32) -> Res<()> {
            if sys::raise(signal) == 0 { Ok(()) } else { Err(Errno::last()) }
        }
        /// `thread`: a `pthread_t` as [`Cpu::thread_self`](crate::Cpu::thread_self) gives it.
        fn pthread_kill(&self, thread: u64, signal: i32) -> Res<()> {
            number(unsafe { libc::pthread_kill(thread as libc::pthread_t, signal) })
        }
        fn pidfd_send_signal(&self, fd: Fd, signal: i32, flags: u32) -> Res<()> {
            let none = std::ptr::null::<libc::siginfo_t>();
            unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal, none, flags) }.done()
        }
        /// Changes the calling thread's mask; the previous one.
        fn sigmask(&self, how: i32, set: SignalSet) -> Res<SignalSet> {
            let (set, mut old) = (set.to_c(), zeroed());
            number(sys::pthread_sigmask(how, &set, &mut old))?;
            Ok(SignalSet::from_c(&old))
        }
        fn sigpending(&self) -> Res<SignalSet> {
            let mut set = zeroed();
            sys::sigpending(&mut set).ok()?;
            Ok(SignalSet::from_c(&set))
        }
        fn sigwait(&self, _out: Outside, set: SignalSet) -> Res<i32> {
            let (set, mut signal) = (set.to_c(), 0);
            number(sys::sigwait(&set, &mut signal))?;
            Ok(signal)
        }
        /// `None` waits without end; nanoseconds. `EAGAIN`: time is over.
        fn sigtimedwait(&self, _out: Outside, set: SignalSet, timeout: Option<i64>) -> Res<SignalInfo> {
            let (set, mut info) = (set.to_c(), zeroed());
            let t = timeout.map(from_nanos);
            let t = t.as_ref().map_or(std::ptr::null(), |t| t as *const _);
            unsafe { libc::sigtimedwait(&raw const set, &raw mut info, t) }.ok()?;
            Ok(signal_info(&info))
        }
        /// Until a signal came: always `EINTR`.
        fn pause(&self, _out: Outside) -> Errno {
            sys::pause();
            Errno::last()
        }
        /// Seconds that were left.
        fn alarm(&self, seconds: u32) -> u32 { sys::alarm(seconds) }
        /// First expiration and interval in nanoseconds (microseconds count); the old values.
        fn setitimer(&self, which: i32, first: i64, interval: i64) -> Res<(i64, i64)> {
            let new = libc::itimerval { it_value: timeval(first), it_interval: timeval(interval) };
            let mut old: libc::itimerval = zeroed();
            sys::setitimer(which, &new, &mut old).ok()?;
            Ok((nanos(old.it_value), nanos(old.it_interval)))
        }
        fn getitimer(&self, which: i32) -> Res<(i64, i64)> {
            let mut old: libc::itimerval = zeroed();
            sys::getitimer(which, &mut old).ok()?;
            Ok((nanos(old.it_value), nanos(old.it_interval)))
        }
        /// Calls `f(program counter, stack pointer)` of the running thread, in a signal handler, `hz` times in each
        /// second of the process's processor time. `f` must be async-signal-safe. For profilers; cannot be undone.
        fn sample_cpu(&self, hz: u32, f: fn(usize, usize)) -> Res<()> {
            SAMPLER.store(f as usize, Relaxed);
            let signal = libc::SIGRTMAX() - 2;
            unsafe {
                let mut a: libc::sigaction = zeroed();
                a.sa_sigaction = sampled as *const () as usize;
                a.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
                libc::sigaction(signal, &raw const a, std::ptr::null_mut()).ok()?;
                let mut e: libc::sigevent = zeroed();
                e.sigev_notify = libc::SIGEV_SIGNAL;
                e.sigev_signo = signal;
                let mut t: libc::timer_t = std::ptr::null_mut();
                libc::timer_create(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut e, &raw mut t).ok()?;
                let nanos = libc::timespec { tv_sec: 0, tv_nsec: 1_000_000_000 / hz.max(2) as i64 };
                let every = libc::itimerspec { it_interval: nanos, it_value: nanos };
                libc::timer_settime(t, 0, &raw const every, std::ptr::null_mut()).done()
            }
        }
        /// Whether calls are interrupted (our default) or restarted by this signal.
        fn siginterrupt(&self, signal: i32, interrupt: bool) -> Res<()> {
            unsafe {
                let mut a: libc::sigaction = zeroed();
                libc::sigaction(signal, std::ptr::null(), &raw mut a).ok()?;
                if interrupt { a.sa_flags &= !libc::SA_RESTART } else { a.sa_flags |= libc::SA_RESTART }
                libc::sigaction(signal, &raw const a, std::ptr::null_mut()).done()
            }
        }
        /// "Interrupt", "Segmentation fault"; `None` for unknown numbers.
        fn strsignal(&self, signal: i32) -> Option<String> {
            if !(1..=64).contains(&signal) { return None }
            // SAFETY: a string of the C library, copied at once.
            let text = unsafe { CStr::from_ptr(libc::strsignal(signal)) }.to_string_lossy().into_owned();
            (!text.starts_with("Unknown signal")).then_some(text)
        }
        /// All that exist and are not kept by the C library.
        fn valid_signals(&self) -> SignalSet {
            let mut set = zeroed();
            sys::sigfillset(&mut set);
            SignalSet::from_c(&set)
        }
    }
}

impl crate::Refuse for SignalSet {
    fn refuse() -> SignalSet {
        SignalSet(0)
    }
}

fn signal_info(i: &libc::siginfo_t) -> SignalInfo {
    // SAFETY: the fields overlap those of other kinds of signal, as C's do; all are plain numbers.
    let (pid, uid, status) = unsafe { (i.si_pid(), i.si_uid(), i.si_status()) };
    // `si_band` lies where `si_pid` and `si_uid` do.
    let band = i64::from(pid as u32) | i64::from(uid) << 32;
    SignalInfo { signo: i.si_signo, code: i.si_code, errno: i.si_errno, pid, uid, status, band }
}

#[cfg(target_env = "gnu")]
fn native_stack(each: NativeFrame) {
    let mut at = [std::ptr::null_mut(); 64];
    // SAFETY: fills at most so many; `dladdr` answers strings of loaded binaries.
    unsafe {
        let n = libc::backtrace(at.as_mut_ptr(), at.len() as i32).max(0) as usize;
        for p in &at[..n] {
            let mut info: libc::Dl_info = zeroed();
            let known = libc::dladdr(*p, &raw mut info) != 0;
            let text =
                |p: *const libc::c_char| if p.is_null() { &[][..] } else { CStr::from_ptr(p).to_bytes() };
            let (path, symbol) =
                if known { (text(info.dli_fname), text(info.dli_sname)) } else { (&[][..], &[][..]) };
            let start = if info.dli_saddr.is_null() { info.dli_fbase } else { info.dli_saddr } as u64;
            let offset = if known { (*p as u64).wrapping_sub(start) } else { 0 };
            each(path, symbol, offset, *p as u64);
        }
    }
}

#[cfg(not(target_env = "gnu"))]
fn native_stack(_: NativeFrame) {}

fn timeval(n: i64) -> libc::timeval {
    let t = from_nanos(n);
    libc::timeval { tv_sec: t.tv_sec, tv_usec: t.tv_nsec / 1000 }
}

fn nanos(t: libc::timeval) -> i64 {
    to_nanos(libc::timespec { tv_sec: t.tv_sec, tv_nsec: t.tv_usec * 1000 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cpu, Files, NativeHost};

    const H: NativeHost = NativeHost;

    static WOKEN: AtomicBool = AtomicBool::new(false);
    static DONE: AtomicBool = AtomicBool::new(false);

    // One test, because all of it is about the process's state.
    #[test]
    fn a_signal_sets_its_bit_wakes_and_interrupts() {
        Outside::region(|o| {
            assert_eq!(H.set_action(libc::SIGUSR1, Action::Flag).unwrap(), Action::Default);
            assert_eq!(H.get_action(libc::SIGUSR1).unwrap(), Action::Flag);
            assert_eq!(H.set_action(libc::SIGKILL, Action::Flag), Err(Errno::EINVAL));
            let (r, w) = H.pipe(libc::O_CLOEXEC | libc::O_NONBLOCK).unwrap();
            assert_eq!(H.set_wakeup_fd(w, true), -1);
            H.set_wake(|| WOKEN.store(true, Relaxed));
            H.raise(libc::SIGUSR1).unwrap();
            assert!(H.signals_came() && WOKEN.load(Relaxed));
            assert_eq!(H.take_signals(), SignalSet(0).with(libc::SIGUSR1));
            assert_eq!(H.take_signals(), SignalSet(0));
            let mut byte = [0; 4];
            assert_eq!(H.read(o, r, &mut byte), Ok(1));
            assert_eq!(i32::from(byte[0]), libc::SIGUSR1);
            assert_eq!(H.set_wakeup_fd(-1, true), w);

            // A blocking call of this thread ends with EINTR.
            H.set_blocking(r, true).unwrap();
            let me = H.thread_self();
            let other = std::thread::spawn(move || {
                while !DONE.load(Relaxed) {
                    H.pthread_kill(me, libc::SIGUSR1).unwrap();
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
            });
            assert_eq!(H.read(o, r, &mut byte), Err(Errno::EINTR));
            DONE.store(true, Relaxed);
            other.join().unwrap();

            // Masked, pending, waited for.
            let set = SignalSet(0).with(libc::SIGUSR1);
            let old = H.sigmask(libc::SIG_BLOCK, set).unwrap();
            H.pthread_kill(me, libc::SIGUSR1).unwrap();
            assert!(H.sigpending().unwrap().contains(libc::SIGUSR1));
            assert_eq!(H.sigwait(o, set), Ok(libc::SIGUSR1));
            assert_eq!(H.sigtimedwait(o, set, Some(1000)), Err(Errno::EAGAIN));
            H.sigmask(libc::SIG_SETMASK, old).unwrap();
            H.set_action(libc::SIGUSR1, Action::Default).unwrap();
            for fd in [r, w] {
                H.close(o, fd).unwrap();
            }
        });
        assert_eq!(H.strsignal(libc::SIGINT).unwrap(), "Interrupt");
        assert_eq!(H.strsignal(0), None);
        assert!(H.valid_signals().contains(libc::SIGTERM) && !H.valid_signals().contains(33));
        assert_eq!(H.setitimer(libc::ITIMER_VIRTUAL, 5_000_000_000, 0).unwrap(), (0, 0));
        assert!(H.setitimer(libc::ITIMER_VIRTUAL, 0, 0).unwrap().0 > 4_000_000_000);
    }
}
