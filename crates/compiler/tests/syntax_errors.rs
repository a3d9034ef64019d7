//! Wrong programs: the same errors and warnings as CPython's, word for word and place for place (`syntax_errors.py`).

use adder_compiler::{Mode, Options, compile_full};

fn unescape(s: &str) -> String {
    let mut out = String::new();
    let mut chars = s.chars();
    while let Some(c) = chars.next() {
        out.push(match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(o) => o,
                None => '\\',
            },
            (c, _) => c,
        });
    }
    out
}

#[test]
fn errors_are_those_of_cpython() {
    let mut wrong = Vec::new();
    let table = include_str!("syntax_errors.tsv");
    for line in table.lines() {
        let f: Vec<&str> = line.split('\t').collect();
        let source = unescape(f[0]);
        let opts = Options::new("f.py", Mode::Exec);
        let (out, warnings) = compile_full(&source, &opts);
        let noted: Vec<String> = warnings.iter().map(|w| format!("{}:{}", w.line, w.msg)).collect();
        let got = match out {
            Ok(_) => ["ok", "", "", "", "", ""].map(String::from).to_vec(),
            Err(e) => vec![
                format!("{:?}", e.kind),
                e.msg,
                e.line.to_string(),
                e.col.to_string(),
                e.end_line.to_string(),
                e.end_col.to_string(),
            ],
        };
        let expect: Vec<String> = f[1..7].iter().map(|s| unescape(s)).collect();
        if got != expect {
            wrong.push(format!("{:?}\n   expected {expect:?}\n   got      {got:?}", source));
        } else if noted.join(" | ") != unescape(f[7]) {
            wrong.push(format!("{:?}\n   expected {:?}\n   got      {:?}", source, f[7], noted.join(" | ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), table.lines().count(), wrong.join("\n"));
}
