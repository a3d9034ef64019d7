//! Docstrings lose their indentation when compiled (3.13), by the rules of `inspect.cleandoc` but keeping blank lines.

/// The docstring without its common indentation; None: nothing changes.
pub fn clean(doc: &[u8]) -> Option<Vec<u8>> {
    let text = expand_tabs(doc);
    let lines: Vec<&[u8]> = text.split(|&b| b == b'\n').collect();
    let margin = lines[1..].iter().filter_map(|l| l.iter().position(|&b| b != b' ')).min().unwrap_or(0);
    let mut out = Vec::with_capacity(text.len());
    for (i, l) in lines.iter().enumerate() {
        if i > 0 {
            out.push(b'\n');
        }
        let skip = if i == 0 {
            l.iter().position(|&b| b != b' ').unwrap_or(l.len())
        } else {
            margin.min(l.iter().position(|&b| b != b' ').unwrap_or(l.len()).max(margin.min(l.len())))
        };
        out.extend_from_slice(&l[skip..]);
    }
    (out != doc).then_some(out)
}

fn expand_tabs(s: &[u8]) -> Vec<u8> {
    if !s.contains(&b'\t') {
        return s.to_vec();
    }
    let mut out = Vec::with_capacity(s.len() + 16);
    let mut col = 0;
    for &b in s {
        match b {
            b'\t' => {
                let n = 8 - col % 8;
                out.extend(std::iter::repeat_n(b' ', n));
                col += n;
            }
            b'\n' | b'\r' => {
                out.push(b);
                col = 0;
            }
            _ => {
                out.push(b);
                if b & 0xC0 != 0x80 {
                    col += 1;
                }
            }
        }
    }
    out
}
