//! `termios`: settings of terminals.

use crate::util::*;
use adder_host::Errno;
use adder_host::tty::Attributes;
use adder_vm::builtins::list;
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

crate::exception_type!(pub ERROR "termios.error" EXCEPTION "");

pub static MODULE: NativeModule = NativeModule {
    name: "termios",
    doc: "This module provides an interface to the Posix calls for tty I/O control.\nFor a complete description of these calls, see the Posix or Unix manual\npages. It is only available for those Unix versions that support Posix\ntermios style tty I/O control.\n\nAll functions in this module take a file descriptor fd as their first\nargument. This can be an integer file descriptor, such as returned by\nsys.stdin.fileno(), or a file object, such as sys.stdin itself.",
    functions: &[
        function(
            "tcgetattr",
            "($module, fd, /)",
            "Get the tty attributes for file descriptor fd.\n\nReturns a list [iflag, oflag, cflag, lflag, ispeed, ospeed, cc]\nwhere cc is a list of the tty special characters (each a string of\nlength 1, except the items with indices VMIN and VTIME, which are\nintegers when these fields are defined).  The interpretation of the\nflags and the speeds as well as the indexing in the cc array must be\ndone using the symbolic constants defined in this module.",
            |th, a| {
                let fd = fileno(th, a[0].unwrap())?;
                let t = get(th, fd)?;
                let cc = list::new(th, &[])?;
                for (i, b) in t.chars.iter().enumerate() {
                    // Without lines these two are a count and a time.
                    let number = t.lflag & c::ICANON == 0 && (i == c::VMIN || i == c::VTIME);
                    let v = if number { Value::fix(*b as i64) } else { new_bytes(th, &[*b])? };
                    list::append(th, cc, v)?;
                }
                let n = |x: u32| th.int(x as i64);
                let v =
                    [n(t.iflag), n(t.oflag), n(t.cflag), n(t.lflag), n(t.ispeed), n(t.ospeed), cc.value()];
                Ok(list::new(th, &v)?.value())
            },
        ),
        function(
            "tcsetattr",
            "($module, fd, when, attributes, /)",
            "Set the tty attributes for file descriptor fd.\n\nThe attributes to be set are taken from the attributes argument, which\nis a list like the one returned by tcgetattr(). The when argument\ndetermines when the attributes are changed: termios.TCSANOW to\nchange immediately, termios.TCSADRAIN to change after transmitting all\nqueued output, or termios.TCSAFLUSH to change after transmitting all\nqueued output and discarding all queued input.",
            tcsetattr,
        ),
        function(
            "tcsendbreak",
            "($module, fd, duration, /)",
            "Send a break on file descriptor fd.\n\nA zero duration sends a break for 0.25-0.5 seconds; a nonzero duration\nhas a system dependent meaning.",
            |th, a| {
                let fd = fileno(th, a[0].unwrap())?;
                let n = int_arg(th, a[1].unwrap())?;
                let r = outside(th, |h, o| h.tcsendbreak(o, fd, n));
                done(th, r)
            },
        ),
        function(
            "tcdrain",
            "($module, fd, /)",
            "Wait until all output written to file descriptor fd has been transmitted.",
            |th, a| {
                let fd = fileno(th, a[0].unwrap())?;
                let r = outside(th, |h, o| h.tcdrain(o, fd));
                done(th, r)
            },
        ),
        function(
            "tcflush",
            "($module, fd, queue, /)",
            "Discard queued data on file descriptor fd.\n\nThe queue selector specifies which queue: termios.TCIFLUSH for the input\nqueue, termios.TCOFLUSH for the output queue, or termios.TCIOFLUSH for\nboth queues.",
            |th, a| {
                let fd = fileno(th, a[0].unwrap())?;
                let n = int_arg(th, a[1].unwrap())?;
                let r = outside(th, |h, o| h.tcflush(o, fd, n));
                done(th, r)
            },
        ),
        function(
            "tcflow",
            "($module, fd, action, /)",
            "Suspend or resume input or output on file descriptor fd.\n\nThe action argument can be termios.TCOOFF to suspend output,\ntermios.TCOON to restart output, termios.TCIOFF to suspend input,\nor termios.TCION to restart input.",
            |th, a| {
                let fd = fileno(th, a[0].unwrap())?;
                let n = int_arg(th, a[1].unwrap())?;
                let r = outside(th, |h, o| h.tcflow(o, fd, n));
                done(th, r)
            },
        ),
        function(
            "tcgetwinsize",
            "($module, fd, /)",
            "Get the tty winsize for file descriptor fd.\n\nReturns a tuple (ws_row, ws_col).",
            |th, a| {
                let fd = fileno(th, a[0].unwrap())?;
                let (rows, columns) = host().winsize(fd).map_err(|e| error(th, e))?;
                th.try_tuple(&[Value::fix(rows as i64), Value::fix(columns as i64)])
            },
        ),
        function(
            "tcsetwinsize",
            "($module, fd, winsize, /)",
            "Set the tty winsize for file descriptor fd.\n\nThe winsize to be set is taken from the winsize argument, which\nis a two-item tuple (ws_row, ws_col) like the one returned by\ntcgetwinsize().",
            |th, a| {
                let fd = fileno(th, a[0].unwrap())?;
                let v = a[1].unwrap();
                const WHAT: &str = "tcsetwinsize, arg 2: must be a two-item sequence";
                if th.type_of(v).slots.getitem.is_none() || th.len(v)? != 2 {
                    return Err(th.type_error(WHAT));
                }
                let rows = long_arg(th, th.getitem(v, Value::fix(0))?)?;
                let columns = long_arg(th, th.getitem(v, Value::fix(1))?)?;
                host().winsize(fd).map_err(|e| error(th, e))?;
                let (Ok(rows), Ok(columns)) = (u16::try_from(rows), u16::try_from(columns)) else {
                    return Err(th.overflow_error("winsize value(s) out of range."));
                };
                done(th, host().set_winsize(fd, rows, columns))
            },
        ),
    ],
    types: &[&ERROR],
    init: Some(|th, m| put_table(th, m, adder_host::consts::termios())),
};

