//! Shows for every code object of a file which lines have code.

use std::collections::BTreeSet;

fn show(c: &adder_bytecode::CodeData) {
    let lines: BTreeSet<u32> =
        c.positions.iter().map(|p| p.line).filter(|l| *l != 0 && *l != c.first_line).collect();
    let lines: Vec<String> = lines.iter().map(|l| l.to_string()).collect();
    println!("{} {}: {}", c.qualname, c.first_line, lines.join(" "));
    for k in &c.consts {
        if let adder_bytecode::Const::Code(c) = k {
            show(c);
        }
    }
}

fn main() {
    for path in std::env::args().skip(1) {
        let source = std::fs::read_to_string(&path).unwrap_or_default();
        let opts = adder_compiler::Options::new(path, adder_compiler::Mode::Exec);
        if let Ok(code) = adder_compiler::compile(&source, &opts) {
            show(&code);
        }
    }
}
