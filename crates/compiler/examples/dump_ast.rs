//! Dumps the tree of a file as `ast.dump(…, include_attributes=True)` does; with a second argument, compares with that
//! file's contents and shows where they differ.

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut bad = 0;
    for pair in args[1..].chunks(2) {
        let source = std::fs::read_to_string(&pair[0]).unwrap_or_default();
        let opts = adder_compiler::Options::new(pair[0].clone(), adder_compiler::Mode::Exec);
        let got = match adder_compiler::parse_tree(&source, &opts).0 {
            Ok(t) => t.dump(true),
            Err(e) => e.to_string(),
        };
        let Some(path) = pair.get(1) else {
            println!("{got}");
            continue;
        };
        let expect = std::fs::read_to_string(path).unwrap_or_default();
        if got != expect {
            bad += 1;
            let at = got.bytes().zip(expect.bytes()).take_while(|(a, b)| a == b).count();
            let show = |s: &str| {
                let b = s.as_bytes();
                String::from_utf8_lossy(&b[at.saturating_sub(150).min(b.len())..(at + 120).min(b.len())])
                    .into_owned()
            };
            println!("{}\n  expected {}\n  got      {}", pair[0], show(&expect), show(&got));
        }
    }
    if args.len() > 2 {
        println!("{bad} of {} differ", (args.len() - 1) / 2);
    }
}
