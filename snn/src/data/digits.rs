//! The 1797 handwritten digits of scikit-learn: 8 x 8 pixels of 0 to 16 (Alpaydin E, Kaynak C (1998), UCI Machine Learning Repository,
//! doi:10.24432/C50P49).

use std::io::Read;
use std::sync::Arc;

use super::{Augment, Dataset, Images};

/// scikit-learn's `digits.csv.gz`: 64 pixels and the label in every line.
const PACKED: &[u8] = include_bytes!("../../data/digits.csv.gz");

/// Every fifth digit is for testing, so that all writers are in both parts.
pub(super) fn read() -> Dataset {
    let mut text = String::new();
    flate2::read::GzDecoder::new(PACKED).read_to_string(&mut text).expect("the file is part of the program and was tested");
    let (mut train, mut test) = (Images { image: [8, 8, 1], ..Images::default() }, Images { image: [8, 8, 1], ..Images::default() });
    for (i, line) in text.lines().enumerate() {
        let to = if i % 5 == 4 { &mut test } else { &mut train };
        let mut values = line.split(',').map(|value| value.parse::<f32>().expect("every value is a number, which was tested") as u8);
        to.pixels.extend(values.by_ref().take(64));
        to.labels.extend(values.map(u32::from));
    }
    Dataset {
        name: "digits",
        train: Arc::new(train),
        test: Arc::new(test),
        classes: 10,
        largest: 16,
        moments: vec![[0.3058, 0.3764]],
        mirrors: false,
        shift: 0,
        augment: Augment::default(),
    }
}
