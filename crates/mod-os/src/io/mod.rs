//! `_io`: streams. CPython's `Modules/_io`.
//!
//! Layers as in CPython: [`mod@file`] (descriptors), [`buffered`] (bytes with a buffer), [`text`] (str); [`bytes_io`] and
//! [`string_io`] in memory. Where a layer sits on exactly the native type below, it uses that directly; on anything else
//! it calls the methods that the protocol names.
//!
//! # Threads
//! - `BufferedReader/Writer/Random` and the reading half of `TextIOWrapper` hold a lock of the object during an operation,
//!   calls of Python code included; the holder may not enter again (buffered: RuntimeError) or just goes on (text).
//! - What text waits to be written, `BytesIO` and `StringIO` change under the object's thin lock; nothing is called
//!   meanwhile.
//! - Memory outside the heap (the buffers) is touched only under the lock and freed by `close` or when the object dies.
//!
//! # Endings
//! An unreachable stream is closed by its finalizer ([`base::finalize`]). When the runtime ends, [`at_end`] flushes
//! whatever is still open and was written to.
//!
//! # Safety
//! Each layer says on what it relies. An object that the heap shows while the world is stopped is held, by a list,
//! before anything else happens.

mod base;
mod buffered;
mod bytes_io;
mod file;
mod newline;
mod open;
mod pair;
mod string_io;
mod text;
mod text_codec;
mod text_read;
mod text_seek;

use crate::util::*;
use adder_host::Errno;
use adder_vm::builtins::buffer::{self, Buffer, flag};
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::{bytes, int, list};
use adder_vm::err::{R, Raised};
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::{Root, Th};
use adder_vm::value::*;
use std::cell::Cell as Plain;

pub const DEFAULT_BUFFER_SIZE: i64 = 128 << 10;

