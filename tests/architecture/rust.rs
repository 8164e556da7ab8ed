//! As much of Rust as the rules need: code without comments, texts and tests; identifiers; lines.

/// The code of a file: comments and literals are spaces, lines stay where they are.
pub(crate) fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let silent = comment(&bytes[at..]).max(literal(&bytes[at..]));
        let blank = |byte: &u8| if *byte == b'\n' { b'\n' } else { b' ' };
        code.extend(bytes[at..at + silent].iter().map(blank));
        if silent == 0 {
            code.push(bytes[at]);
        }
        at += silent.max(1);
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// The code of a file without what is compiled for tests only.
pub(crate) fn product_code(text: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut code = code(text);
    while let Some(start) = code.find(MARK) {
        let end = start + MARK.len() + item_length(&code[start + MARK.len()..]);
        let blank: String = code[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        code.replace_range(start..end, &blank);
    }
    code
}

/// Bytes up to the end of the first item: its semicolon, or the brace that closes it.
pub(crate) fn item_length(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Every identifier and its offset.
pub(crate) fn identifiers(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let starts = code.char_indices().filter(|(at, c)| {
        let before = code[..*at].chars().next_back();
        is_part(*c) && !c.is_ascii_digit() && !before.is_some_and(is_part)
    });
    starts.map(|(at, _)| (at, first_identifier(&code[at..])))
}

/// The identifier at the beginning of `code`; empty if there is none.
pub(crate) fn first_identifier(code: &str) -> &str {
    &code[..code.find(|c| !is_part(c)).unwrap_or(code.len())]
}

/// Whether a character may be part of an identifier.
pub(crate) fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The line of an offset, from 1.
pub(crate) fn line(text: &str, offset: usize) -> usize {
    1 + text[..offset].matches('\n').count()
}

fn comment(rest: &[u8]) -> usize {
    if rest.starts_with(b"//") {
        return rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    }
    if !rest.starts_with(b"/*") {
        return 0;
    }
    let (mut at, mut depth) = (2, 1);
    while at < rest.len() && depth > 0 {
        match &rest[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at
}

fn literal(rest: &[u8]) -> usize {
    match rest {
        [b'"', ..] => 1 + closing(&rest[1..], b'"'),
        [b'r', b'#' | b'"', ..] => raw_string(rest),
        // A lifetime has no second quote; a character has exactly one before it.
        [b'\'', b'\\', ..] => 1 + closing(&rest[1..], b'\''),
        [b'\'', first, ..] => {
            let width = match first {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            if rest.get(1 + width) == Some(&b'\'') { width + 2 } else { 0 }
        }
        _ => 0,
    }
}

fn closing(rest: &[u8], quote: u8) -> usize {
    let mut at = 0;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

fn raw_string(rest: &[u8]) -> usize {
    let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    if rest.get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let end = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
    let body = &rest[2 + hashes..];
    let length = body.windows(end.len()).position(|window| window == end).unwrap_or(body.len());
    (2 + hashes + length + end.len()).min(rest.len())
}

#[test]
fn comments_texts_and_tests_are_no_code() {
    let text =
        "a /* x /* y */ z */ \"b\\\"c\" r#\"d\"e\"# 'f' '\\'' &'g h // i\n#[cfg(test)]\nmod t { j {} }\nk";
    let left = product_code(text);
    assert_eq!(left.split_whitespace().collect::<Vec<_>>(), ["a", "&'g", "h", "k"]);
    assert_eq!(line(&left, left.find('k').unwrap_or_default()), 4);
}
