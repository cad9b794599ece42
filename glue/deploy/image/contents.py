"""The contents of the image: the only list of them, which make_image.py and the Dockerfile share.

Two layers, so that a new build of the program uploads only the second:

* system: what the program needs from Debian: libraries, encodings and certificates, and the files that describe them;
* program: the program itself.
"""

import glob
import os
import re
import subprocess
import tempfile

from packages import Package, find_packages, status_document
from tree import Tree

PROGRAM = "/var/task/bootstrap"
# The user that Lambda runs functions as, so that the image behaves elsewhere as it does there.
USER, GROUP = 993, 990

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

# Everything but the copied files.  The names come from /etc/hosts and DNS, whose modules are part of the C library.
WRITTEN = {
    "/etc/passwd": f"root:x:0:0:root:/:/sbin/nologin\nonboard:x:{USER}:{GROUP}:onboard:/:/sbin/nologin\n",
    "/etc/group": f"root:x:0:\nonboard:x:{GROUP}:\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
}
# A read-only root needs these mount points.
MOUNT_POINTS = ("/dev", "/proc", "/sys")


class ContentError(Exception):
    """Something that the image needs is missing on this system; the text names it."""


def libraries(program: str) -> list[str]:
    """Return the paths of the dynamic linker and of all libraries that the program is linked with."""
    listed = subprocess.run(["ldd", program], check=False, capture_output=True, text=True)
    if listed.returncode != 0:
        raise ContentError(f"ldd cannot read {program}: {listed.stderr.strip() or listed.stdout.strip()}")
    missing = re.findall(r"^\s*(\S+) => not found", listed.stdout, re.MULTILINE)
    if missing:
        raise ContentError(f"libraries of {program} are missing: {', '.join(missing)}")
    return re.findall(r"(/\S+) \(0x", listed.stdout)


def add_libraries(tree: Tree, program: str) -> list[str]:
    """Add the libraries; return their paths without links, and the folder of the C library last."""
    paths = libraries(program)
    c_library = next((path for path in paths if os.path.basename(path).startswith("libc.so.")), None)
    if c_library is None:
        raise ContentError(f"{program} is not linked with the C library")
    # The C library loads this one by name when a thread ends early.
    unwinder = os.path.join(os.path.dirname(c_library), "libgcc_s.so.1")
    return [tree.copy(path) for path in [*paths, unwinder]] + [os.path.dirname(os.path.realpath(c_library))]


def add_encodings(tree: Tree, folder: str) -> list[str]:
    """Add the encodings of iconv, which the C library loads by name when it needs them.

    Without its cache, it would read the text files at the first conversion of each process.
    """
    paths = [path for path in glob.glob(f"{folder}/**", recursive=True)
             if os.path.isfile(path) and not path.endswith(".cache")]
    if f"{folder}/UTF-16.so" not in paths:
        raise ContentError(f"there are no encodings in {folder}")
    with tempfile.TemporaryDirectory() as temporary:
        # iconvconfig replaces the output file, so it cannot be a pipe.
        cache = os.path.join(temporary, "cache")
        subprocess.run(["/usr/sbin/iconvconfig", "--nostdlib", f"--output={cache}", folder], check=True)
        with open(cache, "rb") as file:
            tree.add_file(f"{folder}/gconv-modules.cache", file.read())
    return [tree.copy(path) for path in sorted(paths)]


def add_certificates(tree: Tree) -> list[str]:
    """Add the certificates of the package, not those of this system, which may have been changed."""
    paths = sorted(glob.glob("/usr/share/ca-certificates/mozilla/*.crt"))
    if not paths:
        raise ContentError("there are no certificates; install the package ca-certificates")
    texts = []
    for path in paths:
        with open(path, "rb") as file:
            texts.append(file.read().strip() + b"\n")
    tree.add_file(CERTIFICATES, b"".join(texts))
    return paths


def copyright_of(package: Package) -> bytes:
    """Return the copyright file of a package, which it may share with others from the same source package."""
    # A slim system has no link from the first folder to the second.
    for name in (package.name, f"{package.source}-base"):
        try:
            with open(f"/usr/share/doc/{name}/copyright", "rb") as file:
                return file.read()
        except FileNotFoundError:
            pass
    raise ContentError(f"the package {package.name} has no copyright file")


def add_descriptions(tree: Tree, packages: list[Package]) -> None:
    """Add the licences of the packages, and the files by which a scanner recognizes Debian and its packages."""
    for package in packages:
        tree.add_file(f"/usr/share/doc/{package.name}/copyright", copyright_of(package))
        tree.add_file(f"/var/lib/dpkg/status.d/{package.name}", status_document(package))
    for path in sorted(glob.glob("/usr/share/common-licenses/*")):
        tree.copy(path)


def system_layer(program: str) -> tuple[Tree, list[Package]]:
    """Return the files that a program needs from this system, and the packages that they belong to."""
    tree = Tree()
    *copied, folder = add_libraries(tree, program)
    copied += add_encodings(tree, f"{folder}/gconv")
    copied += add_certificates(tree)
    copied.append(tree.copy("/etc/os-release"))
    packages, strangers = find_packages(copied)
    if strangers:
        raise ContentError(f"no Debian package has {', '.join(strangers)}; the image is made of packages only")
    add_descriptions(tree, packages)
    for path, text in WRITTEN.items():
        tree.add_file(path, text.encode())
    for path in MOUNT_POINTS:
        tree.add_folder(path)
    tree.add_folder("/tmp", 0o1777)
    return tree, packages


def program_layer(program: str, licence: str, bill: bytes) -> Tree:
    """Return the program with its licence and the bill of materials."""
    tree = Tree()
    with open(program, "rb") as file:
        tree.add_file(PROGRAM, file.read(), 0o755)
    with open(licence, "rb") as file:
        tree.add_file("/usr/share/doc/onboard/copyright", file.read())
    tree.add_file("/usr/share/doc/onboard/sbom.spdx.json", bill)
    return tree
