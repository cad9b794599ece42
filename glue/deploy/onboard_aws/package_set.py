"""The package set of the database's instance: one tar file, which goes into the artifact bucket.

The instance has no route to the internet, so it installs from there. The prefix contains the file's SHA-256, which the
instance verifies: the same set is uploaded only once, and an instance never installs another.
"""

import hashlib
import os
import re
from dataclasses import dataclass

from .calls import Aws, AwsError
from .errors import refused

FILE = "packages.tar"


@dataclass(frozen=True)
class PackageSet:
    """A package set on this machine."""

    path: str
    sha256: str

    @property
    def prefix(self) -> str:
        return f"database/{self.sha256}/"


def read_package_set(folder: str) -> PackageSet:
    """Return the newest set in a folder, where each is SHA-256/packages.tar; verify it."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    paths = {os.path.join(folder, name, FILE): name for name in names if re.fullmatch("[0-9a-f]{64}", name)}
    present = [path for path in paths if os.path.isfile(path)]
    if not present:
        raise refused("NO_PACKAGES", f"there is no package set in {folder}",
                      "Make it with make packages, or name its folder with --packages.")
    path = max(present, key=os.path.getmtime)
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != paths[path]:
        raise refused("PACKAGES_INVALID", f"{path} does not match its folder's name", "Make it again with make packages.")
    return PackageSet(path, found)


def upload_package_set(aws: Aws, bucket: str, packages: PackageSet) -> str:
    """Upload the set unless the bucket has it; return its prefix."""
    key, size = packages.prefix + FILE, os.path.getsize(packages.path)
    if not aws.may_write(f"upload {packages.path} to {bucket}/{key}, unless it exists"):
        return packages.prefix
    try:
        present = aws.read("s3", "head_object", Bucket=bucket, Key=key)["ContentLength"] == size
    except AwsError as error:
        if error.code not in ("404", "NoSuchKey"):
            raise
        present = False
    if present:
        aws.output.note(f"the package set is in the bucket as {key}")
    else:
        aws.output.note(f"upload the package set, {size / 1e6:.0f} MB, to {key}")
        with open(packages.path, "rb") as file:
            aws.write(f"upload {key}", "s3", "put_object", Bucket=bucket, Key=key, Body=file)
    return packages.prefix
