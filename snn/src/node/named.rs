use super::*;
use crate::layer::{BackEi, Chain, Init, Layer, PARALLEL, Parallel, Qcfs, Second, Spiking, Stepwise, TimeMap};
use crate::surrogate::Kind;

/// A node as it is asked for on the command line.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeOptions {
    /// One of [`names`].
    pub name: String,
    /// V_th.
    pub threshold: f32,
    /// Time constant of the membrane, steps.
    pub tau: f32,
    /// `None` for the usual one of the node.
    pub surrogate: Option<Surrogate>,
    /// Whether the parameter of the surrogate is learned.
    pub learn_alpha: bool,
    /// Whether V_th is learned.
    pub learn_threshold: bool,
}

impl Default for NodeOptions {
    fn default() -> Self {
        NodeOptions { name: Lif::NAME.into(), threshold: 0.5, tau: 2.0, surrogate: None, learn_alpha: false, learn_threshold: false }
    }
}

/// Where a layer of nodes stands.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Of its random numbers.
    pub init: Init,
    /// Channels that it gets.
    pub channels: usize,
    /// Time steps.
    pub steps: usize,
}

type Make = fn(&NodeOptions, Place) -> Box<dyn Layer>;

/// Name and constructor of every node but the parallel ones, whose names stand with them.
const TABLE: [(&str, Make); 29] = [
    (If::NAME, |o, p| o.spiking(If { threshold: o.threshold }, Kind::Atan, p)),
    (Lif::NAME, |o, p| o.spiking(o.lif(), Kind::QGate, p)),
    (Plif::NAME, |o, p| o.spiking(o.plif(), Kind::Atan, p)),
    (BurstLif::NAME, |o, p| o.spiking(BurstLif { lif: o.lif(), burst_factor: 1.5 }, Kind::Round, p)),
    (CubaLif::NAME, |o, p| o.spiking(CubaLif { threshold: o.threshold, tau: o.tau, tau_syn: 2.0 }, Kind::QGate, p)),
    (Alif::NAME, |o, p| o.spiking(Alif { lif: o.lif(), tau_adaptation: 20.0, beta: 1.8 }, Kind::QGate, p)),
    (BiasLif::NAME, |o, p| o.spiking(BiasLif { lif: o.lif(), bias: 0.1 }, Kind::Atan, p)),
    (BiasPlif::NAME, |o, p| o.spiking(BiasPlif { plif: o.plif(), bias: 0.1 }, Kind::Atan, p)),
    (NoiseLif::NAME, |o, p| o.noisy(NoiseLif(o.lif()), p)),
    (NoisePlif::NAME, |o, p| o.noisy(NoisePlif(o.plif()), p)),
    (LifStdp::NAME, |o, p| o.spiking(LifStdp { threshold: o.threshold, decay: 0.990_049_8 }, Kind::Atan, p)),
    (OnlineLif::NAME, |o, p| o.spiking(OnlineLif(o.lif()), Kind::QGate, p)),
    (DoubleSidePlif::NAME, |o, p| o.spiking(DoubleSidePlif(o.plif()), Kind::Atan, p)),
    (Klif::NAME, |o, p| o.spiking(Klif { threshold: o.threshold, tau: o.tau }, Kind::Atan, p)),
    (GatedLif::NAME, |o, p| o.spiking(GatedLif { threshold: o.threshold, tau: o.tau }, Kind::Atan, p)),
    (DgLif::NAME, |o, p| o.spiking(DgLif(o.lif()), Kind::StraightThrough, p)),
    (HtDgLif::NAME, |o, p| o.spiking(HtDgLif(If { threshold: o.threshold }), Kind::StraightThrough, p)),
    (Liaf::NAME, |o, p| o.spiking(Liaf(o.lif()), Kind::BackEiGate, p)),
    (Relu::NAME, |o, p| o.spiking(Relu, Kind::StraightThrough, p)),
    (Qcfs::NAME, |_, _| Box::new(Qcfs::new(8, 8.0))),
    (BiasRelu::NAME, |o, p| o.spiking(BiasRelu, Kind::StraightThrough, p)),
    (ThreeComp::NAME, |o, _| {
        let node = ThreeComp { threshold: o.threshold, tau: o.tau, tau_basal: 2.0, tau_apical: 2.0 };
        Box::new(o.layer_of(node, Kind::Atan).with(Second::Channels))
    }),
    (Izh::NAME, |o, p| o.spiking(Izh::regular(o.threshold), Kind::Atan, p)),
    (CtIzh::NAME, |o, p| o.spiking(CtIzh::pyramidal(o.threshold), Kind::Atan, p)),
    (Hh::NAME, |o, p| o.spiking(Hh { threshold: o.threshold, dt: 0.01 }, Kind::Atan, p)),
    (SimHh::NAME, |o, p| o.spiking(SimHh { threshold: o.threshold, dt: 0.01 }, Kind::Atan, p)),
    (AEif::NAME, |o, p| o.spiking(AEif::excitatory(o.threshold), Kind::Atan, p)),
    (BACK_EI, |o, p| Box::new(Stepwise::from(BackEi::new(o.threshold, p.channels, 2, p.init)))),
    (ADAPTIVE, |o, p| {
        let layers = vec![Box::new(TimeMap::new(p.steps)) as Box<dyn Layer>, o.spiking(o.lif(), Kind::QGate, p)];
        Box::new(Chain::named(ADAPTIVE, layers))
    }),
];

const BACK_EI: &str = "BackEINode";
const ADAPTIVE: &str = "AdaptiveNode";

/// Names of all nodes.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.into_iter().map(|row| row.0).chain(PARALLEL.into_iter().map(|row| row.0))
}

impl NodeOptions {
    /// The node as a layer; `None` if there is no node of this name.
    pub fn layer(&self, place: Place) -> Option<Box<dyn Layer>> {
        if let Some((_, mixing)) = PARALLEL.into_iter().find(|row| row.0 == self.name) {
            return Some(Box::new(Parallel::new(mixing, [self.threshold, self.tau], place.steps, self.surrogate, place.init)));
        }
        TABLE.into_iter().find(|row| row.0 == self.name).map(|(_, make)| make(self, place))
    }

    fn lif(&self) -> Lif {
        Lif { threshold: self.threshold, tau: self.tau }
    }

    fn plif(&self) -> Plif {
        Plif { threshold: self.threshold, tau: self.tau }
    }

    fn layer_of<T: Node<N, P, M>, const N: usize, const P: usize, const M: usize>(&self, node: T, usual: Kind) -> Spiking<T, N, P, M> {
        let surrogate = self.surrogate.unwrap_or_else(|| Surrogate::new(usual));
        Spiking::new(node, surrogate).learning(self.learn_alpha, self.learn_threshold)
    }

    fn spiking<T: Node<N, P>, const N: usize, const P: usize>(&self, node: T, usual: Kind, _: Place) -> Box<dyn Layer> {
        Box::new(self.layer_of(node, usual))
    }

    fn noisy<T: Node<N, P, 2>, const N: usize, const P: usize>(&self, node: T, place: Place) -> Box<dyn Layer> {
        Box::new(self.layer_of(node, Kind::Gate).with(Second::Noise(place.init)))
    }
}
