//! The text of a sidecar: which source a partial file comes from, and a digest of each block of it. Reads and writes text
//! only; a fuzz target compiles this file by itself.
//!
//! Every line ends with a tag that depends on all lines before it, so that a damaged line is no line. A line that was cut
//! off by the end of a process is left out; what is damaged before the last line makes the whole unreadable.

use std::fmt::Write;
use std::str::FromStr;

use sha2::{Digest, Sha256};

const SCHEMA: &str = "orbit.resume/1";

/// A file as it was at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
    /// Seconds and nanoseconds since the epoch.
    pub(crate) modified: (i64, u32),
    pub(crate) changed: (i64, u32),
}

/// What a partial file is a part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) source: Identity,
    /// Device and inode of the partial file.
    pub(crate) partial: (u64, u64),
    /// Which start of the system wrote to it; none where that is not known.
    pub(crate) boot: Option<String>,
    /// How the content was compressed, one word.
    pub(crate) form: String,
    /// Bytes of content in one block.
    pub(crate) block: u64,
}

/// Blocks that have arrived, behind those of the record before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    /// Where they end in the content.
    pub(crate) content_end: u64,
    /// Where they end in the partial file.
    pub(crate) file_end: u64,
    /// SHA-256 of what one block is in the partial file; none where blocks are holes.
    pub(crate) digest: Option<[u8; 32]>,
}

/// A sidecar that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sidecar {
    pub(crate) header: Header,
    pub(crate) records: Vec<Record>,
}

/// Writes lines, each with its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scribe {
    tag: [u8; 8],
}

impl Scribe {
    /// The text that a sidecar begins with.
    pub(crate) fn begin(header: &Header) -> (Self, String) {
        let mut scribe = Self { tag: [0; 8] };
        let Header { source, partial, boot, form, block } = header;
        let (modified, changed) = (source.modified, source.changed);
        let mut text = scribe.line(SCHEMA);
        text += &scribe.line(&format!(
            "source {} {} {} {} {} {} {}",
            source.device, source.inode, source.size, modified.0, modified.1, changed.0, changed.1
        ));
        text += &scribe.line(&format!("partial {} {}", partial.0, partial.1));
        text += &scribe.line(&format!("boot {}", boot.as_deref().unwrap_or("-")));
        text += &scribe.line(&format!("form {form}"));
        text += &scribe.line(&format!("block {block}"));
        (scribe, text)
    }

    /// The line of one record.
    pub(crate) fn record(&mut self, record: &Record) -> String {
        let Record { content_end, file_end, digest } = record;
        let digest = digest.map_or_else(|| "hole".to_owned(), |digest| hexadecimal(&digest));
        self.line(&format!("{content_end} {file_end} {digest}"))
    }

    fn line(&mut self, text: &str) -> String {
        self.tag = self.next(text);
        format!("{text} {}\n", hexadecimal(&self.tag))
    }

    fn next(&self, text: &str) -> [u8; 8] {
        let digest: [u8; 32] = Sha256::new().chain_update(self.tag).chain_update(text).finalize().into();
        std::array::from_fn(|index| digest[index])
    }

