//! Settings of the process, from the command line, the environment and an embedding program: CPython's `PyConfig`.
//!
//! Set once before the runtime is made and never changed; what Python code can change (`sys.flags` is read-only) lives
//! where it is used.

use std::sync::OnceLock;

#[derive(Clone, Debug)]
pub struct Config {
    pub debug: u32,
    pub inspect: bool,
    pub interactive: bool,
    pub optimize: u8,
    pub dont_write_bytecode: bool,
    pub no_user_site: bool,
    pub no_site: bool,
    pub ignore_environment: bool,
    pub verbose: u32,
    pub bytes_warning: u32,
    pub quiet: bool,
    pub isolated: bool,
    pub dev_mode: bool,
    /// Tracebacks on crashes.
    pub faulthandler: bool,
    pub utf8_mode: bool,
    pub warn_default_encoding: bool,
    pub safe_path: bool,
    pub int_max_str_digits: u32,
    pub thread_inherit_context: bool,
    pub context_aware_warnings: bool,
    /// `PYTHONHASHSEED`: None is random.
    pub hash_seed: Option<u32>,
    pub unbuffered: bool,
    /// `-x`.
    pub skip_first_line: bool,
    /// `-X importtime`: 2 shows modules that are there already as well.
    pub import_time: u8,
    pub frozen_modules: bool,
    /// Code tells lines only, no columns (`-X no_debug_ranges`).
    pub no_debug_ranges: bool,
    pub check_hash_pycs_mode: String,
    /// `-X NAME[=VALUE]`, in order.
    pub xoptions: Vec<(String, Option<String>)>,
    pub warnoptions: Vec<String>,
    pub argv: Vec<Vec<u8>>,
    pub orig_argv: Vec<Vec<u8>>,
    pub executable: String,
    pub base_executable: String,
    pub prefix: String,
    pub exec_prefix: String,
    pub base_prefix: String,
    pub base_exec_prefix: String,
    pub platlibdir: String,
    pub stdlib_dir: String,
    pub home: Option<String>,
    pub pycache_prefix: Option<String>,
    /// `sys.path` as it begins, without the script's folder.
    pub search_paths: Vec<Vec<u8>>,
    /// The script's folder (or the current one: empty) that goes before them.
    pub sys_path_0: Option<Vec<u8>>,
    pub stdio_encoding: Option<String>,
    pub stdio_errors: Option<String>,
    pub cpu_count: Option<u32>,
    /// The locale is C or POSIX: standard streams take surrogateescape.
    pub c_locale: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            debug: 0,
            inspect: false,
            interactive: false,
            optimize: 0,
            dont_write_bytecode: false,
            no_user_site: false,
            no_site: false,
            ignore_environment: false,
            verbose: 0,
            bytes_warning: 0,
            quiet: false,
            isolated: false,
            dev_mode: false,
            faulthandler: false,
            utf8_mode: false,
            warn_default_encoding: false,
            safe_path: false,
            int_max_str_digits: 4300,
            thread_inherit_context: false,
            context_aware_warnings: false,
            hash_seed: None,
            unbuffered: false,
            skip_first_line: false,
            import_time: 0,
            frozen_modules: true,
            no_debug_ranges: false,
            check_hash_pycs_mode: "default".into(),
            xoptions: Vec::new(),
            warnoptions: Vec::new(),
            argv: vec![Vec::new()],
            orig_argv: Vec::new(),
            executable: String::new(),
            base_executable: String::new(),
            prefix: String::new(),
            exec_prefix: String::new(),
            base_prefix: String::new(),
            base_exec_prefix: String::new(),
            platlibdir: "lib".into(),
            stdlib_dir: String::new(),
            home: None,
            pycache_prefix: None,
            search_paths: Vec::new(),
            sys_path_0: None,
            stdio_encoding: None,
            stdio_errors: None,
            cpu_count: None,
            c_locale: false,
        }
    }
}

impl Config {
    pub fn sys_path_0(&self) -> Option<&str> {
        self.sys_path_0.as_deref().and_then(|p| std::str::from_utf8(p).ok())
    }
    /// Value of `-X name` ("" if it was given without one).
    pub fn xoption(&self, name: &str) -> Option<&str> {
        self.xoptions.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_deref().unwrap_or(""))
    }
}

static CONFIG: OnceLock<Config> = OnceLock::new();

/// To be called before the runtime is made; later calls change nothing.
pub fn set(c: Config) {
    let _ = CONFIG.set(c);
}
#[inline]
pub fn get() -> &'static Config {
    CONFIG.get_or_init(Config::default)
}

/// Bytes from the operating system as WTF-8: UTF-8 with `surrogateescape`.
pub fn decode_fs(b: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(b.len());
    for chunk in b.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        for &x in chunk.invalid() {
            let c = 0xdc00 + x as u32;
            out.extend_from_slice(&[0xed, 0x80 | (c >> 6) as u8 & 0x3f, 0x80 | c as u8 & 0x3f]);
        }
    }
    out
}

/// The reverse. None: a character that no byte stands for (another lone surrogate).
pub fn encode_fs(wtf8: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(wtf8.len());
    let mut i = 0;
    while i < wtf8.len() {
        if wtf8[i] == 0xed && wtf8[i + 1] >= 0xa0 {
            let c = 0xd000 | ((wtf8[i + 1] & 0x3f) as u32) << 6 | (wtf8[i + 2] & 0x3f) as u32;
            if !(0xdc80..=0xdcff).contains(&c) {
                return None;
            }
            out.push(c as u8);
            i += 3;
        } else {
            out.push(wtf8[i]);
            i += 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_the_way_through_text() {
        let all: Vec<u8> = (0..=255).chain(*b"x\xc3\xa4\xed\xa0\x80\xff").collect();
        assert_eq!(encode_fs(&decode_fs(&all)).unwrap(), all);
        assert_eq!(decode_fs(b"a\xffb"), b"a\xed\xb3\xbfb");
        assert_eq!(encode_fs(b"\xed\xa0\x80"), None);
    }
}
