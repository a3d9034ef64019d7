//! How the program is linked.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |name: &str| var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if target("OS") != "linux" || target("ARCH") != "x86_64" || target("ENV") != "gnu" {
        return;
    }
    // At a fixed address: thirty thousand relocations less at every start, and tables of pointers stay pages of the file
    // that processes share.
    println!("cargo:rustc-link-arg-bins=-no-pie");
    // LLD is rustc's linker here unless somebody chose another one.
    let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if var("RUSTC_LINKER").is_err() && !flags.contains("link") {
        println!("cargo:rerun-if-changed=startup.order");
        let order = format!("{}/startup.order", var("CARGO_MANIFEST_DIR").unwrap());
        println!("cargo:rustc-link-arg-bins=-Wl,--symbol-ordering-file={order},--no-warn-symbol-ordering");
        println!("cargo:rerun-if-changed=data.order");
        let script = format!("{}/data.ld", var("OUT_DIR").unwrap());
        std::fs::write(&script, data_script()).unwrap();
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{script}");
    }
}

/// A linker script that says nothing but what comes first in the two sections of constants.
fn data_script() -> String {
    let order = std::fs::read_to_string("data.order").unwrap();
    let section = |name: &str, after: &str| {
        let first: String =
            order.lines().filter(|l| l.starts_with(name)).map(|l| format!(" *({l})\n")).collect();
        // Tables of methods of traits, and what the standard library's own build has numbered: small, and read now and then.
        let numbered = format!(" *({name}..Lvtable.*)\n *({name}..Lanon.*)\n");
        format!("SECTIONS {{ {name} : {{\n{first}{numbered} }} }} INSERT AFTER {after};\n")
    };
    section(".rodata", ".gcc_except_table") + &section(".data.rel.ro", ".init_array")
}
