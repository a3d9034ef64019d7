//! Controls and sight of the JIT: options, the module `adderjit`, the log, the report, what profilers and debuggers read.
//!
//!     cargo test -p adder-testing --test jit_sight

use adder_testing::{adder, root};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Output};

fn run(args: &[&str], env: &[(&str, &str)]) -> Option<Output> {
    let Ok(adder) = adder() else {
        println!("SKIPPED: no adder");
        return None;
    };
    let mut c = Command::new(&adder);
    c.arg("-S").args(args).current_dir(root().join("tests/jit"));
    c.env_remove("ADDER_JIT").envs(env.iter().copied());
    Some(c.output().expect("adder runs"))
}
fn text(b: &[u8]) -> String {
    String::from_utf8_lossy(b).into_owned()
}
fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("adder-{}-{name}", std::process::id()))
}
/// Machine code is made here.
fn compiles() -> bool {
    run(&["-X", "jit=on", "-c", "import adderjit; print(adderjit.enabled())"], &[])
        .is_some_and(|o| text(&o.stdout) == "True\n")
}

#[test]
fn options() {
    let Some(help) = run(&["-X", "jit=help"], &[]) else { return };
    let help = text(&help.stdout);
    assert!(help.contains("\nthreshold = 700  (2..1000000000)\n"), "{help}");
    for (args, env, says) in [
        (&["-X", "jit=thresold=1"][..], "", "-X jit: there is no parameter \"thresold\""),
        (&["-X", "jit=max_depth=99"], "", "-X jit: max_depth=99 is not within 0..48"),
        (&[], "sometimes", "ADDER_JIT: there is no parameter \"sometimes\""),
    ] {
        let o = run(&[args, &["-c", "pass"]].concat(), &[("ADDER_JIT", env)]).unwrap();
        assert!(!o.status.success() && text(&o.stderr).contains(says), "{}", text(&o.stderr));
    }
    let show =
        "import adderjit as a; print(a.enabled(), a.get_param('threshold'), a.get_param('bridge_threshold'))";
    for (args, env, says) in [
        (&["-X", "jit=threshold=40"][..], "", "True 40 40\n"),
        (&["-X", "jit=threshold=40,bridge_threshold=9,off"], "", "False 40 9\n"),
        (&["-X", "jit=threshold=50"], "threshold=40,bridge_threshold=3", "True 50 3\n"),
        (&["-E", "-X", "jit=off"], "threshold=40", "False 700 150\n"),
    ] {
        let o = run(&[args, &["-c", show]].concat(), &[("ADDER_JIT", env)]).unwrap();
        assert_eq!(text(&o.stdout), says, "{}", text(&o.stderr));
    }
}

#[test]
fn module() {
    if !compiles() {
        return;
    }
    for gc in ["generational", "stress:500"] {
        let gc = format!("gc={gc}");
        let o = run(&["-X", "jit=threshold=30,budget=0,keep_ir=1", "-X", &gc, "adderjit_module.py"], &[])
            .unwrap();
        assert_eq!((&*text(&o.stdout), &*text(&o.stderr)), ("ok\n", ""), "{gc}");
    }
}

/// Elements, attributes of interest and text of well-formed XML; a panic tells what is wrong with it.
struct Page {
    ids: BTreeSet<String>,
    links: Vec<String>,
    traces: BTreeSet<String>,
    elements: usize,
}
fn well_formed(s: &str) -> Page {
    let mut p = Page { ids: BTreeSet::new(), links: Vec::new(), traces: BTreeSet::new(), elements: 0 };
    let mut open: Vec<String> = Vec::new();
    let mut rest = s.strip_prefix("<!DOCTYPE html>").expect("a page");
    while let Some(at) = rest.find('<') {
        let before = &rest[..at];
        for (k, _) in before.match_indices('&') {
            let e = &before[k + 1..before[k..].find(';').map_or(k + 1, |n| k + n)];
            assert!(matches!(e, "lt" | "gt" | "amp" | "quot" | "#39"), "reference {e:?} in {before:?}");
        }
        rest = &rest[at + 1..];
        if let Some(r) = rest.strip_prefix("![CDATA[") {
            rest = &r[r.find("]]>").expect("the end of CDATA") + 3..];
            continue;
        }
        let end = rest.find('>').expect("the end of a tag");
        let (tag, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "open: {open:?}");
            continue;
        }
        p.elements += 1;
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |t| (t, true));
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.bytes().all(|b| b.is_ascii_alphanumeric()), "element {name:?}");
        attributes = attributes.trim();
        while !attributes.is_empty() {
            let (key, r) =
                attributes.split_once("=\"").unwrap_or_else(|| panic!("attributes {attributes:?} of {name}"));
            let (value, r) = r.split_once('"').expect("the end of a value");
            assert!(!value.contains('<'), "{value:?}");
            match key {
                "id" => assert!(p.ids.insert(value.into()), "id {value} twice"),
                "href" => p.links.push(value.into()),
                "data-trace" => drop(p.traces.insert(value.into())),
                "src" => panic!("something is loaded: {value}"),
                _ => {}
            }
            attributes = r.trim_start();
        }
        if !empty {
            open.push(name.into());
        }
    }
    assert_eq!(open, Vec::<String>::new());
    p
}

