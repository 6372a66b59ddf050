//! The deep-learning SNN API of BrainCog: train, convert and export spiking networks.
//!
//! Its place is fixed, its content is not yet written: it will depend on `models` (shared neuron
//! definitions) and `engine` (export of a trained network), and nothing in the workspace will
//! depend on it.
