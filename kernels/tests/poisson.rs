//! Contract: Poisson input is Poisson, independent between neurons and steps, and a function of neuron and
//! step alone.
//!
//! The law is tested by chi-square p-values over many seeds, which must be uniform (Kolmogorov-Smirnov),
//! like the rules in `statistics.rs`. That every probability is right to 1e-12 is tested beside the table.

use connectome::network::{Signal, Stimulus, StimulusKind};
use kernels::delivery::sums;
use kernels::quantile::normal_cdf;
use kernels::simd::Level;
use kernels::stimuli::{Drive, SliceInfo};

const SEEDS: u64 = 120;

/// Spikes of neurons `slice` of a population in each of `steps`: `[step][neuron]`.
struct Train {
    rate: Signal,
    range: Option<(u32, u32)>,
    slice: std::ops::Range<u32>,
    level: Level,
}

impl Train {
    fn new(mean: f64, n: u32) -> Self {
        Train { rate: Signal::constant(mean * 1e4), range: None, slice: 0..n, level: Level::best() }
    }

    fn numbers(&self, seed: u64, steps: std::ops::Range<u64>) -> Vec<Vec<i32>> {
        let kind = StimulusKind::PoissonGenerator { rate: self.rate.clone(), weight: 1.0 };
        let stimulus = Stimulus { target: 0, range: self.range, kind, start: 0.0, stop: f64::INFINITY, delay: 0.1 };
        let info = SliceInfo { neurons: self.slice.clone(), offset: 32 };
        let mut drive = Drive::new(&stimulus, 3, &info, (0, 1), 0.1, seed).expect("it drives the slice");
        let mut sums = [sums()];
        steps
            .map(|step| {
                sums[0].fill(0);
                drive.spikes_at(self.level, step + 1, &mut sums);
                let (before, rest) = sums[0].split_at(32);
                let (slice, after) = rest.split_at(self.slice.len());
                assert!(before.iter().chain(after).all(|n| *n == 0), "spikes outside the slice");
                slice.to_vec()
            })
            .collect()
    }
}

/// p-value of a chi-square with `freedom` degrees of freedom (Wilson-Hilferty approximation).
fn p_value(chi2: f64, freedom: f64) -> f64 {
    1.0 - normal_cdf(((chi2 / freedom).cbrt() - (1.0 - 2.0 / (9.0 * freedom))) / (2.0 / (9.0 * freedom)).sqrt())
}

/// p-value of the Kolmogorov-Smirnov test that the values are uniform.
fn uniformity(mut p: Vec<f64>) -> f64 {
    p.sort_by(f64::total_cmp);
    let n = p.len() as f64;
    let d = p.iter().enumerate().map(|(i, x)| (x - i as f64 / n).abs().max((x - (i + 1) as f64 / n).abs())).fold(0.0, f64::max);
    let t = d * (n.sqrt() + 0.12 + 0.11 / n.sqrt());
    (1..100).map(|k| 2.0 * (-1.0f64).powi(k - 1) * (-2.0 * f64::from(k * k) * t * t).exp()).sum::<f64>().clamp(0.0, 1.0)
}

/// Poisson probabilities of 0, 1, 2, ...
fn law(mean: f64) -> impl Iterator<Item = f64> {
    (1..).scan((-mean).exp(), move |p, k| {
        let now = *p;
        *p *= mean / f64::from(k);
        Some(now)
    })
}

/// Pearson's p-value of `numbers` against the Poisson law, classes of expected size below 20 joined.
fn fit(numbers: &[i32], mean: f64) -> f64 {
    let n = numbers.len() as f64;
    let (mut chi2, mut classes, mut expected, mut observed, mut expected_left) = (0.0, 0.0, 0.0, 0.0, n);
    for (k, p) in law(mean).enumerate() {
        expected += p * n;
        observed += numbers.iter().filter(|c| **c == k as i32).count() as f64;
        let last = expected_left - expected < 20.0;
        if last {
            observed += numbers.iter().filter(|c| **c > k as i32).count() as f64;
            expected = expected_left;
        }
        if expected >= 20.0 {
            chi2 += (observed - expected) * (observed - expected) / expected;
            classes += 1.0;
            expected_left -= expected;
            (expected, observed) = (0.0, 0.0);
        }
        if last {
            break;
        }
    }
    p_value(chi2, classes - 1.0)
}

