//! Few samples of many classes: episodes of N classes with K samples each to learn from (Vinyals O et al. (2016) arXiv:1606.04080), and pairs that are
//! or are not of one class (Koch G et al. (2015), Siamese neural networks for one-shot image recognition). Both are functions of a seed and a number.

use std::collections::BTreeMap;

use super::Images;
use crate::error::Error;
use crate::random::{For, Random, key};

/// Draws episodes from the samples of a data set.
#[derive(Clone, Debug)]
pub struct Episodes {
    classes: Vec<Vec<u32>>,
    ways: usize,
    shots: usize,
    queries: usize,
    seed: u64,
}

/// N classes of an episode, numbered 0 to N - 1 in it. Samples go class by class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Class of each in the data set.
    pub classes: Vec<u32>,
    /// K samples of each class to learn from.
    pub support: Vec<u32>,
    /// Other samples of each class to be told apart.
    pub query: Vec<u32>,
}

impl Episodes {
    /// Episodes of `ways` classes with `shots` samples to learn from and `queries` others each. An error if there are too few.
    pub fn new(images: &Images, [ways, shots, queries]: [usize; 3], seed: u64) -> Result<Episodes, Error> {
        let value = |what, found: usize, expected| Err(Error::Value { what, found: found.to_string(), expected });
        let Some(needed) = shots.checked_add(queries).filter(|_| shots > 0 && queries > 0) else {
            return value("the number of shots and queries", shots.min(queries), "at least 1");
        };
        let classes: Vec<Vec<u32>> = by_class(images).into_values().filter(|samples| samples.len() >= needed).collect();
        if ways < 2 || ways > classes.len() {
            return value("n_way", ways, "at least 2, and no more classes than have samples for all shots and queries");
        }
        Ok(Episodes { classes, ways, shots, queries, seed })
    }

    /// Episode `number`.
    pub fn episode(&self, images: &Images, number: u64) -> Episode {
        let mut random = Random::sequence(self.seed, key(For::Episodes, 0, number), 0);
        let mut episode = Episode { classes: Vec::new(), support: Vec::new(), query: Vec::new() };
        for class in drawn(&mut random, self.classes.len(), self.ways) {
            let samples = &self.classes[class];
            let some: Vec<u32> = drawn(&mut random, samples.len(), self.shots + self.queries).into_iter().map(|i| samples[i]).collect();
            episode.classes.push(images.labels[samples[0] as usize]);
            episode.support.extend(&some[..self.shots]);
            episode.query.extend(&some[self.shots..]);
        }
        episode
    }

    /// The class in its episode of query `i`.
    pub fn answer(&self, i: usize) -> usize {
        i / self.queries
    }

    /// Which of the classes each query is nearest to, by the mean of the support's features (prototypical networks; Snell J et al. (2017)
    /// arXiv:1703.05175). Rows of `n` features, as the network gives them for support and query.
    pub fn nearest(&self, support: &[f32], query: &[f32], n: usize) -> Vec<usize> {
        assert_eq!(support.len(), self.ways * self.shots * n, "{n} features per sample of the support");
        let mean =
            |samples: &[f32]| -> Vec<f32> { (0..n).map(|f| samples.iter().skip(f).step_by(n).sum::<f32>() / self.shots as f32).collect() };
        let prototypes: Vec<Vec<f32>> = support.chunks_exact(self.shots * n).map(mean).collect();
        let distance = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        let nearest = |sample: &[f32]| {
            let distances: Vec<f32> = prototypes.iter().map(|prototype| distance(sample, prototype)).collect();
            (0..self.ways).fold(0, |best, class| if distances[class] < distances[best] { class } else { best })
        };
        query.chunks_exact(n).map(nearest).collect()
    }
}

/// Draws pairs of samples: every second one of one class.
#[derive(Clone, Debug)]
pub struct Pairs {
    classes: Vec<Vec<u32>>,
    seed: u64,
}

impl Pairs {
    /// Pairs of these samples. An error if there is one class only.
    pub fn new(images: &Images, seed: u64) -> Result<Pairs, Error> {
        let classes: Vec<Vec<u32>> = by_class(images).into_values().collect();
        if classes.len() < 2 {
            return Err(Error::Value { what: "the number of classes", found: classes.len().to_string(), expected: "at least 2 for pairs" });
        }
        Ok(Pairs { classes, seed })
    }

