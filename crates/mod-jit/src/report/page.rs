//! The page: HTML that is well-formed XML as well, with its style and its little script inside; nothing is loaded. It can
//! be read without the script, which sorts, filters, opens and closes.

use super::source::{self, Sources};
use super::*;
use crate::disasm;
use crate::log::annotated;
use adder_metatrace::counters;
use adder_metatrace::params;
use std::fmt::Write;

/// Traces whose IR and machine code are shown, the hottest first.
const SHOWN: usize = 120;
/// Functions whose source is shown.
const SOURCES: usize = 60;

pub fn esc(s: &str) -> String {
    let mut o = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '<' => o.push_str("&lt;"),
            '>' => o.push_str("&gt;"),
            '&' => o.push_str("&amp;"),
            '"' => o.push_str("&quot;"),
            '\'' => o.push_str("&#39;"),
            // No character of XML.
            c if (c as u32) < 32 && c != '\n' && c != '\t' => o.push('\u{fffd}'),
            '\u{fffe}' | '\u{ffff}' => o.push('\u{fffd}'),
            c => o.push(c),
        }
    }
    o
}

/// A number with separators.
pub fn count(n: u64) -> String {
    let s = n.to_string();
    let mut o = String::new();
    for (i, c) in s.chars().enumerate() {
        if i > 0 && (s.len() - i) % 3 == 0 {
            o.push(',');
        }
        o.push(c);
    }
    o
}
fn times(n: u64) -> String {
    if n == 1 { "once".into() } else { format!("{} times", count(n)) }
}
fn plural(n: u64, what: &str) -> String {
    format!("{} {what}{}", count(n), if n == 1 { "" } else { "s" })
}
fn percent(n: u64, all: u64) -> String {
    if n == 0 || all == 0 {
        return String::new();
    }
    let p = 100.0 * n as f64 / all as f64;
    if p < 0.1 {
        "&lt;0.1%".into()
    } else if p < 9.95 {
        format!("{p:.1}%")
    } else {
        format!("{p:.0}%")
    }
}
/// Where the time went, as a bar; `all`: what full width stands for.
fn bar(t: Time, all: u64) -> String {
    let w = |n: u64| 100.0 * n as f64 / all.max(1) as f64;
    let mut o = String::from("<span class=\"bar\" aria-hidden=\"true\">");
    for (class, n) in [("m", t.machine), ("r", t.called), ("i", t.interpreted)] {
        if n > 0 {
            let _ = write!(o, "<i class=\"{class}\" style=\"width:{:.2}%\"></i>", w(n));
        }
    }
    o + "</span>"
}
fn short(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}
fn trace_link(id: u32) -> String {
    format!("<a href=\"#t{id}\">trace {id}</a>")
}

pub fn page(d: &Data) -> String {
    let config = adder_vm::config::get();
    let command: Vec<String> =
        config.orig_argv.iter().skip(1).map(|a| String::from_utf8_lossy(a).into_owned()).collect();
    let program = config.argv.first().map_or(String::new(), |a| String::from_utf8_lossy(a).into_owned());
    let mut o = String::new();
    let _ = write!(
        o,
        "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\"><head><meta charset=\"utf-8\" />\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\" />\
         <title>JIT report: {}</title>\n<style>\n{}</style></head>\n<body><a class=\"skip\" href=\"#functions\">Skip to the functions</a>\
         <header><div class=\"top\"><h1>JIT report</h1><button type=\"button\" id=\"theme\" hidden=\"hidden\">Dark or light</button></div>\
         <p class=\"cmd\"><code>adder {}</code></p>",
        esc(short(&program)),
        include_str!("page.css"),
        esc(&command.join(" "))
    );
    summary(&mut o, d);
    o.push_str("</header>\n<main>");
    functions(&mut o, d);
    sources(&mut o, d);
    traces(&mut o, d);
    aborts(&mut o, d);
    other(&mut o);
    let _ = write!(
        o,
        "</main>\n<footer><p>Adder {}. The system was asked for {} samples in each second of the processor's time and gave {}: \
         many systems give a hundred or so. A share is of all samples. See docs/jit.md for what the words mean.</p></footer>\n<script>//<![CDATA[\n{}//]]></script></body></html>\n",
        esc(&adder_vm::sys::info::version()),
        crate::sampler::HZ,
        count((d.total as f64 / d.cpu.max(1e-3)) as u64),
        include_str!("page.js")
    );
    o
}

