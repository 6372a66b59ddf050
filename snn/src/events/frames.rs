//! Events to frames: how often each pixel became darker (channel 0) and brighter (channel 1) in each stretch of time.

use super::{Event, Recording};
use crate::error::Error;

/// Where one frame ends and the next one begins. Roundings are those of the libraries that data sets were made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// So many stretches of equal length, as tonic's `ToFrame(n_time_bins)`: what is left over at the end is dropped.
    TimeBins(usize),
    /// So many runs of equally many events, as tonic's `ToFrame(n_event_bins)`: what is left over at the end is dropped.
    EventBins(usize),
    /// Stretches of so many microseconds, as tonic's `ToFrame(time_window)`: an incomplete one at the end is dropped.
    Window(i64),
    /// Runs of so many events, as tonic's `ToFrame(event_count)`: an incomplete one at the end is dropped.
    Count(usize),
    /// So many stretches of equal length, as SpikingJelly's `split_by="time"`: the last one takes the rest.
    SplitTime(usize),
    /// So many runs of equally many events, as SpikingJelly's `split_by="number"`: the last one takes the rest.
    SplitNumber(usize),
    /// Stretches of at most so many microseconds that begin with an event, as SpikingJelly's `duration`.
    Duration(i64),
}

/// Frames of a recording at most.
const MOST: usize = 1 << 20;

impl Framing {
    fn check(self) -> Result<(), Error> {
        let n = match self {
            Framing::TimeBins(n) | Framing::EventBins(n) | Framing::Count(n) | Framing::SplitTime(n) | Framing::SplitNumber(n) => n as i64,
            Framing::Window(t) | Framing::Duration(t) => t,
        };
        let ok = (1..=1 << 40).contains(&n);
        if ok { Ok(()) } else { Err(Error::Value { what: "the size of frames", found: n.to_string(), expected: "at least 1" }) }
    }