    /// Pair `number`, and whether both are of one class: where `number` is odd, as BrainCog has it. Both may be the same sample.
    pub fn pair(&self, number: u64) -> ([u32; 2], bool) {
        let mut random = Random::sequence(self.seed, key(For::Episodes, 1, number), 0);
        let (n, same) = (self.classes.len(), number % 2 == 1);
        let first = random.below(n);
        let second = if same { first } else { (first + 1 + random.below(n - 1)) % n };
        ([first, second].map(|class| self.classes[class][random.below(self.classes[class].len())]), same)
    }
}

fn by_class(images: &Images) -> BTreeMap<u32, Vec<u32>> {
    let mut classes: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (sample, &label) in (0u32..).zip(&images.labels) {
        classes.entry(label).or_default().push(sample);
    }
    classes
}

/// `n` different numbers below `of`.
fn drawn(random: &mut Random, of: usize, n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..of).collect();
    for i in 0..n {
        order.swap(i, i + random.below(of - i));
    }
    order.truncate(n);
    order
}

#[cfg(test)]
mod tests {
    use super::super::{Loader, Order, load};
    use super::*;

    #[test]
    fn episodes_have_different_samples_of_different_classes_and_repeat_under_a_seed() {
        let digits = load("digits", ".".as_ref()).unwrap();
        let episodes = Episodes::new(&digits.train, [5, 3, 4], 7).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..50 {
            let episode = episodes.episode(&digits.train, number);
            assert_eq!((episode.classes.len(), episode.support.len(), episode.query.len()), (5, 15, 20));
            assert_eq!(episode, episodes.episode(&digits.train, number));
            let label = |sample: u32| digits.train.labels[sample as usize];
            assert!(episode.support.iter().enumerate().all(|(i, &sample)| label(sample) == episode.classes[i / 3]));
            assert!(episode.query.iter().enumerate().all(|(i, &sample)| label(sample) == episode.classes[episodes.answer(i)]));
            let all: std::collections::BTreeSet<u32> = episode.support.iter().chain(&episode.query).copied().collect();
            let classes: std::collections::BTreeSet<u32> = episode.classes.iter().copied().collect();
            assert_eq!((all.len(), classes.len()), (35, 5));
            seen.insert(episode.classes);
        }
        assert!(seen.len() > 40);
        let other = Episodes::new(&digits.train, [5, 3, 4], 8).unwrap();
        assert!(other.episode(&digits.train, 0) != episodes.episode(&digits.train, 0));
    }

    #[test]
    fn the_nearest_mean_of_pixels_tells_most_digits_apart() {
        let digits = load("digits", ".".as_ref()).unwrap();
        let episodes = Episodes::new(&digits.test, [5, 5, 5], 1).unwrap();
        let mut right = 0;
        for number in 0..20 {
            let episode = episodes.episode(&digits.test, number);
            let batches = Loader::of(&digits, vec![episode.support, episode.query], Order::AsStored, true);
            let values: Vec<Vec<f32>> = batches.map(|batch| batch.images.values().to_vec()).collect();
            let found = episodes.nearest(&values[0], &values[1], 64);
            right += found.iter().enumerate().filter(|&(i, &class)| class == episodes.answer(i)).count();
        }
        // By chance 100 of 500.
        assert!(right > 425, "{right} of 500");
    }

    #[test]
    fn every_second_pair_is_of_one_class_and_all_classes_occur() {
        let digits = load("digits", ".".as_ref()).unwrap();
        let pairs = Pairs::new(&digits.train, 3).unwrap();
        let mut firsts = [0; 10];
        for number in 0..1000 {
            let (samples, same) = pairs.pair(number);
            let [a, b] = samples.map(|sample| digits.train.labels[sample as usize]);
            assert_eq!((a == b, same), (number % 2 == 1, number % 2 == 1));
            assert_eq!(pairs.pair(number).0, samples);
            firsts[a as usize] += 1;
        }
        // 100 of each, with a standard deviation of 9.5.
        assert!(firsts.iter().all(|n| (60..140).contains(n)), "{firsts:?}");
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let images = Images { image: [1, 1, 1], labels: vec![0, 0, 1, 1, 2], pixels: vec![0; 5], ..Images::default() };
        assert!(Episodes::new(&images, [2, 1, 1], 0).is_ok());
        let message = |sizes| Episodes::new(&images, sizes, 0).unwrap_err().to_string();
        assert!(message([3, 1, 1]).starts_with("n_way is 3; expected at least 2, and no more classes than"));
        assert!(message([2, 0, 1]).contains("shots and queries is 0"));
        assert!(message([2, usize::MAX, 1]).starts_with("the number of shots"));
        let one = Images { labels: vec![4; 5], ..images.clone() };
        assert!(Pairs::new(&one, 0).unwrap_err().to_string().contains("at least 2 for pairs"));
    }
}
