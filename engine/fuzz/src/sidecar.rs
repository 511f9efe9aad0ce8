//! What holds of every text that is read as the sidecar of a resumable copy, in assertions. Compiled into the fuzz target
//! of the same name and into the engine's test of the same name.
//!
//! The reader is private to the engine and stands by itself, so that it is compiled in here. A random text has no right
//! tags and would get no further than the first line; the lines of the input are given theirs first.

use sha2::{Digest, Sha256};

#[path = "../../src/sidecar.rs"]
mod reader;

use reader::{Scribe, Sidecar, parse};

/// Reads the lines of `bytes` as those of a sidecar, without and with their tags, and says whether they are one then.
///
/// # Panics
/// When the reader panics, takes records that do not follow each other, or reads what it would not write.
pub(crate) fn accepts(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    check(&text);
    check(&tagged(&text))
}

/// Each line with a space and the first 8 bytes, in hexadecimal, of SHA-256 over the tag before and the line.
fn tagged(text: &str) -> String {
    let mut tag = [0; 8];
    let mut tagged = String::new();
    for line in text.lines() {
        let digest: [u8; 32] = Sha256::new().chain_update(tag).chain_update(line).finalize().into();
        tag.copy_from_slice(&digest[..8]);
        let digits: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        tagged += &format!("{line} {digits}\n");
    }
    tagged
}

fn check(text: &str) -> bool {
    let Some((Sidecar { header, records }, whole, scribe)) = parse(text) else { return false };
    let (mut content_end, mut file_end) = (0, 0);
    for record in &records {
        let content = record.content_end - content_end;
        assert!(content > 0 && content % header.block == 0, "{record:?} behind {content_end}");
        assert!(record.digest.is_none() || content == header.block, "{record:?} behind {content_end}");
        assert!(record.content_end <= header.source.size && record.file_end >= file_end, "{record:?}");
        (content_end, file_end) = (record.content_end, record.file_end);
    }
    let (mut writer, mut written) = Scribe::begin(&header);
    records.iter().for_each(|record| written += &writer.record(record));
    assert_eq!(written, text[..whole], "what is read is what would be written");
    assert_eq!(writer, scribe, "and is gone on with in the same way");
    true
}
