//! How the program is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if target("OS") == "linux" && target("ARCH") == "x86_64" {
        // At a fixed address: thirty thousand relocations less at every start, and tables of pointers stay pages of the
        // file that processes share.
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
