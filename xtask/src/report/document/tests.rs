//! Tables of planted runs, written and written again.

use orbit_engine::Strategy;

use super::*;
use crate::report::planted;
use crate::scenario::{Standing, Subject};

const SIZES: [u64; 2] = [64 << 10, 1 << 20];

/// The table of a planted run that `spec` describes, one string a row, and the document around it.
fn tables(spec: &str, summary: &Summary) -> Result<String> {
    let page = format!("# Page\n\n<!-- table\nrun = \"r\"\n{spec}-->\nold\n<!-- end of table -->\nafter\n");
    document(&page, &mut |run| {
        assert_eq!(run, "r");
        Ok(summary.clone())
    })
}

fn strategies() -> Summary {
    planted::run(&SIZES, &[Strategy::ZeroCopy, Strategy::Buffered], &[1 << 20], 7).1
}

#[test]
fn a_table_is_written_anew_and_what_stands_around_it_stays() {
    let spec = "rows = [\"size\"]\n[[figure]]\nname = \"as fast\"\nof = { strategy = \"buffered\" }\n\
                to = { strategy = \"zero-copy\" }\n[[figure]]\nname = \"buffered\"\nof = { strategy = \"buffered\" }\n";
    let summary = strategies();
    let page = tables(spec, &summary).unwrap();
    let case = |size: u64, strategy| {
        let is = |case: &&CaseSummary| case.case.size_bytes == size && case.case.strategy == strategy;
        summary.cases.iter().find(is).unwrap().wall_median_ns
    };
    let (buffered, zero) = (case(SIZES[1], Strategy::Buffered), case(SIZES[1], Strategy::ZeroCopy));
    let cell = format!("{:.2}", buffered as f64 / zero as f64);
    assert!(page.starts_with("# Page\n") && page.ends_with("<!-- end of table -->\nafter\n"), "{page}");
    assert!(page.contains("| size ") && page.contains(&cell) && !page.contains("\nold"), "{page}");
    assert!(page.lines().any(|line| line.starts_with("| 1 MiB") && line.contains(&cell)), "{page}");
    let again = document(&page, &mut |_| Ok(summary.clone())).unwrap();
    assert_eq!(page, again);
}

#[test]
fn values_of_an_axis_are_columns_in_the_order_that_is_asked_for() {
    let spec = "rows = [\"chunk\"]\ncolumns = \"size\"\nonly = { size = [\"1048576\", \"64KiB\"] }\n\
                [[figure]]\nname = \"z / b\"\nof = { strategy = \"zero-copy\" }\nto = { strategy = \"buffered\" }\n\
                [[figure]]\nname = \"b\"\nvalue = \"cpu\"\nof = { strategy = \"buffered\" }\n";
    let page = tables(spec, &strategies()).unwrap();
    let head = page.lines().find(|line| line.starts_with("| chunk")).unwrap();
    assert!(head.contains("figure") && head.find("1 MiB") < head.find("64 KiB"), "{head}");
    assert_eq!(page.lines().filter(|line| line.starts_with("| 1 MiB ")).count(), 2, "{page}");
}

#[test]
fn the_best_of_several_is_named_and_what_is_missing_is_a_dash() {
    let trees = planted::trees(&[
        (Subject::EngineProcess, Standing::New, 100),
        (Subject::Cp, Standing::New, 300),
        (Subject::Fcp, Standing::New, 200),
    ]);
    let spec = "rows = [\"workload\"]\n[[figure]]\nname = \"best\"\nof = { subject = \"engine-process\" }\n\
                to = { subject = [\"cp\", \"fcp\", \"xcp\"] }\n[[figure]]\nname = \"rsync\"\nof = { subject = \"rsync\" }\n";
    let page = tables(spec, &trees).unwrap();
    assert!(page.contains("0.50 (fcp)") && page.contains(" – |"), "{page}");
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let summary = strategies();
    let fails = |spec: &str| format!("{:#}", tables(spec, &summary).unwrap_err());
    let figure = "[[figure]]\nname = \"x\"\n";
    let two = fails(&format!("rows = [\"size\"]\n{figure}"));
    assert!(two.starts_with("line 3: table of r: ") && two.contains("are meant by one cell"), "{two}");
    let axis = fails(&format!("rows = [\"sice\"]\n{figure}"));
    assert!(axis.contains("no case of the run has the key `sice`"), "{axis}");
    let none = fails(&format!("rows = [\"size\"]\n{figure}of = {{ strategy = \"auto\" }}\n"));
    assert!(none.contains("no case of the run stands in it"), "{none}");
    let key = fails(&format!("rows = [\"size\"]\nrow = 1\n{figure}"));
    assert!(key.starts_with("line 3: ") && key.contains("row"), "{key}");
    let open = document("a\n<!-- table\nrun = \"r\"\n-->\n", &mut |_| Ok(summary.clone())).unwrap_err();
    assert!(format!("{open:#}").contains("line 2: the table has no end"), "{open:#}");
}

#[test]
fn a_paired_ratio_has_its_interval_and_is_that_of_the_run() {
    let summary = strategies();
    let spec = "rows = [\"size\"]\n[[figure]]\nname = \"z / b\"\nvalue = \"paired\"\n";
    let of = "of = { strategy = \"zero-copy\" }\nto = { strategy = \"buffered\" }\n";
    let page = tables(&format!("{spec}{of}"), &summary).unwrap();
    for one in &summary.comparisons {
        let ratio = &one.ratio;
        let interval = (ratio.ratio_lower.unwrap(), ratio.ratio_upper.unwrap());
        let cell = format!("| {:.2} ({:.2} to {:.2})", ratio.ratio, interval.0, interval.1);
        assert!(page.contains(&cell), "{cell} in {page}");
    }
    let reversed = "of = { strategy = \"buffered\" }\nto = { strategy = \"zero-copy\" }\n";
    let error = format!("{:#}", tables(&format!("{spec}{reversed}"), &summary).unwrap_err());
    assert!(error.contains("in pairs"), "{error}");
}
