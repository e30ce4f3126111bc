"""Files damaged at random: a clear refusal or a table that adds up, never a traceback."""

import os
import random
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from _made_files import drawing, osm_pbf

from geotool.errors import GeotoolError
from geotool.layers import export_layers, read_layer

DATA = Path(__file__).parents[2] / "shared" / "data"
REAL = [
    ("outfalls_maine_cso/2019_Portland_CSO_Activity_and_Volumes.xlsx", "outfalls"),
    ("outfalls_maine_cso/2015_Portland_CSO_Overflow_Estimates.xls", "outfalls"),
    ("outfalls_maine_cso/MaineDEP_CSO.shp", "outfalls"),
    ("hydrowaste_jiangsu/HydroWASTE_v10_jiangsu_subset.csv", "outfalls"),
    ("messy_ncl_rivers_gbk/river.shp", "rivers"),
    ("messy_ncl_rivers_gbk/county_2004.dbf", "admin"),
    ("messy_kml_tainan_water_points/stations_scrubbed.kml", "water_sources"),
    ("osm_tuanhe_cn/canals.geojson", "rivers"),
    ("nhdplus_small_us/walker.gpkg", "rivers"),
    ("cnemc_snapshot_20260821/cnemc_20260821_flat_derived.csv", "readings"),
    ("taihu_monthly_2007_2015/taihu_physicochem_2007_2015.xlsx", "readings"),
]
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")

WORKER = """
import sys, warnings
from geotool.errors import GeotoolError
from geotool.layers import read_layer
warnings.simplefilter("error")
try:
    import resource  # a damaged file must not eat all memory, either
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
except ImportError:
    pass  # not a POSIX system
for line in sys.stdin:
    path, kind = line.rstrip("\\n").split("\\t")
    try:
        done = read_layer(path, kind)
        facts = done.source
        assert len(done.layer) == facts["rows_accepted"], path
        assert len(done.layer) + len(done.rejected) == facts["rows_read"], path
        print("read", flush=True)
    except GeotoolError as error:
        assert "\\n" not in str(error)
        print("refused", flush=True)
"""


@pytest.fixture
def samples(tmp_path):
    """A small file of every format, made here."""
    folder = tmp_path / "samples"
    folder.mkdir()
    frame = gpd.GeoDataFrame(
        {
            "outfall_id": ["P1", "P2", "P3"],
            "name": ["东口", "西口", "南口"],
            "flow": [1.5, 2, None],
        },
        geometry=[shapely.Point(119.8 + n / 100, 32.2) for n in range(3)],
        crs=4490,
    )
    for suffix in ("shp", "geojson", "xlsx", "csv", "gpkg"):
        export_layers({"outfalls": frame}, folder / f"a.{suffix}")
    (folder / "a_字段对照.csv").unlink()
    pyogrio.write_dataframe(frame.to_crs(4326), folder / "a.fgb", driver="FlatGeobuf")
    pyogrio.write_dataframe(frame.to_crs(4326), folder / "a.kml", driver="LIBKML")
    sketch = drawing("AC1009", "gbk", layers=("河道",) * 2, at=(119.8, 32.2), step=0.1)
    (folder / "a.dxf").write_bytes(sketch)
    osm_pbf(folder / "a.osm.pbf")
    with zipfile.ZipFile(folder / "b.zip", "w") as archive:
        for part in folder.glob("a.*"):
            if part.suffix in PARTS:
                archive.write(part, f"数据/{part.name}")
    pd.DataFrame({"断面": ["A"], "时间": ["2024-05-01"], "氨氮": [0.5]}).to_csv(
        folder / "r.csv", index=False
    )
    names = [
        *(f"a.{s}" for s in ("shp", "geojson", "xlsx", "csv", "gpkg", "fgb", "kml")),
        "b.zip",
    ]
    return [(folder / name, "outfalls") for name in names] + [
        (folder / "r.csv", "readings"),
        (folder / "a.dxf", "projects"),
        (folder / "a.osm.pbf", "rivers"),
    ]


def mutated(data, chance):
    """Damage bytes in one of the ways that happen: cut, flipped, doubled, zeroed."""
    data = bytearray(data)
    size = max(len(data), 1)
    way = chance.randrange(6)
    start = chance.randrange(size)
    end = min(size, start + chance.choice([1, 4, 64, 1024]))
    if way == 0:
        return bytes(data[:start])
    if way == 1:
        for _ in range(chance.choice([1, 5, 50])):
            data[chance.randrange(size)] = chance.randrange(256)
    elif way == 2:
        data[start:end] = b"\0" * (end - start)
    elif way == 3:
        data[start:start] = data[start:end]
    elif way == 4:
        del data[start:end]
    else:
        words = [
            b"=1+1",
            b"\xff\xfe",
            "锟斤拷".encode(),
            b",,,,",
            b"\n\n",
            b"9" * 400,
            b"nan",
            b'"',
        ]
        data[start:start] = chance.choice(words)
    return bytes(data)


def damaged(source, folder, number, chance):
    """Copy a file with all its parts, one of them damaged."""
    place = folder / f"{number}"
    place.mkdir()
    parts = [source]
    if source.suffix in PARTS:
        beside = [source.with_suffix(suffix) for suffix in PARTS]
        parts = [part for part in beside if part.exists()]
    victim = chance.choice(parts)
    for part in parts:
        data = part.read_bytes()
        if part == victim:
            data = mutated(data, chance)
            if chance.random() < 0.05 and len(parts) > 1:
                continue  # the part is not there at all
        (place / part.name).write_bytes(data)
    return place / source.name


def survives(files, limit_s):
    """Read the files in another process; a crash or a hang of GDAL would end that."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = "".join(f"{path}\t{kind}\n" for path, kind in files)
    try:
        out, err = worker.communicate(lines, timeout=limit_s)
    except subprocess.TimeoutExpired:
        os.kill(worker.pid, signal.SIGKILL)
        out, err = worker.communicate()
        raise AssertionError(f"no answer for {files[len(out.split())]}") from None
    said = out.split()
    assert len(said) == len(files), f"{files[len(said)]}\n{err[-3000:]}"
    return said


def test_damaged_files_are_read_or_refused(samples, tmp_path):
    chance = random.Random(7)
    files = [
        (damaged(path, tmp_path, number, chance), kind)
        for number in range(72)
        for path, kind in [samples[number % len(samples)]]
    ]
    said = survives(files, limit_s=900)
    assert {"read", "refused"} == set(said)  # the damage is neither nothing nor all


def test_undamaged_samples_are_read(samples):
    for path, kind in samples:
        done = read_layer(path, kind)
        assert len(done.layer) > 0, path
        assert done.rejected.empty, path


@pytest.mark.long
@pytest.mark.skipif(
    not DATA.exists(), reason="the real data of shared/data are not here"
)
def test_two_thousand_damaged_files(tmp_path):
    chance = random.Random(11)
    sources = [(DATA / name, kind) for name, kind in REAL]
    counts = {"read": 0, "refused": 0}
    for batch in range(50):
        folder = tmp_path / f"batch{batch}"
        folder.mkdir()
        files = [
            (damaged(path, folder, number, chance), kind)
            for number in range(40)
            for path, kind in [sources[(batch * 40 + number) % len(sources)]]
        ]
        for word in survives(files, limit_s=900):
            counts[word] += 1
    assert sum(counts.values()) == 2000
    assert counts["refused"] > 100
    assert counts["read"] > 100


def test_refusal_names_no_other_error():
    with pytest.raises(GeotoolError):
        read_layer(Path(__file__), "outfalls")
