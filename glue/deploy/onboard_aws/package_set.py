"""The package set of the database's instance: uploading it into the artefact bucket.

The instance has no way to the internet, so it installs from there.  The prefix is named after the contents: the same
set is uploaded once, and an instance never sees a mixture of two.
"""

import hashlib
import os

from .calls import Aws
from .errors import refused


def list_files(folder: str) -> list[str]:
    """Return the paths of all files below a folder, relative to it."""
    found = [os.path.relpath(os.path.join(base, name), folder) for base, _, names in os.walk(folder) for name in names]
    if not found:
        raise refused("NO_PACKAGES", f"there is no package set in {folder}",
                      "Make it as glue/deploy/database/README.md says, or name its folder with --packages.")
    return sorted(found)


def set_prefix(folder: str, files: list[str]) -> str:
    """Return the prefix of a set: the hash of its files' names and contents."""
    sums = hashlib.sha256()
    for name in files:
        with open(os.path.join(folder, name), "rb") as file:
            sums.update(f"{name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return f"packages/{sums.hexdigest()[:16]}/"


def upload_packages(aws: Aws, bucket: str, folder: str) -> str:
    """Upload what is not there yet; return the prefix."""
    files = list_files(folder)
    prefix = set_prefix(folder, files)
    if aws.dry_run:
        aws.may_write(f"upload {len(files)} files of {folder} to {bucket}/{prefix}")
        return prefix
    present = {entry["Key"]: entry["Size"]
               for entry in aws.pages("s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=prefix)}
    absent = [name for name in files if present.get(prefix + name) != os.path.getsize(os.path.join(folder, name))]
    if not absent:
        aws.output.note(f"the package set is in the bucket as {prefix}")
        return prefix
    aws.output.note(f"upload {len(absent)} files of the package set to {prefix}")
    for number, name in enumerate(absent, 1):
        aws.output.progress(f"{number} of {len(absent)}: {name}")
        with open(os.path.join(folder, name), "rb") as file:
            aws.write(f"upload {name}", "s3", "put_object", Bucket=bucket, Key=prefix + name, Body=file)
    return prefix
