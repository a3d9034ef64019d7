//! Which operations remain in optimised loops: programs of `tests/traces` mark loop headers with `# loop: OP OP ...`, in
//! any order, phis not counted; or with `# no: OP OP ...`, none of which may be left (`call` stands for all calls).
//!
//!     cargo test -p adder-testing --test traces

use adder_testing::{adder, root};
use std::process::Command;

/// The operations of the loop at a line, sorted, from the log.
fn operations(log: &str, at: &str) -> Option<Vec<String>> {
    let head = log.lines().position(|l| l.contains(at) && l.ends_with("optimised:"))?;
    let mut ops: Vec<String> = log
        .lines()
        .skip(head)
        .skip_while(|l| *l != "loop")
        .skip(1)
        .take_while(|l| !l.starts_with("jump"))
        .map(|l| l.split_once(" = ").map_or(l, |x| x.1))
        .map(|l| l.split_whitespace().next().unwrap_or("").to_string())
        .filter(|op| !op.starts_with("phi"))
        .collect();
    ops.sort();
    Some(ops)
}

#[test]
fn loops_contain_just_what_they_say() {
    let Ok(adder) = adder() else {
        println!("SKIPPED traces: no adder");
        return;
    };
    let folder = root().join("tests/traces");
    let mut wrong = Vec::new();
    for file in std::fs::read_dir(&folder).expect("tests/traces").map(|e| e.expect("entry").path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let ran = Command::new(&adder)
            .args(["-S", "-X", "jit=on,budget=0", &name])
            .current_dir(&folder)
            .env("ADDER_LOG", "jit")
            .output()
            .expect("adder runs");
        let log = String::from_utf8_lossy(&ran.stderr).into_owned();
        for (n, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
            if let Some((_, no)) = line.split_once("# no:") {
                let no: Vec<&str> = no.split_whitespace().collect();
                let forbidden = |op: &str| no.contains(&op) || op.starts_with("call") && no.contains(&"call");
                match operations(&log, &format!("{name}:{} ", n + 1)) {
                    None => wrong.push(format!("{name}:{}: not compiled", n + 1)),
                    Some(ops) if ops.iter().any(|op| forbidden(op)) => {
                        wrong.push(format!("{name}:{}: left are {}", n + 1, ops.join(" ")))
                    }
                    _ => {}
                }
                continue;
            }
            let Some((_, want)) = line.split_once("# loop:") else { continue };
            let mut want: Vec<String> = want.split_whitespace().map(str::to_string).collect();
            want.sort();
            // The header's first instruction belongs to this line.
            match operations(&log, &format!("{name}:{} ", n + 1)) {
                None => wrong.push(format!("{name}:{}: not compiled", n + 1)),
                Some(got) if got != want => wrong.push(format!(
                    "{name}:{}:\n  want {}\n  got  {}",
                    n + 1,
                    want.join(" "),
                    got.join(" ")
                )),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
