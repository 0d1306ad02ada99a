"""A corpus of inputs that are broken, huge or hostile: each with what becomes of it.

``REFUSED``: nothing can be imported, and a pattern of the sentence. ``LEFT_OUT``: the file is put beside good ones, and
a pattern of the reason why it is left out. ``TAKEN``: beside good ones, with a pattern of the remark, "" for none.
"""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import zipfile
import zlib

import numpy as np
from PIL import Image
from tests.datasets.files import idx
from tests.imports.building import (
    class_folders,
    csv_text,
    encoded,
    folder,
    npy,
    npy_claiming,
    pixels,
    zipped,
)
from tests.imports.hostile_files import (
    GOOD_COLUMNS,
    HEADER,
    ONE,
    SVG,
    XML_BOMB,
    Boom,
    Build,
    animated,
    arrays,
    changed_table,
    chunk,
    claiming_members,
    empty_folders,
    encrypted,
    expanding,
    in_file,
    npz_bomb,
    npz_member,
    overlapping,
    parquet,
    parquet_bomb,
    parquet_changed,
    png,
    raw_named,
    table,
    tiff,
    turned,
    zip_with,
)

REFUSED: dict[str, tuple[Build, str]] = {
    # zip files
    "zip of nothing": (lambda at: zipped(at / "set.zip", {}), "no folder of images for each class"),
    "zip without its end": (in_file("set.zip", b"PK\3\4" + bytes(60)), "its end is missing"),
    "zip with a false directory": (in_file("set.zip", b"PK\3\4" + b"PK\5\6" + b"\1" * 18), "damaged|claims"),
    "zip bomb": (expanding, "expand to 70 MiB"),
    "zip with overlapping members": (overlapping, "overlap|twice"),
    "a million members claimed": (claiming_members(10**6), "claims 1,000,000 members"),
    "10^18 members claimed": (claiming_members(10**17), "claims a directory"),
    "path traversal": (zip_with("../../evil.png"), "leads out of the archive"),
    "path traversal in the middle": (zip_with("cat/../../evil.png"), "leads out of the archive"),
    "Windows path traversal": (zip_with("cat\\..\\..\\evil.png"), "leads out of the archive"),
    "absolute path": (zip_with("/etc/cron.d/evil"), "leads out of the archive"),
    "Windows drive": (zip_with("C:/evil.png"), "leads out of the archive"),
    "UNC path": (zip_with("\\\\server\\share\\evil.png"), "leads out of the archive"),
    "device name": (zip_with("cat/CON.png"), "Windows device"),
    "device folder": (zip_with("nul/1.png"), "Windows device"),
    "zero byte in a name": (raw_named(b"cat/9.png\0.exe"), "no valid name"),
    "name of thousands of characters": (zip_with("cat/" + "x" * 5000), "no valid name"),
    "folders in folders": (zip_with("a/" * 60 + "x.png"), "folders deep"),
    "encrypted": (encrypted, "is encrypted"),
    "LZMA": (lambda at: zipped(at / "set.zip", class_folders(), zipfile.ZIP_LZMA), "other than deflate"),
    "only nested zips": (
        lambda at: zipped(at / "set.zip", {"a/1.zip": zip_bytes(), "b/2.zip": zip_bytes()}), "archives within are not",
    ),
    "only SVG": (lambda at: zipped(at / "set.zip", {"a/1.svg": SVG, "b/2.svg": SVG}), "SVG drawing"),
    "one class": (lambda at: zipped(at / "set.zip", class_folders(3, ("cat",))), "There is one class, cat"),
    "no class folders": (lambda at: zipped(at / "set.zip", {"1.png": ONE, "2.png": ONE}), "no folder of images"),
    "only empty folders": (empty_folders, "no folder of images"),
    # arrays
    "pickled labels": (arrays(train_labels=np.array([{"a": 1}] * 6, object)), "pickled Python objects"),
    "a pickle that runs code": (npz_member("train_images", npy(np.array([Boom()], object), pickled=True)), "pickled"),
    "a pickle instead of an array": (npz_member("train_images", pickle.dumps(Boom())), "no .npy array"),
    "records": (arrays(train_images=np.zeros(6, [("a", "u1"), ("b", "u1")])), "not numbers"),
    "text labels in an array": (arrays(train_labels=np.array(["a"] * 6)), "not numbers"),
    "dates": (arrays(train_labels=np.zeros(6, "M8[s]")), "not numbers"),
    "float images": (arrays(train_images=np.full((6, 28, 28), np.nan, np.float32)), "save pixels as uint8"),
    "16-bit arrays": (arrays(train_images=np.zeros((6, 28, 28), np.uint16)), "save pixels as uint8"),
    "multi-label": (arrays(train_labels=np.zeros((6, 14), np.uint8)), "14 labels an image"),
    "volumes": (arrays(train_images=np.zeros((6, 28, 28, 28), np.uint8)), "volumes"),
    "Fortran order": (arrays(train_images=np.asfortranarray(np.zeros((6, 28, 28), np.uint8))), "Fortran order"),
    "fewer labels": (arrays(train_labels=np.zeros(5, np.uint8)), "6 images and 5 labels"),
    "no training images": (arrays(train_images=None, train_labels=None), "needs train_images"),
    "half a part": (arrays(val_labels=None), "no other half"),
    "header with too large a shape": (npz_member("train_images", npy_claiming(HEADER % "10**9, 28, 28")), "damaged"),
    "header with billions of images": (
        npz_member("train_images", npy_claiming(HEADER % "9999999999, 28, 28")), "promises",
    ),
    "header with a negative shape": (npz_member("train_images", npy_claiming(HEADER % "-6, 28, 28")), "not numbers"),
    "header with code": (npz_member("train_images", npy_claiming("__import__('os').system('id')")), "damaged"),
    "header of parentheses": (npz_member("train_images", npy_claiming("(" * 5000)), "damaged"),
    "header without end": (npz_member("train_images", b"\x93NUMPY\x01\x00\xff\xff{'descr'"), "damaged"),
    "npz bomb": (npz_bomb, "expand to 67 MiB"),
    # idx
    "idx that promises gigabytes": (
        lambda at: folder(at / "set", {
            "train-images-idx3-ubyte": struct.pack(">BBBB3I", 0, 0, 8, 3, 100_000, 1000, 1000),
            "train-labels-idx1-ubyte": idx(np.zeros(100_000, np.uint8)),
        }), "truncated",
    ),
    "idx bomb": (
        lambda at: folder(at / "set", {
            "train-images-idx3-ubyte.gz": gzip.compress(idx(np.zeros((4, 8, 8), np.uint8)) + bytes(20 * 2**20)),
            "train-labels-idx1-ubyte": idx(np.array([0, 1, 0, 1], np.uint8)),
        }), "too long",
    ),
    "idx of floats": (in_file("train-images-idx3-ubyte", b"\0\0\x0d\x03" + bytes(40)), "is not recognised"),
    "idx without labels": (in_file("train-images-idx3-ubyte", idx(pixels(4))), "lacks its other half"),
    # tables
    "CSV of formulas": (changed_table(",7", ",=cmd|'/c calc'!A1"), "pixels are whole numbers"),
    "CSV with NaN pixels": (changed_table(",7", ",nan"), "has 'nan' in column 2"),
    "CSV with infinity": (changed_table(",7", ",inf"), "has 'inf'"),
    "CSV with negative pixels": (changed_table(",7", ",-1"), "has '-1'"),
    "CSV with pixels above 255": (changed_table(",7", ",256"), "has '256'"),
    "CSV with shares": (changed_table(",7", ",0.5"), "has '0.5'"),
    "CSV with a long row": (changed_table(",7\n", ",7,7\n"), "has 27 cells; the first has 26"),
    "CSV without labels": (changed_table("\n0,", "\n,"), "Line 2 of set.csv has no label"),
    "CSV of other numbers of columns": (table(",".join(map(str, range(40))) + "\n" + "1," * 39 + "1\n"), "40 columns"),
    "CSV of one line": (table("label," + ",".join(f"p{n}" for n in range(25))), "no rows"),
    "CSV without line ends": (table("1," * 2_000_000), "more than .* characters"),
    "CSV in UTF-16": (in_file("set.csv", csv_text(pixels(4, 5), [0, 1, 0, 1]).encode("utf-16")), "one of"),
    "CSV in Latin-1": (in_file("set.csv", csv_text(pixels(4, 5), "éaéa").encode("latin-1")), "not UTF-8"),
    "CSV with a class for each row": (table(csv_text(pixels(1200, 4), range(1200))), "1,200 different values"),
    # Parquet
    "Parquet of other columns": (parquet({"image": [1, 2], "label": [0, 1]}), "no column of image bytes"),
    "Parquet with lists as labels": (parquet({"image": [ONE, ONE], "label": [[0], [1]]}), "labels are whole numbers"),
    "Parquet without labels": (parquet({"image": [ONE, ONE]}), "no label column"),
    "Parquet with empty labels": (parquet({**GOOD_COLUMNS, "label": [0, None, 0, 1]}), "without a label"),
    "Parquet with a lying schema": (parquet_changed(lambda data: data.replace(b"label", b"lable")), "label|damaged"),
    "Parquet with other values": (
        parquet_changed(lambda data: data[:4] + bytes(len(data) // 2 - 4) + data[len(data) // 2 :]), "damaged",
    ),
    "Parquet without its end": (in_file("set.parquet", b"PAR1" + bytes(100)), "damaged"),
    "Parquet with an end of gigabytes": (
        in_file("set.parquet", b"PAR1" + bytes(100) + struct.pack("<I", 2**31) + b"PAR1"), "damaged",
    ),
    "Parquet bomb": (parquet_bomb, "memory"),
    # other files
    "empty file": (in_file("set.bin", b""), "is empty"),
    "text": (in_file("set.txt", "hello\n"), "is not recognised"),
    "a single image": (in_file("cat.png", ONE), "is a single image"),
    "an SVG file": (in_file("cat.svg", SVG), "SVG drawing"),
    "an XML bomb": (in_file("cat.svg", XML_BOMB), "SVG drawing"),
    "a tar file": (in_file("set.tar.gz", gzip.compress(b"x" * 1000)), "is an archive other than a zip file"),
    "a pickle": (in_file("set.pkl", pickle.dumps(Boom())), "is not recognised"),
    "a PDF file": (in_file("set.pdf", b"%PDF-1.7\n"), "document"),
    "nothing": (lambda at: at / "absent", "No such file"),
}  # fmt: skip

LEFT_OUT: dict[str, tuple[bytes, str]] = {
    "an empty file": (b"", "is empty"),
    "truncated PNG": (encoded(pixels(1, 32, 3)[0])[:-300], "truncated"),
    "truncated JPEG": (encoded(pixels(1, 64, 3)[0], "JPEG")[:900], "truncated"),
    "PNG of noise": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "damaged"),
    "JPEG of noise": (b"\xff\xd8\xff" + bytes(range(256)), "damaged"),
    "WebP of noise": (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(40), "damaged"),
    "GIF of noise": (b"GIF89a" + bytes(range(1, 200)), "damaged|pixels"),
    "BMP of noise": (b"BM" + bytes(100), "damaged"),
    "TIFF of noise": (b"II*\0" + b"\xff" * 100, "damaged"),
    "TIFF that refers to itself": (b"II*\0\x08\0\0\0\x01\0\0\x01\x03\0\x01\0\0\0\x01\0\0\0\x08\0\0\0", "damaged"),
    "huge PNG": (png(60_000, 60_000, b""), "more than 25 million"),
    "decompression bomb": (png(4_900, 4_900, bytes(4_900 * (3 * 4_900 + 1))), "decompression bomb"),
    "PNG of no pixels": (png(0, 8, b""), "damaged"),
    "text bomb in a PNG": (
        png(8, 8, bytes(8 * 25), chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(20 * 2**20)))), "damaged",
    ),
    "huge BMP header": (b"BM" + struct.pack("<4I2i2H6I", 0, 0, 54, 40, 2**30, 2**30, 1, 24, *[0] * 6), "pixels|dam"),
    "32-bit floats with NaN": (tiff(np.full((8, 8), np.nan, np.float32)), "32-bit"),
    "32-bit integers": (tiff(np.zeros((8, 8), np.int32)), "32-bit"),
    "SVG as PNG": (SVG, "SVG drawing"),
    "an HTML page as JPEG": (b"<html><script>alert(1)</script></html>", "no image"),
    "an EPS document": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n", "document"),
    "a nested zip": (b"PK\3\4" + bytes(40), "archives within are not opened"),
    "a pickle as PNG": (pickle.dumps(Boom()), "no image"),
    "a script as PNG": (b"#!/bin/sh\nrm -rf /\n", "no image"),
}  # fmt: skip

