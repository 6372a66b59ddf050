//! Do the weights of a plan fit into fixed point? The engine would refuse them when it builds, knowing no line of the
//! scenario; the reader of scenarios knows the lines and no fixed point. They meet here, before anything is built.

use connectome::network::StimulusKind;
use kernels::scale::Scales;
use kernels::wiring;
use scenarios::{Part, Plan};

use super::error::Error;

/// Refuses weights that fixed point cannot hold, at their line.
pub(crate) fn check(plan: &Plan) -> Result<(), Error> {
    let (network, dt) = (&plan.network, plan.simulation.dt);
    let wiring = wiring::describe(network, dt, plan.simulation.seed);
    let scales = Scales::new(network, &wiring, dt).map_err(engine::Error::from)?;
    let mut kinds = Vec::new();
    for (i, projection) in wiring.iter().enumerate() {
        scales.coding(projection, &mut kinds).map_err(|e| plan.weight_error(Part::Projection(i), e))?;
    }
    for (i, stimulus) in network.stimuli.iter().enumerate() {
        if let StimulusKind::PoissonGenerator { weight, .. } | StimulusKind::SpikeGenerator { weight, .. } = stimulus.kind {
            scales.fixed(stimulus.target, weight).map_err(|e| plan.weight_error(Part::Stimulus(i), e))?;
        }
    }
    Ok(())
}
