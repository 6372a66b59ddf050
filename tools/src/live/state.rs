//! What the page asks for while the run goes on: everything small, and of the history what it does not have yet.

use engine::Phases;
use serde_json::{Value, json};

use super::board::{Board, End};
use super::history::History;
use crate::report::packed;

/// JSON; `since` is the first bin that the page does not have yet, of the whole run and of the recent past.
pub(super) fn state(board: &Board, since: [u64; 2], report: bool) -> Vec<u8> {
    let (stage, activity, subject) = (board.stage(), board.activity(), &board.subject);
    let rate = |(spikes, neurons): (&u64, &u64)| activity.rate(*spikes, *neurons);
    let Phases { update, deliver, communicate, record } = activity.phases;
    let end = stage.end().map(|end| {
        let word = match end {
            End::Done => "done",
            End::Stopped => "stopped",
            End::Failed => "failed",
        };
        json!({ "how": word, "report": report && end != End::Failed })
    });
    let value = json!({
        "phase": stage.phase,
        "fraction": stage.fraction,
        "seconds": stage.seconds(),
        "left": stage.left(),
        "messages": stage.messages,
        "end": end,
        "time_ms": activity.time_ms,
        "spikes": activity.spikes,
        "rate": activity.rate(activity.spikes, subject.neurons),
        "phases": { "update": update, "deliver": deliver, "communicate": communicate, "record": record },
        "means": activity.row_spikes.iter().zip(&subject.rows.neurons).map(rate).collect::<Vec<f64>>(),
        "whole": bins(board, &activity.whole, since[0]),
        "recent": bins(board, &activity.recent, since[1]),
    });
    value.to_string().into_bytes()
}

/// Rates in 1/s, bin after bin.
fn bins(board: &Board, history: &History, since: u64) -> Value {
    let neurons = &board.subject.rows.neurons;
    let bin_ms = history.width() as f64 * board.subject.dt;
    let (first, bins) = history.since(since);
    let rate = move |(count, size): (&u32, &u64)| 1000.0 * f64::from(*count) / (bin_ms * (*size).max(1) as f64);
    let values = bins.clone().flat_map(|bin| bin.iter().zip(neurons).map(rate));
    json!({ "first": first, "bins": bins.count(), "bin_ms": bin_ms, "values": packed(values) })
}
