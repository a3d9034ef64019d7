//! Answers requests of `tools/check.py`, which compares this crate with a reference Python.
//!
//! A request is a count of arguments and the arguments, the first of which names the operation; an answer is one
//! string of bytes. Every number is 32 bits, little-endian; strings have their length before them.

#[path = "../tests/oracle/mod.rs"]
mod oracle;

use std::io::{Read, Write};

fn main() {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    let mut word = [0; 4];
    while input.read_exact(&mut word).is_ok() {
        let args: Vec<Vec<u8>> = (0..u32::from_le_bytes(word))
            .map(|_| {
                let mut n = [0; 4];
                input.read_exact(&mut n).unwrap();
                let mut v = vec![0; u32::from_le_bytes(n) as usize];
                input.read_exact(&mut v).unwrap();
                v
            })
            .collect();
        let r = oracle::answer(&args);
        output.write_all(&(r.len() as u32).to_le_bytes()).unwrap();
        output.write_all(&r).unwrap();
        output.flush().unwrap();
    }
}
