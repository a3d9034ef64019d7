use adder_vm::err::R;
use adder_vm::thread::Th;
pub fn simulate(_th: Th, _n: i32) -> R<()> {
    Ok(())
}
pub fn after_fork_child(_th: Th) {}
