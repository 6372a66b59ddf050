//! What can go wrong.

use std::path::PathBuf;

use crate::layer::{Misfit, Part};
use crate::tensor::Shape;

/// Why something could not be done. Messages are for the person who runs the program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A layer that does not fit what comes before it.
    #[error("layer {layer} {misfit}; its input is {input}")]
    Layer {
        /// Its number in the network and its kind.
        layer: String,
        /// What it is given.
        input: Shape,
        /// What is wrong.
        misfit: Misfit,
    },
    /// A network that cannot be given one step after the other.
    #[error("layer {layer} needs all steps at once: its output depends on later steps")]
    Acausal {
        /// Its number in the network and its kind.
        layer: String,
    },
    /// A network that cannot be trained one step after the other.
    #[error("layer {layer} cannot be trained online: what it does depends on the number of the step or on several steps at once")]
    NotOnline {
        /// Its number in the network and its kind.
        layer: String,
    },
    /// A network whose weights cannot learn from traces.
    #[error(
        "layer {layer} cannot be trained with --online ottt: traces there are of convolutions and linear layers one after another; --online sltt needs none"
    )]
    NotTraced {
        /// Its number in the network and its kind.
        layer: String,
    },
    /// A name that nothing has.
    #[error("no {what} is called {name:?}; there are {known}")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// All that exist.
        known: String,
    },
    /// A value outside of its range.
    #[error("{what} is {found}; expected {expected}")]
    Value {
        /// Of what.
        what: &'static str,
        /// As typed.
        found: String,
        /// What would do.
        expected: &'static str,
    },
    /// A data set that is not there.
    #[error("{dataset} is not in {}: {missing} is missing\n{advice}", folder.display())]
    NoData {
        /// Its name.
        dataset: &'static str,
        /// Where it was looked for.
        folder: PathBuf,
        /// The first file that was missed.
        missing: String,
        /// What to download and how the folder must look.
        advice: &'static str,
    },
    /// A file that is not what its name says.
    #[error("{}: byte {offset}: {what} is {found}; expected {expected}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Where, after decompression.
        offset: u64,
        /// The field.
        what: &'static str,
        /// Its value.
        found: String,
        /// What would do.
        expected: String,
    },
    /// A file that ends too early.
    #[error("{}: ends at byte {offset}, inside of {what}; {needed} bytes were expected", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length, after decompression.
        offset: u64,
        /// What should be there.
        what: &'static str,
        /// The length it should have.
        needed: u64,
    },
    /// Images and labels that do not belong together.
    #[error("{} has {images} images and {} has {labels} labels", images_path.display(), labels_path.display())]
    Counts {
        /// The file of images.
        images_path: PathBuf,
        /// How many it has.
        images: usize,
        /// The file of labels.
        labels_path: PathBuf,
        /// How many it has.
        labels: usize,
    },
    /// Images that the network does not take.
    #[error(
        "{dataset} has images of {found:?} (height, width, channels) and {found_classes} classes; the network takes {expected:?} and {expected_classes}"
    )]
    Pairing {
        /// Its name.
        dataset: &'static str,
        /// Height, width and channels of its images.
        found: [usize; 3],
        /// Its classes.
        found_classes: usize,
        /// Height, width and channels that the network takes.
        expected: [usize; 3],
        /// Classes that the network tells apart.
        expected_classes: usize,
    },
    /// Recordings of another number of frames.
    #[error(
        "{dataset} has samples of {found} frames; the network takes {expected} (--encode events and --step are for recordings of events)"
    )]
    Frames {
        /// Its name.
        dataset: &'static str,
        /// Frames of a sample.
        found: usize,
        /// Frames that the network takes.
        expected: usize,
    },
    /// Training that went astray.
    #[error(
        "epoch {epoch}, batch {batch}: the loss is {loss}; the first value that is not finite {place}; the last checkpoint is kept; try a smaller --lr"
    )]
    NotFinite {
        /// Counted from zero.
        epoch: u64,
        /// Counted from zero.
        batch: u64,
        /// The loss.
        loss: f64,
        /// Which layer and step.
        place: String,
    },
    /// A checkpoint of something else.
    #[error("{}: {what}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A network that the simulator cannot do.
    #[error("layer {layer} cannot be exported: {why}")]
    NotExportable {
        /// Its number and kind.
        layer: String,
        /// What is in the way.
        why: &'static str,
    },
    /// A network that cannot be made one of spikes.
    #[error("layer {layer} cannot be converted: {why}")]
    NotConvertible {
        /// Its number and kind.
        layer: String,
        /// What is in the way.
        why: &'static str,
    },
    /// A network that a device cannot compute.
    #[error("layer {layer} cannot be computed on a device, but with --backend cpu: {why}")]
    NotOnDevice {
        /// Its number and kind.
        layer: String,
        /// What is in the way.
        why: &'static str,
    },
    /// A device that is not there, or that failed.
    #[error(transparent)]
    Device(#[from] kernels::cuda::Error),
    /// A file of arrays that do not hold what they should.
    #[error("{}: {what}", path.display())]
    Arrays {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl From<Part> for Error {
    fn from(Part { layer, input, misfit }: Part) -> Self {
        Error::Layer { layer, input, misfit }
    }
}

impl Error {
    /// An error of the system about `path`.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { path, source }
    }

    /// Whether the machine is at fault rather than what was asked for.
    pub fn is_fault_of_machine(&self) -> bool {
        matches!(self, Error::Io { .. } | Error::Device(_))
    }
}
