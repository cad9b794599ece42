"""The container image of the functions as a root folder, in which bootstrap runs confined as on Lambda.

    image_root.py LAYOUT FOLDER     unpack an OCI image layout; FOLDER/bootstrap then serves as ONBOARD_BOOTSTRAP
"""

import io
import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
CONFINE = os.path.join(HERE, "confine.sh")


@dataclass(frozen=True)
class Layout:
    """An image layout with one image."""

    folder: str

    def read(self, path: str) -> bytes:
        with open(os.path.join(self.folder, path), "rb") as file:
            return file.read()

    def blob(self, descriptor: dict[str, Any]) -> bytes:
        return self.read("blobs/" + str(descriptor["digest"]).replace(":", "/"))

    @property
    def index(self) -> dict[str, Any]:
        return dict(json.loads(self.read("index.json")))

    @property
    def manifest(self) -> dict[str, Any]:
        descriptor, = self.index["manifests"]
        return dict(json.loads(self.blob(descriptor)))

    @property
    def configuration(self) -> dict[str, Any]:
        return dict(json.loads(self.blob(self.manifest["config"])))

    def members(self) -> list[tarfile.TarInfo]:
        """Return the entries of all layers, in order."""
        found = []
        for layer in self.manifest["layers"]:
            with tarfile.open(fileobj=io.BytesIO(self.blob(layer))) as archive:
                found += archive.getmembers()
        return found

    def unpack(self, folder: str) -> str:
        """Write the root folder, and the confined program beside it, whose path is returned."""
        root = os.path.join(folder, "root")
        for layer in self.manifest["layers"]:
            with tarfile.open(fileobj=io.BytesIO(self.blob(layer))) as archive:
                archive.extractall(root)
        program = os.path.join(folder, "bootstrap")
        with open(program, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec "{CONFINE}" "{root}" {self.configuration["config"]["Entrypoint"][0]} "$@"\n')
        os.chmod(program, 0o755)
        return program


def why_not() -> str:
    """Return why nothing can be confined here, or an empty text."""
    tried = subprocess.run([CONFINE, "/", "/bin/true"], check=False, capture_output=True, text=True)
    return "" if tried.returncode == 0 else f"this system does not allow it: {tried.stderr.strip()}"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(Layout(sys.argv[1]).unpack(sys.argv[2]))
