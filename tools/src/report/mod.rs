//! One self-contained HTML page per run.
//!
//! A [`RunData`] says what happened; [`render`] makes the page and [`write()`] puts it in place. The
//! page asks nothing of a network or a library: its script is hand-written and its data sit in it as
//! base64 arrays. Its size is bounded whatever the run's: the raster keeps a fixed share of neurons
//! ([`Raster`]), traces are averaged into fewer bins and matrices of very many regions are thinned out.

mod data;
mod encode;
mod error;
mod layout;
mod page;
mod raster;
mod series;

use std::fs;
use std::path::Path;

use crate::frame;
pub use data::{Population, Rates, RunData, SpikeData};
pub(crate) use encode::packed;
pub use error::Error;
pub(crate) use layout::Rows;
pub use raster::Raster;
pub use series::functional_fit;

const MAIN: &str = include_str!("page/page.html");
/// What a network is made of, its rates over time, on the brain and as bars, and where the time goes: also of a run that has not ended.
pub(crate) const ACTIVITY_SCRIPT: &str = concat!(
    include_str!("page/subtitle.js"),
    include_str!("page/rates.js"),
    include_str!("page/brain.js"),
    include_str!("page/brain_control.js"),
    include_str!("page/bars.js"),
    include_str!("page/cost.js")
);
/// The page's script, in the order in which its parts build on each other.
const SCRIPT: &str = concat!(
    include_str!("page/header.js"),
    include_str!("page/raster.js"),
    include_str!("page/raster_control.js"),
    include_str!("page/histograms.js"),
    include_str!("page/spectra.js"),
    include_str!("page/matrices.js"),
    include_str!("page/tables.js"),
    include_str!("page/main.js")
);

/// The page of a run.
pub fn render(run: &RunData) -> String {
    let script = [ACTIVITY_SCRIPT, SCRIPT].concat();
    frame::Page { kind: "run report", title: &run.title, main: MAIN, script: &script }.filled(&described(run))
}

/// A run as the scripts of its pages read it.
pub(crate) fn described(run: &RunData) -> impl serde::Serialize {
    page::Page::of(run)
}

/// Writes the page of a run, whole or not at all: beside its place first, then renamed.
pub fn write(run: &RunData, path: &Path) -> Result<(), Error> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    let fault = |source| Error::Write { path: path.to_owned(), source };
    fs::write(&beside, render(run)).and_then(|()| fs::rename(&beside, path)).map_err(|source| {
        // Best effort: the fault that matters is the one reported.
        let _ = fs::remove_file(&beside);
        fault(source)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use connectome::{Matrix, Region};

    fn small() -> RunData {
        let label = |l: &str| Region { label: l.into(), ..Region::default() };
        let population = |name: &str, region, first| Population {
            name: name.into(),
            region: Some(region),
            model: "iaf_psc_exp".into(),
            first,
            size: 10,
        };
        let mut spikes = SpikeData::new(&[(0, 10), (10, 10)], 0.0);
        spikes.add(&[1.0, 2.0, 30.0], &[3, 12, 3]);
        RunData {
            title: "small".into(),
            plan: "seed = 1\n".into(),
            populations: vec![population("A.E", 0, 0), population("B.E", 1, 10)],
            regions: vec![label("A"), label("B")],
            end_ms: 100.0,
            rates: Rates { bin_ms: 1.0, regions: vec![vec![1.0; 100], vec![2.0; 100]], populations: Vec::new() },
            weights: Matrix::from_rows(2, vec![0.0, 0.5, 0.25, 0.0]),
            spikes: Some(spikes),
            ..RunData::default()
        }
    }

    #[test]
    fn nothing_a_run_says_can_leave_its_place_in_the_page() {
        let mut run = small();
        let hostile = "</script><script>alert(1)</script>{{data}}{{style}}<!--";
        run.title = hostile.into();
        run.plan = hostile.into();
        run.populations[0].name = hostile.into();
        run.regions[0].label = hostile.into();
        run.provenance.citation = hostile.into();
        let page = render(&run);
        assert!(!page.contains("<script>alert"));
        assert_eq!(page.matches("</script>").count(), render(&small()).matches("</script>").count());
        assert!(page.contains("&lt;script&gt;alert(1)"), "the title is shown, not run");
    }

    #[test]
    fn every_place_of_the_template_is_filled_and_nothing_is_fetched() {
        let page = render(&small());
        assert!(!page.contains("{{"));
        for outside in ["http://", "https://", "@import", "src=", "url("] {
            let found = page.find(outside).map(|at| &page[at..page.floor_char_boundary(at + 60)]);
            assert_eq!(found, None, "the page must need no network");
        }
    }

    #[test]
    fn a_run_with_nothing_recorded_still_has_a_page() {
        assert!(render(&RunData::default()).contains("</html>"));
    }

    #[test]
    fn writing_leaves_the_page_and_no_temporary_file() {
        let folder = std::env::temp_dir().join(format!("report-page-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("report.html");
        write(&small(), &path).unwrap();
        assert!(fs::read_to_string(&path).unwrap().starts_with("<!doctype html>"));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        let nowhere = folder.join("missing/report.html");
        assert!(write(&small(), &nowhere).unwrap_err().to_string().contains("report.html"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