#[cold]
fn error(th: Th, e: Errno) -> Raised {
    let msg = th.str(&e.message());
    th.raise_args(&ERROR, &[th.int(e.0 as i64), msg])
}
fn done(th: Th, r: adder_host::Res<()>) -> R<Value> {
    match r {
        Ok(()) => none(),
        Err(e) => Err(error(th, e)),
    }
}
fn get(th: Th, fd: i32) -> R<Attributes> {
    let r = outside(th, |h, o| h.tcgetattr(o, fd));
    r.map_err(|e| error(th, e))
}

fn tcsetattr(th: Th, a: Args) -> R<Value> {
    let fd = fileno(th, a[0].unwrap())?;
    let when = int_arg(th, a[1].unwrap())?;
    let l = a[2].unwrap().cast::<List>().filter(|l| l.len() == 7);
    let Some(l) = l else { return Err(th.type_error("tcsetattr, arg 3: must be 7 element list")) };
    let mut t = get(th, fd)?;
    let number = |i: usize| -> R<u32> {
        let v = l.get(i).unwrap_or(NONE());
        Ok(long_arg(th, v)? as u32)
    };
    (t.iflag, t.oflag, t.cflag, t.lflag) = (number(0)?, number(1)?, number(2)?, number(3)?);
    (t.ispeed, t.ospeed) = (number(4)?, number(5)?);
    let cc = l.get(6).and_then(|v| v.cast::<List>()).filter(|l| l.len() == t.chars.len());
    let Some(cc) = cc else {
        return Err(th.type_error(format!("tcsetattr: attributes[6] must be {} element list", t.chars.len())));
    };
    for i in 0..t.chars.len() {
        let v = cc.get(i).unwrap_or(NONE());
        t.chars[i] = match v.cast::<Bytes>() {
            Some(b) if b.len == 1 => b.bytes()[0],
            None if th.type_of(v).slots.index.is_some() => long_arg(th, v)? as u8,
            _ => {
                return Err(th.type_error("tcsetattr: elements of attributes must be characters or integers"));
            }
        };
    }
    let r = outside(th, |h, o| h.tcsetattr(o, fd, when, &t));
    done(th, r)
}
