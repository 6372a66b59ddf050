//! N-Omniglot: 1623 characters of 50 alphabets, each written by 20 people before an event camera (Li Y et al. (2022)
//! doi:10.1038/s41597-022-01851-z).

use std::fs;
use std::path::{Path, PathBuf};

use super::frames::{self, Recipe};
use super::recorded::entries;
use super::{Dataset, EventOptions, Images, Source};
use crate::bytes;
use crate::error::Error;
use crate::events::read;
use crate::events::{Framing, Recording};

/// Folders of the alphabets to learn from, and of those to be tested on.
const PARTS: [&str; 2] = ["dvs_background", "dvs_evaluation"];

/// People who wrote each character, and those of them who train where all characters are classes.
const WRITERS: usize = 20;
const TRAINING: usize = 15;

/// The part of 346 x 260 pixels that shows the character: its first column and row, and its side.
const CORNER: [u16; 2] = [54, 4];
const CUT: u16 = 250;

/// Side of a frame if nothing else is asked for.
const SIDE: usize = 28;

/// More than any recording has.
const LIMIT: u64 = 1 << 32;

/// A character: its recording, the table of its beginnings and ends, and its class.
#[derive(Clone, Debug)]
struct Character {
    recording: PathBuf,
    table: PathBuf,
    class: u32,
}

/// All characters are classes; 15 writers train and 5 test (BrainCog's mode `full`).
pub(super) fn full(source: &Source, folder: &Path, options: &EventOptions) -> Result<Dataset, Error> {
    let [background, evaluation] = characters(source, folder)?;
    let all = [background, evaluation].concat();
    let of = |writers: std::ops::Range<usize>| images(&all, options, writers);
    let (train, test) = (of(0..TRAINING)?, of(TRAINING..WRITERS)?);
    Ok(frames::dataset(source.name, train, test, all.len(), &sized(options)))
}

/// Characters to learn from, and others to be tested on, for [few-shot learning](super::few_shot) (modes `nkks` and `pair`).
pub(super) fn few(source: &Source, folder: &Path, options: &EventOptions) -> Result<Dataset, Error> {
    let [background, evaluation] = characters(source, folder)?;
    let (train, test) = (images(&background, options, 0..WRITERS)?, images(&evaluation, options, 0..WRITERS)?);
    Ok(frames::dataset(source.name, train, test, background.len() + evaluation.len(), &sized(options)))
}

fn sized(options: &EventOptions) -> EventOptions {
    EventOptions { side: options.side.or(Some(SIDE)), ..options.clone() }
}

fn characters(source: &Source, folder: &Path) -> Result<[Vec<Character>; 2], Error> {
    let mut class = 0;
    let mut part = |part: &str| -> Result<Vec<Character>, Error> {
        let mut all = Vec::new();
        let alphabets = entries(&folder.join(part)).map_err(|_| source.no_data(folder, part))?;
        for alphabet in alphabets.into_iter().filter(|path| path.is_dir()) {
            for place in entries(&alphabet)?.into_iter().filter(|path| path.is_dir()) {
                let files = entries(&place)?;
                let of = |extension: &str| files.iter().find(|path| path.extension().is_some_and(|e| e == extension)).cloned();
                let (Some(recording), Some(table)) = (of("aedat4"), of("csv")) else {
                    return Err(source.no_data(folder, format!("{}: a file .aedat4 and one .csv", place.display())));
                };
                all.push(Character { recording, table, class });
                class += 1;
            }
        }
        if all.is_empty() { Err(source.no_data(folder, format!("any character in {part}"))) } else { Ok(all) }
    };
    Ok([part(PARTS[0])?, part(PARTS[1])?])
}

fn images(all: &[Character], options: &EventOptions, writers: std::ops::Range<usize>) -> Result<Images, Error> {
    let options = sized(options);
    let items: Vec<(Character, std::ops::Range<usize>)> = all.iter().map(|one| (one.clone(), writers.clone())).collect();
    let recipe = Recipe::new(&options, Framing::SplitTime(options.steps)).binary();
    let files = |(one, _): &(Character, _)| vec![one.recording.clone(), one.table.clone()];
    frames::collect(&items, recipe, files, |(one, writers)| one.read(writers.clone()))
}

impl Character {
    fn read(&self, writers: std::ops::Range<usize>) -> Result<Vec<(u32, Recording)>, Error> {
        let spans = self.spans()?;
        let whole = read::parse("aedat4", &self.recording, &bytes::read(&self.recording, LIMIT)?)?;
        Ok(spans[writers].iter().map(|&[start, stop]| (self.class, cut(whole.between(start, stop)))).collect())
    }

