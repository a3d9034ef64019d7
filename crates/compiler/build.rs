//! A number that changes with the compiler's text: code cached by another compiler is not run.

use std::path::Path;

fn main() {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    add(Path::new("src"), &mut hash);
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rustc-env=ADDER_COMPILER_HASH={hash}");
}

/// The files below `at`, in the order of their names.
fn add(at: &Path, hash: &mut u64) {
    let Ok(dir) = std::fs::read_dir(at) else { return };
    let mut paths: Vec<_> = dir.flatten().map(|e| e.path()).collect();
    paths.sort();
    for p in paths {
        if p.is_dir() {
            add(&p, hash);
        } else if let Ok(text) = std::fs::read(&p) {
            for b in text {
                *hash = (*hash ^ b as u64).wrapping_mul(0x100_0000_01b3);
            }
        }
    }
}
