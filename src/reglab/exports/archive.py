"""An export as one file to download: a zip archive where it is several files, the file itself where it is one."""

from __future__ import annotations

import io
import zipfile

from reglab.exports.entry import Bundle

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip archive knows: equal exports make equal archives
_PACKED = (".npz", ".safetensors", ".parquet")  # hardly smaller when packed again


def download(bundle: Bundle, stem: str) -> tuple[str, bytes]:
    """A name that begins with ``stem``, and the content; an archive's files are in a folder called ``stem``."""
    if len(bundle.files) == 1:
        return f"{stem}.{bundle.main.rpartition('.')[2]}", bundle.files[bundle.main]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in bundle.files.items():
            file = zipfile.ZipInfo(f"{stem}/{name}", _EPOCH)
            file.external_attr = 0o644 << 16
            packing = zipfile.ZIP_STORED if name.endswith(_PACKED) else zipfile.ZIP_DEFLATED
            archive.writestr(file, data, packing)
    return f"{stem}.zip", buffer.getvalue()
