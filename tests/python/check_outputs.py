#!/usr/bin/env python3
"""Reads the output files of a run with h5py, libsonata and bmtk and checks that they agree.

usage: check_outputs.py FOLDER

Checks whichever of spikes.h5, regions.h5 and states-*.h5 the folder holds; fails if it holds none of them.
"""

import argparse
import pathlib
import sys

import h5py
import libsonata
import numpy as np

try:
    from bmtk.utils.reports.spike_trains import SpikeTrains
except ImportError:
    SpikeTrains = None


def texts(dataset):
    return [t.decode() if isinstance(t, bytes) else t for t in dataset[()]]


def check_sonata_marks(file):
    assert file.attrs["magic"] == 0x0A7A, "SONATA magic number"
    assert list(file.attrs["version"]) == [0, 1], "SONATA version"


def check_spikes(path):
    with h5py.File(path) as file:
        check_sonata_marks(file)
        group = file["spikes/neurons"]
        times, ids = group["timestamps"][()], group["node_ids"][()]
        assert times.dtype == np.float64 and ids.dtype == np.uint64
        assert group["timestamps"].attrs["units"] == "milliseconds"
        sorting = h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype)
        assert sorting == {"none": 0, "by_id": 1, "by_time": 2} and group.attrs["sorting"] == 2
        assert times.shape == ids.shape
        order = np.lexsort((ids, times))
        assert np.array_equal(order, np.arange(len(times))), "sorted by time, then by id"

        table = file["neurons"]
        names, first, size = texts(table["name"]), table["first"][()], table["size"][()]
        assert len(set(names)) == len(names), "names of populations are unique"
        assert len(texts(table["region"])) == len(texts(table["model"])) == len(names)
        assert np.array_equal(first, np.cumsum(size) - size), "ids run through the populations in order"
        assert len(ids) == 0 or ids.max() < size.sum(), "every id belongs to a population"

    reader = libsonata.SpikeReader(str(path))
    assert reader.get_population_names() == ["neurons"]
    population = reader["neurons"]
    assert population.sorting == "by_time"
    assert population.time_units == "milliseconds"
    pairs = population.get()
    assert np.array_equal([i for i, _ in pairs], ids) and np.array_equal([t for _, t in pairs], times)
    if len(times):
        middle = float(times[len(times) // 2])
        assert len(population.get(tstart=middle)) == int((times >= middle).sum())
        chosen = int(ids[0])
        assert len(population.get(node_ids=[chosen])) == int((ids == chosen).sum())
    bmtk = "no bmtk"
    if SpikeTrains is not None and len(times):
        trains = SpikeTrains.from_sonata(str(path))
        chosen = int(ids[0])
        assert np.array_equal(np.sort(trains.get_times(chosen)), times[ids == chosen])
        bmtk = "bmtk"
    return f"{len(times)} spikes of {len(names)} populations ({bmtk})"


def check_regions(path):
    shapes = []
    with h5py.File(path) as file:
        for group, key in (("populations", "name"), ("regions", "label")):
            if group not in file:
                continue
            names, rate = texts(file[group][key]), file[group]["rate"]
            assert rate.dtype == np.float32 and rate.shape[1] == len(names)
            assert file[group].attrs["bin_ms"] > 0 and np.isfinite(file[group].attrs["start_ms"])
            assert np.isfinite(rate[()]).all() and (rate[()] >= 0).all()
            shapes.append(rate.shape)
        assert shapes, "rates of populations or regions"
        assert len({bins for bins, _ in shapes}) == 1, "as many bins of both"
        found = f"{shapes[0][0]} bins"
        if "connectome" in file:
            group = file["connectome"]
            assert group.attrs["format"] == "braincog-connectome" and group.attrs["version"] == 1
            n = len(texts(group["labels"]))
            for name in ("weights", "lengths", "sln", "functional"):
                assert name not in group or group[name].shape == (n, n)
            assert "position" not in group or group["position"].shape == (n, 3)
            assert (group["weights"][()] >= 0).all()
            found += f", connectome of {n} regions"
    return found


def check_states(path):
    with h5py.File(path) as file:
        check_sonata_marks(file)
        group = file["report/neurons"]
        ids, time = group["mapping/node_ids"][()], group["mapping/time"][()]
        data, units = group["data"][()], group["data"].attrs["units"]
        assert data.dtype == np.float32 and data.shape[1] == len(ids)
        assert np.isclose(time[1], time[0] + time[2] * data.shape[0])
    population = libsonata.ElementReportReader(str(path))["neurons"]
    assert population.data_units == units and population.time_units == "ms" and population.sorted
    assert np.allclose(population.times, time)
    assert np.array_equal(population.get_node_ids(), ids)
    frames = population.get()
    assert np.array_equal(np.asarray(frames.data), data), "libsonata sees the same values"
    assert np.array_equal(np.asarray(frames.ids)[:, 0], ids)
    some = population.get(node_ids=[int(ids[-1])])
    assert np.array_equal(np.asarray(some.data)[:, 0], data[:, -1])
    return f"{data.shape[0]} frames of {len(ids)} neurons"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="folder of a run")
    folder = parser.parse_args().folder
    checks = [("spikes.h5", check_spikes), ("regions.h5", check_regions), ("states-*.h5", check_states)]
    found = [(path, check) for pattern, check in checks for path in sorted(folder.glob(pattern))]
    if not found:
        sys.exit(f"{folder}: neither spikes.h5 nor regions.h5 nor states-*.h5")
    for path, check in found:
        print(f"{path.name}: {check(path)}")


if __name__ == "__main__":
    main()
