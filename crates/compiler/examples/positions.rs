//! Shows every instruction with its source range.

fn main() {
    let path = std::env::args().nth(1).unwrap_or_else(|| "/dev/stdin".into());
    let source = std::fs::read_to_string(&path).unwrap_or_default();
    let opts = adder_compiler::Options::new(path, adder_compiler::Mode::Exec);
    let code = adder_compiler::compile(&source, &opts).unwrap_or_else(|e| panic!("{e}"));
    for (i, (ins, p)) in code.code.iter().zip(code.positions.iter()).enumerate() {
        println!(
            "{:40} {:?}",
            adder_bytecode::instruction(&code, i, *ins),
            (p.line, p.col, p.end_line, p.end_col)
        );
    }
}
