#!/usr/bin/env python3
"""Make the package set of the database's instance: everything to install, in one tar file.

    make_packages.py [--output FOLDER] [--archive URL] [--security URL] [--json]

The instance has no internet, so the set is complete: Debian packages of PostgreSQL, pgBackRest, the tools of the scripts,
and all their dependencies at today's versions, downloaded and verified by apt; and the package onboard-database, made from
this tree's build and the scripts in this folder. On the instance the set is an apt repository, from which apt installs
what the machine image lacks and upgrades what is older.

The file is FOLDER/<its SHA-256>/packages.tar. The hash is also the last part of the S3 prefix, a parameter of the stack,
so an instance accepts only the set that was deployed. The same tree and the same archive yield the same file.

The set is for the architecture of this system, which must be Debian 12, because it includes this tree's build. With
--json, standard output is an object: path, sha256, prefix, bytes, architecture, packages.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[2]
SUITE = "bookworm"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
# The time of every file in the set: the result must not depend on the clock.
EPOCH = 315532800

# What the extension, the command line and the scripts need; apt adds their dependencies.
DEPENDENCIES = ["postgresql-15", "libpq5", "libcsv3", "libcjson1", "libuchardet0", "libxlsxwriter4", "libexpat1", "libminizip1",
                "zlib1g", "libutf8proc2", "libssl3", "pgbackrest", "awscli", "jq", "openssl", "e2fsprogs", "util-linux",
                "logrotate"]
SCRIPTS = ["first_start.sh", "maintenance.sh", "restore.sh", "status.sh"]
PARTS = ["common.sh", "volume.sh", "secrets.sh", "certificate.sh", "backup.sh", "cluster.sh", "roles.sh", "roles.sql",
         "postgresql.conf"]
UNITS = {
    "onboard-database.service": "onboard-database.service",
    "onboard-maintenance.service": "onboard-maintenance.service",
    "onboard-maintenance.timer": "onboard-maintenance.timer",
    "postgresql-restart.conf": "postgresql@.service.d/onboard.conf",
}


def run(*command: str | Path, **environment: str) -> str:
    """Run a command, showing its errors, and return its output."""
    return subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **environment}).stdout


def download(work: Path, packages: Path, archive: str, security: str, architecture: str) -> None:
    """Download DEPENDENCIES and all that they depend on into the folder packages.

    apt resolves them for a system on which nothing is installed, because the contents of machine images change.
    """
    state = work / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    (state / "sources.list").write_text("".join(
        f"deb [signed-by={KEYS}] {url} {suite} main\n"
        for url, suite in ((archive, SUITE), (archive, f"{SUITE}-updates"), (security, f"{SUITE}-security"))))
    settings = {
        "Dir::Etc::SourceList": str(state / "sources.list"), "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null", "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State": str(state), "Dir::State::Lists": str(state / "lists"), "Dir::State::Status": str(state / "status"),
        "Dir::Cache": str(state / "cache"), "APT::Architecture": architecture, "APT::Architectures": architecture,
        "APT::Sandbox::User": "",
    }
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    run("apt-get", "--quiet", "--quiet", *options, "update")
    run("apt-get", "--quiet", "--quiet", *options, "--yes", "--no-install-recommends", "--download-only",
        "install", *DEPENDENCIES)
    for package in (state / "cache" / "archives").glob("*.deb"):
        # A colon, which apt writes as %3a, is awkward in the names of a repository.
        shutil.move(package, packages / package.name.replace("%3a", "_"))


def folder_hash(folder: Path) -> str:
    """Return a hash of the names, modes and contents below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        digest.update(f"{path.relative_to(folder)} {path.lstat().st_mode:o} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def build_package(work: Path, packages: Path, architecture: str) -> None:
    """Make the package onboard-database from this tree's build and this folder."""
    root = work / "onboard-database"
    run("make", "-s", "-C", TREE, "install", f"DESTDIR={root}", "prefix=/usr")
    # The functions run from an image.
    shutil.rmtree(root / "usr/lib/onboard")
    library = root / "usr/lib/onboard-database"
    library.mkdir()
    for name in SCRIPTS + PARTS:
        shutil.copyfile(HERE / name, library / name)
        (library / name).chmod(0o755 if name in SCRIPTS else 0o644)
    for name, place in UNITS.items():
        unit = root / "lib/systemd/system" / place
        unit.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE / name, unit)
        unit.chmod(0o644)
    version = next(line.split("'")[1] for line in (TREE / "onboard.control").read_text().splitlines()
                   if line.startswith("default_version"))
    control = root / "DEBIAN/control"
    control.parent.mkdir()
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
    # The hash gives each build a version of its own.
    control.write_text(
        f"Package: onboard-database\nVersion: {version}+{folder_hash(root)[:12]}\nArchitecture: {architecture}\n"
        f"Maintainer: onboard\nDepends: {', '.join(DEPENDENCIES)}\n"
        "Description: onboard's extension, command line, and the scripts of its database instance\n")
    control.chmod(0o644)
    run("dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, packages, SOURCE_DATE_EPOCH=str(EPOCH))


def write_indexes(packages: Path) -> list[str]:
    """Write the repository's index and the list of checksums; return the names and versions of the packages."""
    entries = []
    names = []
    for package in sorted(packages.glob("*.deb")):
        control = run("dpkg-deb", "--field", package).rstrip("\n")
        fields = dict(line.split(": ", 1) for line in control.splitlines() if ": " in line and not line.startswith(" "))
        names.append(f"{fields['Package']} {fields['Version']}")
        digest = hashlib.sha256(package.read_bytes()).hexdigest()
        entries.append(f"{control}\nFilename: ./{package.name}\nSize: {package.stat().st_size}\nSHA256: {digest}\n")
    (packages / "Packages").write_text("\n".join(entries))
    shutil.copyfile(HERE / "install_packages.sh", packages / "install_packages.sh")
    (packages / "SHA256SUMS").write_text("".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(packages.iterdir())))
    return names


