//! Contract: a partition places every neuron once, costs no rank more than a twentieth above the mean, sends no more
//! spikes between ranks than dealing neurons out would, and is near the best there is where that can be found by trying all.

use std::time::Instant;

use connectome::network::{Network, Population, Projection, Rule, Value};
use connectome::partition::{Costs, Partition, by_region, partition};
use proptest::prelude::*;

const BALANCE: f64 = 1.05;

/// A network with populations of these sizes in these regions, and pairs connected with these probabilities.
fn network(populations: &[(u32, Option<usize>)], projections: &[(usize, usize, f64)]) -> Network {
    let constant = Value::Constant { value: 1.0 };
    let wired = |&(source, target, p): &(usize, usize, f64)| {
        Projection::new(source, target, Rule::PairwiseBernoulli { p, decay: None }, constant, constant)
    };
    let population =
        |(i, &(size, region)): (usize, &(u32, Option<usize>))| Population { name: format!("p{i}"), size, region, ..Population::default() };
    Network {
        regions: (0..8).map(|r| format!("r{r}")).collect(),
        populations: populations.iter().enumerate().map(population).collect(),
        projections: projections.iter().map(wired).collect(),
        ..Network::default()
    }
}

fn networks() -> impl Strategy<Value = (Network, Vec<f64>)> {
    let populations = proptest::collection::vec((1u32..3000, proptest::option::weighted(0.8, 0usize..8), 0.0..20.0f64), 1..24);
    populations.prop_flat_map(|populations| {
        let n = populations.len();
        let projections = proptest::collection::vec((0..n, 0..n, prop_oneof![0.0..0.01f64, 0.01..1.0f64]), 0..60);
        projections.prop_map(move |projections| {
            let sizes: Vec<_> = populations.iter().map(|p| (p.0, p.1)).collect();
            (network(&sizes, &projections), populations.iter().map(|p| p.2).collect())
        })
    })
}

