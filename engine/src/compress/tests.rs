//! What is compressed and decompressed, frame by frame, without a whole copy around it.

use super::*;
use crate::options::ZstdLevel;

#[test]
fn a_compressed_file_is_called_zst_once() {
    let zstd = Compression::Zstd(ZstdLevel::default());
    for (given, expected) in [
        ("a", "a.zst"),
        ("a/b.tar", "a/b.tar.zst"),
        ("a.zst", "a.zst"),
        ("a.ZST", "a.ZST.zst"),
        ("a.zst/b", "a.zst/b.zst"),
        // What names no file stays as it is, to be refused as it is.
        ("a/", "a/"),
        ("a/.", "a/."),
        ("..", ".."),
        ("/", "/"),
        ("", ""),
    ] {
        assert_eq!(zstd.new_name(Path::new(given)), Path::new(expected));
        assert_eq!(Compression::None.new_name(Path::new(given)), Path::new(given));
        assert_eq!(Compression::Decompress.new_name(Path::new(given)), Path::new(given));
    }
}

#[cfg(unix)]
#[test]
fn names_are_bytes() {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let zstd = Compression::Zstd(ZstdLevel::default());
    let name = std::ffi::OsString::from_vec(b"\xff\xfe".to_vec());
    assert_eq!(zstd.new_name(Path::new(&name)).as_os_str().as_bytes(), b"\xff\xfe.zst");
}