def pack(packages: Path, file: Path) -> None:
    """Pack the folder into a tar file without compression, since its packages are compressed."""
    def clean(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mtime = EPOCH
        entry.mode = 0o755 if entry.name.endswith(".sh") else 0o644
        return entry

    with tarfile.open(file, "w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(packages.iterdir()):
            archive.add(path, path.name, filter=clean)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the package set of the database's instance.")
    parser.add_argument("--output", type=Path, default=TREE / "build/deploy/packages")
    parser.add_argument("--archive", default="http://deb.debian.org/debian")
    parser.add_argument("--security", default="http://deb.debian.org/debian-security")
    parser.add_argument("--json", action="store_true", help="print the result, with the list of packages, as JSON")
    options = parser.parse_args()
    if f"VERSION_CODENAME={SUITE}" not in Path("/etc/os-release").read_text().splitlines():
        sys.exit(f"The set includes this tree's build, so it must be made on Debian {SUITE}.")
    architecture = run("dpkg", "--print-architecture").strip()
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.output) as temporary:
        work = Path(temporary)
        packages = work / "packages"
        packages.mkdir()
        download(work, packages, options.archive, options.security, architecture)
        build_package(work, packages, architecture)
        names = write_indexes(packages)
        pack(packages, work / "packages.tar")
        with open(work / "packages.tar", "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        path = options.output / digest / "packages.tar"
        path.parent.mkdir(exist_ok=True)
        (work / "packages.tar").replace(path)
    size = path.stat().st_size
    if options.json:
        print(json.dumps({"path": str(path), "sha256": digest, "prefix": f"database/{digest}/", "bytes": size,
                          "architecture": architecture, "packages": names}, indent=1))
    else:
        print(f"{path}: {len(names)} packages for {architecture}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
