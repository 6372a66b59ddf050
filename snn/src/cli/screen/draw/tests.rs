//! Pictures of a real run on the built-in digits.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use snn::data;
use snn::training::{Next, Training, TrainingOptions};
use snn::zoo::ModelOptions;

use super::*;

/// A run that has one epoch of two behind it, and a board that saw it.
fn board() -> Board {
    let digits = data::load("digits", ".".as_ref()).unwrap();
    let model = ModelOptions { image: [8, 8, 1], steps: 2, width: 0.0625, ..ModelOptions::default() };
    let mut training = Training::new(model, TrainingOptions { epochs: 2, batch_size: 200, ..TrainingOptions::default() }).unwrap();
    let mut board = Board::new("mnist_convnet on digits".into(), 2);
    let mut watched = |report: &snn::training::Report| {
        board.batch(report, 75.0);
        Next::Continue
    };
    let trained = training.epoch(&digits, &mut watched).unwrap().unwrap();
    let (tested, activity) = training.examine(&digits).unwrap();
    board.epoch(&Epoch { number: 1, trained, tested, activity, better: true });
    board
}

fn picture(board: &Board, look: &mut Look, (width, height): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| look.draw(frame, board)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol().to_string()).collect::<String>();
    (0..height).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_picture_says_where_the_run_is_and_what_its_layers_do() {
    let board = board();
    let text = picture(&board, &mut Look::default(), (110, 30));
    let tested = format!("{:.2} %", 100.0 * board.epochs[0].tested.accuracy());
    let operations = format!("{:.3e} synaptic operations per image", board.activity.as_ref().unwrap().operations());
    for part in [
        "mnist_convnet on digits",
        "training",
        "epoch 1 of 2, batch 8 of 8",
        "50 %",
        "0:01:15 left",
        &tested,
        "  best",
        "3.LIFNode",
        "5.conv2d",
        &operations,
        "uJ without spikes",
        "q  save and end",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    // The curve is drawn in Braille.
    assert!(text.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)), "{text}");
    assert_eq!(board.losses.means.len(), 8);
    let text = picture(&Board { testing: true, ..board }, &mut Look { stopping: true, ..Look::default() }, (110, 30));
    assert!(text.contains("testing") && text.contains("q again ends at once"), "{text}");
}

#[test]
fn layers_that_do_not_fit_can_be_reached() {
    let (board, mut look) = (board(), Look::default());
    let shows = |look: &mut Look, name: &str| picture(&board, look, (100, 14)).contains(name);
    let last = board.activity.as_ref().unwrap().0.iter().rfind(|layer| layer.row.products > 0).unwrap().row.layer.clone();
    assert!(shows(&mut look, "0.conv2d") && !shows(&mut look, &last));
    look.scroll(100);
    assert!(!shows(&mut look, "0.conv2d") && shows(&mut look, &last));
    look.scroll(isize::MIN);
    assert!(shows(&mut look, "0.conv2d"));
}

#[test]
fn every_size_of_a_terminal_is_drawn() {
    for board in [board(), Board::new("nothing yet".into(), 0)] {
        for width in [0, 1, 2, 5, 20, 33, 80, 300] {
            for height in [0, 1, 2, 3, 4, 7, 8, 15, 100] {
                picture(&board, &mut Look::default(), (width, height));
            }
        }
    }
}
