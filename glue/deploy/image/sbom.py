"""The bill of materials (SBOM): the program and Debian's packages in the image, as an SPDX 2.3 document."""

import hashlib
import json
import re
import uuid
from typing import Any
from urllib.parse import quote

from packages import Package

DOCUMENT, IMAGE, PROGRAM = "SPDXRef-DOCUMENT", "SPDXRef-Image", "SPDXRef-onboard"


def _package(identifier: str, name: str, version: str, **members: Any) -> dict[str, Any]:
    return {"SPDXID": identifier, "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION", **members}


def _debian_package(package: Package, release: str) -> dict[str, Any]:
    version = quote(package.version, safe="")
    locator = f"pkg:deb/debian/{quote(package.name, safe='')}@{version}?arch={package.architecture}&distro=debian-{release}"
    comments = {} if package.licence else {
        "licenseComments": f"See /usr/share/doc/{package.name}/copyright in the image."}
    return _package(
        identifier(package), package.name, package.version, primaryPackagePurpose="LIBRARY",
        supplier="Organization: Debian", sourceInfo=f"built from {package.source} {package.source_version}",
        licenseDeclared=package.licence or "NOASSERTION", **comments,
        externalRefs=[{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}])


def identifier(package: Package) -> str:
    """Return the name of the package within the document, which allows letters, digits, dots and hyphens only."""
    return "SPDXRef-Debian-" + re.sub(r"[^A-Za-z0-9.-]", "-", package.name)


def bill_of_materials(packages: list[Package], *, program: bytes, version: str, licence: str, architecture: str,
                      release: str, created: str) -> bytes:
    """Return the document.  `release` is Debian's, `created` a time in UTC, YYYY-MM-DDThh:mm:ssZ."""
    name = f"onboard-{version}-{architecture}"
    described = [_package(IMAGE, name, version, primaryPackagePurpose="CONTAINER"),
                 _package(PROGRAM, "onboard", version, primaryPackagePurpose="APPLICATION", licenseDeclared=licence,
                          checksums=[{"algorithm": "SHA256", "checksumValue": hashlib.sha256(program).hexdigest()}])]
    described += [_debian_package(package, release) for package in packages]
    contained = [PROGRAM, *map(identifier, packages)]
    related = [(DOCUMENT, "DESCRIBES", IMAGE), *((IMAGE, "CONTAINS", other) for other in contained)]
    # Documents have the same name if and only if they have the same contents.
    unique = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([created, described], sort_keys=True))
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": name,
        "documentNamespace": f"https://spdx.org/spdxdocs/{name}-{unique}",
        "creationInfo": {"created": created, "creators": [f"Tool: onboard-make_image-{version}"]},
        "packages": described,
        "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
                          for one, kind, other in related],
    }
    return json.dumps(document, indent=1, ensure_ascii=True).encode() + b"\n"
