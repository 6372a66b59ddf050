//! `run --live` and `run --tui`: those who watch a run, from before it is built until after its report.

use std::path::Path;
use std::sync::Arc;

use scenarios::Plan;
use serde::Serialize;

use super::Ending;
use super::args::RunArgs;
use super::error::Error;
use super::folder::names;
use super::page;
use super::progress::Progress;
use super::resolve::Resolved;
use super::screen::{self, Screen, Stopping};
use super::signals::Signals;
use super::states::first_ids;
use crate::frame;
use crate::live::board::{Board, End, Subject};
use crate::live::http::{Content, Patience, Server};
use crate::report::{self, Population, Rows, RunData};

/// Those who watch, until they are closed or dropped.
#[derive(Default)]
pub(crate) struct Views<'a> {
    board: Option<Arc<Board>>,
    server: Option<Server>,
    screen: Option<OwnScreen<'a>>,
}

/// The terminal view; lines that came meanwhile are written when it is gone, and signals mean what they meant.
struct OwnScreen<'a> {
    screen: Option<Screen>,
    progress: &'a Progress,
    signals: &'a Signals,
}

impl Drop for OwnScreen<'_> {
    fn drop(&mut self) {
        drop(self.screen.take());
        self.signals.end_at_once_when_asked_twice(true);
        self.progress.release();
    }
}

impl<'a> Views<'a> {
    /// Opens what was asked for.
    pub(crate) fn open(
        args: &RunArgs,
        resolved: &Resolved,
        folder: &Path,
        (progress, signals): (&'a Progress, &'a Signals),
    ) -> Result<Self, Error> {
        if args.live.is_none() && !args.tui {
            return Ok(Views::default());
        }
        let run = outline(&resolved.plan);
        let board = Arc::new(board(&resolved.plan, &run));
        progress.attach(board.clone());
        let mut views = Views { board: Some(board.clone()), ..Views::default() };
        if let Some(port) = args.live {
            let content = Content { page: live_page(&run, folder), board: board.clone(), report: folder.join(names::PAGE) };
            let server = Server::open(port, content, Patience::default()).map_err(|source| Error::Serve { port, source })?;
            progress.line(&format!("    live  {}", server.url()));
            views.server = Some(server);
        }
        if args.tui && !screen::is_possible() {
            progress.line("     tui  no terminal to draw on and take keys from: plain progress instead");
        } else if args.tui {
            views.screen = Some(OwnScreen::open(board, progress, signals)?);
        }
        Ok(views)
    }

    /// Tells how the run ended; viewers of the page get a moment to see it.
    pub(crate) fn close(mut self, ending: &Result<Ending, Error>) {
        let Some(board) = &self.board else { return };
        if let Err(error) = ending {
            board.say(&format!("error: {}", error.in_one_line()));
        }
        board.end(match ending {
            Ok(Ending::Done) => End::Done,
            Ok(Ending::Stopped(_)) => End::Stopped,
            Ok(Ending::Failed) | Err(_) => End::Failed,
        });
        drop(self.screen.take());
        if let Some(server) = &self.server {
            server.farewell();
        }
    }
}

impl<'a> OwnScreen<'a> {
    fn open(board: Arc<Board>, progress: &'a Progress, signals: &'a Signals) -> Result<Self, Error> {
        progress.hold();
        signals.end_at_once_when_asked_twice(false);
        let mut own = OwnScreen { screen: None, progress, signals };
        let [asked, last] = [signals.clone(), signals.clone()];
        let stopping = Stopping {
            ask: Box::new(Signals::raise_interrupt),
            asked: Box::new(move || asked.came()),
            give_up: Box::new(move || std::process::exit(last.received().map_or(1, |stop| i32::from(stop.exit_code())))),
        };
        own.screen = Some(Screen::open(board, stopping).map_err(|source| Error::Write { path: "the terminal".into(), source })?);
        Ok(own)
    }
}

fn board(plan: &Plan, run: &RunData) -> Board {
    Board::new(Subject {
        name: plan.name.clone(),
        neurons: plan.network.n_neurons(),
        duration_ms: plan.simulation.duration,
        dt: plan.simulation.dt,
        rows: Rows::of(run),
    })
}

/// What is known of a run before it begins.
fn outline(plan: &Plan) -> RunData {
    let network = &plan.network;
    let population = |(p, first): (&connectome::network::Population, u64)| Population {
        name: p.name.clone(),
        region: p.region,
        model: p.model.clone(),
        first,
        size: u64::from(p.size),
    };
    let mut run = RunData {
        title: plan.name.clone(),
        populations: network.populations.iter().zip(first_ids(plan)).map(population).collect(),
        end_ms: plan.simulation.duration,
        ..RunData::default()
    };
    page::describe_regions(&mut run, &network.regions, plan.connectome.as_ref());
    run
}

fn live_page(run: &RunData, folder: &Path) -> String {
    #[derive(Serialize)]
    struct Data<T> {
        #[serde(flatten)]
        run: T,
        folder: String,
    }
    // An absolute path helps whoever looks at the page from elsewhere.
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf()).display().to_string();
    frame::Page {
        kind: "live view",
        title: &run.title,
        main: crate::live::MAIN,
        script: &[report::ACTIVITY_SCRIPT, crate::live::SCRIPT].concat(),
    }
    .filled(&Data { run: report::described(run), folder })
}
