//! Literals: numbers, strings, bytes, f-strings and t-strings.

use ruff_python_ast as r;

use super::{Lowerer, of_range, span};
use crate::ast::*;
use crate::error::{Error, ErrorKind, WarningCategory};

impl<'a> Lowerer<'a, '_> {
    pub fn number(&mut self, n: &r::ExprNumberLiteral) -> Lit<'a> {
        self.check_number_end(n);
        match &n.value {
            r::Number::Int(i) => match i.as_u64() {
                Some(v) if v <= i64::MAX as u64 => Lit::Int(v as i64),
                Some(v) => Lit::Big(false, self.b.arena.alloc_slice_copy(&[v])),
                None => self.big_int(n),
            },
            r::Number::Float(f) => Lit::Float(*f),
            r::Number::Complex { real, imag } => Lit::Complex(*real, *imag),
        }
    }

    /// A number that runs into a keyword (`1if x else y`) is deprecated.
    fn check_number_end(&mut self, n: &r::ExprNumberLiteral) {
        let (start, end) = (n.range.start().to_usize(), n.range.end().to_usize());
        let rest = &self.src.as_bytes()[end..];
        if !rest.first().is_some_and(|b| b.is_ascii_lowercase()) {
            return;
        }
        let keywords: [&[u8]; 8] = [b"and", b"else", b"for", b"if", b"in", b"is", b"or", b"not"];
        if !keywords.iter().any(|k| rest.starts_with(k)) {
            return;
        }
        let text = &self.src[start..end];
        let kind = match text.as_bytes().get(1) {
            Some(b'x' | b'X') => "hexadecimal",
            Some(b'o' | b'O') => "octal",
            Some(b'b' | b'B') => "binary",
            _ if text.ends_with(['j', 'J']) => "imaginary",
            _ => "decimal",
        };
        let at = Span::new(end as u32 - 1, end as u32 - 1);
        self.b.warnings.push((WarningCategory::SyntaxWarning, format!("invalid {kind} literal"), at));
    }

    fn big_int(&mut self, n: &r::ExprNumberLiteral) -> Lit<'a> {
        let text: String = self.src[n.range.start().to_usize()..n.range.end().to_usize()]
            .chars()
            .filter(|c| *c != '_')
            .collect();
        let (radix, digits) = match text.get(..2) {
            Some("0x" | "0X") => (16, &text[2..]),
            Some("0o" | "0O") => (8, &text[2..]),
            Some("0b" | "0B") => (2, &text[2..]),
            _ => (10, &text[..]),
        };
        if radix == 10 && self.max_digits != 0 && digits.len() > self.max_digits {
            self.b.fail(Error::of(
                ErrorKind::SyntaxError,
                super::too_many_digits(self.max_digits, digits.len()),
                span(n),
            ));
        }
        Lit::Big(false, self.b.arena.alloc_slice_copy(&parse_limbs(digits, radix)))
    }

    pub fn string_literal(&mut self, s: &r::ExprStringLiteral) -> ExprKind<'a> {
        let parts = s.value.as_slice();
        let bytes: &'a [u8] = if let [one] = parts {
            let v = self.string_part(one);
            self.b.arena.alloc_slice_copy(&v)
        } else {
            let mut all = Vec::new();
            for p in parts {
                let v = self.string_part(p);
                push_wtf8(&mut all, &v);
            }
            self.b.arena.alloc_slice_copy(&all)
        };
        if self.b.keep_u && s.value.is_unicode() {
            return ExprKind::UStr(bytes);
        }
        ExprKind::Constant(Lit::Str(bytes))
    }

    /// The value of one literal, as WTF-8.
    fn string_part<'p>(&mut self, p: &'p r::StringLiteral) -> std::borrow::Cow<'p, [u8]> {
        let range = p.content_range();
        let (start, end) = (range.start().to_usize(), range.end().to_usize());
        let raw = p.flags.prefix().is_raw();
        let text = &self.src[start..end];
        if !raw && text.as_bytes().contains(&b'\\') {
            self.check_escapes(start, text, false);
            if has_surrogate_escape(text) {
                return std::borrow::Cow::Owned(decode_surrogates(text));
            }
        }
        std::borrow::Cow::Borrowed(p.value.as_bytes())
    }

    pub fn bytes_literal(&mut self, b: &r::ExprBytesLiteral) -> Lit<'a> {
        let mut all = Vec::new();
        for p in b.value.as_slice() {
            if !p.flags.prefix().is_raw() {
                let range = p.content_range();
                let (start, end) = (range.start().to_usize(), range.end().to_usize());
                let src = self.src;
                self.check_escapes(start, &src[start..end], true);
            }
            all.extend_from_slice(&p.value);
        }
        Lit::Bytes(self.b.arena.alloc_slice_copy(&all))
    }

    /// Warns of the first escape that means nothing. The text begins at `start`; what follows the last backslash of a
    /// text within an f-string may be the brace behind it.
    fn check_escapes(&mut self, start: usize, text: &str, bytes: bool) {
        let (src, t) = (self.src, text.as_bytes());
        let mut i = 0;
        while i < t.len() {
            if t[i] != b'\\' {
                i += 1;
                continue;
            }
            let at = i;
            let Some(&c) = src.as_bytes().get(start + i + 1) else { return };
            i += 2;
            let known = matches!(
                c,
                b'\n' | b'\r' | b'\\' | b'\'' | b'"' | b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'x'
            ) || (!bytes && matches!(c, b'N' | b'u' | b'U'));
            if known {
                continue;
            }
            let span = Span::new((start + at) as u32, (start + at + 2) as u32);
            if (b'0'..=b'7').contains(&c) {
                let mut v = (c - b'0') as u32;
                let mut n = 1;
                while n < 3 && i < t.len() && (b'0'..=b'7').contains(&t[i]) {
                    v = v * 8 + (t[i] - b'0') as u32;
                    i += 1;
                    n += 1;
                }
                if v > 0o377 {
                    let esc = &text[at + 1..i];
                    self.warn_escape(
                        format!(
                            "\"\\{esc}\" is an invalid octal escape sequence. Such sequences will not work in the \
                             future. Did you mean \"\\\\{esc}\"? A raw string is also an option."
                        ),
                        span,
                    );
                    return;
                }
                continue;
            }
            let ch = src[start + at + 1..].chars().next().unwrap_or(' ');
            self.warn_escape(
                format!(
                    "\"\\{ch}\" is an invalid escape sequence. Such sequences will not work in the future. Did you \
                     mean \"\\\\{ch}\"? A raw string is also an option."
                ),
                span,
            );
            return;
        }
    }

    fn warn_escape(&mut self, msg: String, span: Span) {
        self.b.warnings.push((WarningCategory::SyntaxWarning, msg, span));
    }

    /// CPython bears 150 strings inside each other.
    fn enter_string(&mut self, at: u32) {
        self.fstrings += 1;
        if self.fstrings >= 149 {
            self.b.suspect(at);
        }
    }

    pub fn fstring(&mut self, f: &r::ExprFString) -> ExprKind<'a> {
        self.enter_string(span(f).start);
        let specs = std::mem::take(&mut self.specs);
        let out = self.fstring_parts(f);
        self.specs = specs;
        self.fstrings -= 1;
        out
    }

    fn fstring_parts(&mut self, f: &r::ExprFString) -> ExprKind<'a> {
        let mut out = Pieces::default();
        for part in f.value.as_slice() {
            match part {
                r::FStringPart::Literal(l) => {
                    let v = self.string_part(l);
                    out.text(&v, of_range(l.range));
                }
                r::FStringPart::FString(fs) => {
                    let raw = fs.flags.prefix().is_raw();
                    self.elements(&fs.elements, raw, &mut out, false);
                }
            }
        }
        ExprKind::JoinedStr(out.finish(self))
    }

    pub fn tstring(&mut self, t: &r::ExprTString) -> ExprKind<'a> {
        self.enter_string(span(t).start);
        let specs = std::mem::take(&mut self.specs);
        let out = self.tstring_parts(t);
        self.specs = specs;
        self.fstrings -= 1;
        out
    }

    fn tstring_parts(&mut self, t: &r::ExprTString) -> ExprKind<'a> {
        let mut out = Pieces::default();
        for part in t.value.as_slice() {
            let raw = part.flags.prefix().is_raw();
            self.elements(&part.elements, raw, &mut out, true);
        }
        ExprKind::TemplateStr(out.finish(self))
    }

    fn elements(
        &mut self,
        els: &[r::InterpolatedStringElement],
        raw: bool,
        out: &mut Pieces<'a>,
        template: bool,
    ) {
        for el in els {
            match el {
                r::InterpolatedStringElement::Literal(l) => {
                    let (start, end) = (l.range.start().to_usize(), l.range.end().to_usize());
                    let src = self.src;
                    let text = &src[start..end];
                    if !raw && text.as_bytes().contains(&b'\\') {
                        self.check_escapes(start, text, false);
                        if has_surrogate_escape(text) {
                            let v = decode_surrogates(&text.replace("{{", "{").replace("}}", "}"));
                            out.text(&v, of_range(l.range));
                            continue;
                        }
                    }
                    out.text(l.value.as_bytes(), of_range(l.range));
                }
                r::InterpolatedStringElement::Interpolation(i) => {
                    let e = self.interpolation(i, raw, out, template);
                    out.push(self, e);
                }
            }
        }
    }

    fn interpolation(
        &mut self,
        i: &r::InterpolatedElement,
        raw: bool,
        out: &mut Pieces<'a>,
        template: bool,
    ) -> Expr<'a> {
        let sp = of_range(i.range);
        let value = self.expr(&i.expression);
        let mut conversion = i.conversion.to_byte().unwrap_or(0);
        if let Some(d) = &i.debug_text {
            let end = span(&*i.expression).end + d.trailing().len() as u32;
            let text = strip_comments(d.as_str());
            out.text(text.as_bytes(), Span { start: sp.start + 1, end });
            if conversion == 0 && i.format_spec.is_none() {
                conversion = b'r';
            }
        }
        let spec = i.format_spec.as_ref().map(|s| {
            let mut pieces = Pieces::default();
            self.specs += 1;
            if self.specs >= 3 {
                self.b.suspect(sp.start);
            }
            // Inside a format spec there are formatted values only.
            self.elements(&s.elements, raw, &mut pieces, false);
            self.specs -= 1;
            let parts = pieces.finish(self);
            // The colon belongs to it.
            let start = of_range(s.range).start - 1;
            let span = Span { start, end: of_range(s.range).end };
            self.b.alloc(Expr { span, kind: ExprKind::JoinedStr(parts) })
        });
        let kind = if template {
            let text = self.interpolation_text(i);
            ExprKind::Interpolation(self.b.alloc(Interpolation { value, text, conversion, spec }))
        } else {
            ExprKind::FormattedValue(self.b.alloc(Formatted { value, conversion, spec }))
        };
        Expr { span: sp, kind }
    }

    /// The source of an interpolated expression, white space around it included.
    fn interpolation_text(&self, i: &r::InterpolatedElement) -> Lit<'a> {
        let start = i.range.start().to_usize() + 1;
        let all = &self.src[start..i.range.end().to_usize()];
        let from_expr = span(&*i.expression).end as usize - start;
        // Up to `=`, `!`, `:` or the closing brace; closing parentheses around the expression belong to it.
        let tail = &all.as_bytes()[from_expr..];
        let mut n = 0;
        while n < tail.len() {
            match tail[n] {
                b'#' => {
                    while n < tail.len() && tail[n] != b'\n' {
                        n += 1;
                    }
                }
                b'=' | b'!' | b':' | b'}' => break,
                _ => n += 1,
            }
        }
        let text = strip_comments(&all[..from_expr + n]);
        Lit::Str(self.b.arena.alloc_slice_copy(text.as_bytes()))
    }
}

