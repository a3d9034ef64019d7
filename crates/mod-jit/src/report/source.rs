//! Source text of functions: where it is found, which lines belong to a function, and colours for reading.

use std::collections::HashMap;

/// Files that were read; None: not there.
#[derive(Default)]
pub struct Sources(HashMap<String, Option<Vec<String>>>);

impl Sources {
    pub fn lines(&mut self, file: &str) -> Option<&[String]> {
        self.0.entry(file.to_string()).or_insert_with(|| read(file)).as_deref()
    }
}

fn read(file: &str) -> Option<Vec<String>> {
    let text = match std::fs::read(file) {
        Ok(b) => b,
        Err(_) => {
            // A module of the library inside the program.
            let name = file.strip_prefix("<frozen ").and_then(|f| f.strip_suffix('>'));
            let path = match name {
                Some(n) => format!("{}.py", n.replace('.', "/")),
                None => file.split("/lib/python3.14/").nth(1)?.to_string(),
            };
            adder_vm::hooks::library()?.file(&path)?.into_owned()
        }
    };
    Some(String::from_utf8_lossy(&text).lines().map(|l| l.replace('\t', "    ")).collect())
}

fn indent(l: &str) -> usize {
    l.len() - l.trim_start().len()
}

/// The last line of the function that begins at line `first`, or of the file.
pub fn end(lines: &[String], first: u32, module: bool) -> u32 {
    let n = lines.len() as u32;
    if module || first == 0 || first > n {
        return n;
    }
    let own = indent(&lines[first as usize - 1]);
    let (mut last, mut body) = (first, false);
    for k in first..n {
        let l = &lines[k as usize];
        let text = l.trim();
        if text.is_empty() {
            continue;
        }
        let starts =
            text.starts_with(['@', ')']) || text.starts_with("def ") || text.starts_with("async def ");
        if (body || !starts) && indent(l) <= own && !text.starts_with('#') {
            break;
        }
        body |= indent(l) > own && !starts;
        last = k + 1;
    }
    last
}

const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "match", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// A line as HTML with keywords, strings, numbers and comments marked. Strings over several lines are not known here.
pub fn highlight(l: &str) -> String {
    let c: Vec<char> = l.chars().collect();
    let mut o = String::new();
    let mut i = 0;
    let span = |o: &mut String, class: &str, s: &[char]| {
        let s: String = s.iter().collect();
        o.push_str(&format!("<span class=\"{class}\">{}</span>", super::page::esc(&s)));
    };
    while i < c.len() {
        let from = i;
        match c[i] {
            '#' => {
                span(&mut o, "c", &c[i..]);
                break;
            }
            q @ ('"' | '\'') => {
                let three = c[i..].starts_with(&[q, q, q]);
                i += if three { 3 } else { 1 };
                while i < c.len() {
                    if c[i] == '\\' {
                        i += 1;
                    } else if c[i] == q && (!three || c[i..].starts_with(&[q, q, q])) {
                        i += if three { 3 } else { 1 };
                        break;
                    }
                    i += 1;
                }
                i = i.min(c.len());
                span(&mut o, "s", &c[from..i]);
            }
            x if x.is_alphabetic() || x == '_' => {
                while i < c.len() && (c[i].is_alphanumeric() || c[i] == '_') {
                    i += 1;
                }
                let word: String = c[from..i].iter().collect();
                if KEYWORDS.contains(&&*word) {
                    span(&mut o, "k", &c[from..i]);
                } else {
                    o.push_str(&word);
                }
            }
            x if x.is_ascii_digit() => {
                while i < c.len() && (c[i].is_ascii_alphanumeric() || c[i] == '.' || c[i] == '_') {
                    i += 1;
                }
                span(&mut o, "n", &c[from..i]);
            }
            x => {
                o.push_str(&super::page::esc(&x.to_string()));
                i += 1;
            }
        }
    }
    o
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_end() {
        let l: Vec<String> = "x = 1\n@deco\ndef f(a,\n      b):\n    return 1\n\n    # end\n\ny = 2\n"
            .lines()
            .map(String::from)
            .collect();
        assert_eq!(end(&l, 3, false), 7);
        assert_eq!(end(&l, 2, false), 7);
        assert_eq!(end(&l, 1, true), 9);
    }
    #[test]
    fn colours() {
        assert_eq!(
            highlight("if x < 'a#': # c"),
            "<span class=\"k\">if</span> x &lt; <span class=\"s\">&#39;a#&#39;</span>: <span class=\"c\"># c</span>"
        );
    }
}
