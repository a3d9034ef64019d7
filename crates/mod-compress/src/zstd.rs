//! `_zstd`, on the zstd library: the module's functions. [`dict`] has dictionaries, [`coder`] the two coders, [`params`]
//! their options.
//!
//! # Invariants
//! The library gets a pointer with the length of a buffer that is held for the call; its texts are static C strings.

mod coder;
mod dict;
mod params;

use crate::util::*;
use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::{exceptions as exc, int};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::ffi::CStr;
use zstd_sys as z;

pub static MODULE: NativeModule = NativeModule {
    name: "_zstd",
    doc: "Implementation module for Zstandard compression.",
    functions: &[
        function(
            "train_dict",
            "($module, samples_bytes, samples_sizes, dict_size, /)",
            "Train a Zstandard dictionary on sample data.\n\n  samples_bytes\n    Concatenation of samples.\n  samples_sizes\n    Tuple of samples' sizes.\n  dict_size\n    The size of the dictionary.",
            dict::train,
        ),
        function(
            "finalize_dict",
            "($module, custom_dict_bytes, samples_bytes, samples_sizes,\n              dict_size, compression_level, /)",
            "Finalize a Zstandard dictionary.\n\n  custom_dict_bytes\n    Custom dictionary content.\n  samples_bytes\n    Concatenation of samples.\n  samples_sizes\n    Tuple of samples' sizes.\n  dict_size\n    The size of the dictionary.\n  compression_level\n    Optimize for a specific Zstandard compression level, 0 means default.",
            dict::finalize,
        ),
        function(
            "get_param_bounds",
            "($module, /, parameter, is_compress)",
            "Get CompressionParameter/DecompressionParameter bounds.\n\n  parameter\n    The parameter to get bounds.\n  is_compress\n    True for CompressionParameter, False for DecompressionParameter.",
            |th, a| {
                let (p, compress) = (int_arg(th, a[0].unwrap())?, th.truth(a[1].unwrap())?);
                match params::bounds(p, compress) {
                    Ok((lo, hi)) => Ok(th.tuple(&[th.int(lo as i64), th.int(hi as i64)])),
                    Err(e) => {
                        let what = if compress { "compression" } else { "decompression" };
                        Err(zstd_error(th, &format!("Unable to get zstd {what} parameter bounds"), e))
                    }
                }
            },
        ),
        function(
            "get_frame_size",
            "($module, /, frame_buffer)",
            "Get the size of a Zstandard frame, including the header and optional checksum.\n\n  frame_buffer\n    A bytes-like object, it should start from the beginning of a frame,\n    and contains at least one complete frame.",
            |th, a| {
                let b = Buffer::simple(th, a[0].unwrap())?;
                let n = unsafe { z::ZSTD_findFrameCompressedSize(b.bytes().as_ptr().cast(), b.len()) };
                if is_error(n) {
                    return Err(th.raise_msg(
                        &ERROR,
                        &format!(
                            "Error when finding the compressed size of a Zstandard frame. Ensure the frame_buffer argument starts from the beginning of a frame, and its length is not less than this complete frame. Zstd error message: {}.",
                            error_name(n)
                        ),
                    ));
                }
                Ok(th.int(n as i64))
            },
        ),
        function(
            "get_frame_info",
            "($module, /, frame_buffer)",
            "Get Zstandard frame infomation from a frame header.\n\n  frame_buffer\n    A bytes-like object, containing the header of a Zstandard frame.",
            |th, a| {
                let b = Buffer::simple(th, a[0].unwrap())?;
                let (p, n) = (b.bytes().as_ptr().cast(), b.len());
                let size = unsafe { z::ZSTD_getFrameContentSize(p, n) };
                let size = match size {
                    u64::MAX => NONE(),
                    // ZSTD_CONTENTSIZE_ERROR
                    s if s == u64::MAX - 1 => {
                        return Err(th.raise_msg(&ERROR, "Error when getting information from the header of a Zstandard frame. Ensure the frame_buffer argument starts from the beginning of a frame, and its length is not less than the frame header (6~18 bytes)."));
                    }
                    s => th.uint(s),
                };
                let id = unsafe { z::ZSTD_getDictID_fromFrame(p, n) };
                Ok(th.tuple(&[size, th.int(id as i64)]))
            },
        ),
        function(
            "set_parameter_types",
            "($module, /, c_parameter_type, d_parameter_type)",
            "Set CompressionParameter and DecompressionParameter types for validity check.\n\n  c_parameter_type\n    CompressionParameter IntEnum type object\n  d_parameter_type\n    DecompressionParameter IntEnum type object",
            params::set_types,
        ),
    ],
    types: &[&dict::DICT, &coder::COMPRESSOR, &coder::DECOMPRESSOR, &ERROR],
    init: Some(|th, m| {
        for (name, n) in params::CONSTANTS {
            m.put(th, name, th.int(*n))?;
        }
        m.put(th, "ZSTD_DStreamOutSize", th.int(unsafe { z::ZSTD_DStreamOutSize() } as i64))?;
        m.put(th, "zstd_version_number", th.int(unsafe { z::ZSTD_versionNumber() } as i64))?;
        // SAFETY: a static text.
        let v = unsafe { CStr::from_ptr(z::ZSTD_versionString()) };
        m.put(th, "zstd_version", th.str(&v.to_string_lossy()))
    }),
};

static ERROR_TYPE: NativeType =
    exception("compression.zstd.ZstdError", "An error occurred in the zstd library.", &exc::EXCEPTION);
static ERROR: TypeCell = TypeCell::new(&ERROR_TYPE);

fn is_error(n: usize) -> bool {
    // SAFETY: it takes any number.
    unsafe { z::ZSTD_isError(n) != 0 }
}
fn error_name(n: usize) -> String {
    // SAFETY: a static text for any number.
    unsafe { CStr::from_ptr(z::ZSTD_getErrorName(n)) }.to_string_lossy().into_owned()
}
#[cold]
fn zstd_error(th: Th, what: &str, n: usize) -> Raised {
    th.raise_msg(&ERROR, &format!("{what}: {}", error_name(n)))
}
/// Zstd's result, with an error as ZstdError.
fn check(th: Th, what: &str, n: usize) -> R<usize> {
    if is_error(n) { Err(zstd_error(th, what, n)) } else { Ok(n) }
}