    /// Beginning and end of each writer's, from the second and third column.
    fn spans(&self) -> Result<Vec<[i64; 2]>, Error> {
        let text = fs::read_to_string(&self.table).map_err(Error::io(&self.table))?;
        let (mut spans, mut offset) = (Vec::new(), 0);
        for line in text.split_inclusive('\n') {
            let cells: Vec<Option<i64>> = line.trim().split(',').map(|cell| cell.trim().parse().ok()).collect();
            match cells[..] {
                _ if offset == 0 || line.trim().is_empty() => {} // the names of the columns, and nothing at the end
                [_, Some(start), Some(stop), ..] if start < stop => spans.push([start, stop]),
                _ => {
                    let (found, expected) = (format!("{:?}", line.trim()), "number, start, end".to_string());
                    return Err(Error::Foreign { path: self.table.clone(), offset, what: "a line", found, expected });
                }
            }
            offset += line.len() as u64;
        }
        if spans.len() == WRITERS {
            return Ok(spans);
        }
        Err(Error::Arrays { path: self.table.clone(), what: format!("has {} lines of start and end; expected {WRITERS}", spans.len()) })
    }
}

/// The part that shows the character.
fn cut(recording: Recording) -> Recording {
    let inside = |at: u16, from: u16| at.checked_sub(from).filter(|&at| at < CUT);
    let events = recording.events.into_iter().filter_map(|mut event| {
        (event.x, event.y) = inside(event.x, CORNER[0]).zip(inside(event.y, CORNER[1]))?;
        Some(event)
    });
    Recording { height: CUT.into(), width: CUT.into(), events: events.collect() }
}

#[cfg(test)]
mod tests {
    use super::super::load_events;
    use super::*;
    use crate::events::Event;
    use crate::events::read::tests::written_aedat4;

    const FOUR: EventOptions = EventOptions { steps: 4, side: None, cache: None };

    fn table(first: i64) -> String {
        (0..20)
            .map(|i| format!("{i},{},{}\n", first + 100 * i, first + 100 * i + 90))
            .fold("n,start,end\n".into(), |text, line| text + &line)
    }

    /// Two characters to learn from and one to be tested on; writer i of each leaves i + 2 events of a pixel.
    fn written(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("braincog-snn-omniglot-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        for (number, place) in ["dvs_background/Latin/character01", "dvs_background/Latin/character02", "dvs_evaluation/Greek/character01"]
            .into_iter()
            .enumerate()
        {
            let place = folder.join(place);
            fs::create_dir_all(&place).unwrap();
            let events: Vec<Event> = (0..20i64)
                .flat_map(|i| {
                    (0..i + 2).map(move |k| Event { t: 1000 + 100 * i + k * 80 / (i + 1), x: 54 + number as u16, y: 4, on: true })
                })
                .collect();
            fs::write(place.join("0001.aedat4"), written_aedat4(&events)).unwrap();
            fs::write(place.join("0001.csv"), table(1000)).unwrap();
        }
        folder
    }

    #[test]
    fn writers_are_split_or_alphabets_are() {
        let folder = written("both");
        let full = load_events("n_omniglot", &folder, &FOUR).unwrap();
        assert_eq!((full.train.len(), full.test.len(), full.classes, full.train.image), (45, 15, 3, [28, 28, 2]));
        assert_eq!((full.train.labels[14], full.train.labels[15], full.test.labels[14]), (0, 1, 2));
        // A pixel in the corner stays in the corner; that there was an event counts once.
        let frame = 28 * 28 * 2;
        let first = &full.train.pixels[..4 * frame];
        assert_eq!([0, 1, 2, 3].map(|t| first[t * frame + 1]), [16, 0, 0, 16]);
        assert!(full.test.pixels.iter().all(|&x| x <= 16));
        let few = load_events("n_omniglot_few", &folder, &FOUR).unwrap();
        assert_eq!((few.train.len(), few.test.len(), few.test.labels[0]), (40, 20, 2));
    }

    #[test]
    fn damaged_tables_name_the_line_and_missing_files_the_character() {
        let folder = written("damaged");
        let table_of = folder.join("dvs_evaluation/Greek/character01/0001.csv");
        let message = |text: &str| {
            fs::write(&table_of, text).unwrap();
            load_events("n_omniglot", &folder, &FOUR).unwrap_err().to_string()
        };
        assert!(message("n,a,b\n0,5,5\n").ends_with("0001.csv: byte 6: a line is \"0,5,5\"; expected number, start, end"));
        assert!(message("n,a,b\n0,5,6\n").ends_with("0001.csv: has 1 lines of start and end; expected 20"));
        fs::remove_file(&table_of).unwrap();
        let message = load_events("n_omniglot", &folder, &FOUR).unwrap_err().to_string();
        assert!(message.contains("character01: a file .aedat4 and one .csv is missing"), "{message}");
    }
}
