//! Machine code as text. x86-64 has a disassembler; other machines' code is shown as numbers.

use iced_x86::{Decoder, DecoderOptions, FastFormatter};

/// An instruction: offset from the beginning, bytes, text.
pub struct Line {
    pub offset: u32,
    pub bytes: Vec<u8>,
    pub text: String,
}

/// Disassembles code that lies at `at`.
pub fn lines(arch: &str, code: &[u8], at: u64) -> Vec<Line> {
    if arch != "x86_64" {
        let word = |(k, b): (usize, &[u8])| Line {
            offset: 4 * k as u32,
            bytes: b.to_vec(),
            text: format!(".word 0x{:08x}", b.iter().rev().fold(0u32, |n, x| n << 8 | *x as u32)),
        };
        return code.chunks(4).enumerate().map(word).collect();
    }
    let mut out = Vec::new();
    let mut f = FastFormatter::new();
    f.options_mut().set_space_after_operand_separator(true);
    for i in &mut Decoder::with_ip(64, code, at, DecoderOptions::NONE) {
        let offset = (i.ip() - at) as usize;
        let mut text = String::new();
        f.format(&i, &mut text);
        out.push(Line { offset: offset as u32, bytes: code[offset..offset + i.len()].to_vec(), text });
    }
    out
}

/// As one text.
pub fn text(arch: &str, code: &[u8], at: u64) -> String {
    lines(arch, code, at).iter().map(|l| format!("{:x}: {}\n", at + l.offset as u64, l.text)).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn disassembles() {
        let t = super::text("x86_64", &[0x48, 0x89, 0xc8, 0xc3], 0x1000);
        assert_eq!(t, "1000: mov rax, rcx\n1003: ret\n");
        assert_eq!(super::text("aarch64", &[1, 2, 3, 4], 0), "0: .word 0x04030201\n");
    }
}
