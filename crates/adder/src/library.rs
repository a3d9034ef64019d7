//! The embedded standard library as the VM's hook: sources and data files from `adder-pylib`, bytecode made by `build.rs`.

use std::borrow::Cow;

use adder_bytecode::{Pack, Stored};

/// Where the code of one module lies in [`BLOB`]; `packed == len` means stored without compression.
struct Record {
    name: u32,
    name_len: u16,
    data: u32,
    packed: u32,
    len: u32,
}

include!(concat!(env!("OUT_DIR"), "/code_index.rs"));
static NAMES: &str = include_str!(concat!(env!("OUT_DIR"), "/code.names"));
static BLOB: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/code.blob"));

impl Record {
    fn path(&self) -> &'static str {
        &NAMES[self.name as usize..self.name as usize + self.name_len as usize]
    }
}

static LZ4: Pack =
    Pack { pack: lz4_flex::block::compress, unpack: |b, len| lz4_flex::block::decompress(b, len).ok() };

pub struct Library;

impl adder_vm::hooks::Library for Library {
    fn code(&self, path: &str) -> Option<Stored> {
        let r = &RECORDS[RECORDS.binary_search_by(|r| r.path().cmp(path)).ok()?];
        let stored = &BLOB[r.data as usize..(r.data + r.packed) as usize];
        Some(if r.packed == r.len {
            Stored { bytes: Cow::Borrowed(stored), packed: None, pack: None }
        } else {
            let bytes = (LZ4.unpack)(stored, r.len as usize).expect("written by build.rs");
            Stored { bytes: bytes.into(), packed: Some(stored), pack: Some(&LZ4) }
        })
    }
    fn pack(&self) -> Option<&'static Pack> {
        Some(&LZ4)
    }
    fn file(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        adder_pylib::file(path).map(|f| f.bytes())
    }
    fn size(&self, path: &str) -> Option<usize> {
        adder_pylib::file(path).map(|f| f.len())
    }
    fn list(&self, folder: &str) -> Vec<&'static str> {
        adder_pylib::names_in(folder)
    }
    fn has_folder(&self, folder: &str) -> bool {
        adder_pylib::files_below(folder).next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adder_vm::hooks::Library as _;

    #[test]
    fn all_modules_are_there_and_load() {
        let mut n = 0;
        for f in adder_pylib::files().filter(|f| f.path().ends_with(".py")) {
            let Some(code) = Library.code(f.path()) else { continue };
            let code = adder_bytecode::deserialize_as(&code.bytes, Some("<x>")).unwrap();
            assert_eq!(&*code.filename, "<x>");
            n += 1;
        }
        assert!(n > 550, "{n}");
    }

    #[test]
    fn folders_list_their_entries_once() {
        let names = Library.list("json/");
        assert_eq!(
            names,
            ["__init__.py", "__main__.py", "decoder.py", "encoder.py", "scanner.py", "tool.py"]
        );
        assert!(Library.list("").contains(&"json"));
    }
}
