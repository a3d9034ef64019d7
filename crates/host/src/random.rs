//! Random bytes of the operating system.
//!
//! # Invariants
//! The system gets the rest of a slice of the caller's with that slice's own length.

use crate::{CheckRet, Errno, Outside, Res};

door! {
    /// See the module.
    pub trait Random {
        /// `os.getrandom`: may give fewer bytes than asked for.
        fn getrandom(&self, _out: Outside, buf: &mut [u8], flags: u32) -> Res<usize> {
            Ok(unsafe { libc::getrandom(buf.as_mut_ptr().cast(), buf.len(), flags) }.ok()? as usize)
        }
        /// Fills the whole buffer with bytes fit for keys (`os.urandom`), waiting for the pool at boot.
        /// The one call here that goes on after `EINTR`: it cannot be told apart how much had been read.
        fn random_fill(&self, _out: Outside, buf: &mut [u8]) -> Res<()> {
            let mut done = 0;
            while done < buf.len() {
                let rest = &mut buf[done..];
                match unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) }.ok() {
                    Ok(n) => done += n as usize,
                    Err(Errno::EINTR) => {}
                    Err(e) => return Err(e),
                }
            }
            Ok(())
        }
        /// Bytes for hash seeds and `random`'s: never waits.
        fn random_seed(&self, buf: &mut [u8]) -> Res<()> {
            let flags = libc::GRND_NONBLOCK;
            let n = unsafe { libc::getrandom(buf.as_mut_ptr().cast(), buf.len().min(256), flags) };
            if n == buf.len() as isize { return Ok(()) }
            // Before the pool is ready, or a long buffer: the time and the addresses of this process will do.
            let mut state = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |d| d.as_nanos() as u64)
                ^ (buf.as_ptr() as u64).rotate_left(32) ^ u64::from(std::process::id());
            for b in buf {
                // SplitMix64
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                *b = (z ^ (z >> 31)) as u8;
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NativeHost;

    #[test]
    fn bytes_differ() {
        let (mut a, mut b, mut c) = ([0; 32], [0; 32], [0; 32]);
        Outside::region(|o| NativeHost.random_fill(o, &mut a)).unwrap();
        assert_eq!(Outside::region(|o| NativeHost.getrandom(o, &mut b, 0)), Ok(32));
        NativeHost.random_seed(&mut c).unwrap();
        assert!(a != b && b != c && c != [0; 32]);
    }
}