TAKEN: dict[str, tuple[bytes, str]] = {
    "16-bit grey": (encoded(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000), "16 bits a pixel"),
    "palette": (encoded(Image.fromarray(pixels(1, 8, 3)[0]).quantize(16)), ""),
    "palette with transparency": (
        encoded(Image.fromarray(pixels(1, 8, 3)[0]).quantize(16), transparency=b"\0\x80"), "transparent",
    ),
    "one bit": (encoded(Image.fromarray(pixels(1, 8)[0]).convert("1")), ""),
    "grey with alpha": (encoded(Image.fromarray(pixels(1, 8)[0]).convert("LA")), "transparent"),
    "CMYK": (encoded(Image.fromarray(pixels(1, 8, 3)[0]).convert("CMYK"), "JPEG"), "CMYK"),
    "animated GIF": (animated("GIF"), "more than one frame"),
    "animated WebP": (animated("WEBP"), "more than one frame"),
    "animated PNG": (animated("PNG"), "more than one frame"),
    "several TIFF pages": (animated("TIFF"), "more than one frame"),
    "turned by EXIF": (turned(8), "turned"),
    "wrong ending": (encoded(pixels(1, 8, 3)[0], "JPEG"), "another kind"),
    "one pixel": (encoded(pixels(1, 1, 3)[0]), ""),
    "a stripe": (encoded(np.zeros((1, 4000, 3), np.uint8)), ""),
    "a comment with markup": (encoded(pixels(1, 8, 3)[0], "GIF", comment=b"<script>alert(1)</script>"), "another"),
}  # fmt: skip

NAMES: dict[str, tuple[str, str]] = {
    "markup": ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
    "control characters": ("a\x07\x1b[31mb", "a[31mb"),
    "direction of writing": ("cat\u202egnp", "catgnp"),
    "combining characters": ("cafe\u0301", "caf\xe9"),
    "spaces and line ends": ("a \n\t b", "a b"),
    "formula": ("=HYPERLINK(1)", "=HYPERLINK(1)"),
    "nothing but control characters": ("\x01\x02", "class 0"),
    "long": ("x" * 200, "x" * 60),
    "other script": ("\u732b", "\u732b"),
    "markdown": ("**bold** [a](javascript:b)", "**bold** [a](javascript:b)"),
}
"""Names of class folders, and what becomes of them."""


def zip_bytes() -> bytes:
    """A zip file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("1.png", ONE)
    return target.getvalue()
