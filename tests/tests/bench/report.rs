//! Reports of a planted run as others read them: a browser, a reader of histograms, and whoever compares two runs.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::subprocess;
use serde_json::{Value, json};

use crate::suite::{Suite, root};

/// A name that would load a picture and run code if it became markup.
const HOSTILE: &str = "<img src=http://planted.invalid/x.png onerror=\"console.error('planted')\"></td><script>console.error('planted')</script>";

/// A run of two pairs of file systems with peers, memory of programs, invalid samples and skipped cases, all of them
/// with hostile names. Its times were once measured.
fn planted(suite: &Suite, name: &str) -> PathBuf {
    let source = root().join("results/curated/20261125T133547Z-vm-00c996b72f6b");
    let read = |file: &str| fs::read_to_string(source.join(file)).expect("the curated run is there");
    let mut record: Value = serde_json::from_str(&read("run.json")).expect("it is JSON");
    let cases = record["cases"].as_array_mut().expect("a run has cases");
    cases.retain(|case| ["ext4-to-ext4", "xfs-to-xfs"].map(Value::from).contains(&case["filesystems"]));
    let kept: Vec<String> = cases.iter().map(|case| text(&case["id"])).collect();
    record["run"] = json!(name);
    record["scenario"]["question"] = json!(HOSTILE);
    record["host"]["name"] = json!(HOSTILE);
    record["skipped"] = json!([{ "case": HOSTILE, "reason": HOSTILE }]);
    let mut lines = Vec::new();
    for line in read("samples.jsonl").lines() {
        let mut sample: Value = serde_json::from_str(line).expect("it is JSON");
        let case = text(&sample["case"]);
        if !kept.contains(&case) {
            continue;
        }
        if case.ends_with("=cp") {
            sample["max_rss_bytes"] = json!(3 << 20);
        }
        if sample["block"] == 3 && case.ends_with("=cp") {
            let (block, position) = (&sample["block"], &sample["position"]);
            sample = json!({ "case": case, "block": block, "position": position, "result": "invalid", "reason": HOSTILE });
        }
        lines.push(sample.to_string() + "\n");
    }
    let folder = suite.folder.path().join(name);
    fs::create_dir(&folder).expect("a folder for the run");
    fs::write(folder.join("run.json"), record.to_string()).expect("the record is written");
    fs::write(folder.join("samples.jsonl"), lines.concat()).expect("the samples are written");
    folder
}

fn text(value: &Value) -> String {
    value.as_str().expect("it is text").to_owned()
}

fn report(suite: &Suite, runs: &[&Path], more: &[&str]) -> String {
    let runs: Vec<&str> = runs.iter().map(|run| run.to_str().expect("the path is text")).collect();
    let finished = subprocess::run(suite.command(&[&["report"], &runs[..], more].concat())).expect_success();
    String::from_utf8(finished.stdout).expect("it prints text")
}

fn chromium() -> Result<PathBuf, Skip> {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join("chromium"))
        .find(|path| path.is_file());
    found.ok_or_else(|| Skip::because("chromium is not installed"))
}

/// What asked for a network, first lines only: everything that is no local file goes to a proxy, which is this.
struct Proxy {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of our own");
        let address = listener.local_addr().expect("it has an address").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        // Ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let line = first_line(stream);
                log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Self { address, asked }
    }

    fn asked_for(&self, name: &str) -> bool {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|line| line.contains(name))
    }
}

fn first_line(mut stream: TcpStream) -> String {
    let mut buffer = [0; 512];
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let count = stream.read(&mut buffer).unwrap_or(0);
    let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    String::from_utf8_lossy(&buffer[..count]).lines().next().unwrap_or_default().to_owned()
}

/// The document as it stands once its scripts have run, and what the browser logged.
fn opened(chromium: &Path, proxy: &Proxy, page: &Path) -> (String, String) {
    let profile = tempfile::tempdir().expect("a folder for the browser");
    let mut command = Command::new(chromium);
    let quiet = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
                 --disable-component-update --disable-sync --enable-logging=stderr --v=0 --dump-dom";
    command.args(quiet.split(' ').filter(|flag| !flag.is_empty()));
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.arg(format!("--proxy-server={}", proxy.address));
    command.arg(format!("file://{}", page.display()));
    let finished = subprocess::run(command).expect_success();
    (String::from_utf8(finished.stdout).expect("the page is text"), finished.stderr)
}

