//! New objects.

use super::*;

pub fn new_object(
    s: &mut AArch64,
    d: u8,
    size: i32,
    header: u64,
    l: &Layout,
    shared: bool,
    other: Detour<Label>,
) {
    let thread = |disp| Addr { base: AArch64::THREAD, index: None, disp };
    s.load(d, thread(l.cursor));
    s.access(Access::Load, X17, thread(l.limit));
    s.add_constant(X16, g(d), size as i64);
    s.put(cmp(X16, X17));
    s.jump_if(Cc::Hi, other.at);
    // The address of the cursor may need X16.
    s.put(mov(X17, X16));
    s.access(Access::Store, X17, thread(l.cursor));
    s.constant(X16, header);
    s.put(str(X16, g(d), 0));
    if shared {
        s.put(ldr_b(X16, THREAD, l.birth as u32));
        s.put(str_b(X16, g(d), l.lock as u32));
    }
    s.bind(other.back);
}
