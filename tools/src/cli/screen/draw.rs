//! What the terminal view looks like.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Gauge, Paragraph};

use super::super::table::{count, duration, short};
use crate::live::board::{Activity, Board, End, Stage};

/// From silent to the highest rate.
const SHADES: [&str; 6] = [" ", "·", "░", "▒", "▓", "█"];
/// Five colours of viridis, in the 256 that most terminals know.
const COLOURS: [u8; 6] = [60, 60, 67, 72, 113, 185];
/// Eighths of a character.
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// What the user has chosen.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    /// The first row shown.
    first: usize,
    /// Rows that did not fit.
    below: usize,
    /// The run was asked to stop.
    pub(super) stopping: bool,
}

impl Look {
    /// Moves the rows.
    pub(super) fn scroll(&mut self, by: isize) {
        self.first = self.first.saturating_add_signed(by).min(self.first + self.below);
    }

    /// One picture.
    pub(super) fn draw(&mut self, frame: &mut Frame, board: &Board) {
        let (stage, activity) = (board.stage(), board.activity());
        let tall = frame.area().height;
        let said = if tall < 16 { 0 } else { (tall / 5).clamp(3, 8) };
        let parts = [
            Constraint::Length(1),
            Constraint::Length(1),
            Constraint::Min(1),
            Constraint::Length(u16::from(tall >= 8)),
            Constraint::Length(said),
            Constraint::Length(1),
        ];
        let [title, gauge, body, cost, messages, keys] = Layout::vertical(parts).areas(frame.area());
        frame.render_widget(Paragraph::new(headline(board, &stage, &activity)), title);
        frame.render_widget(progress(&stage), gauge);
        self.rows(frame, body, board, &activity);
        frame.render_widget(Paragraph::new(phases(&activity)), cost);
        frame.render_widget(log(&stage, messages), messages);
        let help = if self.stopping {
            " stopping at the end of the step; q again ends at once"
        } else {
            " q  stop, and keep what was recorded    ↑ ↓  other rows"
        };
        frame.render_widget(Paragraph::new(help).dim(), keys);
    }

    /// Rates as bars, and beside them the recent past, a column per bin.
    fn rows(&mut self, frame: &mut Frame, area: Rect, board: &Board, activity: &Activity) {
        let labels = &board.subject.rows.labels;
        let widest = labels.iter().map(|l| l.chars().count()).max().unwrap_or(0).clamp(4, 16) as u16;
        let [left, right] =
            Layout::horizontal([Constraint::Length((widest + 34).min(area.width * 6 / 10)), Constraint::Min(0)]).areas(area);
        let [left_block, right_block] =
            [" rate now, spikes/s ", " the last moments "].map(|title| Block::new().borders(Borders::TOP).title(title).dim());
        let (left_inside, right_inside) = (left_block.inner(left), right_block.inner(right));
        let room = usize::from(left_inside.height);
        self.first = self.first.min(labels.len().saturating_sub(room));
        self.below = labels.len().saturating_sub(self.first + room);
        let shown = self.first..(self.first + room).min(labels.len());
        let now = activity.rates_now(&board.subject);
        let top = now.iter().copied().fold(1e-9, f64::max);
        let bar = |row: usize| {
            rate_bar(&labels[row], now.get(row).copied().unwrap_or(0.0), top, (usize::from(widest), usize::from(left_inside.width)))
        };
        frame.render_widget(Paragraph::new(shown.clone().map(bar).collect::<Vec<_>>()).block(left_block), left);
        let columns = usize::from(right_inside.width.saturating_sub(1));
        frame.render_widget(Paragraph::new(raster(board, activity, shown, columns)).block(right_block), right);
    }
}

fn headline(board: &Board, stage: &Stage, activity: &Activity) -> Line<'static> {
    let subject = &board.subject;
    let phase = match stage.end() {
        None => stage.phase,
        Some(End::Done) => "done",
        Some(End::Stopped) => "stopped",
        Some(End::Failed) => "failed",
    };
    let time = format!("  {} of {} ms", short(activity.time_ms), short(subject.duration_ms));
    let rate = format!("  {} spikes, {}/s", count(activity.spikes as f64), short(activity.rate(activity.spikes, subject.neurons)));
    Line::from(vec![format!(" {}", subject.name).bold(), format!("  {phase}").fg(Color::Cyan), time.into(), rate.into()])
}

fn progress(stage: &Stage) -> Gauge<'static> {
    let left = stage.left().map_or_else(String::new, |s| format!(", {} left", duration(s)));
    let label = format!("{:.0} %{left}", 100.0 * stage.fraction);
    Gauge::default().ratio(stage.fraction).label(label).gauge_style(Style::new().fg(Color::Blue).bg(Color::Indexed(236))).use_unicode(true)
}

fn rate_bar(label: &str, rate: f64, top: f64, (widest, width): (usize, usize)) -> Line<'static> {
    let name: String = label.chars().take(widest).collect();
    let text = format!(" {name:<widest$} {:>7.2} ", rate);
    let room = width.saturating_sub(text.chars().count() + 1);
    let eighths = ((rate / top).clamp(0.0, 1.0) * 8.0 * room as f64).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    bar.extend(EIGHTHS.get(eighths % 8).filter(|part| **part != ' '));
    Line::from(vec![Span::raw(text), Span::styled(bar, Style::new().fg(Color::Indexed(72)))])
}

