//! Repeats requests that `tools/check.py --record` compared with CPython 3.14, and wants the same answers.

mod oracle;

/// The checksum of zlib.
fn crc32(data: &[u8]) -> u32 {
    let mut table = [0u32; 256];
    for (i, t) in table.iter_mut().enumerate() {
        *t = (0..8).fold(i as u32, |c, _| if c & 1 != 0 { c >> 1 ^ 0xEDB8_8320 } else { c >> 1 });
    }
    !data.iter().fold(!0, |c, &b| c >> 8 ^ table[(c as u8 ^ b) as usize])
}

/// Records: the arguments with their count and lengths, then the answer with its length. Long answers are given as
/// their checksum, marked by the high bit of the length.
#[test]
fn answers() {
    let mut data = include_bytes!("fixtures/answers.bin").as_slice();
    let mut word = |n: usize| -> Vec<u8> {
        let (a, b) = data.split_at(n);
        data = b;
        a.to_vec()
    };
    let count = u32::from_le_bytes(word(4).try_into().unwrap());
    let mut wrong = Vec::new();
    for _ in 0..count {
        let n = word(1)[0];
        let args: Vec<Vec<u8>> = (0..n)
            .map(|_| {
                let len = u16::from_le_bytes(word(2).try_into().unwrap());
                word(len as usize)
            })
            .collect();
        let len = u16::from_le_bytes(word(2).try_into().unwrap());
        let got = oracle::answer(&args);
        let same =
            if len & 0x8000 != 0 { word(4) == crc32(&got).to_le_bytes() } else { word(len as usize) == got };
        if !same {
            wrong.push((
                String::from_utf8_lossy(&args[0]).into_owned(),
                args[1..].to_vec(),
                got.len().min(100),
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ: {:?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    assert!(count > 1000);
}
