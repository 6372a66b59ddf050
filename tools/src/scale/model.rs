//! The model: compute time of the slowest rank, and time of the exchanges, per step.

use connectome::network::Network;
use connectome::partition::{self, Load, Partition};

/// Bytes of a spike on its way: its neuron and its step.
const SPIKE_BYTES: f64 = 8.0;

/// What the parts of the work cost one core, in ns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// A step of a neuron with what drives it.
    pub neuron_step: f64,
    /// A spike that arrives at a synapse.
    pub event: f64,
    /// A spike that a rank takes in, its own or another's, whatever number of targets it has there.
    pub spike: f64,
}

impl Default for Costs {
    /// The full column of Potjans and Diesmann, measured (benches/README.md).
    fn default() -> Self {
        Costs { neuron_step: 0.9, event: 1.33, spike: 250.0 }
    }
}

/// Where ranks run and what is between them. A message takes latency + size / bandwidth; a collective of p ranks log2(p) latencies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machine {
    /// Ranks on a node.
    pub node_ranks: usize,
    /// Latency between ranks of a node in us.
    pub node_latency: f64,
    /// Bandwidth of a rank inside its node in GB/s.
    pub node_bandwidth: f64,
    /// Latency between nodes in us.
    pub latency: f64,
    /// Bandwidth of a node in GB/s, shared by its ranks.
    pub bandwidth: f64,
}

impl Default for Machine {
    /// Inside a node what Open MPI 4.1.4 took on our test machine, between nodes a usual 100 Gbit/s network.
    fn default() -> Self {
        Machine { node_ranks: 128, node_latency: 0.25, node_bandwidth: 8.0, latency: 1.5, bandwidth: 12.5 }
    }
}

/// How often spikes are exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clocks {
    /// Between all ranks every shortest delay.
    One,
    /// Inside a group of ranks every shortest delay, between groups every shortest delay between them.
    Two,
}

/// What the model says of one number of ranks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Ranks.
    pub ranks: usize,
    /// What the slowest rank computes, in us per step.
    pub compute: f64,
    /// What it waits for exchanges, in us per step.
    pub communicate: f64,
    /// Time of one rank without exchange over `ranks` times the time of these.
    pub efficiency: f64,
    /// Wall time over biological time.
    pub realtime_factor: f64,
    /// ms between exchanges of all ranks; infinite where nothing crosses.
    pub interval: f64,
}

impl Prediction {
    /// Wall time of a step in us.
    pub fn step(&self) -> f64 {
        self.compute + self.communicate
    }
}

/// A network, what its parts cost and where they run.
pub struct Model<'a> {
    /// The network.
    pub network: &'a Network,
    /// Expected rates of its populations in 1/s.
    pub rates: &'a [f64],
    /// Shortest delay of each projection in steps.
    pub delays: &'a [u32],
    /// With two clocks no synapse between groups is taken to be faster than this, in ms; 0 to take delays as they are.
    pub tract_delay: f64,
    /// Step in ms.
    pub dt: f64,
    /// Threads of a rank, taken to share its work evenly.
    pub threads: usize,
    /// What the work costs.
    pub costs: Costs,
    /// What communication costs.
    pub machine: Machine,
}

