"""Debian's packages: which one a file belongs to, and its metadata."""

import re
import subprocess
from dataclasses import dataclass

FIELDS = ("Package", "Version", "Architecture", "Maintainer", "source:Package", "source:Version")

# Names of licences in Debian's copyright files that differ from those of SPDX.
SPDX_NAMES = {"expat": "MIT", "openldap-2.8": "OLDAP-2.8", "zlib": "Zlib", "bsd-3-clause": "BSD-3-Clause",
              "bsd-2-clause": "BSD-2-Clause", "apache-2": "Apache-2.0", "curl": "curl", "mit": "MIT", "isc": "ISC",
              "postgresql": "PostgreSQL", "apache-2.0": "Apache-2.0", "mpl-2.0": "MPL-2.0"}


@dataclass(frozen=True)
class Package:
    """An installed package.  `licence` is an SPDX expression, or empty if its copyright file does not say so clearly."""

    name: str
    version: str
    architecture: str
    maintainer: str
    source: str
    source_version: str
    licence: str


def find_packages(paths: list[str]) -> tuple[list[Package], list[str]]:
    """Return the packages that files belong to, by name, and the files without one."""
    names: set[str] = set()
    strangers = []
    owners = _owners(paths)
    for path in paths:
        # Debian 12 lists many files by the paths that they had before /bin, /lib and /sbin became links.
        owner = owners.get(path) or owners.get(path.removeprefix("/usr"))
        if owner:
            names.add(owner)
        else:
            strangers.append(path)
    return [_describe(name) for name in sorted(names)], strangers


def _owners(paths: list[str]) -> dict[str, str]:
    wanted = sorted({*paths, *(path.removeprefix("/usr") for path in paths)})
    # dpkg-query fails if any path is unknown, as one of each pair is.
    found = subprocess.run(["dpkg-query", "--search", "--", *wanted], check=False, capture_output=True, text=True)
    pairs = (line.rpartition(": ") for line in found.stdout.splitlines() if not line.startswith("diversion "))
    return {path: owner for owner, _, path in pairs}


def _describe(owner: str) -> Package:
    form = "\n".join(f"${{{field}}}" for field in FIELDS)
    shown = subprocess.run(["dpkg-query", "--show", f"--showformat={form}", owner], check=True, capture_output=True,
                           text=True)
    name, version, architecture, maintainer, source, source_version = shown.stdout.split("\n")
    return Package(name, version, architecture, maintainer, source, source_version,
                   declared_licence(f"/usr/share/doc/{name}/copyright"))


def declared_licence(path: str) -> str:
    """Return the licence of the package as a whole, "Files: *", as an SPDX expression, or an empty text."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except FileNotFoundError:
        return ""
    if not re.match(r"Format: \S*copyright-format/1\.0", text):
        return ""
    for paragraph in re.split(r"\n\s*\n", text):
        licence = re.search(r"^License: *(\S.*)$", paragraph, re.MULTILINE)
        if re.search(r"^Files: *\*\s*$", paragraph, re.MULTILINE) and licence:
            return spdx_expression(licence[1])
    return ""


def spdx_expression(text: str) -> str:
    """Return the licence in a copyright file as an SPDX expression, or an empty text if a name in it is unknown."""
    names = []
    for name in re.split(r" or ", text.strip()):
        known = SPDX_NAMES.get(name.lower(), "")
        version = re.fullmatch(r"(L?GPL)-(\d)(\.\d)?(\+?)", name)
        if version:
            family, major, minor, later = version.groups()
            known = f"{family}-{major}{minor or '.0'}-{'or-later' if later else 'only'}"
        if not known:
            return ""
        names.append(known)
    return " OR ".join(names)


def status_document(package: Package) -> bytes:
    """Return the entry of the package in dpkg's database, for scanners of images without dpkg."""
    fields = {"Package": package.name, "Status": "install ok installed", "Maintainer": package.maintainer,
              "Architecture": package.architecture, "Source": f"{package.source} ({package.source_version})",
              "Version": package.version}
    return "".join(f"{name}: {value}\n" for name, value in fields.items()).encode()
