//! Reads the lines of `tools/fixture.py` and holds the engine to them.

use std::io::BufRead;
use std::ops::ControlFlow;

use adder_sre::{Env, Program, Scanner, State, Subject};

/// How many expectations were checked, and what was wrong.
#[derive(Default)]
pub struct Report {
    pub checked: usize,
    pub wrong: Vec<String>,
}

struct Text {
    bytes: Vec<u8>,
    is_str: bool,
    /// Byte offset of each character, and of the end.
    offsets: Vec<usize>,
}

impl Text {
    fn new(is_str: bool, bytes: Vec<u8>) -> Text {
        let starts = |&i: &usize| i == bytes.len() || !is_str || bytes[i] & 0xC0 != 0x80;
        let offsets = (0..=bytes.len()).filter(starts).collect();
        Text { bytes, is_str, offsets }
    }

    fn char_at(&self, offset: usize) -> String {
        match self.offsets.binary_search(&offset) {
            Ok(index) => index.to_string(),
            Err(_) => format!("inside:{offset}"),
        }
    }

    /// A `str` that is all ASCII can be seen either way.
    fn subjects(&self) -> Vec<Subject<'_>> {
        match (self.is_str, self.bytes.is_ascii()) {
            (true, true) => vec![Subject::Bytes(&self.bytes), Subject::Wtf8(&self.bytes)],
            (true, false) => vec![Subject::Wtf8(&self.bytes)],
            (false, _) => vec![Subject::Bytes(&self.bytes)],
        }
    }

    fn span(&self, span: (usize, usize)) -> String {
        format!("{},{}", self.char_at(span.0), self.char_at(span.1))
    }

    /// The result of a match as the fixture has it.
    fn result(&self, state: &State, found: bool, groups: usize) -> String {
        if !found {
            return "-".into();
        }
        let mut out = self.span(state.span());
        out += &format!(",{}", state.lastindex().unwrap_or(0));
        for group in 1..=groups {
            match state.group(group) {
                Some(span) if span.0 > span.1 => return "E".into(),
                Some(span) => out += &format!(" {}", self.span(span)),
                None => out += " -1,-1",
            }
        }
        out
    }

    fn all(&self, program: &Program, state: &mut State, subject: Subject, search: bool) -> String {
        let mut poll = || ControlFlow::Continue(());
        let mut env = Env::new(&mut poll);
        let mut scanner = Scanner::new(0, self.bytes.len());
        let mut spans = vec![];
        loop {
            let found = if search {
                scanner.search(program, state, subject, &mut env)
            } else {
                scanner.match_here(program, state, subject, &mut env)
            };
            if !found.unwrap() {
                return spans.join(" ");
            }
            if self.result(state, true, program.groups()) == "E" {
                return "E".into();
            }
            spans.push(self.span(state.span()));
        }
    }
}

/// Runs a strange program: it may find anything, but must come to an end.
fn smoke(program: &Program, state: &mut State) {
    state.set_memory_limit(1 << 20);
    for text in ["", "a", "abcab\nkK 1_", "Éé\u{212a}\n中a\u{10400}b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab"] {
        for subject in [Subject::Bytes(text.as_bytes()), Subject::Wtf8(text.as_bytes())] {
            let mut polls = 0;
            let mut poll = || {
                polls += 1;
                if polls < 20 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            let env = &mut Env::new(&mut poll);
            let mut scanner = Scanner::new(0, text.len());
            while scanner.search(program, state, subject, env) == Ok(true) {}
            let _ = program.match_at(state, subject, 0, text.len(), true, false, env);
        }
    }
    state.set_memory_limit(usize::MAX);
}

fn hexes(text: &str) -> Vec<u32> {
    text.split(',')
        .filter(|word| !word.is_empty())
        .map(|word| u32::from_str_radix(word, 16).unwrap())
        .collect()
}

/// Checks every line.
pub fn check(input: impl BufRead) -> Report {
    let mut report = Report::default();
    let mut state = State::new();
    let mut program: Option<Program> = None;
    let mut pattern = String::new();
    let mut text = Text::new(false, vec![]);
    for line in input.lines() {
        let line = line.unwrap();
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let mut words = rest.split(' ');
        let mut expect = |what: String, got: String, expected: &str| {
            report.checked += 1;
            if got != expected && report.wrong.len() < 100 {
                report.wrong.push(format!("{what}: {got:?}, not {expected:?}"));
            }
        };
        match command {
            "P" | "V" | "X" => {
                let codes = hexes(words.next().unwrap());
                let groups = words.next().unwrap().parse().unwrap();
                let made = Program::new(codes, groups);
                let verdict = if made.is_ok() { "accepted" } else { "refused" };
                let expected = if command == "X" { "refused" } else { "accepted" };
                expect(line.clone(), verdict.into(), expected);
                if command == "V" {
                    // A few of them are refused here; that has been noted.
                    let _ = made.map(|program| smoke(&program, &mut state));
                } else if command == "P" {
                    program = made.ok();
                    pattern = words.collect::<Vec<_>>().join(" ");
                }
            }
            "S" => {
                let is_str = words.next() == Some("u");
                let hex = words.next().unwrap();
                let byte = |i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
                text = Text::new(is_str, (0..hex.len()).step_by(2).map(byte).collect());
            }
            "r" => {
                let pos: usize = words.next().unwrap().parse().unwrap();
                let end: usize = words.next().unwrap().parse().unwrap();
                let results = words.collect::<Vec<_>>().join(" ");
                let Some(program) = &program else { continue };
                let mut expected = "";
                for (how, result) in ["search", "match", "fullmatch"].iter().zip(results.split(';')) {
                    expected = if result == "=" { expected } else { result };
                    for subject in text.subjects() {
                        let (pos, end) = (text.offsets[pos], text.offsets[end]);
                        let mut poll = || ControlFlow::Continue(());
                        let env = &mut Env::new(&mut poll);
                        let found = if *how == "search" {
                            program.search(&mut state, subject, pos, end, false, env)
                        } else {
                            let all = *how == "fullmatch";
                            program.match_at(&mut state, subject, pos, end, all, false, env)
                        };
                        let got = text.result(&state, found.unwrap(), program.groups());
                        expect(format!("{pattern} {how} on {subject:?}: {line}"), got, expected);
                    }
                }
            }
            "i" | "I" => {
                let Some(program) = &program else { continue };
                for subject in text.subjects() {
                    let got = text.all(program, &mut state, subject, command == "i");
                    expect(format!("{pattern} on {subject:?}: {line}"), got, rest);
                }
            }
            _ => panic!("unknown line: {line}"),
        }
    }
    report
}