fn summary(o: &mut String, d: &Data) {
    use adder_metatrace::counters::Counter::*;
    let loops = d.traces.iter().filter(|t| t.info.parent.is_none()).count() as u64;
    let bridges = d.traces.len() as u64 - loops;
    let left: u64 = d.traces.iter().map(|t| t.info.left()).sum();
    let bytes: usize = d.traces.iter().map(|t| t.info.bytes).sum();
    let nanos: u64 = d.traces.iter().map(|t| t.info.nanos).sum();
    let aborted: u64 = d.aborts.iter().map(|a| a.times).sum();
    let _ = write!(
        o,
        "<section aria-label=\"Summary\"><div class=\"split\" role=\"img\" aria-label=\"Machine code {} percent, runtime called from it {} percent, interpreter {} percent, compiler {} percent\">",
        share(d.time.machine, d.total),
        share(d.time.called, d.total),
        share(d.time.interpreted, d.total),
        share(d.recording, d.total),
    );
    let parts = [
        ("m", "machine code", d.time.machine),
        ("r", "runtime called from machine code", d.time.called),
        ("i", "interpreter and what it calls", d.time.interpreted),
        ("j", "recording and compiling", d.recording),
        ("e", "elsewhere", d.elsewhere),
    ];
    for (class, _, n) in parts {
        if n > 0 {
            let _ = write!(
                o,
                "<i class=\"{class}\" style=\"width:{:.2}%\"></i>",
                100.0 * n as f64 / d.total.max(1) as f64
            );
        }
    }
    o.push_str("</div><ul class=\"legend\">");
    for (class, name, n) in parts {
        if n > 0 || class != "e" {
            let _ = write!(
                o,
                "<li><i class=\"{class}\"></i>{name} <b>{}</b></li>",
                if n == 0 { "0%".to_string() } else { percent(n, d.total) }
            );
        }
    }
    o.push_str("</ul><dl class=\"facts\">");
    for (name, value) in [
        ("running", format!("{:.2} s", d.seconds)),
        ("samples", count(d.total)),
        ("loops compiled", count(loops)),
        ("bridges compiled", count(bridges)),
        ("recordings given up", count(aborted)),
        ("exits to the interpreter", count(left)),
        (
            "loops invalidated",
            count(
                [InvalidCache, InvalidGlobal, InvalidThreads, InvalidObserved, InvalidAll, Dropped]
                    .iter()
                    .map(|c| c.get())
                    .sum(),
            ),
        ),
        ("machine code", format!("{:.1} KB", bytes as f64 / 1024.0)),
        ("compiling", format!("{:.1} ms", nanos as f64 / 1e6)),
        ("code generator", d.backend.unwrap_or("none: the JIT is off").to_string()),
    ] {
        let _ = write!(o, "<div><dt>{name}</dt><dd>{}</dd></div>", esc(&value));
    }
    o.push_str("</dl>");
    if d.total < 100 {
        o.push_str("<p class=\"hint\">Few samples were taken: shares are rough.</p>");
    }
    o.push_str("</section>");
}
fn share(n: u64, all: u64) -> u64 {
    (100.0 * n as f64 / all.max(1) as f64).round() as u64
}

