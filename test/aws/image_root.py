"""The container image of the functions as a root folder, in which bootstrap runs confined as on Lambda.

    image_root.py unpack LAYOUT FOLDER      unpack an OCI image layout; FOLDER/bootstrap then serves as ONBOARD_BOOTSTRAP
    image_root.py compare LAYOUT LAYOUT     print how two images differ; exit code 1 if they do
"""

import hashlib
import io
import json
import os
import re
import stat
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

    def files(self) -> dict[str, tuple[object, ...]]:
        """Return the properties of each file of the root folder: type, mode, owner, target of a link, digest."""
        found: dict[str, tuple[object, ...]] = {}
        for layer in self.manifest["layers"]:
            with tarfile.open(fileobj=io.BytesIO(self.blob(layer))) as archive:
                for member in archive:
                    file = archive.extractfile(member) if member.isfile() else None
                    digest = hashlib.sha256(file.read()).hexdigest() if file else ""
                    # Some builders include the type in the mode.
                    found[member.name.strip("/")] = (member.type, stat.S_IMODE(member.mode), member.uid, member.gid,
                                                     member.linkname, digest)
        return found

    def packages(self) -> dict[str, str]:
        """Return the digests of the metadata of each Debian package, by its name."""
        folder = "var/lib/dpkg/status.d/"
        return {path.removeprefix(folder): str(facts[-1]) for path, facts in self.files().items()
                if path.startswith(folder)}

    def members(self) -> list[tarfile.TarInfo]:
        """Return the entries of all layers, in order."""
        found = []
        for layer in self.manifest["layers"]:
            with tarfile.open(fileobj=io.BytesIO(self.blob(layer))) as archive:
                found += archive.getmembers()
        return found

    def unpack(self, folder: str) -> str:
        """Write the root folder, and next to it the confined program, whose path is returned."""
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
    return "" if tried.returncode == 0 else f"this system does not allow confinement: {tried.stderr.strip()}"


def start_of(layout: Layout) -> dict[str, Any]:
    """Return how containers of the image start, and its labels without the builder's own."""
    config = dict(layout.configuration["config"])
    config["Labels"] = {name: value for name, value in config["Labels"].items() if not name.startswith("io.buildah.")}
    # The kernel needs no PATH, and bootstrap runs no programs.
    config.pop("Env", None)
    return config


def without_versions(files: dict[str, tuple[object, ...]]) -> dict[str, tuple[object, ...]]:
    """Return the type, mode and owner of files whose names and contents depend on versions of packages."""
    return {re.sub(r"(\.so\.\d+)[\d.]*$", r"\1", path): facts[:4] for path, facts in files.items()}


def differences(one: Layout, other: Layout) -> list[str]:
    """Return how the images differ."""
    found = [] if start_of(one) == start_of(other) else [f"{start_of(one)} and {start_of(other)}"]
    ours, theirs = one.packages(), other.packages()
    files, others = one.files(), other.files()
    if ours != theirs:
        names = ", ".join(name for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name))
        print(f"other versions, so that digests and version numbers are not compared: {names}")
        files, others = without_versions(files), without_versions(others)
    return found + [f"{path}: {files.get(path)} and {others.get(path)}" for path in sorted({*files, *others})
                    if files.get(path) != others.get(path)]


def main() -> int:
    if len(sys.argv) != 4 or sys.argv[1] not in ("unpack", "compare"):
        sys.exit(__doc__)
    if sys.argv[1] == "unpack":
        print(Layout(sys.argv[2]).unpack(sys.argv[3]))
        return 0
    found = differences(Layout(sys.argv[2]), Layout(sys.argv[3]))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
