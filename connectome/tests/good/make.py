#!/usr/bin/env python3
"""Makes the small valid files of `tests/binary_formats.rs`. Needs h5py, numpy, scipy and xlwt.

All hold the same directed wiring: from A to B 1, from B to C 2, from C to A 5 (row = target below).
"""

import importlib.util
import pathlib

import h5py
import numpy as np
import scipy.io
import scipy.sparse
import xlwt

HERE = pathlib.Path(__file__).parent
W = np.array([[0.0, 0, 5], [1, 0, 0], [0, 2, 0]])
LENGTHS = np.array([[0.0, 10, 30], [10, 0, 20], [30, 20, 0]])
LABELS = ["A", "B", "C"]


def tvb():
    with h5py.File(HERE / "tvb.h5", "w") as f:
        f.create_dataset("weights", data=W, compression="gzip", chunks=(2, 2))
        f.create_dataset("tract_lengths", data=LENGTHS)
        f.create_dataset("centres", data=np.arange(9.0).reshape(3, 3).astype(">f8"))
        f.create_dataset("region_labels", data=np.array(LABELS, "S58"))
        f.create_dataset("hemispheres", data=np.array([False, True, True]))
        f.create_dataset("cortical", data=np.array([True, True, False]))
        f.create_dataset("areas", data=np.array([[1.0], [2], [3]]))
        f.attrs["TVB_Type"] = "tvb.datatypes.connectivity.Connectivity"


def mat():
    cells = np.array([[label] for label in LABELS], dtype=object)
    for name, compress in (("plain", False), ("packed", True)):
        data = {"sc": W, "len": LENGTHS.astype("f4"), "labels": cells, "info": {"a": 1}, "tc": np.zeros((3, 50))}
        scipy.io.savemat(HERE / f"mat5-{name}.mat", data, do_compression=compress)
    chars = {"CIJ": W.astype("i4"), "names": np.array(LABELS)}
    scipy.io.savemat(HERE / "mat5-int-char.mat", chars)
    scipy.io.savemat(HERE / "mat5-sparse.mat", {"connect": scipy.sparse.csc_matrix(W)})


def mat73():
    with h5py.File(HERE / "mat73.mat", "w", userblock_size=512) as f:
        f.create_dataset("sc", data=W.T).attrs["MATLAB_class"] = np.bytes_("double")
        f.create_dataset("len", data=LENGTHS).attrs["MATLAB_class"] = np.bytes_("double")
        refs = []
        for i, label in enumerate(LABELS):
            codes = np.array([[ord(c)] for c in label], "u2")
            d = f.create_dataset(f"#refs#/{i}", data=codes)
            d.attrs["MATLAB_class"] = np.bytes_("char")
            refs.append(d.ref)
        cell = f.create_dataset("labels", data=np.array([refs], dtype=h5py.ref_dtype))
        cell.attrs["MATLAB_class"] = np.bytes_("cell")
    header = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    with open(HERE / "mat73.mat", "r+b") as f:
        f.write(header)