fn functions(o: &mut String, d: &Data) {
    o.push_str(
        "<section id=\"functions\"><h2>Functions</h2><p class=\"hint\" data-js=\"1\" hidden=\"hidden\"><label>Show only <input id=\"filter\" type=\"search\" placeholder=\"part of a name\" /></label></p>\
         <div class=\"scroll\"><table class=\"sortable\"><caption><span>Where the time went, and what keeps it from being machine code. Column headings sort.</span></caption><thead><tr>",
    );
    for (name, class) in [
        ("function", ""),
        ("time", "num"),
        ("of which", "wide"),
        ("traces", "num wide"),
        ("exits", "num"),
        ("given up", "num wide"),
        ("what is the matter", ""),
    ] {
        let sorted = if name == "time" { " aria-sort=\"descending\"" } else { "" };
        let _ = write!(o, "<th scope=\"col\" class=\"{class}\"{sorted}>{name}</th>");
    }
    o.push_str("</tr></thead><tbody>");
    let top = d.functions.iter().map(|f| f.time.all()).max().unwrap_or(0);
    for (k, f) in d.functions.iter().enumerate() {
        let (bad, text) = d.verdict(f);
        let name = esc(&f.name);
        let link = if k < SOURCES { format!("<a href=\"#f{k}\">{name}</a>") } else { name };
        let _ = write!(
            o,
            "<tr><th scope=\"row\"><code>{link}</code><small>{}:{}</small></th><td class=\"num\" data-v=\"{}\">{}</td>\
             <td class=\"wide\" data-v=\"{}\">{}</td><td class=\"num wide\" data-v=\"{}\">{}</td><td class=\"num\" data-v=\"{}\">{}</td>\
             <td class=\"num wide\" data-v=\"{}\">{}</td><td data-v=\"{bad}\" class=\"bad{bad}\">{}</td></tr>",
            esc(short(&f.file)),
            f.first,
            f.time.all(),
            percent(f.time.all(), d.total),
            f.time.interpreted,
            bar(f.time, top),
            f.traces.len(),
            f.traces.len(),
            f.exits,
            count(f.exits),
            f.aborts,
            count(f.aborts),
            esc(&text)
        );
    }
    if d.functions.is_empty() {
        o.push_str("<tr><td colspan=\"7\">Nothing was compiled and no sample was taken: the program was over too soon.</td></tr>");
    }
    o.push_str("</tbody></table></div></section>\n");
}

fn sources(o: &mut String, d: &Data) {
    o.push_str("<section id=\"sources\"><h2>Source</h2><p class=\"hint\" data-js=\"1\" hidden=\"hidden\"><button type=\"button\" data-open=\"#sources details\">Open all</button> <button type=\"button\" data-close=\"#sources details\">Close all</button></p>");
    let mut files = Sources::default();
    for (k, f) in d.functions.iter().enumerate().take(SOURCES) {
        let hot = k < 8 && (f.time.all() * 100 >= d.total || !f.traces.is_empty());
        let _ = write!(
            o,
            "<details class=\"func\" id=\"f{k}\"{}><summary><h3><code>{}</code></h3><span class=\"where\">{}:{}</span>{}<span class=\"pc\">{}</span></summary>",
            if hot { " open=\"open\"" } else { "" },
            esc(&f.name),
            esc(&f.file),
            f.first,
            bar(f.time, f.time.all()),
            percent(f.time.all(), d.total)
        );
        let (bad, text) = d.verdict(f);
        if !text.is_empty() {
            let _ = write!(o, "<p class=\"verdict bad{bad}\">{}</p>", esc(&text));
        }
        function(o, d, f, &mut files);
        o.push_str("</details>\n");
    }
    o.push_str("</section>\n");
}

