//! Contract: the device's update loop gives the host's bits. The shipped PTX of every model runs on the host
//! driver beside `kernels::cells`, from the same scattered states, with the same random input; after every
//! step the same neurons fired, at the end every bit of state is equal, and the sums were taken.

mod support;

use support::population::{Compare, N, RING};
use support::{device, shipped};

const STEPS: u64 = 200;

#[test]
fn the_device_updates_every_model_as_the_host_does_bit_for_bit() {
    for (seed, model) in models::descriptions().iter().enumerate() {
        let (_turn, context) = device(seed as u64);
        let text = shipped(&format!("update/{}", model.name));
        let compared =
            models::visit(model.name, Compare { context: &context, text: &text, steps: STEPS, room: RING as u32, compact: false });
        let n_spikes = compared.expect("listed models exist").unwrap_or_else(|difference| panic!("{}: {difference:?}", model.name));
        println!("{}: equal over {} neuron steps, {n_spikes} spikes", model.name, N as u64 * STEPS);
        assert!(n_spikes > 100, "{}: {n_spikes} spikes tell little about resets and compaction", model.name);
    }
}

#[test]
fn spikes_without_room_are_counted_and_overwrite_nothing() {
    let (_turn, context) = device(1);
    let text = shipped("update/izhikevich");
    let compared = models::visit("izhikevich", Compare { context: &context, text: &text, steps: 20, room: 20, compact: false });
    let n_spikes = compared.expect("the model is in the list").unwrap_or_else(|difference| panic!("{difference:?}"));
    assert!(n_spikes > 800, "{n_spikes} spikes in 20 steps find room");
}

#[test]
fn state_in_16_bits_is_the_hosts() {
    let mut any = false;
    for model in models::descriptions().iter().filter(|model| model.compact) {
        let (_turn, context) = device(7);
        let text = shipped(&format!("update/{}", model.name));
        let compared =
            models::visit(model.name, Compare { context: &context, text: &text, steps: STEPS, room: RING as u32, compact: true });
        let n_spikes = compared.expect("listed models exist").unwrap_or_else(|difference| panic!("{}: {difference:?}", model.name));
        println!("{}: equal in 16 bits, {n_spikes} spikes", model.name);
        assert!(n_spikes > 100, "{}: {n_spikes} spikes", model.name);
        any = true;
    }
    assert!(any, "some models have compact state");
}
