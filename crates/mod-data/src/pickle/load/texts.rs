//! Numbers written as text and the strings of Python 2: the opcodes of old protocols.

use super::*;

impl Machine<'_> {
    pub(super) fn long(&mut self, n: usize) -> R<()> {
        let th = self.th;
        let b = self.read(n)?;
        let v = if n == 0 {
            Value::fix(0)
        } else if n <= 8 {
            let fill = if b[n - 1] >= 0x80 { 0xff } else { 0 };
            let mut x = [fill; 8];
            x[..n].copy_from_slice(b);
            th.int(i64::from_le_bytes(x))
        } else {
            th.big(adder_num::bigint::from_bytes(b, true, true))?
        };
        self.push(v);
        Ok(())
    }
    pub(super) fn latin1(&self, b: &[u8]) -> R<Value> {
        let s: String = b.iter().map(|c| *c as char).collect();
        self.th.try_str(s.as_bytes())
    }
    pub(super) fn parse_int(&mut self, line: &[u8], base: i64) -> R<Value> {
        let text = self.latin1(line)?;
        let f = adder_vm::builtins::int::INT.get().value();
        self.th.call(f, &[text, Value::fix(base)])
    }
    pub(super) fn number_line(&mut self) -> R<Value> {
        let line = self.full_line()?;
        self.parse_int(line, 10)
    }
    pub(super) fn int_line(&mut self) -> R<()> {
        let th = self.th;
        let line = self.full_line()?;
        let v = match line {
            b"00\n" => FALSE(),
            b"01\n" => TRUE(),
            _ => {
                let r = match std::str::from_utf8(line).ok().and_then(|s| s.trim().parse::<i64>().ok()) {
                    Some(n) => Ok(th.int(n)),
                    None => self.parse_int(line, 10),
                };
                match r {
                    Ok(v) => v,
                    Err(e) => {
                        if th.exc_is(&exc::VALUE_ERROR) {
                            th.take_exc();
                            return Err(th.value_error("could not convert string to int"));
                        }
                        return Err(e);
                    }
                }
            }
        };
        self.push(v);
        Ok(())
    }
    pub(super) fn codec(&self, name: &str, args: &[Value]) -> R<Value> {
        let f = adder_vm::import::import_attr(self.th, "_codecs", name)?;
        let r = self.th.call(f, args)?;
        match r.cast::<Tuple>() {
            Some(t) if t.len > 0 => Ok(t.items()[0]),
            _ => Err(self.th.type_error("decoder must return a tuple")),
        }
    }
    /// A `str` of Python 2.
    fn decode_old(&self, b: Value) -> R<Value> {
        let st = state(self.u);
        if st.encoding == "bytes" {
            return Ok(b);
        }
        let (enc, err) = (self.th.str(&st.encoding), self.th.str(&st.errors));
        codecs::decode(self.th, b, Some(enc), Some(err))
    }
    pub(super) fn old_string(&mut self, n: usize) -> R<()> {
        let b = self.read(n)?;
        let b = bytes::new(self.th, b)?.value();
        let v = self.decode_old(b)?;
        self.push(v);
        Ok(())
    }
    pub(super) fn string_line(&mut self) -> R<()> {
        let line = self.readline()?;
        let s = &line[..line.len() - 1];
        let n = s.len();
        if n < 2 || s[0] != s[n - 1] || (s[0] != b'\'' && s[0] != b'"') {
            return Err(unpickling_error(self.th, "the STRING opcode argument must be quoted"));
        }
        let raw = bytes::new(self.th, &s[1..n - 1])?.value();
        let b = self.codec("escape_decode", &[raw])?;
        let v = self.decode_old(b)?;
        self.push(v);
        Ok(())
    }
}