/// The source of a function, line by line.
fn function(o: &mut String, d: &Data, f: &Function, files: &mut Sources) {
    let module = f.name == "<module>";
    let lines = files.lines(&f.file);
    let (first, last) = match lines {
        Some(l) => {
            let noted = f.lines.keys().copied().max().unwrap_or(0);
            let end = source::end(l, f.first.max(1), module).max(noted).min(l.len() as u32);
            (if module { 1 } else { f.first.max(1) }, end)
        }
        None => (0, 0),
    };
    o.push_str("<div class=\"scroll\"><table class=\"src\"><caption class=\"sr\">Source with what the JIT made of it</caption><thead class=\"sr\"><tr><th scope=\"col\">time</th><th scope=\"col\">line</th><th scope=\"col\">source</th></tr></thead><tbody>");
    let top = f.lines.values().map(|l| l.time.all()).max().unwrap_or(0);
    let row = |o: &mut String, n: u32, text: Option<&str>| {
        let l = f.lines.get(&n);
        let t = l.map_or(Time::default(), |l| l.time);
        let mut badges = String::new();
        if let Some(l) = l {
            for k in &l.begins {
                let t = d.traces[*k].info;
                let dead = if d.traces[*k].invalid.is_some() { " dead" } else { "" };
                let _ = write!(
                    badges,
                    " <a class=\"badge begin{dead}\" href=\"#t{}\">{} {}</a>",
                    t.id,
                    t.kind(),
                    t.id
                );
            }
            let left: u64 = l.left.iter().map(|x| x.times).sum();
            if left > 0 {
                let _ = write!(badges, " <span class=\"badge left\">{}</span>", plural(left, "exit"));
            }
            let n: u64 = l.aborts.iter().map(|k| d.aborts[*k].times).sum();
            if n > 0 {
                let _ = write!(badges, " <span class=\"badge abort\">given up {}</span>", times(n));
            }
        }
        let traced = if l.is_some_and(|l| l.traced) { " class=\"traced\"" } else { "" };
        let _ = write!(
            o,
            "<tr{traced}><td class=\"t\">{}<span>{}</span></td><th scope=\"row\">{n}</th><td><code>{}</code>{badges}</td></tr>",
            if t.all() > 0 { bar(t, top) } else { String::new() },
            percent(t.all(), d.total),
            text.map_or(String::new(), source::highlight)
        );
        if let Some(l) = l {
            notes(o, d, l);
        }
    };
    match lines {
        None => {
            for n in f.lines.keys() {
                row(o, *n, None);
            }
        }
        Some(text) => {
            // Lines far from all that is told are left out.
            let long = last - first > 150;
            let near = |n: u32| !long || f.lines.range(n.saturating_sub(6)..=n + 6).next().is_some();
            let mut skipped = false;
            for n in first..=last {
                if near(n) {
                    if skipped {
                        o.push_str("<tr class=\"gap\"><td></td><th scope=\"row\">…</th><td></td></tr>");
                    }
                    skipped = false;
                    row(o, n, text.get(n as usize - 1).map(|s| &**s));
                } else {
                    skipped = true;
                }
            }
        }
    }
    o.push_str("</tbody></table></div>");
    if lines.is_none() {
        o.push_str("<p class=\"hint\">The source is not available.</p>");
    }
}

/// What is to be said under a line.
fn notes(o: &mut String, d: &Data, l: &LineData) {
    if l.left.is_empty() && l.aborts.is_empty() {
        return;
    }
    o.push_str("<tr class=\"notes\"><td></td><td></td><td><ul>");
    for k in &l.aborts {
        let a = &d.aborts[*k];
        let (id, advice) = a.reason.reason().unwrap_or(("?", ""));
        let _ = write!(
            o,
            "<li class=\"abort\"><b>Given up {}</b> while recording {} of line {}: {} <code class=\"id\">{id}</code>{}. <span class=\"advice\">{}</span></li>",
            times(a.times),
            if a.bridge.is_some() { "a bridge" } else { "the loop" },
            a.begins.line,
            esc(a.why),
            if a.at.op.is_empty() { String::new() } else { format!(" at <code>{}</code>", esc(a.at.op)) },
            esc(advice)
        );
    }
    for x in l.left.iter().take(6) {
        let t = d.traces[x.trace].info;
        let then = match x.bridge {
            Some(b) => {
                let before = if x.times > 0 {
                    format!("{} to the interpreter, then {}", times(x.times), times(x.bridged))
                } else {
                    times(x.bridged)
                };
                format!("{before} into <a href=\"#t{b}\">bridge {b}</a>")
            }
            None => format!("{} to the interpreter", times(x.times)),
        };
        let failed = t.exits.get(x.exit).failures();
        let _ = write!(
            o,
            "<li{}>{} expects that {}; <b>{}</b>: {then}{}.</li>",
            if x.bridge.is_none() && x.times > 1000 { " class=\"often\"" } else { "" },
            trace_link(t.id),
            esc(&x.expects),
            esc(&x.otherwise),
            if failed > 0 { format!("; {} failed", plural(failed as u64, "bridge")) } else { String::new() }
        );
    }
    if l.left.len() > 6 {
        let _ = write!(o, "<li>{} more exits were taken.</li>", l.left.len() - 6);
    }
    o.push_str("</ul></td></tr>");
}