pub static MODULE: NativeModule = NativeModule {
    name: "_io",
    doc: "The io module provides the Python interfaces to stream handling. The\nbuiltin open function is defined in this module.\n\nAt the top of the I/O hierarchy is the abstract base class IOBase. It\ndefines the basic interface to a stream. Note, however, that there is no\nseparation between reading and writing to streams; implementations are\nallowed to raise an OSError if they do not support a given operation.\n\nExtending IOBase is RawIOBase which deals simply with the reading and\nwriting of raw bytes to a stream. FileIO subclasses RawIOBase to provide\nan interface to OS files.\n\nBufferedIOBase deals with buffering on a raw byte stream (RawIOBase). Its\nsubclasses, BufferedWriter, BufferedReader, and BufferedRWPair buffer\nstreams that are readable, writable, and both respectively.\nBufferedRandom provides a buffered interface to random access\nstreams. BytesIO is a simple stream of in-memory bytes.\n\nAnother IOBase subclass, TextIOBase, deals with the encoding and decoding\nof streams into text. TextIOWrapper, which extends it, is a buffered text\ninterface to a buffered raw stream (`BufferedIOBase`). Finally, StringIO\nis an in-memory stream for text.\n\nArgument names are not part of the specification, and only the arguments\nof open() are intended to be used as keyword arguments.\n\ndata:\n\nDEFAULT_BUFFER_SIZE\n\n   An int containing the default buffer size used by the module's buffered\n   I/O classes.\n",
    functions: &[
        function(
            "open",
            "($module, /, file, mode='r', buffering=-1, encoding=None,\n     errors=None, newline=None, closefd=True, opener=None)",
            "Open file and return a stream.  Raise OSError upon failure.\n\nfile is either a text or byte string giving the name (and the path\nif the file isn't in the current working directory) of the file to\nbe opened or an integer file descriptor of the file to be\nwrapped.  (If a file descriptor is given, it is closed when the\nreturned I/O object is closed, unless closefd is set to False.)\n\nmode is an optional string that specifies the mode in which the file\nis opened.  It defaults to 'r' which means open for reading in text\nmode.  Other common values are 'w' for writing (truncating the file if\nit already exists), 'x' for creating and writing to a new file, and\n'a' for appending (which on some Unix systems, means that all writes\nappend to the end of the file regardless of the current seek position).\nIn text mode, if encoding is not specified the encoding used is platform\ndependent: locale.getencoding() is called to get the current locale\nencoding.  (For reading and writing raw bytes use binary mode and leave\nencoding unspecified.)  The available modes are:\n\n========= ==========================================================\nCharacter Meaning\n--------- ----------------------------------------------------------\n'r'       open for reading (default)\n'w'       open for writing, truncating the file first\n'x'       create a new file and open it for writing\n'a'       open for writing, appending to the end of the file if it\n          exists\n'b'       binary mode\n't'       text mode (default)\n'+'       open a disk file for updating (reading and writing)\n========= ==========================================================\n\nThe default mode is 'rt' (open for reading text).  For binary random\naccess, the mode 'w+b' opens and truncates the file to 0 bytes, while\n'r+b' opens the file without truncation.  The 'x' mode implies 'w' and\nraises an `FileExistsError` if the file already exists.\n\nPython distinguishes between files opened in binary and text modes,\neven when the underlying operating system doesn't.  Files opened in\nbinary mode (appending 'b' to the mode argument) return contents as\nbytes objects without any decoding.  In text mode (the default, or when\n't' is appended to the mode argument), the contents of the file are\nreturned as strings, the bytes having been first decoded using a\nplatform-dependent encoding or using the specified encoding if given.\n\nbuffering is an optional integer used to set the buffering policy.\nPass 0 to switch buffering off (only allowed in binary mode), 1 to\nselect line buffering (only usable in text mode), and an integer > 1 to\nindicate the size of a fixed-size chunk buffer.   When no buffering\nargument is given, the default buffering policy works as follows:\n\n* Binary files are buffered in fixed-size chunks; the size of the buffer\n  is max(min(blocksize, 8 MiB), DEFAULT_BUFFER_SIZE) when the device\n  block size is available.\n  On most systems, the buffer will typically be 128 kilobytes long.\n\n* \"Interactive\" text files (files for which isatty() returns True)\n  use line buffering.  Other text files use the policy described above\n  for binary files.\n\nencoding is the name of the encoding used to decode or encode the\nfile.  This should only be used in text mode.  The default encoding is\nplatform dependent, but any encoding supported by Python can be\npassed.  See the codecs module for the list of supported encodings.\n\nerrors is an optional string that specifies how encoding errors are to\nbe handled---this argument should not be used in binary mode.  Pass\n'strict' to raise a ValueError exception if there is an encoding error\n(the default of None has the same effect), or pass 'ignore' to ignore\nerrors.  (Note that ignoring encoding errors can lead to data loss.)\nSee the documentation for codecs.register or run 'help(codecs.Codec)'\nfor a list of the permitted encoding error strings.\n\nnewline controls how universal newlines works (it only applies to text\nmode).  It can be None, '', '\\n', '\\r', and '\\r\\n'.  It works as\nfollows:\n\n* On input, if newline is None, universal newlines mode is enabled.\n  Lines in the input can end in '\\n', '\\r', or '\\r\\n', and these are\n  translated into '\\n' before being returned to the caller.  If it is\n  '', universal newline mode is enabled, but line endings are returned\n  to the caller untranslated.  If it has any of the other legal values,\n  input lines are only terminated by the given string, and the line\n  ending is returned to the caller untranslated.\n\n* On output, if newline is None, any '\\n' characters written are\n  translated to the system default line separator, os.linesep.  If\n  newline is '' or '\\n', no translation takes place.  If newline is any\n  of the other legal values, any '\\n' characters written are translated\n  to the given string.\n\nIf closefd is False, the underlying file descriptor will be kept open\nwhen the file is closed.  This does not work when a file name is given\nand must be True in that case.\n\nA custom opener can be used by passing a callable as *opener*.  The\nunderlying file descriptor for the file object is then obtained by\ncalling *opener* with (*file*, *flags*).  *opener* must return an open\nfile descriptor (passing os.open as *opener* results in functionality\nsimilar to passing None).\n\nopen() returns a file object whose type depends on the mode, and\nthrough which the standard file operations such as reading and writing\nare performed.  When open() is used to open a file in a text mode ('w',\n'r', 'wt', 'rt', etc.), it returns a TextIOWrapper.  When used to open\na file in a binary mode, the returned class varies: in read binary\nmode, it returns a BufferedReader; in write binary and append binary\nmodes, it returns a BufferedWriter, and in read/write mode, it returns\na BufferedRandom.\n\nIt is also possible to use a string or bytearray as a file for both\nreading and writing.  For strings StringIO can be used like a file\nopened in a text mode, and for bytes a BytesIO can be used like a file\nopened in a binary mode.",
            open::open,
        ),
        function(
            "text_encoding",
            "($module, encoding, stacklevel=2, /)",
            "A helper function to choose the text encoding.\n\nWhen encoding is not None, this function returns it.\nOtherwise, this function returns the default text encoding\n(i.e. \"locale\" or \"utf-8\" depends on UTF-8 mode).\n\nThis function emits an EncodingWarning if encoding is None and\nsys.flags.warn_default_encoding is true.\n\nThis can be used in APIs with an encoding=None parameter.\nHowever, please consider using encoding=\"utf-8\" for new APIs.",
            open::text_encoding,
        ),
        function(
            "open_code",
            "($module, /, path)",
            "Opens the provided file with the intent to import the contents.\n\nThis may perform extra validation beyond open(), but is otherwise\ninterchangeable with calling open(path, 'rb').",
            open::open_code,
        ),
    ],
    types: &[
        &base::IOBASE,
        &base::RAWIOBASE,
        &base::BUFFEREDIOBASE,
        &base::TEXTIOBASE,
        &file::FILEIO,
        &bytes_io::BYTESIO,
        &buffered::READER,
        &buffered::WRITER,
        &pair::RWPAIR,
        &buffered::RANDOM,
        &string_io::STRINGIO,
        &text::WRAPPER,
        &newline::DECODER,
    ],
    init: Some(init),
};

