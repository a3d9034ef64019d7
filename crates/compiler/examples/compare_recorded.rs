//! Compares outcomes of compilation with recorded ones: a file of lines `mode, source, kind, message, line, offset, end
//! line, end offset`, separated by tabs (`ok` for sources that compile), as another implementation produced them.

use adder_compiler::{Mode, Options, compile_full};

fn unescape(s: &str) -> String {
    let mut out = String::new();
    let mut chars = s.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' {
            match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(o) => o,
                None => '\\',
            }
        } else {
            c
        });
    }
    out
}

fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let table = std::fs::read_to_string(path).unwrap_or_default();
    let (mut same, mut wrong) = (0, 0);
    for line in table.lines() {
        let f: Vec<String> = line.split('\t').map(unescape).collect();
        let mode = match f[0].as_str() {
            "eval" => Mode::Eval,
            "single" => Mode::Single,
            _ => Mode::Exec,
        };
        let got = std::panic::catch_unwind(|| match compile_full(&f[1], &Options::new("f.py", mode)) {
            // A warning that was an error where this was recorded.
            (_, w) if w.iter().any(|w| Some(&w.msg) == f.get(3)) => {
                let w = w.iter().find(|w| Some(&w.msg) == f.get(3)).expect("just found");
                let n = [w.line, w.col, w.end_line, w.end_col].map(|n| n.to_string());
                ["SyntaxError".to_string(), w.msg.clone()].into_iter().chain(n).collect()
            }
            (Ok(code), _) => match adder_bytecode::verify(&code) {
                Ok(()) => vec!["ok".to_string()],
                Err(e) => vec![format!("VERIFY {e}")],
            },
            (Err(e), _) => vec![
                format!("{:?}", e.kind),
                e.msg,
                e.line.to_string(),
                e.col.to_string(),
                e.end_line.to_string(),
                e.end_col.to_string(),
            ],
        })
        .unwrap_or_else(|_| vec!["PANIC".to_string()]);
        if got == f[2..] {
            same += 1;
        } else {
            wrong += 1;
            println!("{} {:?}\n   expected {:?}\n   got      {:?}", f[0], f[1], &f[2..], got);
        }
    }
    println!("{same} same, {wrong} differ");
}
