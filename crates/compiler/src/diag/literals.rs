//! Errors inside string literals.

/// Is this the text of a bytes literal?
pub fn is_bytes(token: &str) -> bool {
    token.bytes().take_while(|b| !matches!(b, b'\'' | b'"')).any(|b| b.eq_ignore_ascii_case(&b'b'))
}

/// What is wrong with a string token, if anything.
pub fn error(token: &str) -> Option<String> {
    let quote = token.find(['\'', '"'])?;
    let (prefix, rest) = token.split_at(quote);
    let raw = prefix.bytes().any(|b| b.eq_ignore_ascii_case(&b'r'));
    let bytes = is_bytes(token);
    let q = &rest[..1];
    let size = if rest.len() >= 6 && rest.starts_with(&q.repeat(3)) { 3 } else { 1 };
    let body = rest.get(size..rest.len().checked_sub(size)?)?;
    if bytes && !body.is_ascii() {
        return Some("bytes can only contain ASCII literal characters".into());
    }
    if raw {
        return None;
    }
    if bytes { bytes_error(body) } else { text_error(body) }
}

fn bytes_error(body: &str) -> Option<String> {
    let b = body.as_bytes();
    let mut i = 0;
    // Positions count bytes of the source text.
    while i + 1 < b.len() {
        if b[i] != b'\\' {
            i += 1;
            continue;
        }
        if b[i + 1] == b'x' {
            let digits = b[i + 2..].iter().take(2).take_while(|c| c.is_ascii_hexdigit()).count();
            if digits < 2 {
                return Some(format!("(value error) invalid \\x escape at position {i}"));
            }
        }
        i += 2;
    }
    None
}

/// Text is first written in ASCII, other characters as `\UXXXXXXXX`: positions count in that.
pub fn text_error(body: &str) -> Option<String> {
    let mut ascii = String::with_capacity(body.len());
    for c in body.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            ascii.push_str(&format!("\\U{:08x}", c as u32));
        }
    }
    let b = ascii.as_bytes();
    let mut i = 0;
    while i < b.len() {
        if b[i] != b'\\' {
            i += 1;
            continue;
        }
        let start = i;
        let bad = |end: usize, what: &str| {
            let range = if end > start + 1 {
                format!("bytes in position {start}-{}", end - 1)
            } else {
                format!("byte 0x5c in position {start}")
            };
            Some(format!("(unicode error) 'unicodeescape' codec can't decode {range}: {what}"))
        };
        let Some(&c) = b.get(i + 1) else { return bad(start + 1, "\\ at end of string") };
        i += 2;
        let (count, what) = match c {
            b'x' => (2, "truncated \\xXX escape"),
            b'u' => (4, "truncated \\uXXXX escape"),
            b'U' => (8, "truncated \\UXXXXXXXX escape"),
            b'N' => {
                if b.get(i) != Some(&b'{') {
                    return bad(i, "malformed \\N character escape");
                }
                let Some(len) = ascii[i..].find('}') else {
                    return bad(b.len(), "malformed \\N character escape");
                };
                let name = &ascii[i + 1..i + len];
                if name.is_empty() {
                    return bad(i + len, "malformed \\N character escape");
                }
                if !known_name(name) {
                    return bad(i + len + 1, "unknown Unicode character name");
                }
                i += len + 1;
                continue;
            }
            _ => continue,
        };
        let digits = b[i..].iter().take(count).take_while(|c| c.is_ascii_hexdigit()).count();
        if digits < count {
            return bad(i + digits, what);
        }
        let value = u32::from_str_radix(&ascii[i..i + count], 16).unwrap_or(0);
        i += count;
        if value > 0x10FFFF {
            return bad(i, "illegal Unicode character");
        }
    }
    None
}

fn known_name(name: &str) -> bool {
    ruff_python_parser::parse_expression(&format!("\"\\N{{{name}}}\"")).is_ok()
}
