//! "Did you mean …?"

/// Longer names are not compared: the work grows with the square.
const NAME_CHARS_MAX: usize = 64;

/// The candidate that a person most likely meant by `name`, if one is near enough: at most a third of it mistyped, whatever
/// its case.
///
/// ```
/// use rpc_core::schema::nearest;
/// assert_eq!(nearest("kye", ["value", "key"]), Some("key"));
/// assert_eq!(nearest("KEY", ["value", "key"]), Some("key"));
/// assert_eq!(nearest("colour", ["value", "key"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.chars().take(NAME_CHARS_MAX + 1).collect();
    if wanted.len() > NAME_CHARS_MAX {
        return None;
    }
    let near = candidates.into_iter().filter_map(|candidate| {
        let chars: Vec<char> = candidate.chars().take(NAME_CHARS_MAX + 1).collect();
        let wrong = distance(&lowercase(&wanted), &lowercase(&chars));
        // Of two that differ in their case alone, the one that is nearer as it is written.
        // Two that have nothing in common are not near, however short they are.
        let is_like = wrong < chars.len().max(wanted.len());
        let near = chars.len() <= NAME_CHARS_MAX && wrong <= chars.len().div_ceil(3) && is_like;
        near.then(|| (wrong, distance(&wanted, &chars), candidate))
    });
    near.min_by_key(|(wrong, as_written, _)| (*wrong, *as_written)).map(|(.., candidate)| candidate)
}

fn lowercase(chars: &[char]) -> Vec<char> {
    chars.iter().flat_map(|sign| sign.to_lowercase()).collect()
}

/// How many signs must be typed, deleted or replaced, or neighbours exchanged (the optimal string alignment distance).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = at(&row, j) + usize::from(x != y);
            let mut best = replaced.min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let exchanged = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if exchanged {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    at(&row, b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_mistakes_are_near() {
        let d = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(d("", "abc"), 3);
        assert_eq!(d("kitten", "sitting"), 3);
        assert_eq!(d("key", "kye"), 1);
        assert_eq!(nearest("bb", ["a", "b"]), Some("b"));
        assert_eq!(nearest("x", ["a", "b"]), None);
        assert_eq!(nearest("", ["a", "b"]), None);
        assert_eq!(nearest("prefix", ["suffix", "perfix"]), Some("perfix"));
        assert_eq!(nearest("PLAIN", ["Pair", "Plain", "plain"]), Some("Plain"));
        assert_eq!(nearest("maxSize", ["min_size", "max_size"]), Some("max_size"));
        assert_eq!(nearest(&"x".repeat(1000), [&*"x".repeat(1000)]), None);
    }
}
