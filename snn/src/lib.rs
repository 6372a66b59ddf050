//! Deep learning with spiking networks.
pub mod correlate;
pub mod random;
pub mod tensor;
