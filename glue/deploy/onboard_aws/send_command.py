"""send: upload a file in a vendor's place, unless the pipeline would refuse it anyway."""

import os
import re
from argparse import Namespace
from datetime import datetime, timezone

from .command import FILE_SUFFIXES, VENDOR_ID, Command
from .errors import CommandError, refused, usage
from .functions import Operator
from .upload_form import max_file_bytes, prefix_of
from .vendor_command import find_vendor

# A name that contains its vendor, as the parser reads it: VENDOR_YYYYMMDD_HHMMSS and an ending.
NAMED = re.compile(rf"({VENDOR_ID.pattern})_\d{{8}}_\d{{6}}({'|'.join(map(re.escape, FILE_SUFFIXES))})+", re.IGNORECASE)
# The name that asks for no map, even if the vendor has a default map.
NO_MAP = "none"
# S3's limit of a key.
MOST_KEY_BYTES = 1024
# First bytes of documents that are sent by mistake.
NOT_TEXT = {b"\xd0\xcf\x11\xe0": "an old Excel file, or one with a password", b"%PDF": "a PDF"}


def check_name(name: str, vendor_id: str) -> None:
    """Refuse a name under which the pipeline would not treat the file as this vendor's."""
    if not name.strip() or "/" in name or re.search(r"[\x00-\x1f\x7f]", name):
        raise refused("FILE_NAME_INVALID", f"the file cannot be sent under this name: {name!r}", "Use --file-name.")
    if len((prefix_of(vendor_id) + name).encode()) > MOST_KEY_BYTES:
        raise refused("FILE_NAME_INVALID", "the file's name is too long for S3", "Use --file-name.")
    match = NAMED.fullmatch(name)
    if match and match[1] != vendor_id:
        raise refused("OTHER_VENDOR", f'file "{name}" is named after vendor {match[1]}, not {vendor_id}',
                      "Check the vendor, or use --file-name.")


def check_content(path: str) -> int:
    """Refuse a file that is unreadable, empty or a document of another kind; return its size in bytes."""
    try:
        with open(path, "rb") as file:
            size, begin = os.fstat(file.fileno()).st_size, file.read(4)
    except OSError as error:
        problem = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise CommandError("file", "UNREADABLE_FILE", f'file "{path}" {problem}') from error
    if size == 0:
        raise CommandError("file", "EMPTY_FILE", f'file "{path}" is empty')
    kind = next((kind for magic, kind in NOT_TEXT.items() if begin.startswith(magic)), "")
    if kind:
        raise CommandError("file", "NOT_TEXT", f'file "{path}" is {kind}', "Save it as .xlsx or CSV.")
    return size


def check_size(command: Command, path: str, size: int, map_name: str) -> None:
    """Refuse a file over the limit of the functions; only they can read whether a map sets a larger one."""
    largest = max_file_bytes(command.aws, command.outputs)
    if not largest or size <= largest:
        return
    if map_name:
        command.output.note(f'file "{path}" has {size} bytes; the pipeline accepts {largest}, '
                            f'unless map "{map_name}" sets a larger max_bytes')
        return
    raise CommandError("file", "FILE_TOO_LARGE", f'file "{path}" has {size} bytes; the pipeline accepts {largest}',
                       "Split it, raise MAX_FILE_BYTES of the functions, or name a map that sets a larger max_bytes.")


def metadata(options: Namespace) -> dict[str, str]:
    """Return the object's metadata that sets how it is read and its rows applied."""
    values = {"onboard-mode": options.mode, "onboard-match": options.match, "onboard-blank": options.blank,
              "onboard-encoding": options.encoding, "onboard-map": options.map}
    if options.as_of:
        try:
            # A time without a zone is local, as for the program onboard.
            values["onboard-as-of"] = datetime.fromisoformat(options.as_of).astimezone(timezone.utc).isoformat()
        except (ValueError, OverflowError) as error:
            raise usage(f"--as-of takes a time such as 2026-11-28T12:30:00Z, not {options.as_of!r}") from error
    return {name: value for name, value in values.items() if value}


def run(command: Command) -> int:
    settings = metadata(command.options)
    vendor_id, path, aws, outputs = command.vendor_id, command.options.file, command.aws, command.outputs
    name = command.options.file_name or os.path.basename(path)
    check_name(name, vendor_id)
    size = check_content(path)
    vendor = find_vendor(Operator(aws, outputs), vendor_id)
    if vendor["status"] != "active":
        raise refused("VENDOR_NOT_ACTIVE", f"vendor {vendor_id} is {vendor['status']}")
    map_name = command.options.map or vendor["default_map"] or NO_MAP
    check_size(command, path, size, "" if map_name == NO_MAP else map_name)
    key = prefix_of(vendor_id) + name
    with open(path, "rb") as file:
        answer = aws.write(f"put {path} to s3://{outputs['BucketName']}/{key}", "s3", "put_object",
                           Bucket=outputs["BucketName"], Key=key, Body=file, Metadata=settings)
    if answer:
        version = answer.get("VersionId")
        command.output.document.update(bucket=outputs["BucketName"], key=key, version_id=version)
        command.output.line(f"{path} is in the bucket as {key}" + (f", version {version}" if version else ""))
        system = "" if command.stack == "onboard" else f" --stack {command.stack}"
        command.output.line(f"Follow it with: onboard-aws trace '{key}'{system}")
    return 0
