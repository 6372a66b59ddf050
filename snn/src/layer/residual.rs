use super::{Chain, Kind, Layer, LayerState, Misfit, Part, Pass, Row, Seen, Watch};
use crate::tensor::{Shape, Tensor};

/// How two ways from one point come together again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// x + y.
    Add,
    /// x y: both spike.
    And,
    /// (1 - x) y: the shortcut spikes and the branch does not.
    Iand,
}

impl Join {
    /// Names as in BrainCog's `--sew-cnf`.
    pub const NAMES: [(&str, Join); 3] = [("ADD", Join::Add), ("AND", Join::And), ("IAND", Join::Iand)];

    /// x from the branch and y from the shortcut.
    pub(crate) fn of(self, x: f32, y: f32) -> f32 {
        match self {
            Join::Add => x + y,
            Join::And => x * y,
            Join::Iand => (1.0 - x) * y,
        }
    }

    /// Derivatives by x and y.
    fn slopes(self, x: f32, y: f32) -> [f32; 2] {
        match self {
            Join::Add => [1.0, 1.0],
            Join::And => [y, x],
            Join::Iand => [-y, 1.0 - x],
        }
    }
}

/// A branch and a shortcut past it (He K et al. (2015) arXiv:1512.03385), joined by sum or, between spikes, by logic (Fang W et al.
/// (2021) arXiv:2102.04159). An empty shortcut passes its input on.
pub struct Residual {
    branch: Chain,
    shortcut: Chain,
    join: Join,
    kept: Option<[Tensor; 2]>,
}

impl Residual {
    /// Both ways and how they join.
    pub fn new(branch: impl Into<Chain>, shortcut: impl Into<Chain>, join: Join) -> Self {
        Residual { branch: branch.into(), shortcut: shortcut.into(), join, kept: None }
    }

    pub(super) fn joined(&self, mut x: Tensor, y: &Tensor) -> Tensor {
        x.values_mut().iter_mut().zip(y.values()).for_each(|(x, &y)| *x = self.join.of(*x, y));
        x
    }

    fn join_and_keep(&mut self, x: Tensor, y: Tensor, watch: Watch) -> Tensor {
        // A sum forgets its parts.
        self.kept = (self.join != Join::Add).then(|| [x.clone(), y.clone()]);
        let output = self.joined(x, &y);
        watch(Seen::Output(&output));
        output
    }
}

impl Layer for Residual {
    fn name(&self) -> &'static str {
        match self.join {
            Join::Add => "add",
            Join::And => "and",
            Join::Iand => "iand",
        }
    }

    fn kind(&self) -> Kind {
        Kind::Residual(self.join)
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let (branch, shortcut) = (self.branch.shape(input)?, self.shortcut.shape(input)?);
        if branch == shortcut { Ok(branch) } else { Err(Misfit::Join { branch, shortcut }) }
    }

    fn describe(&self, label: &str, input: Shape, rows: &mut Vec<Row>) -> Result<Shape, Part> {
        self.branch.describe(&format!("{label}.branch"), input, rows)?;
        self.shortcut.describe(&format!("{label}.shortcut"), input, rows)?;
        let output = self.shape(input).map_err(|misfit| Part { layer: label.into(), input, misfit })?;
        rows.push(Row { layer: label.into(), input, output, parameters: 0, spikes: false, products: 0 });
        Ok(output)
    }

    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        state.parts.resize(2, LayerState::new());
        let x = self.branch.infer(input, &mut state.parts[0]);
        self.joined(x, &self.shortcut.infer(input, &mut state.parts[1]))
    }

    fn infer_watched(&self, input: &Tensor, state: &mut LayerState, watch: Watch) -> Tensor {
        state.parts.resize(2, LayerState::new());
        let x = self.branch.infer_watched(input, &mut state.parts[0], watch);
        let y = self.shortcut.infer_watched(input, &mut state.parts[1], watch);
        let output = self.joined(x, &y);
        watch(Seen::Output(&output));
        output
    }

    fn forward(&mut self, input: Tensor, pass: Pass) -> Tensor {
        self.forward_watched(input, pass, &mut |_| ())
    }

    fn forward_watched(&mut self, input: Tensor, pass: Pass, watch: Watch) -> Tensor {
        let x = self.branch.forward_watched(input.clone(), pass, watch);
        let y = self.shortcut.forward_watched(input, pass, watch);
        self.join_and_keep(x, y, watch)
    }

    fn forward_step(&mut self, input: Tensor, state: &mut LayerState, pass: Pass, watch: Watch) -> Tensor {
        state.parts.resize(2, LayerState::new());
        let x = self.branch.forward_step(input.clone(), &mut state.parts[0], pass, watch);
        let y = self.shortcut.forward_step(input, &mut state.parts[1], pass, watch);
        self.join_and_keep(x, y, watch)
    }

    fn infer_step(&self, input: &Tensor, state: &mut LayerState, watch: Watch) -> Tensor {
        state.parts.resize(2, LayerState::new());
        let x = self.branch.infer_step(input, &mut state.parts[0], watch);
        let y = self.shortcut.infer_step(input, &mut state.parts[1], watch);
        let output = self.joined(x, &y);
        watch(Seen::Output(&output));
        output
    }

    fn online(&self) -> bool {
        self.branch.online() && self.shortcut.online()
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let (mut to_branch, mut to_shortcut) = (gradient.clone(), gradient);
        if let Some([x, y]) = self.kept.take() {
            let gradients = to_branch.values_mut().iter_mut().zip(to_shortcut.values_mut());
            for ((to_x, to_y), (&x, &y)) in gradients.zip(x.values().iter().zip(y.values())) {
                let [by_x, by_y] = self.join.slopes(x, y);
                (*to_x, *to_y) = (*to_x * by_x, *to_y * by_y);
            }
        }
        let (branch, shortcut) = (self.branch.backward(to_branch, wanted), self.shortcut.backward(to_shortcut, wanted));
        Some(branch?.plus(&shortcut?))
    }

    fn parts(&self) -> Vec<(String, &dyn Layer)> {
        vec![("branch".into(), &self.branch), ("shortcut".into(), &self.shortcut)]
    }

    fn parts_mut(&mut self) -> Vec<&mut dyn Layer> {
        vec![&mut self.branch, &mut self.shortcut]
    }

    fn into_parts(self: Box<Self>) -> Vec<Box<dyn Layer>> {
        vec![Box::new(self.branch), Box::new(self.shortcut)]
    }
}