/// Each row's rate in the last bins, the present at the right.
fn raster(board: &Board, activity: &Activity, rows: std::ops::Range<usize>, columns: usize) -> Vec<Line<'static>> {
    let neurons = &board.subject.rows.neurons;
    let (_, bins) = activity.recent.since(0);
    let bins: Vec<&[u32]> = bins.collect();
    let bins = &bins[bins.len().saturating_sub(columns)..];
    let rate = |bin: &[u32], row: usize| f64::from(bin[row]) / neurons[row].max(1) as f64;
    let mut all: Vec<f64> = rows.clone().flat_map(|row| bins.iter().map(move |bin| rate(bin, row))).filter(|r| *r > 0.0).collect();
    all.sort_by(f64::total_cmp);
    // One burst must not darken all the rest.
    let top = all.get(all.len().saturating_sub(1) * 98 / 100).copied().unwrap_or(1.0);
    let cell = |bin: &&[u32], row: usize| {
        let share = rate(bin, row) / top;
        let level = if share > 0.0 { (1 + (share * 4.0).round() as usize).min(SHADES.len() - 1) } else { 0 };
        Span::styled(SHADES[level], Style::new().fg(Color::Indexed(COLOURS[level])))
    };
    let line = |row: usize| {
        let blank = Span::raw(" ".repeat(1 + columns - bins.len()));
        Line::from_iter(std::iter::once(blank).chain(bins.iter().map(|bin| cell(bin, row))))
    };
    rows.map(line).collect()
}

fn phases(activity: &Activity) -> Line<'static> {
    let p = activity.phases;
    let all = p.update + p.deliver + p.communicate + p.record;
    let part = |(name, seconds): (&str, f64)| format!("  {name} {:.0} %", if all > 0.0 { 100.0 * seconds / all } else { 0.0 });
    let parts = [("update", p.update), ("deliver", p.deliver), ("communicate", p.communicate), ("record", p.record)].map(part);
    Line::from(vec![" time:".add_modifier(Modifier::DIM), parts.concat().into()])
}

fn log(stage: &Stage, area: Rect) -> Paragraph<'static> {
    let room = usize::from(area.height.saturating_sub(1));
    let lines = stage.messages.iter().skip(stage.messages.len().saturating_sub(room)).map(|m| Line::from(format!(" {m}")));
    Paragraph::new(lines.collect::<Vec<_>>()).block(Block::new().borders(Borders::TOP).title(" messages ").dim())
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::live::board::Subject;
    use crate::report::Rows;

    fn board(n: usize) -> Board {
        let rows =
            Rows { labels: (0..n).map(|i| format!("A{i}")).collect(), neurons: vec![100; n], of_population: (0..n).map(Some).collect() };
        let board = Board::new(Subject { name: "macaque".into(), neurons: 100 * n as u64, duration_ms: 1000.0, dt: 0.1, rows });
        let mut activity = Activity::clone(&board.activity());
        for step in 1..=5000u64 {
            for row in 0..n {
                for _ in 0..usize::from(step.is_multiple_of(50)) * row {
                    activity.recent.add(step, row);
                }
            }
        }
        activity.recent.until(5000);
        (activity.time_ms, activity.spikes) = (500.0, 12_345);
        activity.phases.deliver = 3.0;
        activity.phases.update = 1.0;
        board.leave(activity);
        board.say("    load  0.10 s");
        board.begin("simulate");
        board.at(0.5);
        board
    }

    fn picture(board: &Board, look: &mut Look, (width, height): (u16, u16)) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| look.draw(frame, board)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        (0..height).map(|y| (0..width).map(|x| buffer[(x, y)].symbol().to_string()).collect()).collect()
    }

    #[test]
    fn a_picture_says_where_the_run_is_and_what_its_regions_do() {
        let picture = picture(&board(8), &mut Look::default(), (100, 24));
        let text = picture.join("\n");
        for part in [
            "macaque",
            "simulate",
            "500.0 of 1000 ms",
            "12,345 spikes",
            "50 %",
            "left",
            "deliver 75 %",
            "update 25 %",
            "load  0.10 s",
            "q  stop",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        let row = |label: &str| picture.iter().find(|l| l.starts_with(&format!(" {label} "))).unwrap();
        // Seven spikes of a hundred neurons every 5 ms.
        assert!(row("A7").contains(" 14.00 ") && row("A0").contains(" 0.00 "), "{text}");
        let full = |label| row(label).matches('█').count();
        assert!(full("A7") > full("A3") && full("A3") > full("A0") && full("A0") == 0, "{text}");
    }

    #[test]
    fn rows_that_do_not_fit_can_be_reached() {
        let (board, mut look) = (board(300), Look::default());
        let labels = |picture: Vec<String>| {
            picture.iter().filter_map(|l| l.trim_start().strip_prefix('A')?.split(' ').next()?.parse().ok()).collect::<Vec<usize>>()
        };
        let first = labels(picture(&board, &mut look, (80, 24)));
        assert!(first[0] == 0 && first.len() > 8 && first.len() < 24);
        look.scroll(10);
        assert_eq!(labels(picture(&board, &mut look, (80, 24)))[0], 10);
        (0..100).for_each(|_| look.scroll(10));
        assert_eq!(labels(picture(&board, &mut look, (80, 24))).last(), Some(&299));
        look.scroll(isize::MIN);
        assert_eq!(labels(picture(&board, &mut look, (80, 24)))[0], 0);
    }

    #[test]
    fn every_size_of_a_terminal_is_drawn() {
        for n in [0, 1, 40] {
            for width in [0, 1, 2, 5, 20, 33, 80, 300] {
                for height in [0, 1, 2, 3, 7, 8, 15, 16, 100] {
                    picture(&board(n), &mut Look::default(), (width, height));
                }
            }
        }
    }

    #[test]
    fn who_was_asked_to_stop_says_so() {
        let mut look = Look { stopping: true, ..Look::default() };
        assert!(picture(&board(2), &mut look, (80, 24)).join("").contains("q again ends at once"));
    }
}