def sonata(folder, library):
    base = HERE / folder
    base.mkdir(exist_ok=True)
    target, source = np.nonzero(W)
    with h5py.File(base / "nodes.h5", "w") as f:
        f.attrs["magic"], f.attrs["version"] = np.uint32(0x0A7A), np.array([0, 1], "u4")
        g = f.create_group("nodes/brain")
        g["node_type_id"] = np.full(3, -1 if library else 100)
        if library:
            g["0/region"] = np.arange(3, dtype="u4")
            g.create_dataset("0/@library/region", data=LABELS, dtype=h5py.string_dtype())
            g["0/x"], g["0/y"], g["0/z"] = np.arange(3) * 1000.0, np.zeros(3), np.zeros(3)
        else:
            g["node_id"], g["node_group_id"], g["node_group_index"] = np.arange(3), np.zeros(3, "i8"), np.arange(3)
            g.create_dataset("0/label", data=LABELS, dtype=h5py.string_dtype())
            g["0/positions"] = np.arange(3)[:, None] * np.array([[1000.0, 0, 0]])
    with h5py.File(base / "edges.h5", "w") as f:
        f.attrs["magic"], f.attrs["version"] = np.uint32(0x0A7A), np.array([0, 1], "u4")
        g = f.create_group("edges/brain_to_brain")
        repeat = np.repeat(np.arange(3), W[target, source].astype(int)) if library else np.arange(3)
        for name, ids in (("source_node_id", source), ("target_node_id", target)):
            d = g.create_dataset(name, data=ids[repeat].astype("u8"), chunks=(2,), maxshape=(None,))
            d.attrs["node_population"] = "brain"
        g["edge_type_id"] = np.full(len(repeat), -1 if library else 7)
        if not library:
            g["0/nsyns"] = W[target, source].astype("u4")
            g["edge_group_id"], g["edge_group_index"] = np.zeros(3, "i8"), np.arange(3)
        else:
            g["0/delay"] = np.ones(len(repeat))
    if library:
        text = '{"manifest": {"$NET": "./"}, "networks": {"nodes": [{"nodes_file": "$NET/nodes.h5", "node_types_file": ""}],\n'
        text += ' "edges": [{"edges_file": "$NET/edges.h5"}]}}\n'
        (base / "circuit_config.json").write_text(text)
    else:
        (base / "node_types.csv").write_text('node_type_id pop_name\n100 "all of it"\n')
        (base / "edge_types.csv").write_text("edge_type_id delay\n7 2.0\n")
        (base / "config.json").write_text('{"manifest": {"$BASE": "${configdir}"}, "network": "$BASE/circuit_config.json"}\n')
        text = '{"manifest": {"$BASE_DIR": ".", "$NETWORK_DIR": "$BASE_DIR/."}, "networks": {\n'
        text += ' "nodes": [{"nodes_file": "$NETWORK_DIR/nodes.h5", "node_types_file": "$NETWORK_DIR/node_types.csv"}],\n'
        text += ' "edges": [{"edges_file": "$NETWORK_DIR/edges.h5", "edge_types_file": "$NETWORK_DIR/edge_types.csv"}]}}\n'
        (base / "circuit_config.json").write_text(text)


def xlsx():
    spec = importlib.util.spec_from_file_location("bad", HERE.parent / "bad/make_hdf5.py")
    bad = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bad)
    bad.HERE = HERE
    rows = [["Tracts of a brain"], [], [None, *LABELS]]
    rows += [[label, *[v if v else None for v in row]] for label, row in zip(LABELS, W)]
    bad.xlsx("matrix.xlsx", rows + [["Source: invented"]])
    target, source = np.nonzero(W)
    edges = [[LABELS[s], LABELS[t], W[t, s], LENGTHS[t, s]] for t, s in zip(target, source)]
    bad.xlsx("edges.xlsx", [["source", "target", "weight", "length"], *edges])
    # An SLN of 0 was measured, a blank one was not.
    sln = [[LABELS[s], LABELS[t], W[t, s], known] for t, s, known in zip((1, 2, 0), (0, 1, 2), (0, None, 0.75))]
    bad.xlsx("edges-sln.xlsx", [["source", "target", "fln", "sln"], *sln])
    # BrainCog's mouse_brain_region.xlsx: names, and below them numbers of neurons.
    bad.xlsx("braincog-regions.xlsx", [LABELS, [1200, 800, 500]])


def xls():
    book = xlwt.Workbook()
    sheet = book.add_sheet("SC")
    sheet.write(0, 0, "Tracts of a brain")
    for i, label in enumerate(LABELS):
        sheet.write(2, i + 1, label)
        sheet.write(i + 3, 0, label)
        for j in np.flatnonzero(W[i]):
            sheet.write(i + 3, int(j) + 1, W[i, j])
    book.save(str(HERE / "matrix.xls"))


def main():
    tvb()
    mat()
    mat73()
    sonata("sonata-allen", False)
    sonata("sonata-blue-brain", True)
    xlsx()
    xls()


if __name__ == "__main__":
    main()