fn init(th: Th, m: Gc<Module>) -> R<()> {
    m.put(th, "DEFAULT_BUFFER_SIZE", Value::fix(DEFAULT_BUFFER_SIZE))?;
    m.put(th, "BlockingIOError", exc::BLOCKING_IO_ERROR.get().value())?;
    let d = Gc::<Dict>::new(th);
    d.set(th, n!(__module__), th.intern("io"))?;
    let bases = th.tuple(&[exc::OS_ERROR.get().value(), exc::VALUE_ERROR.get().value()]);
    let t = th.type_of(exc::OS_ERROR.get().value()).value();
    let u = th.call(t, &[th.intern("UnsupportedOperation"), bases, d.value()])?;
    Root::unsupported_operation.set(Some(u));
    m.put(th, "UnsupportedOperation", u)?;
    adder_vm::run::at_end(at_end);
    adder_vm::builtins::print::set_text_file(&text::WRAPPER, text::write_plain);
    Ok(())
}

/// Nothing written is lost: flushes all streams that are still open when the runtime ends.
fn at_end(th: Th) {
    if !buffered::may_be_unflushed() {
        return;
    }
    let objects = match list::new(th, &[]) {
        Ok(l) => l,
        Err(_) => {
            th.take_exc();
            return;
        }
    };
    // Two rounds: what text gives on is in the buffers below it.
    for round in 0..2 {
        list::clear(th, objects);
        let mut found: Vec<usize> = Vec::new(); // gc-safe: nothing is allocated or moved before they are in the list
        // Streams have finalizers.
        th.m.heap.each_finalizable(&th.m, &mut |o| {
            let v = Value::from_obj(o);
            if v.is_kind(Kind::Native) {
                let t = th.type_of(v).native;
                if round == 0 && std::ptr::eq(t, text::WRAPPER.def) && text::has_pending(v)
                    || round == 1 && buffered::is_buffered(t) && buffered::has_pending(v)
                {
                    found.push(v.bits() as usize);
                }
            }
        });
        for w in found {
            // SAFETY: objects that the heap has just shown.
            let v = unsafe { Value::from_bits(w as u64) };
            th.m.pin(v.obj().expect("an object"));
            if list::append(th, objects, v).is_err() {
                th.take_exc();
            }
        }
        let mut i = 0;
        while let Some(o) = objects.get(i) {
            if th.call_method(o, n!(flush), &[]).is_err() {
                th.take_exc();
            }
            i += 1;
        }
    }
}

// -- errors

/// `io.UnsupportedOperation(msg)`.
#[cold]
pub fn unsupported(th: Th, msg: &str) -> Raised {
    let s = th.str(msg);
    match th.call(Root::unsupported_operation.value(), &[s]) {
        Ok(e) => th.raise(e),
        Err(r) => r,
    }
}
#[cold]
pub fn closed_error(th: Th) -> Raised {
    th.value_error("I/O operation on closed file.")
}
#[cold]
pub fn uninitialized(th: Th) -> Raised {
    th.value_error("I/O operation on uninitialized object")
}
#[cold]
pub fn cannot_pickle(th: Th, a: Args) -> R<Value> {
    Err(th.type_error(format!("cannot pickle '{}' instances", th.type_of(a[0].unwrap()).name_str())))
}
/// Whether the pending exception is an OSError with `EINTR`; if so it is dropped.
pub fn trap_eintr(th: Th) -> bool {
    if !th.exc_is(&exc::OS_ERROR) {
        return false;
    }
    let e = th.take_exc();
    if let Ok(v) = th.getattr(e, n!(errno))
        && v.as_fix() == Some(Errno::EINTR.0 as i64)
    {
        return true;
    }
    th.set_exc(e);
    false
}
/// Goes on after something failed with `first`: that is raised, or is the context of a second failure.
pub fn chain<T>(th: Th, first: Option<Value>, r: R<T>) -> R<T> {
    let Some(first) = first else { return r };
    match r {
        Ok(_) => Err(th.set_exc(first)),
        Err(e) => {
            if let Some(second) = th.pending()
                && !second.is(first)
            {
                let x: Gc<BaseException> = second.known();
                th.store(x, &x.context, first);
            }
            Err(e)
        }
    }
}

