"""Start of the program: options, the command, and how it ends."""

import signal
import sys
from types import FrameType
from typing import Any, Sequence, TextIO

from .calls import Aws
from .command import Command
from .errors import INFRASTRUCTURE, CommandError, infrastructure
from .options import make_parser
from .output import Output
from .stacks import POLL_SECONDS


def report(output: Output, error: CommandError) -> int:
    output.document["error"] = error.document()
    output.error(error.message, error.hint)
    output.end()
    return error.exit_code


def main(arguments: Sequence[str], stdout: TextIO | None = None, stderr: TextIO | None = None,
         poll_seconds: float = POLL_SECONDS, session: Any = None) -> int:
    """Run a command line and return the exit code.

    `poll_seconds` is the time between polls of a stack. Without --region and --profile, boto3's `session` is used, if
    given, because creating one takes long.
    """
    # Usage errors are reported as JSON as well, before the options are known.
    output = Output("--json" in arguments, stdout, stderr)
    try:
        options = make_parser().parse_args(arguments)
        shared = None if options.region or options.profile else session
        aws = Aws(output, options.region, options.profile, options.dry_run, shared)
        code = int(options.entry.run(Command(options, output, aws, poll_seconds)))
    except CommandError as error:
        return report(output, error)
    except KeyboardInterrupt:
        return report(output, infrastructure(
            "INTERRUPTED", "interrupted", "What AWS has started continues there; run the same command again to resume."))
    except OSError as error:
        return report(output, infrastructure("SYSTEM_ERROR", f"{error.filename or 'system'}: {error.strerror or error}"))
    if aws.dry_run:
        output.document["would"] = aws.skipped
    output.end()
    return code


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run() -> None:
    """Run the program onboard-aws."""
    signal.signal(signal.SIGTERM, interrupt)
    try:
        code = main(sys.argv[1:])
    except BrokenPipeError:
        # The reader of our output is gone, for example head.
        sys.stderr.close()
        code = INFRASTRUCTURE
    sys.exit(code)
