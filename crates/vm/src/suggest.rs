//! "Did you mean ...?": the closest name, as CPython's `_Py_CalculateSuggestions`.

const MOVE: usize = 2;
const CASE: usize = 1;
const MANY: usize = 750;

fn cost(a: u8, b: u8) -> usize {
    if a == b {
        0
    } else if a.eq_ignore_ascii_case(&b) {
        CASE
    } else {
        MOVE
    }
}

/// Weighted Levenshtein distance, `max + 1` if it exceeds `max`.
pub fn distance(a: &str, b: &str, max: usize) -> usize {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    if a == b {
        return 0;
    }
    while !a.is_empty() && !b.is_empty() && a[0] == b[0] {
        a = &a[1..];
        b = &b[1..];
    }
    while !a.is_empty() && !b.is_empty() && a[a.len() - 1] == b[b.len() - 1] {
        a = &a[..a.len() - 1];
        b = &b[..b.len() - 1];
    }
    if a.is_empty() || b.is_empty() {
        return (a.len() + b.len()) * MOVE;
    }
    if a.len() > b.len() {
        std::mem::swap(&mut a, &mut b);
    }
    if (b.len() - a.len()) * MOVE > max {
        return max + 1;
    }
    let mut row: Vec<usize> = (1..=a.len()).map(|i| i * MOVE).collect();
    let mut result = 0;
    for (bi, &bc) in b.iter().enumerate() {
        let mut dist = bi * MOVE;
        result = dist;
        let mut min = usize::MAX;
        for (i, &ac) in a.iter().enumerate() {
            let sub = dist + cost(bc, ac);
            dist = row[i];
            result = sub.min(result.min(dist) + MOVE);
            row[i] = result;
            min = min.min(result);
        }
        if min > max {
            return max + 1;
        }
    }
    result
}

/// The candidate nearest to `name`, if any is near enough. Among very many none is looked for.
pub fn closest<'a>(name: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let mut best: Option<(&str, usize)> = None;
    if name.len() > 40 || candidates.clone().nth(MANY - 1).is_some() {
        return None;
    }
    for c in candidates {
        if c == name || c.len() > 40 {
            continue;
        }
        let mut max = (name.len() + c.len() + 3) * MOVE / 6;
        if let Some((_, d)) = best {
            max = max.min(d.saturating_sub(1));
        }
        let d = distance(name, c, max);
        if d <= max && best.is_none_or(|(_, b)| d < b) {
            best = Some((c, d));
        }
    }
    best.map(|b| b.0)
}
