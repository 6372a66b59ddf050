#!/usr/bin/env python3
"""Makes the bad files that are binary. Text files beside it are written by hand. Needs nothing but Python."""

import bz2
import io
import pathlib
import struct
import zipfile

HERE = pathlib.Path(__file__).parent
GOOD = {
    "weights.txt": "0 1\n2 0\n",
    "centres.txt": "lA 0 0 0\nrB 1 2 3\n",
    "tract_lengths.txt": "0 5\n5 0\n",
}


def archive(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in members.items():
            z.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def npy(descr, shape, data):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


SQUARE = npy("<f8", "(2, 2)", struct.pack("<4d", 0, 1, 2, 0))

XLS = (HERE.parent / "good/matrix.xls").read_bytes()


def circular(workbook):
    """A compound document, each of whose sectors follows itself."""
    table = 512 * (1 + struct.unpack_from("<I", workbook, 76)[0])
    return workbook[:table] + struct.pack("<128I", *range(128)) + workbook[table + 512 :]


def mat(kind, dimensions, *parts):
    """A MAT 5 file of one variable `a`; `parts` are (type, bytes)."""

    def element(type, data):
        return struct.pack("<2I", type, len(data)) + data + bytes(-len(data) % 8)

    head = element(6, struct.pack("<2I", kind, 0)) + element(5, struct.pack("<2i", *dimensions)) + element(1, b"a")
    return b"MATLAB".ljust(124) + b"\x00\x01IM" + element(14, head + b"".join(element(*p) for p in parts))


FILES = {
    "tvb-no-centres.zip": archive({k: v for k, v in GOOD.items() if k != "centres.txt"}),
    "tvb-cut-off.zip": archive(GOOD)[:200],
    "tvb-bomb.zip": archive({**{k: v for k, v in GOOD.items() if k != "weights.txt"}, "weights.txt.bz2": bz2.compress(b"0" * (300 << 20))}),
    "tvb-negative-length.zip": archive({**GOOD, "tract_lengths.txt": "0 -5\n5 0\n"}),
    "tvb-too-few-centres.zip": archive({**GOOD, "centres.txt": "lA 0 0 0\n"}),
    "tvb-short-centre.zip": archive({**GOOD, "centres.txt": "lA 0 0 0\nrB 1 2\n"}),
    "tvb-cortical-2.zip": archive({**GOOD, "cortical.txt": "1\n2\n"}),
    "tvb-same-label.zip": archive({**GOOD, "centres.txt": "lA 0 0 0\nlA 1 2 3\n"}),
    "tvb-lengths-of-three.zip": archive({**GOOD, "tract_lengths.txt": "0 1 2\n1 0 2\n2 2 0\n"}),
    "npz-pickled-weights.npz": archive({"weights.npy": npy("|O", "(2, 2)", b"\x80\x04K\x01.")}),
    "npz-no-square.npz": archive({"bold.npy": npy("<f8", "(1, 2)", struct.pack("<2d", 0, 1))}),
    "npz-two-squares.npz": archive({"a.npy": SQUARE, "b.npy": SQUARE}),
    "npz-labels-of-three.npz": archive({"weights.npy": SQUARE, "labels.npy": npy("|S1", "(3,)", b"ABC")}),
    "npz-weights-cut-off.npz": archive({"weights.npy": SQUARE[:-4]}),
    "npy-absurd-shape.npy": npy("<f8", "(4000000000, 4000000000)", b""),
    "npy-cut-off.npy": SQUARE[:40],
    "npy-complex.npy": npy("<c16", "(1, 1)", bytes(16)),
    "npy-records.npy": npy("<f8", "(1,)", bytes(8)).replace(b"'<f8'", b"[('a', '<f8')]"),
    "npy-three-dimensions.npy": npy("<f8", "(1, 1, 1)", bytes(8)),
    "npy-nan.npy": npy("<f8", "(2, 2)", struct.pack("<4d", 0, float("nan"), 2, 0)),
    "circular.xls": circular(XLS),
    "cut-off.xls": XLS[:3000],
    "excel-95.xls": XLS.replace(b"\x09\x08\x10\x00\x00\x06", b"\x09\x08\x10\x00\x00\x05"),
    "no-workbook.xls": XLS.replace("Workbook".encode("utf-16-le"), "Letter__".encode("utf-16-le")),
    "rows-of-no-letters.mat": mat(4, (2**31 - 1, 0), (4, b"")),
    "rows-of-no-numbers.mat": mat(6, (2**31 - 1, 0), (9, b"")),
    "long-sparse-column.mat": mat(5, (400_000_000, 1), (5, b""), (5, struct.pack("<2i", 0, 0)), (9, b"")),
    "utf16.csv": "0,1\n1,0\n".encode("utf-16"),
    "unknown.bin": bytes(range(64)),
}

for name, content in FILES.items():
    (HERE / name).write_bytes(content)
