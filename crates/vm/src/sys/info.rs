//! What `sys` says of the implementation: versions, limits, paths, flags.

use super::docs;
use crate::builtins::namespace;
use crate::config::{self, decode_fs};
use crate::err::R;
use crate::native::tflags;
use crate::object::*;
use crate::structseq;
use crate::thread::{Root, Th};
use crate::value::*;

/// The language's version that this implements.
pub const VERSION: (i64, i64, i64) = (3, 14, 0);
pub const VERSION_TEXT: &str = "3.14.0";
pub const HEXVERSION: i64 = VERSION.0 << 24 | VERSION.1 << 16 | VERSION.2 << 8 | 0xf0;
pub const CACHE_TAG: &str = "adder-314";

structseq! {
    pub FLAGS "sys.flags" 18
    "sys.flags\n\nFlags provided through command line arguments or environment vars." tflags::DISALLOW_INSTANTIATION | tflags::IMMUTABLE;
    [("debug", "-d"), ("inspect", "-i"), ("interactive", "-i"), ("optimize", "-O or -OO"),
     ("dont_write_bytecode", "-B"), ("no_user_site", "-s"), ("no_site", "-S"), ("ignore_environment", "-E"),
     ("verbose", "-v"), ("bytes_warning", "-b"), ("quiet", "-q"), ("hash_randomization", "-R"),
     ("isolated", "-I"), ("dev_mode", "-X dev"), ("utf8_mode", "-X utf8"),
     ("warn_default_encoding", "-X warn_default_encoding"), ("safe_path", "-P"),
     ("int_max_str_digits", "-X int_max_str_digits"), ("gil", "-X gil"),
     ("thread_inherit_context", "-X thread_inherit_context"),
     ("context_aware_warnings", "-X context_aware_warnings")]
}
structseq! {
    pub VERSION_INFO "sys.version_info" 5 "sys.version_info\n\nVersion information as a named tuple." tflags::DISALLOW_INSTANTIATION | tflags::IMMUTABLE;
    [("major", "Major release number"), ("minor", "Minor release number"), ("micro", "Patch release number"),
     ("releaselevel", "'alpha', 'beta', 'candidate', or 'final'"), ("serial", "Serial release number")]
}
structseq! {
    pub HASH_INFO "sys.hash_info" 9
    "hash_info\n\nA named tuple providing parameters used for computing\nhashes. The attributes are read only." tflags::IMMUTABLE;
    [("width", "width of the type used for hashing, in bits"),
     ("modulus", "prime number giving the modulus on which the hash function is based"),
     ("inf", "value to be used for hash of a positive infinity"), ("nan", "value to be used for hash of a nan"),
     ("imag", "multiplier used for the imaginary part of a complex number"),
     ("algorithm", "name of the algorithm for hashing of str, bytes and memoryviews"),
     ("hash_bits", "internal output size of hash algorithm"), ("seed_bits", "seed size of hash algorithm"),
     ("cutoff", "small string optimization cutoff")]
}
structseq! {
    pub INT_INFO "sys.int_info" 4
    "sys.int_info\n\nA named tuple that holds information about Python's\ninternal representation of integers.  The attributes are read only." tflags::IMMUTABLE;
    [("bits_per_digit", "size of a digit in bits"),
     ("sizeof_digit", "size in bytes of the C type used to represent a digit"),
     ("default_max_str_digits", "maximum string conversion digits limitation"),
     ("str_digits_check_threshold", "minimum positive value for int_max_str_digits")]
}
structseq! {
    pub FLOAT_INFO "sys.float_info" 11
    "sys.float_info\n\nA named tuple holding information about the float type. It contains low level\ninformation about the precision and internal representation. Please study\nyour system's :file:`float.h` for more information." tflags::IMMUTABLE;
    [("max", "DBL_MAX -- maximum representable finite float"),
     ("max_exp", "DBL_MAX_EXP -- maximum int e such that radix**(e-1) is representable"),
     ("max_10_exp", "DBL_MAX_10_EXP -- maximum int e such that 10**e is representable"),
     ("min", "DBL_MIN -- Minimum positive normalized float"),
     ("min_exp", "DBL_MIN_EXP -- minimum int e such that radix**(e-1) is a normalized float"),
     ("min_10_exp", "DBL_MIN_10_EXP -- minimum int e such that 10**e is a normalized float"),
     ("dig", "DBL_DIG -- maximum number of decimal digits that can be faithfully represented in a float"),
     ("mant_dig", "DBL_MANT_DIG -- mantissa digits"),
     ("epsilon", "DBL_EPSILON -- Difference between 1 and the next representable float"),
     ("radix", "FLT_RADIX -- radix of exponent"),
     ("rounds", "FLT_ROUNDS -- rounding mode used for arithmetic operations")]
}
structseq! {
    pub THREAD_INFO "sys.thread_info" 3
    "sys.thread_info\n\nA named tuple holding information about the thread implementation." tflags::IMMUTABLE;
    [("name", "name of the thread implementation"), ("lock", "name of the lock implementation"),
     ("version", "name and version of the thread library")]
}
structseq! {
    pub ASYNCGEN_HOOKS "asyncgen_hooks" 2
    "asyncgen_hooks\n\nA named tuple providing information about asynchronous\ngenerators hooks.  The attributes are read only." tflags::IMMUTABLE;
    [("firstiter", "Hook to intercept first iteration"), ("finalizer", "Hook to intercept finalization")]
}