#[test]
fn a_browser_shows_the_report_and_asks_nobody() {
    let test = "a_browser_shows_the_report_and_asks_nobody";
    let Some(chromium) = unless_skipped(test, chromium()) else { return };
    let (suite, proxy) = (Suite::new(), Proxy::start());
    let run = planted(&suite, "run");
    report(&suite, &[&run], &[]);
    let (dom, log) = opened(&chromium, &proxy, &run.join("report.html"));
    assert!(!log.contains("CONSOLE"), "{log}");
    assert!(!proxy.asked_for("planted.invalid"));
    // Every subject's wall and processor time, the engine's throughput and latency, and memory, of both pairs.
    assert_eq!(dom.matches("<svg class=\"plot\" role=\"img\"").count(), 2 * (2 + 2 + 2) + 2);
    assert!(dom.matches("<table>").count() >= 10, "{dom}");
    assert!(
        dom.contains("<th scope=\"col\" class=\"number\"><button type=\"button\">Median wall</button></th>")
    );
    assert!(!dom.contains("<img") && dom.contains("&lt;img src=http://planted.invalid/x.png"));
    for text in ["Invalid samples", "Skipped", "--seed 20261125", "Scenario file"] {
        assert!(dom.contains(text), "{text}");
    }
}

/// Without this the test above would pass with a browser that asks nobody anyhow, or logs nothing.
#[test]
fn the_proxy_sees_a_page_that_asks() {
    let Some(chromium) = unless_skipped("the_proxy_sees_a_page_that_asks", chromium()) else { return };
    let (folder, proxy) = (tempfile::tempdir().expect("a folder for a page"), Proxy::start());
    let page = folder.path().join("page.html");
    fs::write(&page, format!("<!doctype html><p>{HOSTILE}")).expect("the page is written");
    let (_, log) = opened(&chromium, &proxy, &page);
    assert!(proxy.asked_for("planted.invalid"));
    assert!(log.contains("CONSOLE") && log.contains("planted"), "{log}");
}

#[test]
fn headings_sort_their_table_both_ways() {
    let Some(chromium) = unless_skipped("headings_sort_their_table_both_ways", chromium()) else { return };
    let (suite, proxy) = (Suite::new(), Proxy::start());
    let run = planted(&suite, "run");
    report(&suite, &[&run], &[]);
    let page = fs::read_to_string(run.join("report.html")).expect("the report is there");
    let sorted = |heading: &str, clicks: usize| {
        let script = format!(
            "<script>const all = [...document.querySelectorAll('table')];\
             const table = all.find(one => one.textContent.includes('Max RSS'));\
             const headings = [...table.querySelectorAll('th')];\
             const column = headings.findIndex(one => one.textContent === '{heading}');\
             for (let i = 0; i < {clicks}; i++) headings[column].querySelector('button').click();\
             const cells = [...table.tBodies[0].rows].map(row => row.cells[column].dataset.value ?? 'none');\
             document.title = [headings[column].ariaSort, ...cells].join(' ');</script></body>"
        );
        let copy = run.join("clicked.html");
        fs::write(&copy, page.replacen("</body>", &script, 1)).expect("the page is written");
        let (dom, _) = opened(&chromium, &proxy, &copy);
        let title = dom.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
        let words = title.expect("the page has a title").0.split(' ').map(str::to_owned);
        let mut words = words.collect::<Vec<String>>();
        (words.remove(0), words)
    };
    for (clicks, direction) in [(1, "ascending"), (2, "descending"), (3, "ascending")] {
        let (said, cells) = sorted("Median wall", clicks);
        let mut times: Vec<u64> = cells.iter().map(|cell| cell.parse().expect("a time")).collect();
        if direction == "descending" {
            times.reverse();
        }
        assert!(
            said == direction && times.is_sorted() && times[0] < times[times.len() - 1],
            "{said}: {cells:?}"
        );
        let (said, cells) = sorted("Max RSS", clicks);
        let known = cells.iter().take_while(|cell| *cell != "none").count();
        let rest_is_unknown = cells[known..].iter().all(|cell| cell == "none");
        assert!(
            said == direction && (1..cells.len()).contains(&known) && rest_is_unknown,
            "{said}: {cells:?}"
        );
    }
}

