//! A short run of `tests/race.py`: eight threads on shared objects, in the usual mode and with collections all the time.
//! Run the program by hand for a long one.

use adder_testing::{adder, root, run};
use std::process::Command;
use std::time::Duration;

#[test]
fn shared_objects_survive_races() {
    let adder = match adder() {
        Ok(adder) => adder,
        Err(why) => return println!("SKIPPED races: {why}"),
    };
    for args in [&[][..], &["-X", "gc=stress"]] {
        let mut command = Command::new(&adder);
        command.args(args).arg(root().join("tests/race.py")).arg("3");
        let ran = run(&mut command, Duration::from_secs(120)).expect("adder runs");
        let output = [&ran.stdout[..], &ran.stderr].concat();
        assert!(ran.status.is_some_and(|s| s.success()), "{args:?}: {}", String::from_utf8_lossy(&output));
    }
}