fn assert_every_neuron_is_placed_once(network: &Network, partition: &Partition) {
    for (p, population) in network.populations.iter().enumerate() {
        let mut next = 0;
        for (range, rank) in partition.parts(p) {
            assert_eq!(range.start, next);
            assert!(rank < partition.n_ranks());
            assert!([range.start, range.end - 1].iter().all(|lid| partition.rank_of(p, *lid) == rank));
            next = range.end;
        }
        assert_eq!(next, population.size, "{}", population.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_neuron_is_placed_once_in_balance_and_the_cut_is_no_worse_than_round_robin((network, rates) in networks(), ranks in 1usize..60) {
        let partition = partition(&network, &rates, ranks, &Costs::default());
        assert_every_neuron_is_placed_once(&network, &partition);
        prop_assert!(partition.imbalance() <= BALANCE + 1e-9, "{}", partition.imbalance());
        let (ours, dealt) = (partition.traffic(), partition.round_robin_traffic());
        prop_assert!(ours <= dealt * (1.0 + 1e-9), "{ours} {dealt}");
        let groups = partition.groups();
        prop_assert_eq!(groups.iter().map(|g| g.count).sum::<usize>(), ranks);
        prop_assert!(groups.windows(2).all(|g| g[0].first + g[0].count == g[1].first));
    }

    #[test]
    fn the_same_network_is_always_placed_the_same((network, rates) in networks(), ranks in 1usize..20) {
        let [a, b] = [0, 1].map(|_| partition(&network, &rates, ranks, &Costs::default()));
        prop_assert_eq!(a.groups(), b.groups());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn by_region_no_group_of_ranks_shares_a_region_with_another((network, rates) in networks(), ranks in 1usize..60) {
        let partition = by_region(&network, &rates, ranks, &Costs::default());
        assert_every_neuron_is_placed_once(&network, &partition);
        let groups = partition.groups();
        prop_assert_eq!(groups.iter().map(|g| g.count).sum::<usize>(), ranks);
        prop_assert!(groups.windows(2).all(|g| g[0].first + g[0].count == g[1].first));
        let mut blocks: Vec<usize> = groups.iter().flat_map(|g| g.content.iter().map(|c| c.0)).collect();
        let n = blocks.len();
        blocks.sort_unstable();
        blocks.dedup();
        prop_assert_eq!(blocks.len(), n, "a region in two groups");
        prop_assert!(groups.iter().all(|g| g.count == 1 || g.content.len() == 1));
        for load in partition.loads() {
            prop_assert!(load.far <= load.received * (1.0 + 1e-9) + 1e-9);
        }
    }
}

#[test]
fn spikes_from_other_regions_are_told_from_those_of_the_same() {
    // Each neuron of the first region reaches 500 of its own and 20 of the other, so nearly every rank of both.
    let network = network(&[(1000, Some(0)), (1000, Some(1))], &[(0, 0, 0.5), (0, 1, 0.02)]);
    let costs = Costs { neuron: 1.0, synapse: 0.0, event: 0.0 };
    let partition = by_region(&network, &[5.0, 0.0], 8, &costs);
    assert_eq!(partition.groups().iter().map(|g| g.count).collect::<Vec<_>>(), [4, 4]);
    let [own, other] = partition.loads() else { panic!("two groups") };
    assert!((own.spikes - 1250.0).abs() < 1e-6 && own.far == 0.0 && (own.received - 3750.0).abs() < 1.0, "{own:?}");
    // One of 5 expected targets on a rank misses it with probability exp(-5).
    let reached = 5000.0 * (1.0 - (-5.0f64).exp());
    assert!((other.far - reached).abs() < 1.0 && (other.received - other.far).abs() < 1e-9, "{other:?}");
}

/// Spikes between ranks per second, for regions of one population each, placed whole: every spike once per other rank that
/// has a target of it.
fn traffic(network: &Network, rates: &[f64], ranks: usize, place: &[usize]) -> f64 {
    let mut total = 0.0;
    for (source, population) in network.populations.iter().enumerate() {
        for rank in (0..ranks).filter(|rank| *rank != place[source]) {
            let onto = network.projections.iter().filter(|p| p.source == source && place[p.target] == rank);
            let outdegree: f64 = onto.map(|p| p.expected_synapses(network) / f64::from(population.size)).sum();
            total += rates[source] * f64::from(population.size) * (1.0 - (-outdegree).exp());
        }
    }
    total
}

#[test]
fn tiny_networks_are_placed_nearly_as_well_as_by_trying_all() {
    let costs = Costs { neuron: 1.0, synapse: 0.0, event: 0.0 };
    let mut ratios = Vec::new();
    let mut state = 1u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    for (regions, ranks) in [(4, 2), (6, 2), (6, 3), (8, 2), (8, 4)].repeat(12) {
        let mut projections = Vec::new();
        for source in 0..regions {
            for target in 0..regions {
                let (connected, p) = (uniform() < 0.6, 0.02 * uniform() * uniform());
                projections.extend(connected.then_some((source, target, p)));
            }
        }
        let sizes: Vec<_> = (0..regions).map(|r| (100, Some(r))).collect();
        let network = network(&sizes, &projections);
        let rates: Vec<f64> = (0..regions).map(|_| 1.0 + 9.0 * uniform()).collect();
        let ours = partition(&network, &rates, ranks, &costs);
        let place: Vec<usize> = (0..regions).map(|r| ours.rank_of(r, 0)).collect();
        assert!((traffic(&network, &rates, ranks, &place) - ours.traffic()).abs() < 1e-6 * ours.traffic().max(1.0), "both count the same");
        let all = (0..ranks.pow(regions as u32)).map(|code| (0..regions).map(|r| code / ranks.pow(r as u32) % ranks).collect::<Vec<_>>());
        let even = all.filter(|place| (0..ranks).all(|rank| place.iter().filter(|p| **p == rank).count() == regions / ranks));
        let best = even.map(|place| traffic(&network, &rates, ranks, &place)).fold(f64::INFINITY, f64::min);
        ratios.push(ours.traffic() / best);
    }
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    let worst = ratios.iter().copied().fold(0.0, f64::max);
    println!("traffic relative to the best placement: mean {mean:.4}, worst {worst:.4}");
    assert!(ratios.iter().all(|r| *r > 1.0 - 1e-9), "nothing is better than the best");
    assert!(mean < 1.01 && worst < 1.15, "mean {mean}, worst {worst}");
}

#[test]
fn what_is_connected_in_clusters_is_not_torn_apart() {
    // Two dense groups of four regions, numbered alternately, with a thin bridge.
    let mut projections = vec![(0, 1, 0.0005)];
    for a in 0..8 {
        projections.extend((0..8).filter(|b| a != *b && a % 2 == b % 2).map(|b| (a, b, 0.05)));
    }
    let sizes: Vec<_> = (0..8).map(|r| (100, Some(r))).collect();
    let network = network(&sizes, &projections);
    let partition = partition(&network, &[5.0; 8], 2, &Costs::default());
    assert!((2..8).all(|r| partition.rank_of(r, 0) == partition.rank_of(r % 2, 99)));
    assert!(partition.traffic() < 0.02 * partition.round_robin_traffic());
}

#[test]
fn a_region_larger_than_a_rank_gets_ranks_of_its_own() {
    let network = network(&[(9000, Some(0)), (900, Some(0)), (100, Some(1)), (100, None)], &[(0, 1, 0.01), (2, 0, 0.01)]);
    let partition = partition(&network, &[5.0; 4], 10, &Costs { neuron: 1.0, synapse: 0.0, event: 0.0 });
    assert!(partition.imbalance() <= BALANCE);
    let of = |p| partition.parts(p).map(|part| part.1).collect::<Vec<_>>();
    assert!(of(0).len() == 10 && of(0) == of(1), "both populations of a region are cut alike");
    assert_eq!((of(2).len(), of(3).len()), (1, 1), "small ones stay whole");
}

#[test]
fn a_hundred_thousand_ranks_take_seconds() {
    // 232 regions of eight populations, each region connected to forty others.
    let regions = 232;
    let populations: Vec<(u32, Option<usize>)> = (0..8 * regions).map(|i| (20_000 + 977 * (i as u32 % 13), Some(i / 8))).collect();
    let mut projections = Vec::new();
    for region in 0..regions {
        for (a, b) in (0..64).map(|pair| (pair / 8, pair % 8)) {
            projections.push((8 * region + a, 8 * region + b, 0.05));
        }
        for far in 1..=40 {
            let other = (region + far * far) % regions;
            projections.extend((0..16).map(|k| (8 * region + k % 4, 8 * other + k / 2, 1e-4 / far as f64)));
        }
    }
    let mut network = network(&populations, &projections);
    network.regions = (0..regions).map(|r| format!("r{r}")).collect();
    for ranks in [7, 100, 1000, 100_000] {
        let started = Instant::now();
        let partition = partition(&network, &vec![4.0; populations.len()], ranks, &Costs::default());
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{ranks} ranks: {seconds:.2} s, imbalance {:.3}, traffic {:.3} of round robin",
            partition.imbalance(),
            partition.traffic() / partition.round_robin_traffic()
        );
        assert!(partition.imbalance() <= BALANCE + 1e-9 && partition.traffic() <= partition.round_robin_traffic());
        assert_every_neuron_is_placed_once(&network, &partition);
        // Many times what a quiet machine needs.
        assert!(seconds < 60.0, "{ranks} ranks took {seconds} s");
    }
}