/// By the wall times in `samples.jsonl`, as another implementation of `HdrHistogram` reads them.
#[test]
fn another_reader_opens_the_histograms() {
    let script = "import sys\n\
                  from hdrh.log import HistogramLogReader\n\
                  from hdrh.histogram import HdrHistogram\n\
                  reader = HistogramLogReader(sys.argv[1], HdrHistogram(1, 3600 * 10**9, 3))\n\
                  found = reader.get_next_interval_histogram()\n\
                  print(found.get_total_count(), found.get_min_value(), found.get_max_value(), found.get_value_at_percentile(50))\n\
                  print(reader.get_next_interval_histogram())\n";
    let imports = Command::new("python3").args(["-c", "import hdrh.log"]).output();
    let reader = match imports {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(Skip::because("python3 with the package hdrhistogram is not installed")),
    };
    let Some(()) = unless_skipped("another_reader_opens_the_histograms", reader) else { return };
    let suite = Suite::new();
    let run = planted(&suite, "run");
    report(&suite, &[&run], &[]);
    let mut walls: HashMap<String, Vec<u64>> = HashMap::new();
    for line in fs::read_to_string(run.join("samples.jsonl")).expect("it is there").lines() {
        let sample: Value = serde_json::from_str(line).expect("it is JSON");
        if let Some(wall) = sample["wall_ns"].as_u64() {
            walls.entry(text(&sample["case"])).or_default().push(wall);
        }
    }
    let mut read = 0;
    for entry in fs::read_dir(run.join("hist")).expect("the run has histograms") {
        let path = entry.expect("the folder can be listed").path();
        if path.extension().is_none_or(|extension| extension != "hlog") {
            continue;
        }
        let log = fs::read_to_string(&path).expect("it is text");
        let case = log
            .split_once("[Case: ")
            .and_then(|(_, rest)| rest.split_once(']'))
            .expect("it names its case")
            .0;
        let walls = walls.get_mut(case).expect("the case has samples");
        walls.sort_unstable();
        let mut command = Command::new("python3");
        command.args(["-c", script]).arg(&path);
        let finished = subprocess::run(command).expect_success();
        let stdout = String::from_utf8(finished.stdout).expect("it prints text");
        let mut lines = stdout.lines();
        let numbers: Vec<f64> = lines
            .next()
            .expect("two lines")
            .split(' ')
            .map(|number| number.parse().expect("a number"))
            .collect();
        assert_eq!(lines.next(), Some("None"), "one interval");
        let exact = [walls[0], walls[walls.len() - 1], walls[(walls.len() - 1) / 2]].map(|wall| wall as f64);
        assert_eq!(numbers[0], walls.len() as f64, "{case}");
        for (found, exact) in numbers[1..].iter().zip(exact) {
            assert!((found / exact - 1.0).abs() < 0.0011, "{case}: {numbers:?}, {exact}");
        }
        read += 1;
    }
    assert!(read > 50, "{read}");
}

/// Runs that the documentation cites were written by earlier versions, and have what those knew.
#[test]
fn every_curated_run_has_a_report() {
    let suite = Suite::new();
    let curated = fs::read_dir(root().join("results/curated")).expect("there are curated runs");
    let mut count = 0;
    let folders = curated.map(|entry| entry.expect("the folder can be listed").path());
    // The others are tunings.
    for source in folders.filter(|folder| folder.join("run.json").exists()) {
        let folder = suite.folder.path().join(source.file_name().expect("a run has a name"));
        fs::create_dir(&folder).expect("a folder for the run");
        for file in ["run.json", "samples.jsonl"] {
            fs::copy(source.join(file), folder.join(file)).expect("the run is copied");
        }
        report(&suite, &[&folder], &[]);
        for file in ["summary.json", "summary.md", "report.html", "junit.xml"] {
            assert!(
                folder.join(file).metadata().is_ok_and(|file| file.len() > 0),
                "{file} of {}",
                source.display()
            );
        }
        count += 1;
    }
    assert!(count > 5, "{count}");
}

#[test]
fn runs_are_compared_and_their_differences_come_first() {
    let suite = Suite::new();
    let (base, other) = (planted(&suite, "base"), planted(&suite, "other"));
    let file = other.join("run.json");
    let record = fs::read_to_string(&file).expect("it is there");
    let kernel = "Linux 6.18.44-fc-v782";
    assert!(record.contains(kernel));
    fs::write(&file, record.replace(kernel, "Linux 9.9")).expect("the record is written");
    let page = report(&suite, &[&base, &other], &[]);
    let (first, ratios) =
        (page.find("Linux 9.9").expect("it is said"), page.find("Run / base").expect("a table"));
    assert!(first < ratios, "{page}");
    assert!(page.contains("| not different |") && !page.contains("faster |") && !page.contains("slower |"));
    assert!(!base.join("summary.md").exists(), "a comparison writes nothing");
    let object: Value =
        serde_json::from_str(&report(&suite, &[&base, &other], &["--format", "json"])).expect("it is JSON");
    assert_eq!(object["schema"], "orbit.run-comparison/1");
    assert_eq!(object["against"][0]["differences"][0]["what"], "kernel");
    let cases = object["against"][0]["cases"].as_array().expect("it has cases");
    assert!(cases.len() > 50 && cases.iter().all(|case| case["ratio"] == 1.0), "{object}");
}