fn traces(o: &mut String, d: &Data) {
    let mut order: Vec<usize> = (0..d.traces.len()).collect();
    order.sort_by_key(|k| {
        let t = &d.traces[*k];
        std::cmp::Reverse((t.time.all(), t.info.runs.load(Relaxed), t.info.left()))
    });
    let _ = write!(
        o,
        "<section id=\"traces\"><h2>Traces</h2><p class=\"hint\">The hottest first. The IR is shown as it was compiled, with the lines that it came from; machine code with the samples that fell on it.</p><p class=\"hint\" data-js=\"1\" hidden=\"hidden\"><button type=\"button\" data-open=\"#traces .trace\">Open all</button> <button type=\"button\" data-close=\"#traces details\">Close all</button></p>"
    );
    for (k, &n) in order.iter().enumerate() {
        trace(o, d, &d.traces[n], k < SHOWN);
    }
    if order.is_empty() {
        o.push_str("<p>No loop was compiled.</p>");
    }
    o.push_str("</section>\n");
}

fn trace(o: &mut String, d: &Data, x: &Traced, whole: bool) {
    let t = x.info;
    let b = &t.begins;
    let runs = t.runs.load(Relaxed);
    let _ = write!(
        o,
        "<details class=\"trace\" id=\"t{}\" data-trace=\"{}\"><summary><h3>{} {}</h3><span class=\"where\"><code>{}</code> {}:{}</span>{}<span class=\"pc\">{}</span></summary><p>",
        t.id,
        t.id,
        if t.parent.is_some() { "Bridge" } else { "Loop" },
        t.id,
        esc(&b.function),
        esc(short(&b.file)),
        b.line,
        if x.time.all() > 0 {
            bar(x.time, d.traces.iter().map(|t| t.time.all()).max().unwrap_or(1))
        } else {
            String::new()
        },
        percent(x.time.all(), d.total)
    );
    if let Some((from, e)) = t.parent {
        let _ = write!(o, "Begins at exit {} of {}. ", e.id(), trace_link(from));
    }
    let _ = write!(
        o,
        "{} {}; left for the interpreter {}. {} recorded, {} after optimising, {} bytes, compiled in {} µs.",
        if t.parent.is_some() { "Ran" } else { "Went round" },
        times(runs),
        times(t.left()),
        plural(t.recorded as u64, "instruction"),
        count(t.optimised as u64),
        count(t.bytes as u64),
        t.nanos / 1000
    );
    if let Some(c) = x.invalid {
        let _ = write!(
            o,
            " <b class=\"bad3\">Not used any more: {}.</b>",
            esc(c.name().trim_start_matches("invalidated: "))
        );
    }
    o.push_str("</p>");
    let Some(detail) = t.detail.as_ref().filter(|_| whole) else {
        o.push_str("<p class=\"hint\">Its instructions are not shown: others were hotter.</p></details>\n");
        return;
    };
    exits(o, d, t);
    let mut by_inst: BTreeMap<usize, Time> = BTreeMap::new();
    for (at, n) in &x.at {
        if let Some(i) = detail.inst_at(*at) {
            by_inst.entry(i).or_default().add(*n);
        }
    }
    let mut files = Sources::default();
    ir(o, t, &by_inst, &mut files);
    code(o, x, detail);
    let _ = writeln!(
        o,
        "<details class=\"part\"><summary>As recorded, before optimising</summary><pre>{}</pre></details></details>",
        esc(&detail.recorded)
    );
}