#[test]
fn report_and_log() {
    if !compiles() {
        return;
    }
    let (page, log) = (temporary("report.html"), temporary("log"));
    let (x, y) = (format!("jitreport={}", page.display()), format!("jitlog={}", log.display()));
    let o = run(&["-X", "jit=threshold=50,budget=0", "-X", &x, "-X", &y, "report.py"], &[]).unwrap();
    assert!(o.status.success() && o.stderr.is_empty(), "{}", text(&o.stderr));
    let html = std::fs::read_to_string(&page).unwrap();
    let log_text = std::fs::read_to_string(&log).unwrap();
    let _ = (std::fs::remove_file(page), std::fs::remove_file(log));

    // -- the log
    let field = |l: &str, name: &str| {
        let at = format!(" {name}=");
        l.split_once(&at).map(|x| x.1.split(' ').next().unwrap().to_string())
    };
    assert!(log_text.starts_with("adderjitlog 1\nparam threshold=50\n"));
    let words = [
        "param", "record", "trace", "before", "line", "after", "exit", "abort", "invalid", "ran", "taken",
        "count",
    ];
    for l in log_text.lines().skip(1) {
        assert!(words.contains(&l.split(' ').next().unwrap()), "{l}");
    }
    let of = |word: &str| log_text.lines().filter(|l| l.split(' ').next() == Some(word)).collect::<Vec<_>>();
    let traces: BTreeSet<String> = of("trace").into_iter().map(|l| field(l, "id").unwrap()).collect();
    assert!(traces.len() > 5);
    for l in of("trace").into_iter().filter(|l| l.contains("kind=bridge")) {
        assert!(traces.contains(&field(l, "from").unwrap()), "{l}");
    }
    let own: Vec<&str> = of("trace").into_iter().filter(|l| l.contains(" in=branchy ")).collect();
    assert!(own.iter().any(|l| l.contains(" kind=loop ") && l.contains("/report.py:22 ")), "{own:?}");
    assert!(of("line").iter().any(|l| l.contains(" in=Pair.sum ") && l.contains(" depth=1 ")));
    assert!(of("exit").iter().any(|l| l.contains("‘i’ % 3")));
    assert!(!of("taken").is_empty() && !of("count").is_empty() && of("ran").len() == traces.len());
    assert!(of("abort").iter().all(|l| field(l, "reason").is_some()));

    // -- the page
    let p = well_formed(&html);
    assert!(p.elements > 500);
    assert_eq!(p.traces, traces, "all traces are there");
    for l in &p.links {
        let id = l.strip_prefix('#').unwrap_or_else(|| panic!("a link out of the page: {l}"));
        assert!(p.ids.contains(id), "{l} leads nowhere");
    }
    // In tags, styles and programs; source code that is shown may name addresses.
    let shown = |k: usize| {
        let begins = |what: &str, end: &str| html[..k].rfind(what) > html[..k].rfind(end);
        !begins("<", ">") && !begins("<style", "</style") && !begins("<script", "</script")
    };
    for (k, _) in html.match_indices("http").filter(|(k, _)| !shown(*k)) {
        let rest = &html[k..];
        assert!(
            rest.starts_with("http-equiv") || rest.starts_with("http://www.w3.org/1999/xhtml"),
            "{}",
            &rest[..40]
        );
    }
    // Source with its text escaped, words for guards, IR, machine code.
    for want in [
        "def</span> branchy",
        "&lt;&amp;&gt;",
        "‘i’ % 3 == 0",
        "fix_mod",
        "Optimised IR",
        "Machine code (",
        "Pair.sum, inlined, depth 1",
    ] {
        assert!(html.contains(want), "{want:?} is missing");
    }
}

/// The log tells of exits that test for classes which are gone.
#[test]
fn classes_that_died() {
    if !compiles() {
        return;
    }
    let program = "
import gc
def total(things):
    t = 0
    for o in things:
        t += o.a
    return t
def use():
    class C:
        def __init__(self, k):
            self.a = k
    return total([C(k) for k in range(200)])
for k in range(30):
    use()
gc.collect()
kept = [type('T', (), {str(k): b'x' * (16 * k)}) for k in range(3000)]
";
    let log = temporary("log-of-dead");
    let x = format!("jitlog={}", log.display());
    let o = run(&["-X", "jit=threshold=50,budget=0", "-X", &x, "-c", program], &[]).unwrap();
    assert!(o.status.success() && o.stderr.is_empty(), "{:?}: {}", o.status, text(&o.stderr));
    let told = std::fs::read_to_string(&log).unwrap();
    let _ = std::fs::remove_file(log);
    assert!(told.contains("with the attributes seen before"), "{told}");
}