#[cfg(not(feature = "zstd"))]
#[test]
fn without_the_library_nothing_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let (source, destination) = (folder.path().join("none"), folder.path().join("copy"));
    for compression in [Compression::Zstd(ZstdLevel::default()), Compression::Decompress] {
        let options = crate::CopyOptions::new().compression(compression).placement(crate::Placement::InPlace);
        let error = crate::copy_file(&source, &destination, &options).unwrap_err();
        assert!(matches!(error, CopyError::NotBuiltIn { feature: "zstd" }), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(feature = "zstd")]
mod frames {
    use std::fs::File;
    use std::io::{Read, Seek, SeekFrom, Write};

    use super::*;
    use crate::attempt::Ends;
    use crate::observe::Watch;
    use crate::platform::Volume;
    use crate::{CopyOptions, Facts, Sparse, select};

    const CHUNK: u64 = 4096;

    /// Not compressible, so that every chunk of content makes bytes in the file.
    fn content(length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        fastrand::Rng::with_seed(1).fill(&mut bytes);
        bytes
    }

    fn file(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    fn read_back(mut file: &File) -> Vec<u8> {
        let mut content = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut content).unwrap();
        content
    }

    /// With chunks of 4 KiB, and a job from `from` to `to`, of which the status of the source says that it is `size`
    /// long.
    fn at_work<T>(
        from: &File,
        to: &File,
        size: u64,
        skip_zeros: bool,
        work: impl FnOnce(&Plan, Job<'_>) -> T,
    ) -> T {
        let values = crate::Values::default().with_chunk(crate::Chunk::new(CHUNK).unwrap());
        let sparse = if skip_zeros { Sparse::Always } else { Sparse::Auto };
        let options = CopyOptions::new()
            .compression(Compression::Decompress)
            .sparse(sparse)
            .tuning(crate::Tuning::uniform(values));
        let volume = Volume { device: 4, mount: u64::MAX };
        let watch = &Watch::new(None, None, size);
        let job = Job { skip_zeros, ..Job::plain(Ends { from, to }, (volume, volume), size, watch) };
        work(&select(&Facts::of_size(size), &options), job)
    }

    /// Compresses; gives what came of it, and where frames ended.
    fn compressed(from: &File, to: &File, size: u64, frames: Frames) -> (Carried, Vec<(u64, u64)>) {
        let mut ends = Vec::new();
        let mut on_frame = |content, file| {
            ends.push((content, file));
            Ok(())
        };
        let carried = at_work(from, to, size, false, |plan, job| {
            compress(ZstdLevel::default(), frames, plan, job, &mut on_frame, &Calls::default())
        });
        (carried.unwrap(), ends)
    }

    fn decompressed(frames: &[u8], skip_zeros: bool) -> Result<(Carried, Vec<u8>), Failure> {
        let (from, to) = (file(frames), tempfile::tempfile().unwrap());
        let carried = at_work(&from, &to, frames.len() as u64, skip_zeros, |plan, job| {
            decompress(plan, job, &Calls::default())
        });
        Ok((carried?, read_back(&to)))
    }

    /// The content size that each frame's header tells, of frames that end at `ends` of the file.
    fn promised(file: &[u8], ends: &[(u64, u64)]) -> Vec<Option<u64>> {
        let begins = std::iter::once(0).chain(ends.iter().map(|(_, end)| usize::try_from(*end).unwrap()));
        begins.take(ends.len()).map(|begin| codec::content_size(&file[begin..])).collect()
    }

    #[test]
    fn one_frame_holds_all_and_tells_its_length() {
        for length in [0, 1, 4095, 4096, 4097, 300_000] {
            let content = content(length);
            let (from, to) = (file(&content), tempfile::tempfile().unwrap());
            let (carried, ends) = compressed(&from, &to, length as u64, Frames::default());
            let frames = read_back(&to);
            assert_eq!((carried.climb.bytes, carried.climb.data_bytes), (length as u64, length as u64));
            assert_eq!((carried.climb.end, carried.length), (End::Complete, frames.len() as u64));
            assert_eq!(ends, [(length as u64, frames.len() as u64)]);
            assert_eq!(promised(&frames, &ends), [Some(length as u64)]);
            let (back, found) = decompressed(&frames, false).unwrap();
            assert!(found == content);
            assert_eq!((back.length, back.taken), (length as u64, frames.len() as u64));
        }
    }

    #[test]
    fn a_frame_for_each_block_ends_where_the_block_does() {
        const BLOCK: u64 = 10_000;
        for length in [1, 9_999, 10_000, 10_001, 30_000, 35_000_usize] {
            let content = content(length);
            let (from, to) = (file(&content), tempfile::tempfile().unwrap());
            let frames = Frames { bytes: Some(BLOCK), ..Frames::default() };
            let (carried, ends) = compressed(&from, &to, length as u64, frames);
            let told: Vec<_> = ends.iter().map(|(content, _)| *content).collect();
            let blocks = (length as u64).div_ceil(BLOCK);
            let expected: Vec<_> = (1..=blocks).map(|block| (block * BLOCK).min(length as u64)).collect();
            assert_eq!(told, expected);
            assert_eq!(ends.last().map(|(_, file)| *file), Some(carried.length));
            let frames = read_back(&to);
            assert!(promised(&frames, &ends).iter().all(|size| size.is_some_and(|size| size <= BLOCK)));
            assert!(decompressed(&frames, false).unwrap().1 == content);
        }
    }

    #[test]
    fn it_goes_on_behind_whole_frames() {
        let content = content(35_000);
        let (from, to) = (file(&content), tempfile::tempfile().unwrap());
        let frames = Frames { bytes: Some(10_000), ..Frames::default() };
        let (whole, ends) = compressed(&from, &to, 35_000, frames);
        let expected = read_back(&to);
        for (content_offset, file_offset) in ends {
            let behind = expected.len() - usize::try_from(file_offset).unwrap();
            (&to).seek(SeekFrom::Start(file_offset)).unwrap();
            (&to).write_all(&vec![0xee; behind]).unwrap();
            let frames = Frames { content_offset, file_offset, ..frames };
            let (carried, _) = compressed(&from, &to, 35_000, frames);
            assert_eq!((carried.length, carried.taken), (whole.length, 35_000));
            assert_eq!(carried.climb.data_bytes, 35_000 - content_offset);
            assert!(read_back(&to) == expected, "from {content_offset}");
        }
    }

    /// As of a sysfs file, or of one that was cut. Without blocks all is made again, with them the last block.
    #[test]
    fn a_source_shorter_than_its_status_says_makes_frames_without_a_wrong_length() {
        let content = content(300_000);
        for (block, promises) in [(None, vec![None]), (Some(200_000), vec![Some(200_000), None])] {
            let (from, to) = (file(&content), tempfile::tempfile().unwrap());
            let frames = Frames { bytes: block, ..Frames::default() };
            let (carried, ends) = compressed(&from, &to, 1 << 20, frames);
            let frames = read_back(&to);
            assert_eq!((carried.taken, carried.climb.data_bytes), (300_000, 300_000));
            assert_eq!(carried.length, frames.len() as u64);
            assert_eq!(promised(&frames, &ends), promises);
            assert!(decompressed(&frames, false).unwrap().1 == content);
        }
    }

    #[test]
    fn a_source_of_unknown_length_is_read_to_its_end() {
        let content = content(300_000);
        let (from, to) = (file(&content), tempfile::tempfile().unwrap());
        let (carried, ends) = compressed(&from, &to, 0, Frames::default());
        assert_eq!((carried.taken, promised(&read_back(&to), &ends)), (300_000, vec![None]));
        assert!(decompressed(&read_back(&to), false).unwrap().1 == content);
    }

    #[test]
    fn a_refusal_to_note_a_frame_ends_the_copy() {
        let (from, to) = (file(&content(5_000)), tempfile::tempfile().unwrap());
        let mut on_frame = |_, _| {
            Err(Failure { operation: Operation::KeepSidecar, error: std::io::ErrorKind::Other.into() })
        };
        let failure = at_work(&from, &to, 5_000, false, |plan, job| {
            let level = ZstdLevel::default();
            compress(level, Frames::default(), plan, job, &mut on_frame, &Calls::default()).unwrap_err()
        });
        assert_eq!(failure.operation, Operation::KeepSidecar);
    }

    #[test]
    fn zeros_are_left_out_or_written_as_asked() {
        let content = [vec![0; 100_000], vec![1; 10], vec![0; 500_000]].concat();
        let (from, to) = (file(&content), tempfile::tempfile().unwrap());
        compressed(&from, &to, content.len() as u64, Frames::default());
        for (skip_zeros, moved) in [(false, content.len() as u64), (true, 4096)] {
            let (carried, found) = decompressed(&read_back(&to), skip_zeros).unwrap();
            assert!(found == content);
            assert_eq!((carried.climb.data_bytes, carried.length), (moved, content.len() as u64));
        }
    }

    fn message(frames: &[u8]) -> String {
        let failure = decompressed(frames, false).unwrap_err();
        assert_eq!(failure.operation, Operation::Decompress);
        failure.error.to_string()
    }

    #[test]
    fn what_is_no_frame_is_told_apart() {
        let (from, to) = (file(b"content"), tempfile::tempfile().unwrap());
        compressed(&from, &to, 7, Frames::default());
        let frame = read_back(&to);
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let followed_by = |more: &[u8]| [&frame, more].concat();
        assert_eq!(message(b""), "it holds no zstd frame");
        assert_eq!(message(b"x"), "it holds no zstd frame");
        assert_eq!(message(b"neither this"), "it holds no zstd frame");
        assert_eq!(message(&followed_by(b"x")), "something else follows its zstd frames");
        assert_eq!(message(&followed_by(&[0; 512])), "something else follows its zstd frames");
        assert_eq!(message(&followed_by(&frame[..3])), "it ends within a zstd frame");
        assert_eq!(message(&frame[..frame.len() - 1]), "it ends within a zstd frame");
        let mut changed = frame.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(message(&changed), "a zstd frame is damaged: its checksum is another");
        assert_eq!(decompressed(&followed_by(&skippable), false).unwrap().1, b"content");
        assert_eq!(decompressed(&[&skippable, &frame[..]].concat(), false).unwrap().1, b"content");
        assert_eq!(decompressed(&followed_by(&frame), false).unwrap().1, b"contentcontent");
        assert_eq!(decompressed(&skippable, false).unwrap().1, b"");
    }

    /// A header of six bytes that asks for 2 GiB, and one for what the address space does not hold.
    #[test]
    fn a_header_that_asks_for_too_much_memory_is_refused() {
        for window in [0b1010_1000, 0b1111_1111, 0b1000_1001] {
            let said = message(&[0x28, 0xb5, 0x2f, 0xfd, 0, window, 1, 0, 0]);
            assert_eq!(said, "a zstd frame asks for a window of more than 128 MiB");
        }
        assert_eq!(message(&[0x28, 0xb5, 0x2f, 0xfd, 1, 0, 7]), "a zstd frame needs a dictionary");
    }
}