/// The exits that were taken.
fn exits(o: &mut String, d: &Data, t: &TraceInfo) {
    let bridge = |n: usize| {
        d.traces.iter().map(|b| b.info).find(|b| b.parent.is_some_and(|p| std::ptr::eq(p.1, t.exits.get(n))))
    };
    let mut all: Vec<usize> = (0..t.exits.len()).filter(|n| t.exits.get(*n).times() > 0).collect();
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|n| std::cmp::Reverse(t.exits.get(*n).times()));
    let more = all.len().saturating_sub(12);
    o.push_str("<div class=\"scroll\"><table class=\"sortable\"><caption><span>Exits that were taken</span></caption><thead><tr><th scope=\"col\" class=\"num\">exit</th><th scope=\"col\" class=\"num\" aria-sort=\"descending\">to the interpreter</th><th scope=\"col\" class=\"num\">into a bridge</th><th scope=\"col\" class=\"num\">line</th><th scope=\"col\">expected</th><th scope=\"col\">but</th></tr></thead><tbody>");
    for n in all.into_iter().take(12) {
        let e = t.exits.get(n);
        let (x, y) = words::exit(t, n).unwrap_or_default();
        let _ = write!(
            o,
            "<tr><td class=\"num\">{}</td><td class=\"num\" data-v=\"{}\">{}</td><td class=\"num\" data-v=\"{}\">{}</td><td class=\"num\">{}</td><td>{}</td><td>{}</td></tr>",
            e.id(),
            e.times(),
            count(e.times()),
            bridge(n).map_or(0, |b| b.runs.load(Relaxed)),
            bridge(n).map_or(String::new(), |b| {
                format!("{} (<a href=\"#t{}\">{}</a>)", count(b.runs.load(Relaxed)), b.id, b.id)
            }),
            words::exit_line(t, n).map_or(String::new(), |l| l.line.to_string()),
            esc(&x),
            esc(&y)
        );
    }
    o.push_str("</tbody></table></div>");
    if more > 0 {
        let _ = write!(o, "<p class=\"hint\">{more} more were taken less often.</p>");
    }
}

fn ir(o: &mut String, t: &TraceInfo, by_inst: &BTreeMap<usize, Time>, files: &mut Sources) {
    let detail = t.detail.as_ref().expect("details");
    let top = by_inst.values().map(|t| t.all()).max().unwrap_or(0);
    let all: u64 = by_inst.values().map(|t| t.all()).sum();
    o.push_str("<details class=\"part\" open=\"open\"><summary>Optimised IR</summary><div class=\"scroll\"><table class=\"ir\"><caption class=\"sr\">Instructions of the optimised trace</caption><tbody>");
    for (line, inst, text) in annotated(t) {
        if let Some(l) = line {
            let src = files
                .lines(&l.file)
                .and_then(|s| s.get((l.line as usize).checked_sub(1)?))
                .map_or(String::new(), |s| source::highlight(s.trim()));
            let _ = write!(
                o,
                "<tr class=\"line\"><td></td><td><b>{}:{}</b> <code>{src}</code> <small>{}{}</small></td></tr>",
                esc(short(&l.file)),
                l.line,
                esc(&l.function),
                if l.depth > 0 { format!(", inlined, depth {}", l.depth) } else { String::new() }
            );
        }
        let time = inst.and_then(|i| by_inst.get(&i)).copied().unwrap_or_default();
        let mut said = String::new();
        if let Some(i) = inst
            && let Some(n) = detail.marks.exits.iter().position(|x| *x as usize == i)
            && i < detail.trace.insts.len()
        {
            let k = t.exits.get(n).times();
            said = format!(
                " <span class=\"says{}\">{}{}</span>",
                if k > 0 { " taken" } else { "" },
                esc(&words::guard(detail, i).0),
                if k > 0 { format!(" — left {}", times(k)) } else { String::new() }
            );
        }
        for (k, l) in text.lines().enumerate() {
            let class = if l == "loop" { " class=\"loop\"" } else { "" };
            let _ = write!(
                o,
                "<tr{class}><td class=\"t\">{}<span>{}</span></td><td><code>{}</code>{}</td></tr>",
                if time.all() > 0 && k == 0 { bar(time, top) } else { String::new() },
                if k == 0 { percent(time.all(), all) } else { String::new() },
                esc(l),
                if k == 0 { &*said } else { "" }
            );
        }
    }
    o.push_str("</tbody></table></div></details>");
}