impl Model<'_> {
    /// Predicts for so many ranks.
    pub fn predict(&self, ranks: usize, clocks: Clocks) -> Prediction {
        let place = |ranks| match clocks {
            Clocks::One => partition::partition(self.network, self.rates, ranks, &self.weights()),
            Clocks::Two => partition::by_region(self.network, self.rates, ranks, &self.weights()),
        };
        let partition = place(ranks);
        let short = self.shortest(|_| true);
        let long = match clocks {
            Clocks::One => short,
            Clocks::Two => self.shortest(|projection| crosses(&partition, self.network, projection)).max(self.tract_delay),
        };
        let (compute, communicate) = self.slowest(&partition, clocks, [short, long]);
        let alone: f64 = place(1).loads().iter().map(|load| self.compute(load)).sum();
        let wall = compute + communicate;
        Prediction {
            ranks,
            compute: compute * self.dt * 1000.0,
            communicate: communicate * self.dt * 1000.0,
            efficiency: if wall > 0.0 { alone / (ranks as f64 * wall) } else { 1.0 },
            realtime_factor: wall,
            interval: long,
        }
    }

    /// What a rank has to do for its part in microseconds, as a partition counts it.
    fn weights(&self) -> partition::Costs {
        partition::Costs { neuron: self.costs.neuron_step / self.dt, synapse: 0.0, event: self.costs.event / 1000.0 }
    }

    /// Seconds of computing per biological second.
    fn compute(&self, load: &Load) -> f64 {
        (load.cost * 1e-6 + self.costs.spike * 1e-9 * (load.spikes + load.received)) / self.threads as f64
    }

    /// Computing and communicating of the rank that needs most time, in seconds per biological second.
    fn slowest(&self, partition: &Partition, clocks: Clocks, [short, long]: [f64; 2]) -> (f64, f64) {
        let ranks = partition.n_ranks();
        let of_rank = |(group, load): (&partition::Group, &Load)| {
            let together = match clocks {
                Clocks::One => self.exchange(ranks, load.received, short),
                Clocks::Two => self.exchange(group.count, load.received - load.far, short) + self.exchange(ranks, load.far, long),
            };
            (self.compute(load), together)
        };
        let all = partition.groups().iter().zip(partition.loads()).map(of_rank);
        all.max_by(|a, b| (a.0 + a.1).total_cmp(&(b.0 + b.1))).unwrap_or((0.0, 0.0))
    }

    /// Seconds per biological second in which `ranks` ranks exchange, each receiving so many spikes per second, every `interval` ms.
    fn exchange(&self, ranks: usize, received: f64, interval: f64) -> f64 {
        if ranks < 2 || interval.is_infinite() {
            return 0.0;
        }
        let Machine { node_ranks, node_latency, node_bandwidth, latency, bandwidth } = self.machine;
        let (inside, nodes) = (ranks.min(node_ranks), ranks.div_ceil(node_ranks));
        let hops = |n: usize| (n as f64).log2().ceil();
        let each = 1e-6 * (node_latency * hops(inside) + latency * hops(nodes));
        // Between nodes all that the ranks of a node receive comes over its one link: few have their sources at home.
        let per_byte = if nodes > 1 { inside as f64 / bandwidth } else { 1.0 / node_bandwidth };
        1000.0 / interval * each + received * SPIKE_BYTES * per_byte * 1e-9
    }

    /// The shortest delay of some projections in ms; infinite if there are none.
    fn shortest(&self, which: impl Fn(usize) -> bool) -> f64 {
        let delays = self.delays.iter().enumerate().filter(|(projection, _)| which(*projection));
        delays.map(|(_, steps)| f64::from(*steps) * self.dt).fold(f64::INFINITY, f64::min)
    }
}

/// Whether a projection goes from one group of ranks to another.
fn crosses(partition: &Partition, network: &Network, projection: usize) -> bool {
    let of = |population| {
        let rank = partition.rank_of(population, 0);
        partition.groups().partition_point(|group| group.first + group.count <= rank)
    };
    let projection = &network.projections[projection];
    of(projection.source) != of(projection.target)
}

#[cfg(test)]
mod tests {
    use connectome::network::{Population, Projection, Rule, Value};

    use super::*;

    /// Four regions of a thousand neurons, each neuron with a hundred targets at home and ten in each other region.
    fn network() -> Network {
        let population = |region| Population { name: format!("p{region}"), region: Some(region), size: 1000, ..Population::default() };
        let wired = |source, target| {
            let outdegree = if source == target { 100 } else { 10 };
            Projection::new(source, target, Rule::FixedOutdegree { outdegree }, Value::constant(1.0), Value::constant(1.0))
        };
        Network {
            regions: (0..4).map(|r| format!("r{r}")).collect(),
            populations: (0..4).map(population).collect(),
            projections: (0..16).map(|i| wired(i / 4, i % 4)).collect(),
            ..Network::default()
        }
    }

    fn predicted(ranks: usize, clocks: Clocks, change: impl Fn(&mut Model)) -> Prediction {
        let network = network();
        let delays: Vec<u32> = network.projections.iter().map(|p| if p.source == p.target { 1 } else { 20 }).collect();
        let costs = Costs { neuron_step: 1.0, event: 2.0, spike: 0.0 };
        let machine = Machine { node_ranks: 8, node_latency: 1.0, node_bandwidth: 1.0, latency: 10.0, bandwidth: 1.0 };
        let mut model =
            Model { network: &network, rates: &[10.0; 4], delays: &delays, tract_delay: 0.0, dt: 0.1, threads: 1, costs, machine };
        change(&mut model);
        model.predict(ranks, clocks)
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-6 * b.abs().max(1e-12)
    }