/// The pieces of an f-string: neighbouring texts are joined.
#[derive(Default)]
struct Pieces<'a> {
    out: Vec<Expr<'a>>,
    text: Vec<u8>,
    span: Option<Span>,
}

impl<'a> Pieces<'a> {
    fn text(&mut self, t: &[u8], span: Span) {
        if t.is_empty() {
            return;
        }
        push_wtf8(&mut self.text, t);
        self.span = Some(match self.span {
            Some(s) => s.to(span),
            None => span,
        });
    }

    fn flush(&mut self, l: &Lowerer<'a, '_>) {
        if let Some(span) = self.span.take() {
            let text = l.b.arena.alloc_slice_copy(&self.text);
            self.text.clear();
            self.out.push(Expr { span, kind: ExprKind::Constant(Lit::Str(text)) });
        }
    }

    fn push(&mut self, l: &Lowerer<'a, '_>, e: Expr<'a>) {
        self.flush(l);
        self.out.push(e);
    }

    fn finish(mut self, l: &Lowerer<'a, '_>) -> &'a [Expr<'a>] {
        self.flush(l);
        l.b.arena.alloc_slice_copy(&self.out)
    }
}

/// Appends WTF-8, joining a surrogate pair that comes to stand together only now? No: Python does not join them.
fn push_wtf8(out: &mut Vec<u8>, t: &[u8]) {
    out.extend_from_slice(t);
}

