//! Bytes of a source file → text: byte order mark, coding cookie (PEP 263), UTF-8 by default.

use crate::error::{ErrorKind, SyntaxError};

/// Decodes with a codec that is not built in: name and bytes → text, or the text of the error; None: no such codec.
pub type Codec<'c> = dyn FnMut(&str, &[u8]) -> Option<Result<String, String>> + 'c;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Text and encoding of a source given as bytes. Knows UTF-8, Latin-1 and ASCII; see [`decode_source_with`].
pub fn decode_source(bytes: &[u8]) -> Result<(String, String), SyntaxError> {
    decode_source_with(bytes, None, &mut |_, _| None)
}

/// As [`decode_source`]; `file` is the file's name if it is one (for messages), `codec` decodes what is not built in.
pub fn decode_source_with(
    bytes: &[u8],
    file: Option<&str>,
    codec: &mut Codec,
) -> Result<(String, String), SyntaxError> {
    let bom = bytes.starts_with(BOM);
    let body = if bom { &bytes[BOM.len()..] } else { bytes };
    let cookie = find_cookie(body);
    let name = cookie.as_deref().map_or_else(|| "utf-8".to_string(), normalize);
    if bom && name != "utf-8" {
        let line = body.split(|&b| b == b'\n').next().unwrap_or(b"");
        let text = String::from_utf8_lossy(line).into_owned();
        let n = text.chars().count() as i32;
        let said = cookie.unwrap_or(name);
        return Err(error(format!("encoding problem: {said} with BOM"), 1, 0, n, Some(text)));
    }
    let text = match name.as_str() {
        "utf-8" => utf8(body, file, bom || cookie.is_some())?,
        "iso-8859-1" => body.iter().map(|&b| b as char).collect(),
        "ascii" | "us-ascii" => match body.iter().position(|b| *b >= 0x80) {
            None => String::from_utf8_lossy(body).into_owned(),
            Some(i) => {
                let b = body[i];
                let msg = format!(
                    "'ascii' codec can't decode byte 0x{b:02x} in position {i}: ordinal not in range(128)"
                );
                return Err(unplaced(msg));
            }
        },
        _ => match codec(&name, body) {
            Some(Ok(t)) => t,
            Some(Err(msg)) => return Err(unplaced(msg)),
            None => return Err(unplaced(format!("unknown encoding: {}", cookie.unwrap_or(name)))),
        },
    };
    if let Some(at) = text.find('\0') {
        if file.is_none() {
            return Err(error("source code string cannot contain null bytes".into(), 0, 0, 0, None));
        }
        let line = text[..at].matches('\n').count() as u32 + 1;
        let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
        let shown = Some(text[start..at].to_string());
        return Err(error("source code cannot contain null bytes".into(), line, -1, -1, shown));
    }
    Ok((text, name))
}

fn unplaced(msg: String) -> SyntaxError {
    error(msg, 0, -1, 0, None)
}

fn error(msg: String, line: u32, col: i32, end_col: i32, text: Option<String>) -> SyntaxError {
    SyntaxError {
        kind: ErrorKind::SyntaxError,
        msg,
        line,
        col,
        end_line: line,
        end_col,
        text,
        parsed: None,
        warnings: Vec::new(),
    }
}

/// The name in a coding cookie on the first line, or on the second if the first is blank or a comment.
pub fn find_cookie(body: &[u8]) -> Option<String> {
    let mut lines = body.split(|&b| b == b'\n' || b == b'\r');
    // `\r\n` gives an empty piece in between, which is as good as a blank line.
    for i in 0..2 {
        let mut line = lines.next()?;
        if i == 1 && line.is_empty() && body.contains(&b'\r') {
            line = lines.next()?;
        }
        let start = line.iter().position(|b| !matches!(b, b' ' | b'\t' | 0x0c));
        match start {
            None => continue,
            Some(s) if line[s] == b'#' => {
                if let Some(name) = cookie_in(&line[s..]) {
                    return Some(name);
                }
            }
            Some(_) => return None,
        }
    }
    None
}