fn code(o: &mut String, x: &Traced, detail: &Detail) {
    let t = x.info;
    let Some(arch) = t.arch else { return };
    let top = x.at.values().map(|t| t.all()).max().unwrap_or(0);
    let all: u64 = x.at.values().map(|t| t.all()).sum();
    let _ = write!(
        o,
        "<details class=\"part\"><summary>Machine code ({}, {} bytes at {:#x})</summary><div class=\"scroll\"><table class=\"ir\"><caption class=\"sr\">Machine code</caption><tbody>",
        esc(arch),
        count(t.bytes as u64),
        t.entry
    );
    let lines = disasm::lines(arch, t.code(), t.entry as u64);
    let mut last = None;
    for (k, l) in lines.iter().enumerate() {
        let inst = detail.inst_at(l.offset);
        if inst != last {
            last = inst;
            let text = match inst {
                Some(i) if i < detail.trace.insts.len() => adder_metatrace::text::inst(&detail.trace, i),
                Some(_) => {
                    adder_metatrace::text::end(&detail.trace).lines().next().unwrap_or("end").to_string()
                }
                None => "exits".into(),
            };
            let _ = write!(o, "<tr class=\"line\"><td></td><td><code>{}</code></td></tr>", esc(&text));
        }
        // A sample is on the instruction's first byte, or, for calls, on its last.
        let next = lines.get(k + 1).map_or(u32::MAX, |n| n.offset);
        let mut time = Time::default();
        x.at.range(l.offset..next).for_each(|s| time.add(*s.1));
        let bytes: String = l.bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
        let _ = write!(
            o,
            "<tr><td class=\"t\">{}<span>{}</span></td><td title=\"{bytes}\"><small>{:x}</small> <code>{}</code></td></tr>",
            if time.all() > 0 { bar(time, top) } else { String::new() },
            percent(time.all(), all),
            l.offset,
            esc(&l.text)
        );
    }
    o.push_str("</tbody></table></div></details>");
}

fn aborts(o: &mut String, d: &Data) {
    o.push_str("<section id=\"aborts\"><h2>Recordings given up</h2>");
    if d.aborts.is_empty() {
        o.push_str("<p>None.</p></section>\n");
        return;
    }
    o.push_str("<div class=\"scroll\"><table class=\"sortable\"><caption><span>Where recording stopped, and why. A loop is recorded again a few times before it is left to the interpreter.</span></caption><thead><tr><th scope=\"col\" class=\"num\" aria-sort=\"descending\">times</th><th scope=\"col\">where</th><th scope=\"col\">began at</th><th scope=\"col\">reason</th><th scope=\"col\">what can be done</th></tr></thead><tbody>");
    let mut all: Vec<&Abort> = d.aborts.iter().collect();
    all.sort_by_key(|a| std::cmp::Reverse(a.times));
    for a in all {
        let (id, advice) = a.reason.reason().unwrap_or(("?", ""));
        let _ = write!(
            o,
            "<tr><td class=\"num\" data-v=\"{}\">{}</td><td><code>{}</code> {}:{} <small>{}</small></td><td>{} {}:{}</td><td>{} <code class=\"id\">{id}</code></td><td>{}</td></tr>",
            a.times,
            count(a.times),
            esc(&a.at.function),
            esc(short(&a.at.file)),
            a.at.line,
            esc(a.at.op),
            if a.bridge.is_some() { "bridge" } else { "loop" },
            esc(short(&a.begins.file)),
            a.begins.line,
            esc(a.why),
            esc(advice)
        );
    }
    o.push_str("</tbody></table></div></section>\n");
}

fn other(o: &mut String) {
    o.push_str("<section id=\"numbers\"><h2>Counters and parameters</h2><div class=\"pair\"><div class=\"scroll\"><table><caption><span>Counters</span></caption><tbody>");
    for c in counters::ALL.iter().filter(|c| c.get() > 0) {
        let _ = write!(
            o,
            "<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td></tr>",
            esc(c.name()),
            count(c.get())
        );
    }
    o.push_str("</tbody></table></div><div class=\"scroll\"><table><caption><span>Parameters (-X jit=NAME=N)</span></caption><tbody>");
    for p in params::ALL {
        let i = p.info();
        let _ = write!(
            o,
            "<tr title=\"{}\"><th scope=\"row\"><code>{}</code></th><td class=\"num\">{}{}</td></tr>",
            esc(i.doc),
            i.name,
            count(p.get() as u64),
            if p.get() != i.default { " <b>changed</b>" } else { "" }
        );
    }
    o.push_str("</tbody></table></div></div></section>");
}