/// Could an escape in `text` name a surrogate (`\ud800` … `\udfff`)?
fn has_surrogate_escape(text: &str) -> bool {
    let t = text.as_bytes();
    let mut i = 0;
    while i + 5 < t.len() {
        if t[i] == b'\\' {
            let (digits, at) = match t[i + 1] {
                b'u' => (4, i + 2),
                b'U' => (8, i + 2),
                _ => {
                    i += 2;
                    continue;
                }
            };
            if let Some(v) = text.get(at..at + digits).and_then(|h| u32::from_str_radix(h, 16).ok())
                && (0xD800..0xE000).contains(&v)
            {
                return true;
            }
            i = at;
        } else {
            i += 1;
        }
    }
    false
}

/// Decodes a literal that has surrogates in it. The rest of it is known to be right.
fn decode_surrogates(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(i) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..i]);
        rest = &rest[i + 1..];
        let c = rest.chars().next().unwrap_or('\\');
        rest = &rest[c.len_utf8()..];
        let mut hex = |n: usize| {
            let v = rest.get(..n).and_then(|h| u32::from_str_radix(h, 16).ok()).unwrap_or(0);
            rest = rest.get(n..).unwrap_or("");
            v
        };
        let code = match c {
            '\n' => continue,
            '\r' => {
                rest = rest.strip_prefix('\n').unwrap_or(rest);
                continue;
            }
            '\\' => '\\' as u32,
            '\'' => '\'' as u32,
            '"' => '"' as u32,
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            'x' => hex(2),
            'u' => hex(4),
            'U' => hex(8),
            '0'..='7' => {
                let mut v = c as u32 - '0' as u32;
                for _ in 0..2 {
                    match rest.bytes().next() {
                        Some(d @ b'0'..=b'7') => {
                            v = v * 8 + (d - b'0') as u32;
                            rest = &rest[1..];
                        }
                        _ => break,
                    }
                }
                v
            }
            'N' => {
                // Let the parser's own table decode the name.
                let end = rest.find('}').map_or(rest.len(), |e| e + 1);
                let lit = format!("\"\\N{}\"", &rest[..end]);
                rest = &rest[end..];
                if let Ok(p) = ruff_python_parser::parse_expression(&lit)
                    && let r::Expr::StringLiteral(s) = p.expr()
                {
                    out.extend_from_slice(s.value.to_str().as_bytes());
                }
                continue;
            }
            other => {
                out.push(b'\\');
                other as u32
            }
        };
        push_code_point(&mut out, code);
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// UTF-8 of a code point, surrogates included.
pub fn push_code_point(out: &mut Vec<u8>, c: u32) {
    match char::from_u32(c) {
        Some(ch) => out.extend_from_slice(ch.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend_from_slice(&[
            0xE0 | (c >> 12) as u8 & 0xF,
            0x80 | (c >> 6) as u8 & 0x3F,
            0x80 | c as u8 & 0x3F,
        ]),
    }
}

/// Limbs of a number written in `radix`.
pub fn parse_limbs(digits: &str, radix: u32) -> Vec<u64> {
    let mut limbs: Vec<u64> = Vec::new();
    // As many digits at a time as fit a limb.
    let chunk = match radix {
        10 => 19,
        16 => 15,
        8 => 20,
        _ => 60,
    };
    let bytes = digits.as_bytes();
    for part in bytes.chunks(chunk) {
        let mut v: u64 = 0;
        for &d in part {
            v = v * radix as u64 + (d as char).to_digit(radix).unwrap_or(0) as u64;
        }
        let mul = (radix as u64).pow(part.len() as u32);
        let mut carry = v as u128;
        for l in limbs.iter_mut() {
            let t = *l as u128 * mul as u128 + carry;
            *l = t as u64;
            carry = t >> 64;
        }
        if carry != 0 {
            limbs.push(carry as u64);
        }
    }
    limbs
}

/// Source text of an expression without its comments.
fn strip_comments(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains('#') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut quote = None;
    while let Some(c) = chars.next() {
        match quote {
            Some(q) => {
                if c == q {
                    quote = None;
                } else if c == '\\' {
                    out.push(c);
                    out.extend(chars.next());
                    continue;
                }
            }
            None if matches!(c, '\'' | '"') => quote = Some(c),
            None if c == '#' => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
                continue;
            }
            None => {}
        }
        out.push(c);
    }
    out.into()
}