// -- arguments

/// An int or None (-1).
pub fn opt_size(th: Th, v: Option<Value>) -> R<i64> {
    match v {
        None => Ok(-1),
        Some(v) => {
            match v.as_fix() {
                Some(n) => Ok(n),
                None if v.is_none() => Ok(-1),
                None if th.type_of(v).slots.index.is_some() => th.index_i64(v),
                None => Err(th
                    .type_error(format!("argument should be integer or None, not '{}'", th.type_name_of(v)))),
            }
        }
    }
}
/// An int; -1 if it was left out.
pub fn size_or_all(th: Th, v: Option<Value>) -> R<i64> {
    match v {
        None => Ok(-1),
        Some(v) => th.index_i64(v),
    }
}
/// What a stream's method gave as a count: ValueError if it is far too large.
pub fn as_ssize(th: Th, v: Value) -> R<i64> {
    if let Some(n) = v.as_fix() {
        return Ok(n);
    }
    let i = th.index(v)?;
    int::to_i64(i).ok_or_else(|| th.value_error("cannot fit 'int' into an index-sized integer"))
}
/// A position in a file.
pub fn as_offset(th: Th, v: Value) -> R<i64> {
    if let Some(n) = v.as_fix() {
        return Ok(n);
    }
    let i = th.index(v)?;
    int::to_i64(i).ok_or_else(|| th.value_error("cannot fit 'int' into an offset-sized integer"))
}
/// A writable buffer (`w*`).
pub fn rw_buffer(th: Th, func: &str, arg: &str, v: Value) -> R<Buffer> {
    match Buffer::writable(th, v) {
        Ok(b) => Ok(b),
        Err(e) => {
            if th.exc_is(&exc::TYPE_ERROR) || th.exc_is(&exc::BUFFER_ERROR) {
                th.take_exc();
                let t = th.type_name_of(v);
                return Err(th.type_error(format!(
                    "{func}() argument{arg} must be read-write bytes-like object, not {t}"
                )));
            }
            Err(e)
        }
    }
}
/// A str or None.
pub fn opt_str(th: Th, func: &str, name: &str, v: Option<Value>) -> R<Option<Value>> {
    match v {
        None => Ok(None),
        Some(v) if v.is_none() => Ok(None),
        Some(v) => match v.cast::<Str>() {
            None => Err(th.type_error(format!(
                "{func}() argument '{name}' must be str or None, not {}",
                th.type_name_of(v)
            ))),
            // `reconfigure` takes objects and looks at them later.
            Some(s) if func != "reconfigure" && s.bytes().contains(&0) => {
                Err(th.value_error("embedded null character"))
            }
            Some(s) => {
                if s.as_str().is_none() {
                    adder_vm::builtins::codecs::encode(th, v, None, None)?;
                }
                Ok(Some(v))
            }
        },
    }
}
pub use adder_vm::declare::{bind, signature};
/// The type's name as reprs show it: with the module for native types.
pub fn shown_type(th: Th, o: Value) -> String {
    let t = th.type_of(o);
    if t.heap_type() { t.name_str().into() } else { t.native.name.into() }
}
/// Exactly an instance of this native type.
#[inline(always)]
pub fn is_exactly(th: Th, v: Value, t: &'static TypeCell) -> bool {
    v.is_obj() && th.type_of(v) == t.get()
}
/// `_finalizing` and the like: a flag of the layout as an attribute.
pub fn set_flag(th: Th, f: &Plain<bool>, v: Option<Value>) -> R<()> {
    match v {
        None => Err(th.type_error("can't delete numeric/char attribute")),
        Some(v) if v.is_kind(Kind::Bool) => {
            f.set(v.is(TRUE()));
            Ok(())
        }
        Some(_) => Err(th.type_error("attribute value type must be bool")),
    }
}
