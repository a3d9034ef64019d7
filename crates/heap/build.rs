//! Whether Rust may be told what to do where it gets no memory (`malloc`).

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=RUSTC_BOOTSTRAP");
    println!("cargo:rustc-check-cfg=cfg(alloc_error_hook)");
    let allowed = std::env::var("RUSTC_BOOTSTRAP").unwrap_or_default();
    if allowed.split(',').any(|s| s == "1" || s == "adder_heap") {
        println!("cargo:rustc-cfg=alloc_error_hook");
    }
}
