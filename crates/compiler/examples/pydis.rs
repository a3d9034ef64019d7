//! Shows the code of a Python file: `cargo run -p adder-compiler --example pydis FILE`.

fn main() {
    let path = std::env::args().nth(1).unwrap_or_else(|| "/dev/stdin".into());
    let source = std::fs::read_to_string(&path).unwrap_or_default();
    let opts = adder_compiler::Options::new(path, adder_compiler::Mode::Exec);
    let (out, warnings) = adder_compiler::compile_full(&source, &opts);
    for w in warnings {
        eprintln!("{}: {:?}: {}", w.line, w.category, w.msg);
    }
    match out {
        Ok(code) => {
            print!("{}", adder_bytecode::disassemble(&code));
            if let Err(e) = adder_bytecode::verify(&code) {
                eprintln!("verifier: {e}");
            }
        }
        Err(e) => eprintln!("{e}"),
    }
}
