#!/usr/bin/python3
"""Make the container image of the Lambda functions, without a container engine.

    make_image.py [--program glue/bootstrap] [--output build/image]
    make_image.py --root FOLDER     only write the files of its layers, for the Dockerfile

The output folder, which is replaced, contains:

    oci/                the image in the OCI image layout, with one manifest
    onboard.tar         the same as an archive (oci-archive)
    sbom.spdx.json      the bill of materials
    digest              the digest of the manifest

The image is made from the Debian packages of this system and the program. The same versions of both and the same commit
yield the same digest. In the environment, SOURCE_DATE_EPOCH sets the time of creation, by default that of the commit,
and SOURCE_URL the address of the sources in the labels.
"""

import argparse
import datetime
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import contents
import layout
from sbom import bill_of_materials

# Lambda accepts 10 GB, but the first start of a sandbox waits for every byte that it reads.
SIZE_LIMIT = 25_000_000
ARCHITECTURES = {62: "amd64", 183: "arm64"}
LICENCES = {"postgresql": "PostgreSQL"}
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def architecture_of(program: str) -> str:
    """Return the architecture of an executable, by its name in the OCI specification."""
    with open(program, "rb") as file:
        header = file.read(20)
    machine = struct.unpack_from("<H", header, 18)[0] if header[:4] == b"\x7fELF" else 0
    if machine not in ARCHITECTURES:
        raise contents.ContentError(f"{program} is not an executable for {' or '.join(ARCHITECTURES.values())}")
    return ARCHITECTURES[machine]


def git(*arguments: str) -> str:
    """Return the output of git, or an empty text if this is not a checkout."""
    try:
        done = subprocess.run(["git", "-C", ROOT, *arguments], check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def created_at() -> str:
    """Return the time of the image, which must not depend on the clock."""
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct") or 0)
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def revision() -> str:
    """Return the commit, marked if files differ from it."""
    commit = git("rev-parse", "HEAD")
    return commit + "-dirty" if commit and git("status", "--porcelain", "--untracked-files=no") else commit


def labels(meta: dict[str, str], created: str) -> dict[str, str]:
    """Return the labels, which are also the annotations of the manifest."""
    known = {"title": meta["name"], "description": meta["abstract"], "version": meta["version"], "created": created,
             "licenses": LICENCES[meta["license"]], "revision": revision(), "source": os.environ.get("SOURCE_URL", "")}
    return {f"org.opencontainers.image.{name}": value for name, value in known.items() if value}


def debian_release() -> str:
    with open("/etc/os-release", encoding="utf-8") as file:
        release = re.search(r'^VERSION_ID="?([^"\n]+)', file.read(), re.MULTILINE)
    return release[1] if release else "unknown"


def replace_folder(made: str, folder: str) -> None:
    """Put a complete folder in the place of an earlier one."""
    os.chmod(made, 0o755)
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(made, folder)


def build(program: str, output: str, root: str | None) -> None:
    architecture = architecture_of(program)
    with open(os.path.join(ROOT, "META.json"), encoding="utf-8") as file:
        meta = json.load(file)
    created = created_at()
    system, packages = contents.system_layer(program)
    with open(program, "rb") as binary:
        bill = bill_of_materials(packages, program=binary.read(), version=meta["version"],
                                 licence=LICENCES[meta["license"]], architecture=architecture,
                                 release=debian_release(), created=created)
    own = contents.program_layer(program, os.path.join(ROOT, "LICENSE"), bill)
    if root is not None:
        system.write(os.path.join(root, "system"))
        own.write(os.path.join(root, "program"))
        return
    described = labels(meta, created)
    image = layout.make(
        [layout.Layer(system, "make_image.py: Debian packages"), layout.Layer(own, "make_image.py: program")],
        architecture=architecture, created=created, annotations=described, name=meta["version"],
        config={"User": f"{contents.USER}:{contents.GROUP}", "WorkingDir": os.path.dirname(contents.PROGRAM),
                "Entrypoint": [contents.PROGRAM], "Cmd": ["check"], "Labels": described})
    if image.size >= SIZE_LIMIT:
        raise contents.ContentError(f"the image has {image.size} bytes, and the limit is {SIZE_LIMIT}")
    os.makedirs(os.path.dirname(os.path.abspath(output)), exist_ok=True)
    made = tempfile.mkdtemp(prefix=os.path.basename(output) + ".", dir=os.path.dirname(os.path.abspath(output)))
    try:
        layout.write_folder(image, os.path.join(made, "oci"))
        layout.write_archive(image, os.path.join(made, "onboard.tar"))
        for name, content in (("sbom.spdx.json", bill), ("digest", image.digest.encode() + b"\n")):
            with open(os.path.join(made, name), "wb") as file:
                file.write(content)
        replace_folder(made, output)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    print(f"{output}: onboard {meta['version']} for {architecture}, {len(packages)} packages, "
          f"{image.size / 1e6:.1f} MB compressed\n{image.digest}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the container image of the Lambda functions.")
    parser.add_argument("--program", default=os.path.join(ROOT, "glue", "bootstrap"), help="the executable bootstrap")
    parser.add_argument("--output", default=os.path.join(ROOT, "build", "image"), help="folder to replace")
    parser.add_argument("--root", metavar="FOLDER", help="only write the files of the layers here")
    options = parser.parse_args()
    try:
        build(options.program, options.output, options.root)
    except (contents.ContentError, OSError, subprocess.CalledProcessError) as error:
        print(f"make_image.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
