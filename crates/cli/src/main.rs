//! The `adder` program.

use adder_lang::Config;

fn main() {
    let base = 0u8;
    let args: Vec<String> = std::env::args().collect();
    let Ok(th) = adder_lang::init(&Config::default(), &raw const base as usize, 8 << 20) else {
        eprintln!("adder: cannot start");
        std::process::exit(1);
    };
    let file = args.get(1).cloned().unwrap_or_default();
    let source = std::fs::read_to_string(&file).expect("source file");
    if adder_lang::run_main(th, &source, &file).is_err() {
        let e = th.take_exc();
        let text = th.to_str(e).map(|s| th.text(s)).unwrap_or_default();
        eprintln!("{}: {text}", th.type_name_of(e));
        std::process::exit(1);
    }
}
