//! Watching a run while it goes on, in a browser or on the terminal.
//!
//! The run leaves what it does on a [`Board`](board::Board) and never waits for anybody who looks at it: [`http`] serves a page on this machine
//! only; `cli::screen` draws on the terminal. Memory is bounded, however long the run is and however slow its viewers are.

pub(crate) mod board;
mod history;
pub(crate) mod http;
pub(crate) mod monitor;
mod state;

/// The inside of the page's `<main>`.
pub(crate) const MAIN: &str = include_str!("page/page.html");
/// The page's script, after [`ACTIVITY_SCRIPT`](crate::report::ACTIVITY_SCRIPT).
pub(crate) const SCRIPT: &str = concat!(include_str!("page/store.js"), include_str!("page/live.js"));
