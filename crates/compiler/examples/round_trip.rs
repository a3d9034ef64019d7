//! For every file given: is the code of its tree, taken apart and put together again, the code of the file?

use adder_compiler::{Mode, Options, compile, compile_tree, parse_tree};

fn strip(c: &mut adder_bytecode::CodeData) {
    c.positions = Default::default();
    for k in &mut c.consts {
        if let adder_bytecode::Const::Code(c) = k {
            strip(c);
        }
    }
}

fn first_difference(a: &adder_bytecode::CodeData, b: &adder_bytecode::CodeData) -> String {
    let (x, y) = (adder_bytecode::disassemble(a), adder_bytecode::disassemble(b));
    let at = x.lines().zip(y.lines()).position(|(a, b)| a != b);
    match at {
        Some(i) => format!("{}\n{:?}\n{:?}", a.qualname, x.lines().nth(i), y.lines().nth(i)),
        None => format!("{} (not in the text)", a.qualname),
    }
}

fn main() {
    let (mut same, mut wrong) = (0, 0);
    for path in std::env::args().skip(1) {
        let Ok(source) = std::fs::read_to_string(&path) else { continue };
        let opts = Options::new(path.clone(), Mode::Exec);
        let Ok(mut direct) = compile(&source, &opts) else { continue };
        let tree = parse_tree(&source, &opts).0.expect("parses");
        match compile_tree(&tree, &opts).0 {
            Ok(mut code) => {
                strip(&mut direct);
                strip(&mut code);
                if code == direct {
                    same += 1;
                } else {
                    wrong += 1;
                    println!("{path}: {}", first_difference(&direct, &code));
                }
                let bytes = adder_bytecode::serialize(&direct);
                drop(bytes);
            }
            Err(e) => {
                wrong += 1;
                println!("{path}: {e}");
            }
        }
    }
    println!("{same} same, {wrong} differ");
}
