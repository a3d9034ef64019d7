//! Values where the collector does not look (ARCHITECTURE.md): each needs a reason on its line, `// gc-safe: ...`.

use adder_testing::root;
use std::path::Path;

/// Containers on Rust's heap, and what may not be in them.
const CONTAINERS: &[&str] =
    &["Vec<", "VecDeque<", "Box<", "HashMap<", "BTreeMap<", "HashSet<", "Rc<", "Arc<"];
const HIDDEN: &[&str] = &["Value>", "Value,", "Value]", "Value)"];

fn hides(line: &str) -> bool {
    CONTAINERS.iter().any(|c| {
        line.match_indices(c).any(|(i, _)| {
            // Up to where the brackets are even.
            let (mut depth, start) = (1, i + c.len());
            let rest = &line[start..];
            let end = rest.char_indices().find(|(_, ch)| {
                match ch {
                    '<' => depth += 1,
                    '>' => depth -= 1,
                    _ => {}
                }
                depth == 0
            });
            let inside = &rest[..end.map_or(rest.len(), |(k, _)| k + 1)];
            let functions = inside.contains("fn(") || inside.contains("Fn(") || inside.contains("FnMut(");
            !functions
                && HIDDEN.iter().any(|h| {
                    inside.match_indices(h).any(|(k, _)| {
                        !inside[..k].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                    })
                })
        })
    })
}

fn look(folder: &Path, found: &mut Vec<String>) {
    for e in std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()) {
        if e.is_dir() {
            look(&e, found);
        } else if e.extension().is_some_and(|x| x == "rs") {
            for (n, line) in std::fs::read_to_string(&e).expect("a source file").lines().enumerate() {
                let code = line.split("//").next().unwrap_or("");
                if hides(code) && !line.contains("gc-safe:") {
                    found.push(format!("{}:{}: {}", e.display(), n + 1, line.trim()));
                }
            }
        }
    }
}

#[test]
fn no_value_is_hidden_from_the_collector() {
    assert!(hides("let v: Vec<Value> = x;") && hides("Vec<T<Value>>") && hides("Box<[Value]>"));
    assert!(
        hides("HashMap<u32, Option<Value>>")
            && !hides("Vec<json::Value>")
            && !hides("Vec<Box<dyn Fn(Value)>>")
    );
    let mut found = Vec::new();
    for e in std::fs::read_dir(root().join("crates")).expect("crates").map(|e| e.expect("an entry")) {
        let name = e.file_name().to_string_lossy().into_owned();
        if name == "vm" || name == "adder" || name.starts_with("mod-") {
            look(&e.path().join("src"), &mut found);
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
