#!/usr/bin/env python3
"""Makes the bad files of HDF5, MAT and spreadsheets. Needs h5py and numpy."""

import io
import pathlib
import struct
import zipfile
import zlib

import h5py
import numpy as np

HERE = pathlib.Path(__file__).parent
SQUARE = np.array([[0.0, 1.0], [2.0, 0.0]])


def hdf5(name, datasets, attributes=None):
    with h5py.File(HERE / name, "w", track_order=False) as file:
        for path, data in datasets.items():
            file.create_dataset(path, data=data, track_times=False)
        for (path, key), value in (attributes or {}).items():
            file[path].attrs[key] = value


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def variable(name, dims, data, kind=9, cls=6):
    body = element(6, struct.pack("<II", cls, 0)) + element(5, struct.pack(f"<{len(dims)}i", *dims))
    return element(14, body + element(1, name.encode()) + element(kind, data))


def mat5(name, *parts):
    (HERE / name).write_bytes(b" " * 124 + b"\x00\x01IM" + b"".join(parts))


def xlsx(name, rows, more=None):
    """A workbook of one sheet; `rows` are values or the XML of the rows; `more` are members packed a millionfold."""

    def cell(r, c, v):
        ref = f"{chr(65 + c)}{r + 1}"
        if v is None:
            return ""
        if isinstance(v, str) and v.startswith("#"):
            return f'<c r="{ref}" t="e"><v>{v}</v></c>'
        if isinstance(v, str):
            return f'<c r="{ref}" t="inlineStr"><is><t>{v}</t></is></c>'
        return f'<c r="{ref}"><v>{v}</v></c>'

    body = rows if isinstance(rows, str) else "".join(f'<row r="{r + 1}">' + "".join(cell(r, c, v) for c, v in enumerate(row)) + "</row>" for r, row in enumerate(rows))
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    members = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{space}" xmlns:r="{office}"><sheets><sheet name="SC" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}"><sheetData>{body}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(zipfile.ZipInfo(member, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        for member, content in (more or {}).items():
            archive.writestr(zipfile.ZipInfo(member, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_BZIP2)
    (HERE / name).write_bytes(out.getvalue())


def main():
    tvb = {"weights": SQUARE, "centres": np.zeros((2, 3)), "region_labels": np.array(["lA", "rB"], "S58"), "tract_lengths": SQUARE}
    hdf5("tvb-not-square.h5", {**tvb, "weights": np.zeros((2, 3))})
    hdf5("tvb-nan.h5", {**tvb, "weights": np.array([[0, np.nan], [1, 0]])})
    hdf5("tvb-negative-length.h5", {**tvb, "tract_lengths": -SQUARE})
    hdf5("tvb-three-labels.h5", {**tvb, "region_labels": np.array(["a", "b", "c"], "S58")})
    hdf5("tvb-same-labels.h5", {**tvb, "region_labels": np.array(["a", "a"], "S58")})
    hdf5("tvb-flat-centres.h5", {**tvb, "centres": np.zeros((2, 2))})
    hdf5("tvb-text-weights.h5", {**tvb, "weights": np.array([[b"a", b"b"], [b"c", b"d"]])})
    with h5py.File(HERE / "absurd-size.h5", "w") as file:
        file.create_dataset("sc", shape=(10_000_000, 10_000_000), dtype="f8", chunks=(1000, 1000), track_times=False)
    with h5py.File(HERE / "promises-more-than-it-holds.h5", "w") as file:
        file.create_dataset("sc", shape=(15_000, 15_000), dtype="f8", chunks=(1000, 1000), track_times=False)
    hdf5("empty.h5", {})
    hdf5("two-matrices.h5", {"first": SQUARE, "second": SQUARE})
    hdf5("whole.h5.tmp", tvb)
    whole = (HERE / "whole.h5.tmp").read_bytes()
    (HERE / "whole.h5.tmp").unlink()
    (HERE / "cut-off.h5").write_bytes(whole[: len(whole) // 3])

    edges = {"edges/e/source_node_id": np.array([0, 1]), "edges/e/target_node_id": np.array([1, 7])}
    nodes = {"nodes/n/node_type_id": np.array([1, 1])}
    named = {("edges/e/source_node_id", "node_population"): "n", ("edges/e/target_node_id", "node_population"): "n"}
    hdf5("sonata-node-outside.h5", {**edges, **nodes}, named)
    hdf5("sonata-no-population.h5", {**edges, **nodes})
    hdf5("sonata-unknown-population.h5", {**edges, **nodes}, {**named, ("edges/e/target_node_id", "node_population"): "m"})
    hdf5("sonata-fewer-targets.h5", {**edges, **nodes, "edges/e/target_node_id": np.array([1])}, named)
    hdf5("sonata-negative-id.h5", {**edges, **nodes, "edges/e/source_node_id": np.array([-1, 0])}, named)
    hdf5("sonata-nodes-only.h5", nodes)

    own = {"connectome/labels": np.array(["a", "b"], dtype=h5py.string_dtype()), "connectome/weights": SQUARE}
    marks = {("connectome", "format"): "braincog-connectome", ("connectome", "version"): np.uint32(1)}
    hdf5("native-newer.h5", own, {**marks, ("connectome", "version"): np.uint32(9)})
    hdf5("native-no-weights.h5", {"connectome/labels": own["connectome/labels"]}, marks)
    hdf5("native-other-size.h5", {**own, "connectome/lengths": np.zeros((3, 3))}, marks)
    hemisphere = np.array(["left", "top"], dtype=h5py.string_dtype())
    hdf5("native-hemisphere.h5", {**own, "connectome/hemisphere": hemisphere}, marks)

    four = struct.pack("<4d", 0, 1, 2, 0)
    mat5("absurd-size.mat", variable("sc", (2_000_000_000, 2_000_000_000), four))
    mat5("negative-size.mat", variable("sc", (-2, -2), four))
    mat5("no-square.mat", variable("tc", (1, 4), four))
    mat5("two-matrices.mat", variable("first", (2, 2), four), variable("second", (2, 2), four))
    mat5("cut-off.mat", variable("sc", (2, 2), four)[:-16])
    mat5("bad-zlib.mat", struct.pack("<II", 15, 8) + b"\x78\x9cnothing"[:8])
    mat5("zlib-bomb.mat", *[struct.pack("<II", 15, len(z)) + z for z in [zlib.compress(struct.pack("<II", 14, 0xFFFFFFF0) + bytes(1000))]])
    mat5("empty.mat")

    xlsx("error-cell.xlsx", [[None, "A", "B"], ["A", 0, "#NUM!"], ["B", 2, 0]])
    xlsx("word-cell.xlsx", [["Weights of tracts"], [], [None, "A", "B"], ["A", 0, "many"], ["B", 2, 0]])
    xlsx("labels-differ.xlsx", [[None, "A", "B"], ["A", 0, 1], ["C", 2, 0]])
    xlsx("empty.xlsx", [])
    # One cell to a row, so that every row counts as a full one, alternately far left and far right.
    diagonal = "".join(f'<row r="{r}"><c r="{c}{r}"><v>1</v></c></row>' for r, c in [(r, "A" if r % 2 else "ZZZ") for r in range(1, 3001)])
    xlsx("far-cells.xlsx", diagonal)
    promises = b'<sst count="2" uniqueCount="99999999999999"><si><t>A</t></si></sst>'
    xlsx("absurd-texts.xlsx", [[None, "A"], ["A", 1]], {"xl/sharedStrings.xml": promises})
    xlsx("bomb.xlsx", [[None, "A"], ["A", 1]], {"xl/sharedStrings.xml": b" " * (257 << 20)})
    (HERE / "broken.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    (HERE / "sonata-no-files.json").write_text('{"networks": {"nodes": [], "edges": []}}\n')
    (HERE / "sonata-variable.json").write_text(
        '{"manifest": {"$A": "$B", "$B": "$A"}, "networks": {"nodes": [{"nodes_file": "$A/n.h5"}], "edges": [{"edges_file": "e.h5"}]}}\n'
    )
    (HERE / "sonata-missing-file.json").write_text(
        '{"networks": {"nodes": [{"nodes_file": "no-such-nodes.h5"}], "edges": [{"edges_file": "no-such-edges.h5"}]}}\n'
    )


if __name__ == "__main__":
    main()
