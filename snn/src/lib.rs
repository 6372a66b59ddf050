//! Deep learning with spiking networks.
pub mod correlate;
pub mod layer;
pub mod node;
pub mod random;
pub mod surrogate;
pub mod tensor;
