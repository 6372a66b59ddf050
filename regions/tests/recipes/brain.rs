//! A small brain that several test files share.

use connectome::{Connectome, Matrix, Region};

/// Three regions on a line, 10 mm apart: A is low, B high, C outside the cortex. Weights, row = target:
/// A gets 0.6 from B and 0.2 from C; B gets 0.8 from A; C gets 0.5 from A and 0.5 from B.
pub(crate) fn three_regions() -> Connectome {
    let mut brain = regions::isolated("A");
    brain.name = "three".into();
    brain.regions = ["A", "B", "C"]
        .iter()
        .enumerate()
        .map(|(i, label)| Region {
            label: (*label).into(),
            position: Some([10.0 * i as f64, 0.0, 0.0]),
            cortical: Some(*label != "C"),
            ..Region::default()
        })
        .collect();
    brain.weights = Matrix::from_rows(3, vec![0.0, 0.6, 0.2, 0.8, 0.0, 0.0, 0.5, 0.5, 0.0]).expect("3 x 3");
    brain
}

/// The same brain with every tract cut.
pub(crate) fn cut(intact: &Connectome) -> Connectome {
    Connectome { weights: Matrix::zeros(intact.n()), ..intact.clone() }
}
