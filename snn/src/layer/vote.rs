use super::{Init, Layer, LayerState, Misfit, Pass, kept};
use crate::device::Plan;
use crate::random::{For, Random, key};
use crate::tensor::{Shape, Tensor};

/// The mean of every `voters` neighbouring features: several neurons speak for a class.
pub struct Voting {
    voters: usize,
}

impl Voting {
    /// So many neurons per class.
    pub fn new(voters: usize) -> Self {
        assert!(voters > 0, "votes of nobody");
        Voting { voters }
    }
}

impl Layer for Voting {
    fn name(&self) -> &'static str {
        "voting"
    }

    fn on_device(&self) -> Result<Plan, &'static str> {
        Ok(Plan::Vote(self.voters))
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let (voters, found) = (self.voters, input.channels);
        if found % voters != 0 {
            return Err(Misfit::Width { what: "channels (a multiple of the voters)", expected: found.next_multiple_of(voters), found });
        }
        Ok(Shape { channels: found / voters, ..input })
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        let shape = self.shape(input.shape()).expect("the layer was checked for this shape");
        let mut output = Tensor::unspecified(shape);
        for (vote, voters) in output.values_mut().iter_mut().zip(input.values().chunks_exact(self.voters)) {
            *vote = voters.iter().sum::<f32>() / self.voters as f32;
        }
        output
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        self.infer(&input, &mut LayerState::new())
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let shape = gradient.shape();
        wanted.then(|| {
            let spread = gradient.values().iter().flat_map(|g| std::iter::repeat_n(g / self.voters as f32, self.voters));
            Tensor::new(Shape { channels: shape.channels * self.voters, ..shape }, spread.collect())
        })
    }
}

/// Winners take all: of each pixel only `winners` channels are passed on, drawn at random in proportion to nothing but that they
/// are large: x is kept where x U is among the largest, U uniform (BrainCog's `WTALayer`).
pub struct Wta {
    winners: usize,
    init: Init,
    kept: Option<Vec<bool>>,
}

impl Wta {
    /// So many winners.
    pub fn new(winners: usize, init: Init) -> Self {
        assert!(winners > 0, "a game that nobody wins");
        Wta { winners, init, kept: None }
    }

    /// Which values win, from step `first` on.
    fn wins(&self, input: &Tensor, pass: Pass, first: usize) -> Vec<bool> {
        let shape = input.shape();
        let object = key(For::Noise, self.init.layer, pass.number);
        let mut wins = Vec::with_capacity(shape.len());
        for t in 0..shape.steps {
            let mut random = Random::sequence(pass.seed, object, (first + t) as u64);
            for pixel in input.step(t).chunks_exact(shape.channels) {
                let lots: Vec<f32> = pixel.iter().map(|x| x * random.uniform() as f32).collect();
                let mut sorted = lots.clone();
                sorted.sort_unstable_by(|a, b| b.total_cmp(a));
                let least = sorted[self.winners.min(lots.len()) - 1];
                wins.extend(lots.into_iter().map(|lot| lot >= least));
            }
        }
        wins
    }
}

fn masked(mut x: Tensor, wins: &[bool]) -> Tensor {
    x.values_mut().iter_mut().zip(wins).for_each(|(x, &won)| *x *= f32::from(won));
    x
}

impl Layer for Wta {
    fn name(&self) -> &'static str {
        "wta"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        Ok(input)
    }

    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        let first = state.step;
        state.step += input.shape().steps;
        masked(input.clone(), &self.wins(input, Pass::EVALUATION, first))
    }

    fn forward(&mut self, input: Tensor, pass: Pass) -> Tensor {
        let wins = self.wins(&input, pass, 0);
        let output = masked(input, &wins);
        self.kept = Some(wins);
        output
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let wins = kept(&mut self.kept);
        wanted.then(|| masked(gradient, &wins))
    }

    fn remembers(&self) -> bool {
        true
    }
}