/// "3.14.0 (main, Nov 21 2026, 10:00:00) [Adder 0.1.0]"; `platform` reads the parts.
pub fn version() -> String {
    let (branch, date) = (option_env!("ADDER_BRANCH").unwrap_or("main"), build_date());
    format!("{VERSION_TEXT} ({branch}, {date}) [Adder {}]", env!("CARGO_PKG_VERSION"))
}
fn build_date() -> &'static str {
    option_env!("ADDER_BUILD_DATE").unwrap_or("Jan  1 2026, 00:00:00")
}
/// "x86_64-linux-gnu".
pub fn multiarch() -> String {
    format!("{}-linux-gnu", std::env::consts::ARCH)
}

fn text(th: Th, b: &[u8]) -> Value {
    th.str_bytes(&decode_fs(b))
}

pub fn init(th: Th, m: Gc<Module>) -> R<()> {
    let c = config::get();
    let int = Value::fix;
    let num = |n: u32| Value::fix(n as i64);
    let put = |name: &str, v: Value| m.put(th, name, v);
    let s = |t: &str| th.str(t);
    let list = |items: &mut dyn Iterator<Item = Value>| -> R<Value> {
        let l = crate::builtins::list::new(th, &[])?;
        for v in items {
            crate::builtins::list::append(th, l, v)?;
        }
        Ok(l.value())
    };

    for k in ["displayhook", "excepthook", "unraisablehook", "breakpointhook"] {
        let f = m.ns().get_str(th, th.intern(k))?.expect("a function of this module");
        put(&format!("__{k}__"), f)?;
    }

    let early = super::printer::new(th)?;
    put("stderr", early)?;
    put("__stderr__", early)?;

    // -- versions
    put("version", s(&version()))?;
    let level = th.intern("final");
    let vi = VERSION_INFO.make(th, &[int(VERSION.0), int(VERSION.1), int(VERSION.2), level, int(0)])?;
    put("version_info", vi)?;
    put("hexversion", int(HEXVERSION))?;
    put("api_version", int(1013))?;
    put("copyright", s(docs::COPYRIGHT))?;
    put("platform", s("linux"))?;
    put("_git", th.tuple(&[s("Adder"), s(""), s("")]))?;
    put("_framework", s(""))?;
    put("abiflags", s(""))?;
    put("byteorder", s(if cfg!(target_endian = "little") { "little" } else { "big" }))?;
    let d = Gc::<Dict>::new(th);
    for (k, v) in [
        ("name", s("adder")),
        ("cache_tag", s(CACHE_TAG)),
        ("version", vi),
        ("hexversion", int(HEXVERSION)),
        ("_multiarch", s(&multiarch())),
        ("supports_isolated_interpreters", FALSE()),
    ] {
        d.set(th, th.intern(k), v)?;
    }
    put("implementation", namespace::new(th, d)?.value())?;

    // -- limits
    put("maxsize", th.int(i64::MAX))?;
    put("maxunicode", int(0x10ffff))?;
    put("float_repr_style", s("short"))?;
    let fl = |f: f64| th.float(f);
    let values = [
        fl(f64::MAX),
        int(1024),
        int(308),
        fl(f64::MIN_POSITIVE),
        int(-1021),
        int(-307),
        int(15),
        int(53),
        fl(f64::EPSILON),
        int(2),
        int(1),
    ];
    put("float_info", FLOAT_INFO.make(th, &values)?)?;
    put("int_info", INT_INFO.make(th, &[int(30), int(4), int(4300), int(640)])?)?;
    let values = [
        int(64),
        int((1 << 61) - 1),
        int(314159),
        int(0),
        int(1000003),
        s("wyhash"),
        int(64),
        int(64),
        int(0),
    ];
    put("hash_info", HASH_INFO.make(th, &values)?)?;
    let values = [s("pthread"), NONE(), NONE()];
    put("thread_info", THREAD_INFO.make(th, &values)?)?;

    // -- flags
    let values = [
        num(c.debug),
        num(c.inspect as u32),
        num(c.interactive as u32),
        num(c.optimize as u32),
        num(c.dont_write_bytecode as u32),
        num(c.no_user_site as u32),
        num(c.no_site as u32),
        num(c.ignore_environment as u32),
        num(c.verbose),
        num(c.bytes_warning),
        num(c.quiet as u32),
        num((c.hash_seed != Some(0)) as u32),
        num(c.isolated as u32),
        Value::bool(c.dev_mode),
        num(c.utf8_mode as u32),
        num(c.warn_default_encoding as u32),
        Value::bool(c.safe_path),
        num(c.int_max_str_digits),
        num(0),
        num(c.thread_inherit_context as u32),
        num(c.context_aware_warnings as u32),
    ];
    put("flags", FLAGS.make(th, &values)?)?;
    put("dont_write_bytecode", Value::bool(c.dont_write_bytecode))?;
    put("warnoptions", list(&mut c.warnoptions.iter().map(|w| s(w)))?)?;
    let x = Gc::<Dict>::new(th);
    for (k, v) in &c.xoptions {
        x.set(th, s(k), v.as_ref().map_or(TRUE(), |v| s(v)))?;
    }
    put("_xoptions", x.value())?;
    crate::builtins::int::set_max_str_digits(c.int_max_str_digits as usize);

    // -- paths
    put("argv", list(&mut c.argv.iter().map(|a| text(th, a)))?)?;
    put("orig_argv", list(&mut c.orig_argv.iter().map(|a| text(th, a)))?)?;
    for (k, v) in [
        ("executable", &c.executable),
        ("_base_executable", &c.base_executable),
        ("prefix", &c.prefix),
        ("exec_prefix", &c.exec_prefix),
        ("base_prefix", &c.base_prefix),
        ("base_exec_prefix", &c.base_exec_prefix),
        ("platlibdir", &c.platlibdir),
        ("_stdlib_dir", &c.stdlib_dir),
    ] {
        put(k, text(th, v.as_bytes()))?;
    }
    put("_home", c.home.as_ref().map_or(NONE(), |h| s(h)))?;
    put("pycache_prefix", c.pycache_prefix.as_ref().map_or(NONE(), |h| s(h)))?;
    put("path", list(&mut c.search_paths.iter().map(|p| text(th, p)))?)?;
    put("meta_path", list(&mut std::iter::empty())?)?;
    put("path_hooks", list(&mut std::iter::empty())?)?;
    put("path_importer_cache", Gc::<Dict>::new(th).value())?;
    put("modules", Root::modules.value())?;

    // -- modules
    let mut g = crate::interp::call::Gather::new();
    for n in crate::import::native_names().into_iter().filter(|n| !n.contains('.')) {
        g.push(th, th.intern(n))?;
    }
    put("builtin_module_names", th.try_tuple(g.as_slice())?)?;
    let mut g = crate::interp::call::Gather::new();
    for n in super::names::STDLIB {
        g.push(th, th.intern(n))?;
    }
    put("stdlib_module_names", crate::builtins::set::frozen_from_slice(th, g.as_slice())?)?;
    let mon = crate::builtins::module::make_native(th, &super::monitoring::MODULE)?;
    put("monitoring", mon.value())?;
    put("_jit", crate::builtins::module::make_native(th, &super::jit::MODULE)?.value())?;
    Ok(())
}
