//! Whole traces: every instruction of the samples and of random traces is emitted, and what is emitted is instructions.
//! That they do the right thing is tested where they can run (`tests/random.rs`).

use super::AArch64;
use super::encode_tests::text;
use crate::emit::Emit;
use crate::exit;
use crate::isa::Isa;
use adder_metatrace::backend::{Backend, Compiled, Exit, ExitMaker, Layout, State};
use adder_metatrace::exec::reference;
use adder_metatrace::ir::*;
use adder_metatrace::random::compare_many;

const LAYOUT: Layout = Layout {
    poll: 8,
    cursor: 16,
    limit: 40000,
    gc_byte: 4,
    unlogged: 16,
    lock: 7,
    owner: 24,
    birth: 25,
    float_desc: 3,
    float_at: 8,
    box_float: 0x5555_1234_5670,
    barrier: 0x5555_1234_5680,
    alloc: 0x5555_1234_5690,
};

fn samples() -> Vec<(&'static str, Trace)> {
    let all = include_str!("../samples.ir");
    let parts = all.split("\n== ").skip(1).map(|s| s.split_once('\n').expect("a title"));
    parts
        .map(|(name, s)| (name, adder_metatrace::text::parse(s).unwrap_or_else(|e| panic!("{name}: {e}"))))
        .collect()
}

/// The disassembled code of a trace.
fn emitted(t: &Trace, layout: &Layout, parent: Option<&'static Exit>) -> Result<Vec<String>, String> {
    let mut maker = ExitMaker::new(parent, 1);
    let (code, _) = Emit::<AArch64>::new(t, layout, parent, 0, 0).run(
        &mut None,
        &mut |l| exit(&mut maker, l, 0),
        &mut |_| Err("nothing is shared"),
    )?;
    maker.finish(Some(t));
    disassembled(&code)
}
fn disassembled(code: &[u8]) -> Result<Vec<String>, String> {
    code.chunks(4).map(|w| text(u32::from_le_bytes(w.try_into().unwrap()))).collect()
}

#[test]
fn samples_are_emitted() {
    for (name, t) in samples() {
        adder_metatrace::verify::verify(&t).unwrap_or_else(|e| panic!("{name}: {e}"));
        let lines = emitted(&t, &LAYOUT, None).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(lines.len() > t.insts.len(), "{name}");
    }
}

#[test]
fn samples_hold_every_instruction() {
    let samples = samples();
    for op in Op::ALL {
        // Inputs are of bridges, `sync` of recordings.
        if !matches!(op, Op::In | Op::Sync) {
            let has = |t: &Trace| t.insts.iter().any(|i| i.op == *op);
            assert!(samples.iter().any(|s| has(&s.1)), "no sample has {}", op.info().text);
        }
    }
}

#[test]
fn a_loop() {
    let samples = samples();
    let t = &samples.iter().find(|s| s.0 == "loop").expect("a sample").1;
    let lines = emitted(t, &LAYOUT, None).unwrap();
    // Its body, from the header to the jump back.
    let end = lines.iter().position(|l| l.starts_with("b $-")).expect("a jump back");
    let by = lines[end].strip_prefix("b $-0x").map(|n| usize::from_str_radix(n, 16).unwrap() / 4).unwrap();
    let exits = |l: &String| l.split(" $").next().unwrap().to_string();
    let body: Vec<String> = lines[end - by..end].iter().map(exits).collect();
    assert_eq!(
        body,
        [
            "cmp x12, #0x7d1",
            "b.ge",
            "adds x13, x12, #0x2",
            "b.vs",
            "asr x16, x12, #0x1",
            "scvtf d1, x16",
            "fadd d2, d0, d1",
            "ldr w16, [x27, #0x8]",
            "cbnz w16,",
            "mov x12, x13",
            "fmov d0, d2",
        ]
    );
}

#[test]
fn stubs() {
    let code = |f: fn(&mut AArch64)| {
        let mut a = AArch64::new(0);
        f(&mut a);
        disassembled(&a.finish().unwrap()).unwrap()
    };
    let (enter, leave) = (code(AArch64::enter_stub), code(AArch64::leave_stub));
    assert_eq!(enter.first().unwrap(), "sub sp, sp, #0x90");
    assert_eq!(enter.last().unwrap(), "br x16");
    assert_eq!(leave[leave.len() - 2..], ["add sp, sp, #0x90", "ret"]);
    // What is stored is loaded from the same place.
    for line in enter.iter().filter(|l| l.starts_with("stp")) {
        assert!(leave.contains(&line.replace("stp", "ldp")), "{line}");
    }
}

#[test]
fn constants() {
    for w in [
        0,
        1,
        0xffff,
        0x1_0000,
        0x1234_5678_9abc_def0,
        u64::MAX,
        !5,
        0xffff_0000_ffff_1234,
        0x5555_5555_5555_5555,
        1 << 63,
    ] {
        let mut a = AArch64::new(0);
        a.constant(1, w);
        assert_eq!(value(&a.code), w, "{w:x}");
    }
}
/// What a sequence of moves leaves in its register.
fn value(code: &[u32]) -> u64 {
    let mut v = 0u64;
    for w in code {
        let (imm, shift) = ((w >> 5 & 0xffff) as u64, (w >> 21 & 3) * 16);
        v = match w >> 23 {
            0x1a5 => imm << shift,
            0x125 => !(imm << shift),
            0x1e5 => v & !(0xffff << shift) | imm << shift,
            0x164 => {
                let t = text(*w).unwrap();
                u64::from_str_radix(t.rsplit("#0x").next().unwrap(), 16).unwrap()
            }
            x => panic!("{x:x}"),
        };
    }
    v
}

/// Emits what it is to compile and has the reference executor run it.
struct Emitting;

impl Backend for Emitting {
    fn name(&self) -> &'static str {
        "emitting"
    }
    fn compile(
        &self,
        t: &Trace,
        layout: &Layout,
        parent: Option<&'static Exit>,
        owner: usize,
    ) -> Result<Compiled, &'static str> {
        emitted(t, layout, parent).unwrap_or_else(|e| panic!("{e}\n{}", adder_metatrace::text::print(t)));
        reference().compile(t, layout, parent, owner)
    }
    unsafe fn enter(&self, entry: usize, state: &mut State) -> &'static Exit {
        // SAFETY: the caller's promise.
        unsafe { reference().enter(entry, state) }
    }
    fn bail(&self) -> usize {
        reference().bail()
    }
}

#[test]
fn random_traces_are_emitted() {
    let (compared, _) = compare_many(&Emitting, 0..500);
    assert!(compared > 1000);
}
