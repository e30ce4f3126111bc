"""Photos that travel in the one map: whose they are, how large, and what is refused."""

import numpy as np
import pytest
from _chromium import opened, search, settled, wait_until
from _town import make_outfalls
from PIL import Image
from test_browser import HOSTILE

import geotool as gt
from geotool.errors import MapError
from geotool.maps import _photos
from geotool.maps._photos import Photos
from geotool.maps._prepare import prepare_layer

RED, BLUE = (200, 20, 30), (20, 30, 200)


def save(path, color, size=(1600, 1200), **choices):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path, **choices)
    return path


def outfalls_with(names):
    return make_outfalls(len(names)).assign(照片=names)


@pytest.fixture
def folder(tmp_path):
    save(tmp_path / "照片" / "红.jpg", RED)
    save(tmp_path / "照片" / "子夹" / "蓝.png", BLUE, (900, 1600))
    return tmp_path / "照片"


def taken(folder, names):
    found = Photos(folder)
    found.take([prepare_layer("outfalls", outfalls_with(names))])
    return found


@pytest.mark.browser
def test_popup_shows_its_own_photos(chromium, folder, tmp_path):
    names = ["红.jpg；子夹\\蓝.png", None, "没有.jpg"]
    map = gt.one_map({"outfalls": outfalls_with(names)}, photos=folder)
    with opened(chromium, gt.save_map(map, tmp_path / "map.html")) as page:
        search(page, "PW-00000").first.click()
        wait_until(
            page,
            "[...document.querySelectorAll('.om-photos img')].filter((one) => one.complete && one.naturalWidth).length === 2",
        )
        seen = page.evaluate(
            """() => [...document.querySelectorAll(".om-photos img")].map((one) => {
                const canvas = new OffscreenCanvas(1, 1);
                const ctx = canvas.getContext("2d");
                ctx.drawImage(one, 0, 0, 1, 1);
                return [one.naturalWidth, one.naturalHeight, ...ctx.getImageData(0, 0, 1, 1).data.slice(0, 3), one.alt];
            })"""
        )
        assert [one[:2] for one in seen] == [[480, 360], [270, 480]]
        for one, color in zip(seen, (RED, BLUE), strict=True):
            assert np.allclose(one[2:5], color, atol=8)
            assert one[5].startswith("东港镇1号排口")
        search(page, "PW-00001").first.click()
        assert settled(page).locator(".om-photos").count() == 0
        assert "有 1 张照片没有找到" in page.locator(".om-foot").text_content()


@pytest.mark.parametrize(
    "name",
    [
        "../外面.jpg",
        "..\\外面.jpg",
        "子夹/../../外面.jpg",
        "/etc/passwd",
        "C:\\Windows\\win.ini",
        "link.jpg",
        "文本.jpg",
        "坏.png",
        "",
        "子夹",
        *HOSTILE[:6],
    ],
)
def test_nothing_outside_the_folder_and_nothing_but_pictures(folder, name):
    outside = save(folder.parent / "外面.jpg", RED)
    (folder / "link.jpg").symlink_to(outside)
    (folder / "文本.jpg").write_text("不是照片")
    (folder / "坏.png").write_bytes((folder / "子夹" / "蓝.png").read_bytes()[:200])
    assert taken(folder, [name])._rows == {}


def test_place_and_camera_do_not_travel(folder):
    exif = Image.Exif()
    exif[0x010F] = "相机厂"
    exif[0x8825] = {1: "N", 2: (31.0, 54.0, 0.0)}
    save(folder / "有位置.jpg", RED, exif=exif)
    picture = Photos(folder)._shrunk("有位置.jpg")
    assert b"Exif" not in picture
    assert "相机厂".encode() not in picture


def test_a_photo_stands_as_it_was_taken(folder):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    save(folder / "横.jpg", RED, (1200, 600), exif=exif)
    import io

    with Image.open(io.BytesIO(Photos(folder)._shrunk("横.jpg"))) as picture:
        assert picture.size == (240, 480)


def test_a_picture_of_too_many_pixels_is_none(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert taken(folder, ["红.jpg"]).missing == 1


def test_too_many_photos_are_refused(folder, monkeypatch):
    monkeypatch.setattr(_photos, "MOST_BYTES", 100)
    with pytest.raises(MapError, match="MB"):
        taken(folder, ["红.jpg"])


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(MapError, match="不存在"):
        gt.one_map({"outfalls": make_outfalls(1)}, photos=tmp_path / "没有")