    #[test]
    fn one_rank_computes_everything_and_waits_for_nobody() {
        for clocks in [Clocks::One, Clocks::Two] {
            let one = predicted(1, clocks, |_| ());
            // 4000 neurons a step at 1 ns; 4000 spikes of 10/s with 130 targets at 2 ns, a tenth of a ms long.
            assert!(close(one.compute, 4.0 + 4000.0 * 10.0 * 130.0 * 2.0 * 1e-9 * 1e2), "{one:?}");
            assert_eq!((one.communicate, one.efficiency), (0.0, 1.0));
            assert!(close(one.realtime_factor, one.step() / 100.0));
        }
    }

    #[test]
    fn with_one_clock_every_step_pays_for_a_collective() {
        let four = predicted(4, Clocks::One, |_| ());
        let bytes = four.communicate - 2.0;
        // Two hops of 1 us per step; and of 3000 neurons outside those with a target here: 1 - exp(-10).
        let spikes = 3000.0 * 10.0 * (1.0 - (-10.0f64).exp());
        assert!(close(bytes, spikes * 8.0 * 1e-9 * 1e2), "{four:?}");
        assert!(close(four.interval, 0.1));
        // Two nodes: three hops inside, one between them, and a link that eight ranks share.
        let sixteen = predicted(16, Clocks::One, |m| m.machine.bandwidth = f64::INFINITY);
        assert!(close(sixteen.communicate, 13.0), "{sixteen:?}");
    }

    #[test]
    fn with_two_clocks_regions_talk_to_each_other_only_every_long_delay() {
        let four = predicted(4, Clocks::Two, |m| m.machine.node_bandwidth = f64::INFINITY);
        assert!(close(four.communicate, 2.0 / 20.0) && close(four.interval, 2.0), "{four:?}");
        // Two ranks per region: one hop inside every step, four hops or so between all every twenty steps.
        let eight = predicted(8, Clocks::Two, |m| m.machine.node_bandwidth = f64::INFINITY);
        assert!(close(eight.communicate, 1.0 + 3.0 / 20.0), "{eight:?}");
        assert!(eight.step() < predicted(8, Clocks::One, |m| m.machine.node_bandwidth = f64::INFINITY).step());
    }

    #[test]
    fn a_floor_under_the_delays_of_tracts_makes_long_clocks_longer_and_short_ones_not() {
        let with = |tract_delay| [Clocks::One, Clocks::Two].map(|clocks| predicted(4, clocks, |m| m.tract_delay = tract_delay));
        assert_eq!(with(0.0), with(1.5));
        let [one, two] = with(5.0);
        assert_eq!((one, two.interval), (with(0.0)[0], 5.0));
        assert!(two.communicate < with(0.0)[1].communicate);
    }

    #[test]
    fn regions_that_have_nothing_to_say_to_each_other_never_wait() {
        let alone = predicted(4, Clocks::Two, |m| m.rates = &[0.0; 4]);
        assert!(alone.communicate > 0.0, "they have to ask");
        let network = Network { projections: Vec::new(), ..network() };
        let model = Model {
            network: &network,
            rates: &[1.0; 4],
            delays: &[],
            tract_delay: 0.0,
            dt: 0.1,
            threads: 1,
            costs: Costs::default(),
            machine: Machine::default(),
        };
        assert_eq!(model.predict(4, Clocks::Two).communicate, 0.0);
    }

    #[test]
    fn spikes_that_every_rank_takes_in_limit_what_ranks_can_gain() {
        let efficiency = |spike| {
            predicted(64, Clocks::One, |m| {
                m.costs.spike = spike;
                (m.machine.node_latency, m.machine.latency, m.machine.bandwidth) = (0.0, 0.0, f64::INFINITY);
            })
            .efficiency
        };
        assert!(efficiency(0.0) > 0.95 && efficiency(500.0) < 0.6 * efficiency(0.0), "{} {}", efficiency(0.0), efficiency(500.0));
    }

    #[test]
    fn threads_share_the_work() {
        let [one, two] = [1, 2].map(|threads| predicted(4, Clocks::One, |m| m.threads = threads));
        assert!(close(one.compute, 2.0 * two.compute) && one.communicate == two.communicate);
    }
}
