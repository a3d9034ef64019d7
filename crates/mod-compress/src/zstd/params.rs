//! Parameters of compression and decompression.
//!
//! # Safety
//! Only numbers of [`NAMES`], all of which the C enumeration has, become a `ZSTD_cParameter`. Contexts are the caller's,
//! and live.

use super::*;

pub const CONSTANTS: &[(&str, i64)] = &[
    ("ZSTD_CLEVEL_DEFAULT", 3),
    ("ZSTD_fast", 1),
    ("ZSTD_dfast", 2),
    ("ZSTD_greedy", 3),
    ("ZSTD_lazy", 4),
    ("ZSTD_lazy2", 5),
    ("ZSTD_btlazy2", 6),
    ("ZSTD_btopt", 7),
    ("ZSTD_btultra", 8),
    ("ZSTD_btultra2", 9),
    ("ZSTD_c_compressionLevel", 100),
    ("ZSTD_c_windowLog", 101),
    ("ZSTD_c_hashLog", 102),
    ("ZSTD_c_chainLog", 103),
    ("ZSTD_c_searchLog", 104),
    ("ZSTD_c_minMatch", 105),
    ("ZSTD_c_targetLength", 106),
    ("ZSTD_c_strategy", 107),
    ("ZSTD_c_enableLongDistanceMatching", 160),
    ("ZSTD_c_ldmHashLog", 161),
    ("ZSTD_c_ldmMinMatch", 162),
    ("ZSTD_c_ldmBucketSizeLog", 163),
    ("ZSTD_c_ldmHashRateLog", 164),
    ("ZSTD_c_contentSizeFlag", 200),
    ("ZSTD_c_checksumFlag", 201),
    ("ZSTD_c_dictIDFlag", 202),
    ("ZSTD_c_nbWorkers", 400),
    ("ZSTD_c_jobSize", 401),
    ("ZSTD_c_overlapLog", 402),
    ("ZSTD_d_windowLogMax", 100),
];
const NAMES: &[(i32, &str)] = &[
    (100, "compression_level"),
    (101, "window_log"),
    (102, "hash_log"),
    (103, "chain_log"),
    (104, "search_log"),
    (105, "min_match"),
    (106, "target_length"),
    (107, "strategy"),
    (160, "enable_long_distance_matching"),
    (161, "ldm_hash_log"),
    (162, "ldm_min_match"),
    (163, "ldm_bucket_size_log"),
    (164, "ldm_hash_rate_log"),
    (200, "content_size_flag"),
    (201, "checksum_flag"),
    (202, "dict_id_flag"),
    (400, "nb_workers"),
    (401, "job_size"),
    (402, "overlap_log"),
];
const COMPRESSION_LEVEL: i32 = 100;
const WINDOW_LOG_MAX: i32 = 100;

/// The parameter of this number, if there is one.
fn c_param(p: i32) -> Option<z::ZSTD_cParameter> {
    // SAFETY: see the module.
    NAMES.iter().any(|n| n.0 == p).then(|| unsafe { std::mem::transmute::<i32, z::ZSTD_cParameter>(p) })
}
fn d_param(p: i32) -> Option<z::ZSTD_dParameter> {
    (p == WINDOW_LOG_MAX).then_some(z::ZSTD_dParameter::ZSTD_d_windowLogMax)
}

/// `ZSTD_error_parameter_unsupported` as a result.
const UNSUPPORTED: usize = -40isize as usize;

pub fn bounds(p: i32, compress: bool) -> Result<(i32, i32), usize> {
    let b = if compress {
        let Some(p) = c_param(p) else { return Err(UNSUPPORTED) };
        unsafe { z::ZSTD_cParam_getBounds(p) }
    } else {
        let Some(p) = d_param(p) else { return Err(UNSUPPORTED) };
        unsafe { z::ZSTD_dParam_getBounds(p) }
    };
    if is_error(b.error) { Err(b.error) } else { Ok((b.lowerBound, b.upperBound)) }
}

