//! What the terminal view looks like.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Borders, Chart, Dataset, Gauge, GraphType, Paragraph};
use snn::activity::LayerActivity;

use super::board::Board;
use crate::cli::progress::{Epoch, duration};
use crate::cli::table::sums;

/// Width of a bar of densities.
const BAR: usize = 20;

/// What the user has chosen.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    /// The first layer shown.
    first: usize,
    /// Layers that did not fit.
    below: usize,
    /// The run was asked to stop.
    pub(super) stopping: bool,
}

impl Look {
    /// Moves the layers.
    pub(super) fn scroll(&mut self, by: isize) {
        self.first = self.first.saturating_add_signed(by).min(self.first + self.below);
    }

    /// One picture.
    pub(super) fn draw(&mut self, frame: &mut Frame, board: &Board) {
        let above = frame.area().height.saturating_sub(4) * 2 / 5;
        let parts = [
            Constraint::Length(1),
            Constraint::Length(1),
            Constraint::Length(above),
            Constraint::Min(1),
            Constraint::Length(1),
            Constraint::Length(1),
        ];
        let [title, gauge, course, layers, cost, keys] = Layout::vertical(parts).areas(frame.area());
        let [loss, epochs] = Layout::horizontal([Constraint::Min(20), Constraint::Max(46)]).areas(course);
        frame.render_widget(Paragraph::new(headline(board)), title);
        frame.render_widget(progress(board), gauge);
        draw_losses(frame, loss, board);
        frame.render_widget(past(board, epochs.height), epochs);
        self.layers(frame, layers, board);
        let cost_of = board.activity.as_ref().map(|activity| format!(" {}", sums(activity)));
        frame.render_widget(Paragraph::new(cost_of.unwrap_or_default()), cost);
        let help = if self.stopping {
            " saving after this batch; q again ends at once and does not save"
        } else {
            " q  save and end    ↑ ↓  other layers"
        };
        frame.render_widget(Paragraph::new(help).dim(), keys);
    }

    /// Neurons and weights, with how dense their output is and what they take.
    fn layers(&mut self, frame: &mut Frame, area: Rect, board: &Board) {
        let told = |layer: &&LayerActivity| layer.row.spikes || layer.row.products > 0;
        let rows: Vec<&LayerActivity> = board.activity.iter().flat_map(|activity| activity.0.iter().filter(told)).collect();
        let wide = rows.iter().map(|layer| layer.row.layer.chars().count()).max().unwrap_or(0).max(5);
        let head = format!(" {:<wide$} {:<BAR$} {:>7} {:>12} {:>10} ", "layer", "output that is not zero", "", "operations", "uJ");
        let block = Block::new().borders(Borders::TOP).title(head).dim();
        let room = usize::from(block.inner(area).height);
        self.first = self.first.min(rows.len().saturating_sub(room));
        self.below = rows.len().saturating_sub(self.first + room);
        let lines: Vec<Line> = rows.into_iter().skip(self.first).take(room).map(|layer| row(layer, wide)).collect();
        frame.render_widget(Paragraph::new(lines).block(block), area);
    }
}

fn row(layer: &LayerActivity, wide: usize) -> Line<'static> {
    let density = layer.output_density;
    let full = (density.clamp(0.0, 1.0) * BAR as f64).round() as usize;
    let bar = format!("{:<BAR$}", "█".repeat(full));
    let colour = if layer.row.spikes { Color::Indexed(72) } else { Color::Indexed(60) };
    let name = format!(" {:<wide$} ", layer.row.layer);
    let cost =
        if layer.row.products > 0 { format!(" {:>12.3e} {:>10.4}", layer.operations(), layer.energy() * 1e-6) } else { String::new() };
    Line::from(vec![name.into(), bar.fg(colour), format!(" {:>5.1} %", 100.0 * density).into(), cost.into()])
}

fn headline(board: &Board) -> Line<'static> {
    let mut parts = vec![format!(" {}", board.title).bold()];
    if let Some(report) = &board.report {
        let stage = if board.testing { "testing" } else { "training" };
        parts.push(format!("  {stage}").fg(Color::Cyan));
        let (epoch, batch) = (report.epoch + 1, report.batch);
        parts.push(format!("  epoch {epoch} of {}, batch {batch} of {}", board.n_epochs, report.n_batches).into());
        let (accuracy, loss) = (100.0 * report.sums.accuracy(), report.sums.mean_loss());
        parts.push(format!("  accuracy {accuracy:.2} %, loss {loss:.4}, rate {:.2e}", report.rate).into());
    }
    Line::from(parts)
}

fn progress(board: &Board) -> Gauge<'static> {
    let left = if board.report.is_some() { format!(", {} left", duration(board.left)) } else { String::new() };
    let label = format!("{:.0} %{left}", 100.0 * board.fraction());
    let style = Style::new().fg(Color::Blue).bg(Color::Indexed(236));
    Gauge::default().ratio(board.fraction()).label(label).gauge_style(style).use_unicode(true)
}

fn draw_losses(frame: &mut Frame, area: Rect, board: &Board) {
    let losses = &board.losses;
    let points: Vec<(f64, f64)> = losses.means.iter().enumerate().map(|(i, &mean)| (i as f64, mean)).collect();
    let title = if losses.each > 1 { format!(" loss, means of {} batches ", losses.each) } else { " loss ".into() };
    let top = losses.means.iter().copied().fold(1e-3, f64::max);
    let data = Dataset::default().marker(Marker::Braille).graph_type(GraphType::Line).fg(Color::Indexed(72)).data(&points);
    let y = Axis::default().bounds([0.0, top]).labels(["0".to_string(), format!("{top:.3}")]);
    let x = Axis::default().bounds([0.0, points.len().max(2) as f64 - 1.0]);
    frame.render_widget(Chart::new(vec![data]).block(Block::new().borders(Borders::TOP).title(title).dim()).x_axis(x).y_axis(y), area);
}

/// The last epochs, the newest below.
fn past(board: &Board, height: u16) -> Paragraph<'static> {
    let room = usize::from(height.saturating_sub(1));
    let line = |epoch: &Epoch| {
        let [trained, tested] = [&epoch.trained, &epoch.tested].map(|sums| format!("{:.2} %", 100.0 * sums.accuracy()));
        let best = if epoch.better { "  best" } else { "" };
        Line::from(format!(" {:>5} {trained:>10} {tested:>10} {:>8.4}{best}", epoch.number, epoch.tested.mean_loss()))
    };
    let lines: Vec<Line> = board.epochs.iter().skip(board.epochs.len().saturating_sub(room)).map(line).collect();
    let head = format!(" {:>5} {:>10} {:>10} {:>8} ", "epoch", "trained", "tested", "loss");
    Paragraph::new(lines).block(Block::new().borders(Borders::TOP).title(head).dim())
}

#[cfg(test)]
mod tests;