fn cookie_in(comment: &[u8]) -> Option<String> {
    let mut from = 0;
    while let Some(i) = comment[from..].windows(6).position(|w| w == b"coding") {
        let mut at = from + i + 6;
        from += i + 6;
        if !matches!(comment.get(at), Some(b':' | b'=')) {
            continue;
        }
        at += 1;
        while matches!(comment.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        let name: Vec<u8> = comment[at..]
            .iter()
            .copied()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            .collect();
        if !name.is_empty() {
            return Some(String::from_utf8_lossy(&name).into_owned());
        }
    }
    None
}

/// The names that are spelled in several ways in practice.
pub fn normalize(name: &str) -> String {
    let low: String =
        name.chars().take(12).map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect();
    let is = |base: &str| low == base || low.starts_with(&format!("{base}-"));
    if is("utf-8") || low == "utf8" {
        "utf-8".into()
    } else if is("latin-1") || is("iso-8859-1") || is("iso-latin-1") || low == "latin1" {
        "iso-8859-1".into()
    } else {
        let low = name.to_ascii_lowercase();
        if low == "us-ascii" { "ascii".into() } else { low }
    }
}

fn utf8(body: &[u8], file: Option<&str>, declared: bool) -> Result<String, SyntaxError> {
    let e = match std::str::from_utf8(body) {
        Ok(t) => return Ok(t.to_string()),
        Err(e) => e,
    };
    let at = e.valid_up_to();
    let bad = body[at];
    let line = body[..at].iter().filter(|b| **b == b'\n').count() as u32 + 1;
    let start = body[..at].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    let end = body[at..].iter().position(|b| *b == b'\n').map_or(body.len(), |i| at + i);
    let text = String::from_utf8_lossy(&body[start..end]).into_owned();
    let col = String::from_utf8_lossy(&body[start..at]).chars().count() as i32 + 1;
    if file.is_some() && declared {
        let reason = match (bad, e.error_len()) {
            (0x80..0xC2 | 0xF5.., _) => "invalid start byte",
            (_, None) => "unexpected end of data",
            _ => "invalid continuation byte",
        };
        let pos = at - start;
        let msg = format!(
            "(unicode error) 'utf-8' codec can't decode byte 0x{bad:02x} in position {pos}: {reason}"
        );
        return Err(error(msg, line, -1, -1, Some(text)));
    }
    let place = match file {
        Some(f) => format!("in file {f} on line {line}"),
        None => format!("on line {line}"),
    };
    let msg = format!(
        "Non-UTF-8 code starting with '\\x{bad:02x}' {place}, but no encoding declared; see \
         https://peps.python.org/pep-0263/ for details"
    );
    Err(error(msg, line, col, col, Some(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies() {
        assert_eq!(find_cookie(b"# -*- coding: Latin-1 -*-\n").as_deref(), Some("Latin-1"));
        assert_eq!(find_cookie(b"\r\n#coding=x\r\n").as_deref(), Some("x"));
        assert_eq!(find_cookie(b"x\n# coding: foo"), None);
        assert_eq!(find_cookie(b"\n\n# coding: foo"), None);
        assert_eq!(decode_source(b"#coding:latin1\n'\xe9'").unwrap().0, "#coding:latin1\n'\u{e9}'");
        assert_eq!(decode_source(b"\xef\xbb\xbfx").unwrap(), ("x".into(), "utf-8".into()));
    }

    #[test]
    fn errors() {
        let e = decode_source(b"x=1\n \xff\n").unwrap_err();
        assert_eq!((e.line, e.col), (2, 2));
        assert!(e.msg.starts_with("Non-UTF-8 code starting with '\\xff' on line 2, but no"), "{}", e.msg);
        assert_eq!(decode_source(b"#coding: foo").unwrap_err().msg, "unknown encoding: foo");
        assert_eq!(decode_source(b"a\0").unwrap_err().msg, "source code string cannot contain null bytes");
    }
}