/// The enumerations of the parameters, kept by the module.
pub fn set_types(th: Th, a: Args) -> R<Value> {
    for (i, name) in ["c_parameter_type", "d_parameter_type"].iter().enumerate() {
        if !a[i].unwrap().is_kind(Kind::Type) {
            return Err(th.type_error(format!(
                "set_parameter_types() argument '{name}' must be type, not {}",
                th.arg_type_name(a[i].unwrap())
            )));
        }
    }
    let m = adder_vm::import::import_module(th, "_zstd")?;
    if let Some(m) = m.cast::<Module>() {
        th.store(m, &m.state, th.tuple(&[a[0].unwrap(), a[1].unwrap()]));
    }
    Ok(NONE())
}
/// Whether a key belongs to the parameters of the other direction.
fn is_other(th: Th, key: Value, compress: bool) -> R<bool> {
    let m = adder_vm::import::import_module(th, "_zstd")?;
    let types = m.cast::<Module>().and_then(|m| m.state.get()).and_then(|t| t.cast::<Tuple>());
    Ok(types.is_some_and(|t| t.items()[compress as usize].is(th.type_of(key).value())))
}

#[cold]
fn failed(th: Th, p: i32, v: i32, compress: bool) -> Raised {
    let what = if compress { "compression" } else { "decompression" };
    let name = if compress {
        NAMES.iter().find(|n| n.0 == p).map(|n| n.1)
    } else {
        (p == WINDOW_LOG_MAX).then_some("window_log_max")
    };
    let name = name.map_or(format!("unknown parameter (key {p})"), str::to_string);
    match bounds(p, compress) {
        Ok((lo, hi)) => th.value_error(format!(
            "{what} parameter '{name}' received an illegal value {v}; the valid range is [{lo}, {hi}]"
        )),
        Err(_) => th.value_error(format!("invalid {what} parameter '{name}'")),
    }
}

/// The entries of an options argument; `compress` says whose.
pub fn entries(th: Th, options: Value, compress: bool) -> R<Vec<(i32, i32)>> {
    let Some(d) = options.cast::<Dict>() else {
        let who = if compress { "ZstdCompressor" } else { "ZstdDecompressor" };
        return Err(th.type_error(format!(
            "{who}() argument 'options' must be dict, not {}",
            th.arg_type_name(options)
        )));
    };
    let (mut out, mut i) = (Vec::new(), 0);
    while let Some((next, k, v)) = d.next_entry(i) {
        i = next;
        if is_other(th, k, compress)? {
            return Err(th.type_error(if compress {
                "compression options dictionary key must not be a DecompressionParameter attribute"
            } else {
                "decompression options dictionary key must not be a CompressionParameter attribute"
            }));
        }
        out.push((int_arg(th, k)?, int_arg(th, v)?));
    }
    Ok(out)
}

pub fn level(th: Th, v: Value) -> R<i32> {
    let (lo, hi) = bounds(COMPRESSION_LEVEL, true).unwrap_or((0, 0));
    if !int::is_int(v) {
        return Err(th.type_error("invalid type for level, expected int"));
    }
    match int::to_i64(v).and_then(|n| i32::try_from(n).ok()) {
        None => Err(th.value_error(format!("illegal compression level; the valid range is [{lo}, {hi}]"))),
        Some(n) if n < lo || n > hi => {
            Err(th.value_error(format!("illegal compression level {n}; the valid range is [{lo}, {hi}]")))
        }
        Some(n) => Ok(n),
    }
}

/// Sets parameters of a compression; the level.
pub fn apply_c(th: Th, c: *mut z::ZSTD_CCtx, options: &[(i32, i32)]) -> R<Option<i32>> {
    let mut chosen = None;
    for &(p, v) in options {
        if p == COMPRESSION_LEVEL {
            chosen = Some(level(th, th.int(v as i64))?);
        }
        let in_bounds = bounds(p, true).is_ok_and(|(lo, hi)| (lo..=hi).contains(&v) || v == 0);
        let ok = match c_param(p) {
            Some(p) => in_bounds && !is_error(unsafe { z::ZSTD_CCtx_setParameter(c, p, v) }),
            None => false,
        };
        if !ok {
            return Err(failed(th, p, v, true));
        }
    }
    Ok(chosen)
}
pub fn apply_d(th: Th, d: *mut z::ZSTD_DCtx, options: &[(i32, i32)]) -> R<()> {
    for &(p, v) in options {
        let ok = match d_param(p) {
            Some(p) => !is_error(unsafe { z::ZSTD_DCtx_setParameter(d, p, v) }),
            None => false,
        };
        if !ok {
            return Err(failed(th, p, v, false));
        }
    }
    Ok(())
}
