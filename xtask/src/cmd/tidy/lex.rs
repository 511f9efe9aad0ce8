//! Rust text reduced to what rules need: no comments, no literals, no test code; lines stay where they were.
//!
//! A lexer, not a parser: it trusts that the compiler has accepted the text.

/// `text` with the insides of comments and literals blanked.
pub(super) fn code_of(text: &str) -> String {
    let mut lexer = Lexer { chars: text.chars().collect(), at: 0, out: String::with_capacity(text.len()) };
    while let Some(char) = lexer.peek(0) {
        lexer.step(char);
    }
    lexer.out
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    out: String,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn step(&mut self, char: char) {
        match (char, self.peek(1)) {
            ('/', Some('/')) => self.blank_while(|lexer| lexer.peek(0) != Some('\n')),
            ('/', Some('*')) => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            _ => self.keep(1),
        }
    }

    fn keep(&mut self, count: usize) {
        let end = self.chars.len().min(self.at + count);
        self.out.extend(&self.chars[self.at..end]);
        self.at = end;
    }

    fn blank(&mut self, count: usize) {
        let end = self.chars.len().min(self.at + count);
        let blanks = self.chars[self.at..end].iter().map(|&char| if char == '\n' { '\n' } else { ' ' });
        self.out.extend(blanks);
        self.at = end;
    }

    fn blank_while(&mut self, goes_on: impl Fn(&Self) -> bool) {
        while self.at < self.chars.len() && goes_on(self) {
            self.blank(1);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while let Some(char) = self.peek(0) {
            let (change, width) = match (char, self.peek(1)) {
                ('/', Some('*')) => (1, 2),
                ('*', Some('/')) => (-1, 2),
                _ => (0, 1),
            };
            depth += change;
            self.blank(width);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        if let Some(hashes) = self.raw_hashes() {
            self.keep(1);
            self.blank_while(|lexer| {
                lexer.peek(0) != Some('"') || (1..=hashes).any(|ahead| lexer.peek(ahead) != Some('#'))
            });
            self.keep(1 + hashes);
            return;
        }
        self.keep(1);
        while let Some(char) = self.peek(0) {
            match char {
                '"' => return self.keep(1),
                '\\' => self.blank(2),
                _ => self.blank(1),
            }
        }
    }

    /// The number of `#` of the raw string that begins here, None for an ordinary string.
    fn raw_hashes(&self) -> Option<usize> {
        let before = self.out.trim_end_matches('#');
        let word = &before[before.trim_end_matches(is_word).len()..];
        matches!(word, "r" | "br" | "cr").then_some(self.out.len() - before.len())
    }

    /// A character literal or a lifetime.
    fn quote(&mut self) {
        self.keep(1);
        if self.peek(0) == Some('\\') {
            self.blank(2);
            self.blank_while(|lexer| lexer.peek(0) != Some('\''));
            self.keep(1);
        } else if self.peek(1) == Some('\'') {
            self.blank(1);
            self.keep(1);
        }
    }
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// Byte offsets at which `word` stands alone.
pub(super) fn find_words(text: &str, word: &str) -> Vec<usize> {
    let alone = |&at: &usize| !text[..at].ends_with(is_word) && !text[at + word.len()..].starts_with(is_word);
    text.match_indices(word).map(|(at, _)| at).filter(alone).collect()
}

/// The identifier that `text` begins with; may be empty.
pub(super) fn leading_word(text: &str) -> &str {
    &text[..text.find(|char| !is_word(char)).unwrap_or(text.len())]
}

/// One-based line of a byte offset.
pub(super) fn line_at(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Offset of the bracket that closes the one at `open`, or the end of `code`.
pub(super) fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, char) in code[open..].char_indices() {
        match char {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + at;
        }
    }
    code.len()
}

/// `code` with every item blanked that only a test build contains.
pub(super) fn without_tests(code: &str) -> String {
    const ATTRIBUTE: &str = "#[cfg";
    if code.contains("#![cfg(test)]") {
        return blanked(code);
    }
    let mut out = code.to_owned();
    let mut from = 0;
    while let Some(start) = code[from..].find("#[cfg(").map(|found| from + found) {
        let open = start + ATTRIBUTE.len();
        let close = closing(code, open);
        from = close;
        if is_test_only(&code[open + 1..close]) {
            from = item_end(code, closing(code, start + 1));
            out.replace_range(start..from, &blanked(&code[start..from]));
        }
    }
    out
}

/// Of the same length in bytes, so that offsets stay valid.
fn blanked(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

fn is_test_only(condition: &str) -> bool {
    let all = condition.trim().strip_prefix("all(").and_then(|inside| inside.strip_suffix(')'));
    condition.trim() == "test"
        || all.is_some_and(|inside| inside.split(',').any(|part| part.trim() == "test"))
}

/// Where the item ends whose attribute's `]` stands at `bracket`.
fn item_end(code: &str, bracket: usize) -> usize {
    const FIELDS_END_AT_COMMA_ITEMS_DO_NOT: &[&str] = &[
        "pub",
        "fn",
        "mod",
        "use",
        "impl",
        "struct",
        "enum",
        "trait",
        "const",
        "static",
        "type",
        "unsafe",
        "async",
        "extern",
        "macro_rules",
        "union",
    ];
    let mut at = code.len().min(bracket + 1);
    let mut is_item = None;
    while let Some(char) = code.get(at..).and_then(|rest| rest.chars().next()) {
        match char {
            '#' if is_item.is_none() => {}
            '(' | '[' => at = closing(code, at),
            '{' => return (closing(code, at) + 1).min(code.len()),
            ';' => return at + 1,
            ',' if is_item == Some(false) => return at + 1,
            ')' | ']' | '}' => return at,
            _ if char.is_whitespace() => {}
            _ => {
                let word = leading_word(&code[at..]);
                is_item = is_item.or(Some(FIELDS_END_AT_COMMA_ITEMS_DO_NOT.contains(&word)));
            }
        }
        at += code[at..].chars().next().map_or(1, char::len_utf8);
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_and_lines_stay() {
        let text =
            "a /* b /* c */ d */ e // f\n\"g\\\"h\" i r#\"j\"k\"# l 'm' '\\'' n<'o> br\"p\" \"q\nr\" s\n";
        let code = code_of(text);
        let words: Vec<_> =
            code.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        assert_eq!(words, ["a", "e", "i", "r", "l", "n", "o", "br", "s"]);
        assert_eq!(code.matches('\n').count(), text.matches('\n').count());
    }

    #[test]
    fn a_raw_identifier_is_no_raw_string() {
        assert_eq!(code_of("r#type(\"x\", y)"), "r#type(\" \", y)");
    }

    #[test]
    fn words_stand_alone() {
        assert_eq!(find_words("unsafe_code unsafe { not_unsafe }", "unsafe"), [12]);
    }

    #[test]
    fn test_items_are_removed_and_nothing_else() {
        let code = "#[cfg(test)]\n#[allow(x)]\nmod t { a }\nkeep1\n#[cfg(all(test, unix))]\nfn f<A, B>() { b }\n\
                    #[cfg(unix)] keep2\nstruct S { #[cfg(test)] c: D, keep3: E }\n#[cfg(test)]\nmod u;\nkeep4 #[cfg(any(test, unix))] keep5 {}";
        let rest = without_tests(code);
        for kept in ["keep1", "keep2", "keep3", "keep4", "keep5"] {
            assert!(rest.contains(kept), "{kept} in {rest}");
        }
        for gone in ["mod t", "mod u", "fn f", " b ", "c: D"] {
            assert!(!rest.contains(gone), "{gone} in {rest}");
        }
        assert_eq!(rest.len(), code.len());
    }

    #[test]
    fn a_file_for_tests_only_is_removed_whole() {
        assert_eq!(without_tests("#![cfg(test)]\nfn a() {}").trim(), "");
    }
}