    /// The text of a line whose tag is right.
    fn read<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let (text, tag) = line.rsplit_once(' ')?;
        let expected = self.next(text);
        if tag != hexadecimal(&expected) {
            return None;
        }
        self.tag = expected;
        Some(text)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads a sidecar's text. Gives none where it is none or is damaged before its last line; beside what it says, how many
/// bytes of it are whole lines, and who writes the next one.
pub(crate) fn parse(text: &str) -> Option<(Sidecar, usize, Scribe)> {
    let mut scribe = Scribe { tag: [0; 8] };
    let mut lines = text.split_inclusive('\n');
    let mut whole = 0;
    let mut next = |scribe: &mut Scribe| {
        let line = lines.next()?;
        let read = line.strip_suffix('\n').and_then(|line| scribe.read(line));
        // Only the last line may have been cut off.
        let is_last = whole + line.len() == text.len();
        match read {
            Some(read) => {
                whole += line.len();
                Some(Ok(read))
            }
            None if is_last => None,
            None => Some(Err(())),
        }
    };
    let mut head = || next(&mut scribe)?.ok();
    (head()? == SCHEMA).then_some(())?;
    let header = Header {
        source: identity(head()?)?,
        partial: pair(head()?.strip_prefix("partial ")?)?,
        boot: Some(head()?.strip_prefix("boot ")?.to_owned()).filter(|boot| boot != "-"),
        form: head()?.strip_prefix("form ")?.to_owned(),
        block: number(head()?.strip_prefix("block ")?)?,
    };
    (header.block > 0).then_some(())?;
    let mut records: Vec<Record> = Vec::new();
    while let Some(line) = next(&mut scribe) {
        let last = records.last().map_or((0, 0), |last| (last.content_end, last.file_end));
        records.push(record(line.ok()?, last, &header)?);
    }
    Some((Sidecar { header, records }, whole, scribe))
}

fn identity(line: &str) -> Option<Identity> {
    let fields: Vec<&str> = line.strip_prefix("source ")?.split(' ').collect();
    let [device, inode, size, modified, modified_ns, changed, changed_ns] = fields.try_into().ok()?;
    let time = |seconds: &str, nanoseconds: &str| Some((number(seconds)?, number(nanoseconds)?));
    Some(Identity {
        device: number(device)?,
        inode: number(inode)?,
        size: number(size)?,
        modified: time(modified, modified_ns)?,
        changed: time(changed, changed_ns)?,
    })
}

fn pair(text: &str) -> Option<(u64, u64)> {
    let (one, other) = text.split_once(' ')?;
    Some((number(one)?, number(other)?))
}

/// Only as it is written here, so that what is read and written again is the same text.
fn number<N: FromStr + ToString>(text: &str) -> Option<N> {
    text.parse().ok().filter(|number: &N| number.to_string() == text)
}

/// A record that goes on where the last one ended: one block of data, or whole blocks of a hole.
fn record(line: &str, last: (u64, u64), header: &Header) -> Option<Record> {
    let (ends, digest) = line.rsplit_once(' ')?;
    let (content_end, file_end) = pair(ends)?;
    let digest = if digest == "hole" { None } else { Some(digest_of(digest)?) };
    let content = content_end.checked_sub(last.0)?;
    let is_whole = content > 0 && content.is_multiple_of(header.block) && content_end <= header.source.size;
    let is_one = digest.is_none() || content == header.block;
    (is_whole && is_one && file_end >= last.1).then_some(Record { content_end, file_end, digest })
}

fn digest_of(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let digit = |digit: u8| char::from(digit).to_digit(16).filter(|_| !digit.is_ascii_uppercase());
    if digits.len() != 64 {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let source = Identity { device: 1, inode: 2, size: 100, modified: (-3, 4), changed: (5, 6) };
        Header { source, partial: (7, 8), boot: Some("b".into()), form: "none".into(), block: 10 }
    }

    fn records() -> Vec<Record> {
        vec![
            Record { content_end: 10, file_end: 10, digest: Some([7; 32]) },
            Record { content_end: 40, file_end: 40, digest: None },
            Record { content_end: 50, file_end: 50, digest: Some([0xab; 32]) },
        ]
    }

    fn text() -> String {
        let (mut scribe, mut text) = Scribe::begin(&header());
        records().iter().for_each(|record| text += &scribe.record(record));
        text
    }

    #[test]
    fn what_is_written_is_read_and_can_be_gone_on_with() {
        let (sidecar, whole, mut scribe) = parse(&text()).unwrap();
        assert_eq!(sidecar, Sidecar { header: header(), records: records() });
        assert_eq!(whole, text().len());
        let more = Record { content_end: 60, file_end: 60, digest: Some([1; 32]) };
        let longer = text() + &scribe.record(&more);
        assert_eq!(parse(&longer).unwrap().0.records.last(), Some(&more));
        let unknown = Header { boot: None, ..header() };
        assert_eq!(parse(&Scribe::begin(&unknown).1).unwrap().0.header, unknown);
    }

    #[test]
    fn a_text_that_is_cut_off_holds_the_records_before() {
        let text = text();
        let head = Scribe::begin(&header()).1.len();
        for length in 0..text.len() {
            match parse(&text[..length]) {
                Some((sidecar, whole, _)) => {
                    assert!(length >= head && whole <= length);
                    assert_eq!(sidecar.records, records()[..sidecar.records.len()]);
                    assert!(text[..whole].ends_with('\n') && !text[whole..length].contains('\n'));
                }
                None => assert!(length < head, "{length}"),
            }
        }
    }

    /// At most what stands in a damaged last line is lost.
    #[test]
    fn a_changed_byte_is_never_believed() {
        let text = text();
        // The end of the line before may be what was changed.
        let last = text[..text.len() - 1].rfind('\n').unwrap();
        for at in 0..text.len() {
            for change in [1, 2, 4, 8, 16, 32, 64] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= change;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                match parse(&changed) {
                    None => {}
                    Some((sidecar, _, _)) => {
                        assert!(at >= last, "{at} {change}");
                        assert_eq!(sidecar.records, records()[..sidecar.records.len()], "{at} {change}");
                        assert!(sidecar.records.len() < records().len(), "{at} {change}");
                    }
                }
            }
        }
    }

    #[test]
    fn records_that_do_not_follow_each_other_are_none() {
        let bad = |content_end, file_end, digest: Option<[u8; 32]>| {
            let (mut scribe, mut text) = Scribe::begin(&header());
            text += &scribe.record(&records()[0]);
            text += &scribe.record(&Record { content_end, file_end, digest });
            parse(&text).is_none()
        };
        assert!(!bad(20, 20, Some([0; 32])));
        assert!(!bad(30, 30, None));
        assert!(bad(30, 30, Some([0; 32])), "two blocks under one digest");
        assert!(bad(10, 10, None), "nothing");
        assert!(bad(15, 15, None), "half a block");
        assert!(bad(110, 110, None), "more than there is");
        assert!(bad(20, 9, Some([0; 32])), "back");
    }
}
