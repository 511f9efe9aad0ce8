//! Texts that help, manual page and errors share.

pub(crate) const EXAMPLES: &str = "\
Examples:
  orbit large.bin /backup/             to /backup/large.bin
  orbit -s large.bin -d /backup/l.bin  the same with another name
  orbit --preset safe db.img /backup/  verified, synced, resumable
  orbit --resume huge.iso /backup/     goes on where it was stopped
  orbit --compress zstd:3 log /backup/ to /backup/log.zst
  orbit -R photos /backup/photos       the directory, filled where it exists
  orbit --max-bandwidth 10MiB a b      at most 10 MiB a second
  orbit --explain --reflink=always a b what would be done, and why
  orbit capabilities /data /backup     what works between these two";

/// What DST means for a tree, beside what other commands make of it.
pub(crate) const TREES: &str = "\
Where a tree goes:
  orbit -R SRC DST copies what lies in the directory SRC into the directory DST, which is made
  where it does not exist, and filled where it does. The same command twice gives the same.
  A slash behind SRC or DST changes nothing. SRC itself may be a link to a directory.

    orbit -R photos /backup/photos   as  rsync -rlHp photos/ /backup/photos/
                                     as  cp -R photos /backup/photos, the first time; the
                                     second time cp makes /backup/photos/photos
    orbit -R photos /backup          puts what lies in photos into /backup itself,
                                     as  cp -RT photos /backup,  rsync -rlHp photos/ /backup/
    cp -R photos /backup/            is  orbit -R photos /backup/photos
    with --preserve-metadata         as  rsync -aHAXS,  cp -a

  Files that stand in DST alone stay. Links, holes, hard links and permission bits are kept, owner,
  times and set-id bits by --preserve-metadata. cp -R and rsync -r split hard links, and rsync -r
  skips symbolic links. Permission bits are those of SRC whatever the umask, unlike theirs; with
  --in-place the umask counts. What is whole stays when the copy fails or is ended.
  A SRC that is a file is copied as one: to DST/NAME where DST is a directory.";

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
    0  copied
    1  not copied, or not all of a tree, or standard output could not be written
    2  wrong usage, or a broken configuration or tuned file; nothing was touched
    3  verification failed: a new file, read back, is not its source
  129  ended by SIGHUP
  130  ended by SIGINT (Ctrl-C)
  143  ended by SIGTERM";

/// Name and meaning of each variable that is read.
pub(crate) const ENVIRONMENT: [(&str, &str); 5] = [
    (
        "ORBIT_NO_ZERO_COPY",
        "1, true or yes: as --no-zero-copy. 0, false, no or empty: as if it were not set.",
    ),
    ("ORBIT_CONFIG", "The configuration file, unless --config names one."),
    ("ORBIT_TUNED", "The tuned file, unless --tuned names one."),
    ("XDG_CONFIG_HOME", "Where orbit/orbit.toml is looked for; $HOME/.config when it is not set."),
    ("NO_COLOR", "Not empty: errors of usage without colours."),
];

/// Path and meaning of each file that is read unasked.
pub(crate) const FILES: [(&str, &str); 1] = [(
    "$XDG_CONFIG_HOME/orbit/orbit.toml",
    "The configuration, where it exists and neither --config nor ORBIT_CONFIG names another one: TOML with the keys \
     that `orbit presets --effective` shows, such as `preset = \"safe\"`. --config /dev/null reads none.",
)];

/// What beats what.
pub(crate) const PRECEDENCE: &str = "A flag beats the environment, which beats the configuration file, which beats the \
preset, which beats the default. A flag that is given again, or its negation, replaces the one before. \
`orbit presets --effective` says what holds and where it comes from.";

/// What stands below the flags in the long help.
pub(crate) fn after_long_help() -> String {
    let terms = |terms: &[(&str, &str)]| -> String {
        terms.iter().map(|(term, meaning)| format!("  {term}\n          {meaning}\n")).collect()
    };
    let (environment, files) = (terms(&ENVIRONMENT), terms(&FILES));
    format!(
        "{EXAMPLES}\n\n{TREES}\n\nPrecedence:\n  {PRECEDENCE}\n\nEnvironment:\n{environment}\nFiles:\n{files}\n{EXIT_CODES}"
    )
}
