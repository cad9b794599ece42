"""Wait until a state is reached, with a limit that only a hang reaches.

No test requires anything to happen sooner, because the machine may be busy.  The Perl tests use the same limit, set
for all of them in test/environment.sh.
"""

import os
import time
from typing import Callable, Iterator

HANG_SECONDS = float(os.environ.get("PG_TEST_TIMEOUT_DEFAULT") or 900)
PAUSE_SECONDS = 0.05


def wait_until(reached: Callable[[], object], what: str = "", pause: float = PAUSE_SECONDS) -> None:
    """Check a condition repeatedly until it is true; raise AssertionError if it never is."""
    end = time.monotonic() + HANG_SECONDS
    while not reached():
        if time.monotonic() > end:
            raise AssertionError(f"not reached in {HANG_SECONDS:.0f} s: {what or 'the state waited for'}")
        time.sleep(pause)


def deadlines(seconds: float) -> Iterator[float]:
    """Yield deadlines, each twice the last: for a function that must reach some point and then run out of time."""
    while seconds < HANG_SECONDS:
        yield seconds
        seconds *= 2
    raise AssertionError(f"not reached with {HANG_SECONDS:.0f} s to work in")
