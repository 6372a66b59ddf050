use super::{Kind, Layer, LayerState, Misfit, Part, Pass, Row, Seen, Watch};
use crate::tensor::{Shape, Tensor};

/// Layers with sums between them, in any order that comes back to nothing before it: what graphs of other programs become.
///
/// Value 0 is the input of the graph, value k + 1 the output of part k. Every part gets the sum of its sources.
pub struct Graph {
    parts: Vec<Box<dyn Layer>>,
    sources: Vec<Vec<usize>>,
}

impl Graph {
    /// `sources` has a list of values for each part, each of them known before that part, and a last one whose sum is the output.
    ///
    /// # Panics
    /// If a list is empty or names a value that is not known yet, or if a part's output is nobody's source.
    pub fn new(parts: Vec<Box<dyn Layer>>, sources: Vec<Vec<usize>>) -> Self {
        assert_eq!(sources.len(), parts.len() + 1, "a list of sources for each part and one for the output");
        let known = sources.iter().enumerate().all(|(at, list)| !list.is_empty() && list.iter().all(|&value| value <= at));
        assert!(known, "sources that are not known yet: {sources:?}");
        let used = (1..=parts.len()).all(|value| sources.iter().flatten().any(|&source| source == value));
        assert!(used, "parts whose output nobody takes: {sources:?}");
        Graph { parts, sources }
    }

    fn label(&self, label: &str, index: usize) -> String {
        format!("{label}.{index}.{}", self.parts[index].name())
    }

    /// The shape of each value; an error has the part that does not fit, which is `parts.len()` for the output.
    fn shapes(&self, input: Shape) -> Result<Vec<Shape>, (usize, Shape, Misfit)> {
        let mut shapes = vec![input];
        for (index, sources) in self.sources.iter().enumerate() {
            let shape = shapes[sources[0]];
            if let Some(&other) = sources.iter().find(|&&source| shapes[source] != shape) {
                return Err((index, shape, Misfit::Join { branch: shape, shortcut: shapes[other] }));
            }
            let output = self.parts.get(index).map_or(Ok(shape), |part| part.shape(shape));
            shapes.push(output.map_err(|misfit| (index, shape, misfit))?);
        }
        Ok(shapes)
    }
}

/// Values that were computed and will still be asked for.
struct Values {
    values: Vec<Option<Tensor>>,
    /// How often each will be asked for.
    left: Vec<usize>,
}

impl Values {
    fn new(sources: &[Vec<usize>], input: Tensor) -> Values {
        let left = (0..sources.len()).map(|value| sources.iter().flatten().filter(|&&source| source == value).count()).collect();
        Values { values: vec![Some(input)], left }
    }

    fn sum(&mut self, sources: &[usize]) -> Tensor {
        let mut total: Option<Tensor> = None;
        for &source in sources {
            self.left[source] -= 1;
            let last = self.left[source] == 0;
            total = Some(match (total, last) {
                (None, true) => self.values[source].take().expect("values are kept as long as they are needed"),
                (None, false) => self.value(source).clone(),
                (Some(total), _) => total.plus(self.value(source)),
            });
            if last {
                self.values[source] = None;
            }
        }
        total.expect("every list has a source")
    }

    fn value(&self, source: usize) -> &Tensor {
        self.values[source].as_ref().expect("values are kept as long as they are needed")
    }
}

/// Goes through all parts in order; `apply` is one of them.
fn walk(sources: &[Vec<usize>], input: Tensor, mut apply: impl FnMut(usize, Tensor) -> Tensor) -> Tensor {
    let mut values = Values::new(sources, input);
    let (output, parts) = sources.split_last().expect("there is a list for the output");
    for (index, sources) in parts.iter().enumerate() {
        let x = values.sum(sources);
        values.values.push(Some(apply(index, x)));
    }
    values.sum(output)
}