#[test]
fn perf_and_gdb() {
    if !compiles() || !cfg!(target_os = "linux") {
        return;
    }
    let elfs = temporary("elf");
    std::fs::create_dir_all(&elfs).unwrap();
    let show = "import os, adderjit; exec(compile(open('report.py').read(), 'report.py', 'exec')); print(os.getpid());\n\
                for t in adderjit.traces(): print('trace', t.address, t.code_size, t.function)";
    let o = run(
        &["-X", "jit=threshold=50,budget=0,gdb", "-X", "perf", "-X", "perf_jit", "-c", show],
        &[("ADDER_JIT_ELF", elfs.to_str().unwrap())],
    )
    .unwrap();
    assert!(o.status.success(), "{}", text(&o.stderr));
    let out = text(&o.stdout);
    let pid: u32 = out.lines().find_map(|l| l.parse().ok()).unwrap();
    let traces: Vec<(u64, u64, String)> = out
        .lines()
        .filter_map(|l| l.strip_prefix("trace "))
        .map(|l| {
            let f: Vec<&str> = l.split(' ').collect();
            (f[0].parse().unwrap(), f[1].parse().unwrap(), f[2].to_string())
        })
        .collect();
    assert!(traces.len() > 5);

    let (map_path, dump_path) = (format!("/tmp/perf-{pid}.map"), format!("/tmp/jit-{pid}.dump"));
    let map = std::fs::read_to_string(&map_path).unwrap();
    for (at, bytes, name) in &traces {
        assert!(map.lines().any(|l| l.starts_with(&format!("{at:x} {bytes:x} py::{name}:"))), "{name}");
    }
    let dump = std::fs::read(&dump_path).unwrap();
    let _ = (std::fs::remove_file(map_path), std::fs::remove_file(dump_path));
    let w32 = |at: usize| u32::from_ne_bytes(dump[at..at + 4].try_into().unwrap());
    let w64 = |at: usize| u64::from_ne_bytes(dump[at..at + 8].try_into().unwrap());
    assert_eq!((w32(0), w32(4), w32(8), w32(20)), (0x4A69_5444, 1, 40, pid));
    let (mut at, mut loaded, mut lines, mut closed) = (40, Vec::new(), 0, false);
    while at < dump.len() {
        let (id, size) = (w32(at), w32(at + 4) as usize);
        match id {
            0 => {
                let (addr, bytes) = (w64(at + 32), w64(at + 40));
                assert!(size > 56 + bytes as usize);
                loaded.push((addr, bytes));
            }
            2 => lines += w64(at + 24),
            3 => closed = true,
            _ => panic!("record {id}"),
        }
        at += size;
    }
    assert_eq!(at, dump.len());
    assert!(closed && lines > traces.len() as u64);
    assert_eq!(loaded, traces.iter().map(|t| (t.0, t.1)).collect::<Vec<_>>());

    // The images that gdb is given.
    for (k, (at, bytes, _)) in traces.iter().enumerate() {
        let elf = std::fs::read(elfs.join(format!("trace-{}.elf", k + 1))).unwrap();
        let w16 = |at: usize| u16::from_le_bytes(elf[at..at + 2].try_into().unwrap()) as usize;
        let w64 = |at: usize| u64::from_le_bytes(elf[at..at + 8].try_into().unwrap());
        assert_eq!((&elf[..6], w16(16), w16(58)), (&[0x7f, b'E', b'L', b'F', 2, 1][..], 1, 64));
        let (headers, n) = (w64(40) as usize, w16(60));
        assert_eq!(elf.len(), headers + 64 * n);
        assert_eq!((w64(headers + 64 + 16), w64(headers + 64 + 32)), (*at, *bytes), ".text");
        for s in 1..n {
            let h = headers + 64 * s;
            let kind = u32::from_le_bytes(elf[h + 4..h + 8].try_into().unwrap());
            assert!(kind == 8 || (w64(h + 24) + w64(h + 32)) as usize <= headers, "section {s}");
        }
    }
    let _ = std::fs::remove_dir_all(elfs);
    readelf_agrees();
}

/// binutils' reader finds nothing wrong, if it is there.
fn readelf_agrees() {
    if Command::new("readelf").arg("--version").output().is_err() {
        println!("SKIPPED: no readelf");
        return;
    }
    let elfs = temporary("readelf");
    std::fs::create_dir_all(&elfs).unwrap();
    run(&["-X", "jit=threshold=50,budget=0,gdb", "report.py"], &[("ADDER_JIT_ELF", elfs.to_str().unwrap())]);
    for f in std::fs::read_dir(&elfs).unwrap() {
        let f = f.unwrap().path();
        let o = Command::new("readelf")
            .args(["-a", "--debug-dump=info,decodedline,frames"])
            .arg(&f)
            .output()
            .unwrap();
        assert!(o.status.success() && o.stderr.is_empty(), "{}: {}", f.display(), text(&o.stderr));
    }
    let _ = std::fs::remove_dir_all(elfs);
}
