//! Runs the cases that `tools/bench.py` has written and compares with CPython's times.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use adder_sre::{Env, Program, Scanner, State, Subject};

fn run(program: &Program, state: &mut State, method: &str, subject: Subject) -> usize {
    let mut poll = || ControlFlow::Continue(());
    let env = &mut Env::new(&mut poll);
    let end = subject.bytes().len();
    match method {
        "search" => program.search(state, subject, 0, end, false, env).unwrap() as usize,
        "findall" => {
            let mut scanner = Scanner::new(0, end);
            let mut count = 0;
            while scanner.search(program, state, subject, env).unwrap() {
                count += 1;
            }
            count
        }
        _ => {
            let all = method == "fullmatch";
            program.match_at(state, subject, 0, end, all, false, env).unwrap() as usize
        }
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let dir = PathBuf::from(args.next().expect("the directory that bench.py wrote"));
    let only = args.next().unwrap_or_default();
    let cases = std::fs::read_to_string(dir.join("cases")).unwrap();
    let (mut sum, mut count) = (0.0, 0);
    println!("{:>8} {:>10} {:>10} {:>8}  case", "ratio", "CPython us", "Adder us", "matches");
    for line in cases.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [number, name, method, codes, groups, time, matches] = fields[..] else { panic!() };
        if !name.contains(&only) {
            continue;
        }
        let codes: Vec<u32> = codes.split(',').map(|code| u32::from_str_radix(code, 16).unwrap()).collect();
        let program = Program::new(codes, groups.parse().unwrap()).unwrap();
        let text = std::fs::read(dir.join(number)).unwrap();
        let subjects: Vec<Subject> = text
            .split(|&byte| byte == 0)
            .map(|s| if s.is_ascii() { Subject::Bytes(s) } else { Subject::Wtf8(s) })
            .collect();
        let mut state = State::new();
        let mut best = Duration::MAX;
        let begin = Instant::now();
        let mut rounds = 0;
        let mut found = 0;
        while rounds < 3 || (begin.elapsed() < Duration::from_millis(100) && rounds < 5000) {
            let start = Instant::now();
            found = 0;
            for &subject in &subjects {
                found += black_box(run(&program, &mut state, method, black_box(subject)));
            }
            best = best.min(start.elapsed());
            rounds += 1;
        }
        assert_eq!(found.to_string(), matches, "{name}");
        let time: f64 = time.parse().unwrap();
        let ratio = time / best.as_nanos() as f64;
        sum += ratio.ln();
        count += 1;
        println!(
            "{ratio:8.2} {:10.1} {:10.1} {matches:>8}  {name}",
            time / 1e3,
            best.as_nanos() as f64 / 1e3
        );
    }
    println!("{:8.2} geometric mean of {count}", (sum / count as f64).exp());
}
