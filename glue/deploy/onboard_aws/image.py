"""The functions' image: reading its OCI layout, and pushing it to ECR with skopeo.

Lambda accepts only a single manifest, so a layout with an index of several is refused before Lambda does so. The image
is named by its digest, so what runs is what was built.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Any

from .calls import Aws, AwsError
from .errors import infrastructure, refused
from .stacks import Outputs
from .version import VERSION

# Architectures in the words of the OCI, and in Lambda's.
ARCHITECTURES = {"amd64": "x86_64", "arm64": "arm64"}

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Image:
    """An image in a folder on this machine."""

    folder: str
    digest: str
    architecture: str

    @property
    def tag(self) -> str:
        return f"{VERSION}-{self.digest.removeprefix('sha256:')[:12]}"


def read_image(folder: str) -> Image:
    """Read which image a folder with an OCI layout contains."""
    try:
        with open(os.path.join(folder, "index.json"), encoding="utf-8") as file:
            manifests = json.load(file)["manifests"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise refused("NO_IMAGE", f"there is no image in {folder}",
                      "Build it with make image, or name its folder with --image.") from error
    if len(manifests) != 1 or manifests[0].get("mediaType") != MANIFEST:
        raise refused("IMAGE_INVALID", f"{folder} does not contain exactly one image manifest, as Lambda requires",
                      "Build it with make image.")
    digest = str(manifests[0].get("digest"))
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise refused("IMAGE_INVALID", f"{folder} names no digest of its image", "Build it with make image.")
    return Image(folder, digest, read_architecture(folder, digest))


def read_architecture(folder: str, digest: str) -> str:
    """Return the architecture of an image, in Lambda's words."""
    try:
        config = read_blob(folder, read_blob(folder, digest)["config"]["digest"])
        return ARCHITECTURES[config["architecture"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise refused("IMAGE_INVALID", f"{folder} does not name an architecture that Lambda has",
                      "Build it with make image.") from error


def read_blob(folder: str, digest: str) -> dict[str, Any]:
    """Return a document of an OCI layout."""
    with open(os.path.join(folder, "blobs", *digest.split(":")), encoding="utf-8") as file:
        document: dict[str, Any] = json.load(file)
    return document


def is_pushed(aws: Aws, repository: str, image: Image) -> bool:
    try:
        aws.read("ecr", "describe_images", repositoryName=repository, imageIds=[{"imageDigest": image.digest}])
    except AwsError as error:
        if error.code in ("ImageNotFoundException", "RepositoryNotFoundException"):
            return False
        raise
    return True


def skopeo_path() -> str:
    path = shutil.which("skopeo")
    if path is None:
        raise refused("NO_SKOPEO", "skopeo is not installed, so the image cannot be pushed",
                      "Install it: apt-get install skopeo.")
    return path


def push_image(aws: Aws, outputs: Outputs, image: Image) -> str:
    """Push the image unless the repository has it; return the URI for Lambda, by digest."""
    repository, uri = outputs["RepositoryName"], outputs["RepositoryUri"]
    by_digest = f"{uri}@{image.digest}"
    if not aws.dry_run and is_pushed(aws, repository, image):
        aws.output.note(f"image {image.digest[:19]} is in the repository")
        return by_digest
    if aws.may_write(f"push image {image.digest} to {uri}"):
        aws.output.note(f"push image {image.digest[:19]} to {uri}")
        token = aws.read("ecr", "get_authorization_token")["authorizationData"][0]["authorizationToken"]
        run_skopeo(image, f"docker://{uri}:{image.tag}", uri.partition("/")[0], token)
        if not is_pushed(aws, repository, image):
            raise infrastructure("DIGEST_CHANGED", "the repository does not have the image under its digest",
                                 "Run the same command again.")
    return by_digest


def run_skopeo(image: Image, target: str, registry: str, token: str) -> None:
    """Copy the image; the token is passed in a file that only this user can read, because others can read a command line."""
    with tempfile.TemporaryDirectory(prefix="onboard-aws-") as folder:
        path = os.path.join(folder, "auth.json")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump({"auths": {registry: {"auth": token}}}, file)
        done = subprocess.run([skopeo_path(), "copy", "--quiet", "--preserve-digests", "--authfile", path,
                               f"oci:{image.folder}", target], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        line = (done.stderr.strip().splitlines() or ["no message"])[-1]
        message = re.search(r'msg="(.*)"$', line)
        raise infrastructure("PUSH_FAILED", f"the image could not be pushed: {message[1] if message else line}",
                             "Run the same command again.")