#[test]
fn numbers_follow_the_poisson_law_at_small_ordinary_and_large_means() {
    for mean in [0.02, 0.3, 1.28, 2.3, 9.0, 16.0, 40.0] {
        let p = (0..SEEDS).map(|seed| fit(&Train::new(mean, 1000).numbers(seed, 0..10).concat(), mean)).collect();
        let p = uniformity(p);
        println!("mean {mean}: p = {p}");
        assert!(p > 1e-4, "mean {mean}: p-values are not uniform (p = {p})");
    }
}

#[test]
fn neighbours_in_population_time_and_plane_are_independent() {
    // Correlations at lags that share a random word, a block or a plane: each is normal with variance 1/n.
    let (n, mean) = (2048usize, 1.5);
    let lags = [(0, 1), (0, 2), (0, 3), (0, 4), (0, 32), (0, 64), (0, 128), (0, 255), (0, 256), (1, 0), (1, 1), (2, 0), (16, 0)];
    for (steps, neurons) in lags {
        let p = (0..SEEDS).map(|seed| {
            let z: Vec<f64> = Train::new(mean, n as u32).numbers(seed, 0..18).concat().iter().map(|c| f64::from(*c) - mean).collect();
            let lag = steps * n + neurons;
            let sum: f64 = z.iter().zip(&z[lag..]).map(|(a, b)| a * b).sum();
            normal_cdf(sum / (mean * ((z.len() - lag) as f64).sqrt()))
        });
        let p = uniformity(p.collect());
        assert!(p > 1e-4, "lag of {steps} steps and {neurons} neurons: p = {p}");
    }
}

#[test]
fn all_instruction_sets_give_the_same_spikes() {
    for mean in [0.003, 1.9, 33.0] {
        let train = |level| Train { range: Some((70, 1000)), slice: 64..1200, level, ..Train::new(mean, 0) };
        let baseline = train(Level::BASELINE).numbers(5, 0..300);
        assert!(baseline.concat().iter().sum::<i32>() > 100);
        for level in Level::available() {
            assert!(train(level).numbers(5, 0..300) == baseline, "{level:?} at mean {mean}");
        }
        println!("equal at {:?}", Level::available());
    }
}

#[test]
fn spikes_do_not_depend_on_how_a_population_is_cut_nor_on_where_a_run_begins() {
    let whole = Train::new(20.0, 1000);
    let all = whole.numbers(9, 0..10);
    for cut in [64, 128, 192, 448, 960] {
        let parts = [0..cut, cut..1000].map(|slice| Train { slice, ..Train::new(20.0, 0) }.numbers(9, 0..10));
        for (step, numbers) in all.iter().enumerate() {
            assert!([&parts[0][step][..], &parts[1][step][..]].concat() == *numbers, "cut at {cut}");
        }
    }
    assert!(whole.numbers(9, 7..10) == all[7..]);
}

#[test]
fn a_rate_that_changes_uses_fresh_numbers_and_the_mean_of_its_step() {
    // From 1 spike per step to 40, which takes three draws: no draw of an earlier step may come again.
    let train = Train { rate: Signal(vec![(0.0, 1e4), (1.0, 4e5), (2.0, 0.0)]), ..Train::new(1.0, 50_000) };
    let numbers = train.numbers(2, 0..30);
    for (steps, mean) in [(0..10, 1.0), (10..20, 40.0)] {
        let total: f64 = numbers[steps].concat().iter().map(|n| f64::from(*n)).sum();
        let z = (total - mean * 5e5) / (mean * 5e5f64).sqrt();
        assert!(z.abs() < 4.5, "mean {mean}: z = {z}");
    }
    assert!(numbers[20..].concat().iter().all(|n| *n == 0));
    for early in 0..10 {
        for late in 10..20 {
            let sum: f64 = numbers[early].iter().zip(&numbers[late]).map(|(a, b)| (f64::from(*a) - 1.0) * (f64::from(*b) - 40.0)).sum();
            let z = sum / (40.0f64 * 50_000.0).sqrt();
            assert!(z.abs() < 4.5, "steps {early} and {late}: z = {z}");
        }
    }
}
