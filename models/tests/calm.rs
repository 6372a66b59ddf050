//! Contract: where a model's `calm_substep` says that it may, it gives the bits of `substep`.

use models::kit::{Columns, real};
use models::{Model, Visitor};

/// A small generator of uniform numbers (splitmix64).
struct Random(u64);

impl Random {
    fn uniform(&mut self, low: f64, high: f64) -> real {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (low + (high - low) * ((z >> 11) as f64 / (1u64 << 53) as f64)) as real
    }
}

/// Drives a neuron through many spikes and takes every substep both ways; (calm, all) substeps.
struct BothWays;

impl Visitor for BothWays {
    type Output = Option<(usize, usize)>;

    fn visit<M: Model>(self) -> Self::Output {
        if !M::HAS_CALM_SUBSTEP {
            return None;
        }
        let (mut calm, mut all, mut spikes) = (0, 0, 0);
        for (seed, t_ref) in [(1, 0.0), (2, 2.0)] {
            let params = M::params(&[("t_ref".to_string(), t_ref)].into()).expect("the family has a refractory time");
            let substeps = M::substeps(0.1);
            let p = M::propagators(&params, 0.1, 0.1 / f64::from(substeps)).expect("defaults are right");
            let mut s = M::initial(&params);
            let mut random = Random(seed);
            for _ in 0..20_000 {
                let input = M::Input::from_fields(|field| match M::Input::FIELDS[field].name {
                    "I_stim" => random.uniform(-200.0, 2400.0),
                    "ex" => random.uniform(0.0, 8.0),
                    _ => random.uniform(-0.4, 0.0),
                });
                for _ in 0..substeps {
                    let mut short = s;
                    let is_calm = M::calm_substep(&p, &mut short, &input);
                    M::substep(&p, &mut s, &input);
                    assert!(!is_calm || bits(short) == bits(s), "{}", M::NAME);
                    calm += usize::from(is_calm);
                    all += 1;
                }
                spikes += usize::from(M::step(&p, &mut s, &input));
            }
        }
        assert!(spikes > 100, "{}: {spikes} spikes", M::NAME);
        Some((calm, all))
    }
}

fn bits<C: Columns>(columns: C) -> Vec<u32> {
    let mut lanes = C::lanes();
    columns.store(&mut lanes, 0);
    lanes.as_ref().iter().map(|row| row[0].to_bits()).collect()
}

#[test]
fn a_calm_substep_gives_the_bits_of_a_substep_and_is_most_of_them() {
    let mut n = 0;
    for model in models::descriptions() {
        if let Some((calm, all)) = models::visit(model.name, BothWays).expect("listed models exist") {
            println!("{}: {calm} of {all} substeps are calm", model.name);
            assert!(calm < all && calm * 10 > all * 8, "{}: {calm} of {all}", model.name);
            n += 1;
        }
    }
    assert_eq!(n, 3);
}
