"""Writing an image: layers, configuration and one manifest, as a folder or an archive in the OCI image layout."""

import gzip
import hashlib
import io
import json
import os
import tarfile
from dataclasses import dataclass, field
from typing import Any

from tree import Tree

MEDIA = "application/vnd.oci.image"


@dataclass(frozen=True)
class Layer:
    """The files of a layer, and how they were made, for the image's history."""

    tree: Tree
    created_by: str


@dataclass
class Image:
    """An image in memory: `files` are those of the layout, by path; `manifest` describes the manifest."""

    manifest: dict[str, Any]
    size: int = 0
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return str(self.manifest["digest"])


def _json(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def make(layers: list[Layer], *, architecture: str, created: str, config: dict[str, Any], annotations: dict[str, str],
         name: str) -> Image:
    """Return the image: `config` is what its containers start with, `name` its tag in the layout.

    Its index lists one manifest, because Lambda refuses an image that is an index itself.
    """
    image = Image({})

    def blob(kind: str, content: bytes) -> dict[str, Any]:
        digest = _digest(content)
        image.files["blobs/" + digest.replace(":", "/")] = content
        return {"mediaType": f"{MEDIA}.{kind}", "digest": digest, "size": len(content)}

    archives = [layer.tree.archive() for layer in layers]
    compressed = [blob("layer.v1.tar+gzip", gzip.compress(archive, 9, mtime=0)) for archive in archives]
    configuration = blob("config.v1+json", _json({
        "architecture": architecture, "os": "linux", "created": created, "config": config,
        "rootfs": {"type": "layers", "diff_ids": [_digest(archive) for archive in archives]},
        "history": [{"created": created, "created_by": layer.created_by} for layer in layers]}))
    manifest = {"schemaVersion": 2, "mediaType": f"{MEDIA}.manifest.v1+json", "config": configuration,
                "layers": compressed, "annotations": annotations}
    image.manifest = blob("manifest.v1+json", _json(manifest))
    image.size = sum(int(layer["size"]) for layer in compressed)
    listed = {**image.manifest, "platform": {"architecture": architecture, "os": "linux"},
              "annotations": {"org.opencontainers.image.ref.name": name}}
    image.files["index.json"] = _json({"schemaVersion": 2, "mediaType": f"{MEDIA}.index.v1+json", "manifests": [listed]})
    image.files["oci-layout"] = _json({"imageLayoutVersion": "1.0.0"})
    return image


def write_folder(image: Image, folder: str) -> None:
    """Write the layout into a new folder."""
    for path, content in image.files.items():
        place = os.path.join(folder, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(content)


def write_archive(image: Image, path: str) -> None:
    """Write the layout as one file, as skopeo and podman load it (oci-archive)."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(image.files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