    /// First event and end of every frame.
    pub fn cuts(self, events: &[Event]) -> Result<Vec<[usize; 2]>, Error> {
        self.check()?;
        let n = events.len();
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            // As many frames as were asked for, all empty.
            return Ok(match self {
                Framing::TimeBins(n) | Framing::EventBins(n) | Framing::SplitTime(n) | Framing::SplitNumber(n) => vec![[0, 0]; n.min(MOST)],
                _ => Vec::new(),
            });
        };
        let before = |t: i64| events.partition_point(|event| event.t < t);
        let span = last.t.saturating_sub(first.t);
        let from = |i: usize, width: i64| first.t.saturating_add((i as i64).saturating_mul(width));
        let windows = |k: usize, width: i64| (0..k).map(move |i| [from(i, width), from(i + 1, width)]);
        let timed = |k: usize, width: i64| windows(k, width).map(|[start, stop]| [before(start), before(stop)]).collect::<Vec<_>>();
        let counted = |k: usize, size: usize| (0..k).map(|i| [i * size, (i + 1) * size]).collect::<Vec<_>>();
        let few = |k: usize| {
            let expected = "at most a million frames";
            if k <= MOST { Ok(k) } else { Err(Error::Value { what: "the number of frames", found: k.to_string(), expected }) }
        };
        let with_rest = |mut cuts: Vec<[usize; 2]>| {
            cuts.last_mut().expect("at least one frame")[1] = n;
            cuts
        };
        Ok(match self {
            Framing::TimeBins(k) => timed(few(k)?, span / k as i64),
            Framing::EventBins(k) => counted(few(k)?, n / k),
            Framing::Window(width) if span < width => Vec::new(),
            Framing::Window(width) => timed(few(((span - width) / width) as usize + 1)?, width),
            Framing::Count(size) => counted(few(n / size)?, size),
            Framing::SplitTime(k) => with_rest(timed(few(k)?, span / k as i64)),
            Framing::SplitNumber(k) => with_rest(counted(few(k)?, n / k)),
            Framing::Duration(width) => {
                let mut cuts = Vec::new();
                let mut left = 0;
                while left < n {
                    let right = events.partition_point(|event| event.t <= events[left].t.saturating_add(width)).max(left + 1);
                    cuts.push([left, right]);
                    left = right;
                }
                few(cuts.len())?;
                cuts
            }
        })
    }

    /// Counts `[frame][row][column][off, on]`, which stop at 255, and the number of frames. Events outside of the camera are left out.
    pub fn frames(self, recording: &Recording) -> Result<(usize, Vec<u8>), Error> {
        let cuts = self.cuts(&recording.events)?;
        let size = 2 * recording.height * recording.width;
        let total = cuts.len().checked_mul(size).filter(|&n| n <= 1 << 32);
        let found = format!("{} of {} x {}", cuts.len(), recording.height, recording.width);
        let total = total.ok_or(Error::Value { what: "the number of frames", found, expected: "4 GiB of them at most" })?;
        let mut counts = vec![0u8; total];
        for (frame, [first, end]) in counts.chunks_exact_mut(size.max(1)).zip(&cuts) {
            for event in &recording.events[*first..*end] {
                let (x, y) = (usize::from(event.x), usize::from(event.y));
                if x < recording.width && y < recording.height {
                    let count = &mut frame[2 * (y * recording.width + x) + usize::from(event.on)];
                    *count = count.saturating_add(1);
                }
            }
        }
        Ok((cuts.len(), counts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Eleven events at these times on a row of pixels.
    fn recording() -> Recording {
        let times = [100, 101, 105, 110, 111, 119, 120, 129, 130, 133, 134];
        let events = times.iter().enumerate().map(|(i, &t)| Event { t, x: i as u16 % 4, y: 0, on: i % 3 == 0 }).collect();
        Recording { height: 1, width: 4, events }
    }

    fn sizes(framing: Framing) -> Vec<usize> {
        framing.cuts(&recording().events).unwrap().iter().map(|[a, b]| b - a).collect()
    }

    #[test]
    fn tonic_drops_what_is_left_over() {
        // 34 us in 3 bins of 11: 100-111, 111-122, 122-133; the events at 133 and 134 are dropped.
        assert_eq!(sizes(Framing::TimeBins(3)), [4, 3, 2]);
        assert_eq!(sizes(Framing::EventBins(3)), [3, 3, 3]);
        // floor((34 - 10) / 10) + 1 windows.
        assert_eq!(sizes(Framing::Window(10)), [3, 3, 2]);
        assert_eq!(sizes(Framing::Count(4)), [4, 4]);
    }

    #[test]
    fn spikingjelly_gives_the_rest_to_the_last_frame() {
        assert_eq!(sizes(Framing::SplitTime(3)), [4, 3, 4]);
        assert_eq!(sizes(Framing::SplitNumber(3)), [3, 3, 5]);
        // Ends at the last event that is at most 10 us after the first.
        assert_eq!(sizes(Framing::Duration(10)), [4, 3, 4]);
    }

    #[test]
    fn frames_count_every_event_once_by_pixel_and_polarity() {
        let (n, counts) = Framing::SplitNumber(2).frames(&recording()).unwrap();
        assert_eq!((n, counts.len()), (2, 16));
        assert_eq!(counts.iter().map(|&c| usize::from(c)).sum::<usize>(), 11);
        assert_eq!(counts[..8], [1, 1, 1, 0, 1, 0, 0, 1]);
    }

    #[test]
    fn no_events_make_empty_frames_and_absurd_sizes_are_refused() {
        let empty = Recording { height: 2, width: 2, events: Vec::new() };
        assert_eq!(Framing::TimeBins(3).frames(&empty).unwrap(), (3, vec![0; 24]));
        assert_eq!(Framing::Window(5).frames(&empty).unwrap(), (0, Vec::new()));
        assert!(Framing::TimeBins(0).frames(&empty).is_err());
        let long = Recording { events: vec![Event::default(), Event { t: i64::MAX, ..Event::default() }], ..empty };
        assert!(Framing::Window(1).frames(&long).is_err());
        assert!(Framing::TimeBins(7).frames(&long).is_ok());
    }

    #[test]
    fn counts_stop_at_255_and_events_beside_the_camera_are_left_out() {
        let mut events = vec![Event { t: 1, x: 1, y: 0, on: true }; 300];
        events.push(Event { t: 2, x: 9, y: 0, on: true });
        let (_, counts) = Framing::SplitTime(1).frames(&Recording { height: 1, width: 2, events }).unwrap();
        assert_eq!(counts, [0, 0, 0, 255]);
    }
}
