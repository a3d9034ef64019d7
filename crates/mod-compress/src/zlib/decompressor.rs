//! `zlib._ZlibDecompressor`: a decompressor that keeps the input it could not use yet, as those of `_bz2` and `_lzma`.

use super::stream::Inflate;
use super::*;
use crate::incremental::{self, Engine, Outcome};

/// The stream as an engine of incremental decompression.
pub struct ZlibEngine {
    stream: Inflate,
    dict: Option<Vec<u8>>,
}
impl Engine for ZlibEngine {
    fn run(&mut self, input: &mut &[u8], out: &mut Sink) -> Result<Outcome, incremental::Failure> {
        let (e, refused) = self.stream.run(input, out, z::Z_SYNC_FLUSH, self.dict.as_deref());
        match e {
            z::Z_STREAM_END => Ok(Outcome::End),
            z::Z_OK | z::Z_BUF_ERROR if !refused => Ok(Outcome::More),
            e => {
                let what = if refused { "while setting zdict" } else { "while decompressing data" };
                let msg = self.stream.message().map(str::to_string);
                Err(Box::new(move |th| zlib_error(th, e, msg.as_deref(), what)))
            }
        }
    }
}

static SIG: NativeDef = signature("_ZlibDecompressor", "(wbits=15, zdict=b'')");
static DECOMPRESSOR_TYPE: NativeType = NativeType {
    name: "zlib._ZlibDecompressor",
    doc: "Create a decompressor object for decompressing data incrementally.\n\n  wbits = 15\n  zdict\n     The predefined compression dictionary. This is a sequence of bytes\n     (such as a bytes object) containing subsequences that are expected\n     to occur frequently in the data that is to be compressed. Those\n     subsequences that are expected to be most common should come at the\n     end of the dictionary. This must be the same dictionary as used by the\n     compressor that produced the input data.\n\n",
    text_signature: Some("(wbits=15, zdict=b'')"),
    slots: adder_vm::slots::Slots {
        new: Some(|th, t, a| {
            let [wbits, zdict] = bind::<2>(th, &SIG, a)?;
            let wbits = int_or(th, wbits, 15)?;
            let stream = inflate(th, wbits, zdict)?;
            // An object that is no buffer fails only once a dictionary is needed: it is looked at now.
            let dict = match zdict {
                Some(d) if buffer::is_buffer(th, d) || bytes_of(d).is_some() => {
                    Some(Buffer::simple(th, d)?.bytes().to_vec())
                }
                _ => None,
            };
            incremental::new(th, t, ZlibEngine { stream, dict })
        }),
        ..adder_vm::slots::Slots::NONE
    },
    methods: &[method(
        "decompress",
        "($self, /, data, max_length=-1)",
        "Decompress *data*, returning uncompressed data as bytes.\n\nIf *max_length* is nonnegative, returns at most *max_length* bytes\nof decompressed data.  If this limit is reached and further output\ncan be produced, *self.needs_input* will be set to ``False``.  In\nthis case, the next call to *decompress()* may provide *data* as b''\nto obtain more of the output.\n\nIf all of the input data was decompressed and returned (either\nbecause this was less than *max_length* bytes, or because\n*max_length* was negative), *self.needs_input* will be set to True.\n\nAttempting to decompress data after the end of stream is reached\nraises an EOFError.  Any data found after the end of the stream is\nignored and saved in the unused_data attribute.",
        incremental::decompress::<ZlibEngine>,
    )],
    getset: incremental::GETSET,
    ..incremental::type_of::<ZlibEngine>()
};
pub static TYPE: TypeCell = TypeCell::new(&DECOMPRESSOR_TYPE);