impl Layer for Graph {
    fn name(&self) -> &'static str {
        "graph"
    }

    fn kind(&self) -> Kind {
        Kind::Graph
    }

    fn sources(&self) -> &[Vec<usize>] {
        &self.sources
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let shapes = self.shapes(input).map_err(|(.., misfit)| misfit)?;
        Ok(shapes[shapes.len() - 1])
    }

    fn describe(&self, label: &str, input: Shape, rows: &mut Vec<Row>) -> Result<Shape, Part> {
        let shapes = self.shapes(input).map_err(|(index, input, misfit)| {
            let layer = if index < self.parts.len() { self.label(label, index) } else { label.into() };
            Part { layer, input, misfit }
        })?;
        for (index, part) in self.parts.iter().enumerate() {
            part.describe(&self.label(label, index), shapes[self.sources[index][0]], rows)?;
        }
        let output = shapes[shapes.len() - 1];
        rows.push(Row { layer: label.into(), input, output, parameters: 0, spikes: false, products: 0 });
        Ok(output)
    }

    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        self.infer_watched(input, state, &mut |_| ())
    }

    fn infer_watched(&self, input: &Tensor, state: &mut LayerState, watch: Watch) -> Tensor {
        state.parts.resize(self.parts.len(), LayerState::new());
        let apply = |index: usize, x| self.parts[index].infer_watched(&x, &mut state.parts[index], &mut *watch);
        let output = walk(&self.sources, input.clone(), apply);
        watch(Seen::Output(&output));
        output
    }

    fn forward(&mut self, input: Tensor, pass: Pass) -> Tensor {
        self.forward_watched(input, pass, &mut |_| ())
    }

    fn forward_watched(&mut self, input: Tensor, pass: Pass, watch: Watch) -> Tensor {
        let Graph { parts, sources } = self;
        let output = walk(sources, input, |index, x| parts[index].forward_watched(x, pass, &mut *watch));
        watch(Seen::Output(&output));
        output
    }

    fn forward_step(&mut self, input: Tensor, state: &mut LayerState, pass: Pass, watch: Watch) -> Tensor {
        let Graph { parts, sources } = self;
        state.parts.resize(parts.len(), LayerState::new());
        let apply = |index: usize, x| parts[index].forward_step(x, &mut state.parts[index], pass, &mut *watch);
        let output = walk(sources, input, apply);
        watch(Seen::Output(&output));
        output
    }

    fn infer_step(&self, input: &Tensor, state: &mut LayerState, watch: Watch) -> Tensor {
        state.parts.resize(self.parts.len(), LayerState::new());
        let apply = |index: usize, x| self.parts[index].infer_step(&x, &mut state.parts[index], &mut *watch);
        let output = walk(&self.sources, input.clone(), apply);
        watch(Seen::Output(&output));
        output
    }

    fn online(&self) -> bool {
        self.parts.iter().all(|part| part.online())
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let mut gradients: Vec<Option<Tensor>> = (0..=self.parts.len()).map(|_| None).collect();
        let hand = |gradients: &mut Vec<Option<Tensor>>, sources: &[usize], gradient: Tensor| {
            for &source in sources {
                let sum = gradients[source].take();
                gradients[source] = Some(sum.map_or_else(|| gradient.clone(), |sum| sum.plus(&gradient)));
            }
        };
        hand(&mut gradients, &self.sources[self.parts.len()], gradient);
        for index in (0..self.parts.len()).rev() {
            let sources = &self.sources[index];
            let needed = wanted || sources.iter().any(|&source| source > 0);
            let gradient = gradients[index + 1].take().expect("every part's output is a source");
            if let Some(back) = self.parts[index].backward(gradient, needed) {
                hand(&mut gradients, sources, back);
            }
        }
        gradients.swap_remove(0).filter(|_| wanted)
    }

    fn parts(&self) -> Vec<(String, &dyn Layer)> {
        self.parts.iter().enumerate().map(|(index, part)| (format!("{index}.{}", part.name()), &**part)).collect()
    }

    fn parts_mut(&mut self) -> Vec<&mut dyn Layer> {
        self.parts.iter_mut().map(|part| &mut **part as &mut dyn Layer).collect()
    }

    fn into_parts(self: Box<Self>) -> Vec<Box<dyn Layer>> {
        self.parts
    }
}
