"""What every command receives: its options, its output, the account, and the stacks of the system."""

import argparse
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Callable

from .calls import Aws
from .errors import usage
from .output import Output
from .stacks import POLL_SECONDS, Outputs, StackNames, read_outputs

VENDOR_ID = re.compile(r"[A-Za-z0-9-]{1,50}")
# A bucket's name contains it, together with account and region.
STACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,34}")

# Where vendors put their files: UPLOAD_PREFIX of the functions.
UPLOAD_PREFIX = "uploads/"
# Endings of their file names: FORMAT_ENDINGS of glue/reader/formats.h.
FILE_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".gz", ".zip")


@dataclass
class Command:
    """One run of a command."""

    options: argparse.Namespace
    output: Output
    aws: Aws
    poll_seconds: float = field(default=POLL_SECONDS)

    @property
    def stack(self) -> str:
        name = str(self.options.stack)
        if not STACK_NAME.fullmatch(name):
            raise usage(f'invalid stack name "{name}"',
                        "It must be a lower-case letter, followed by up to 34 lower-case letters, digits and hyphens.")
        return name

    @property
    def names(self) -> StackNames:
        return StackNames(self.stack)

    @cached_property
    def outputs(self) -> Outputs:
        """The outputs of the pipeline's stack."""
        return read_outputs(self.aws, self.stack)

    @property
    def vendor_id(self) -> str:
        vendor = str(self.options.vendor)
        if not VENDOR_ID.fullmatch(vendor):
            raise usage(f'invalid vendor id "{vendor}"', "It must be up to 50 letters, digits and hyphens.")
        return vendor


Run = Callable[[Command], int]
