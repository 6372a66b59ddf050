//! What a sweep leaves: one table of all points, one page that compares them, and the scripts of batch systems.
//!
//! [`Results`] say what every point had and what came of it; [`table`] writes them as CSV and HDF5, [`page`] as one
//! self-contained HTML page. [`batch`] writes the job array that runs the points on a cluster.

mod axis;
pub mod batch;
pub mod page;
mod results;
pub mod table;

pub use results::{Outcome, PointResult, Results};
