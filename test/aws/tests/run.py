"""Run the tests of this folder, or those of the given files, and print TAP.

    run.py [FILE ...]       all test_*.py by default
"""

import os
import sys
import time
import traceback
import unittest
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
CHECKS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(HERE))), "glue", "deploy", "checks")
sys.path[:0] = [os.path.dirname(HERE), HERE, CHECKS]


class TapResult(unittest.TestResult):
    """One line per test; errors follow as comments."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.failed = 0

    def say(self, test: unittest.TestCase, trouble: str = "", note: str = "") -> None:
        self.count += 1
        self.failed += bool(trouble)
        module = type(test).__module__.removeprefix("test_")
        name = test.shortDescription() or test.id().rpartition(".")[2].removeprefix("test_").replace("_", " ")
        print(f"{'not ok' if trouble else 'ok'} {self.count} - {module}: {name}{note}", flush=True)
        for line in trouble.splitlines():
            print(f"#   {line}", flush=True)
        seconds = time.monotonic() - self.began
        if seconds > 3:
            print(f"#   took {seconds:.1f} s", flush=True)

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.began = time.monotonic()
        self.troubles: list[str] = []

    def addSubTest(self, test: Any, subtest: Any, error: Any) -> None:
        if error is not None:
            self.troubles.append(f"{subtest}\n{''.join(traceback.format_exception(*error))}")

    def addSuccess(self, test: unittest.TestCase) -> None:
        pass

    def addError(self, test: Any, error: Any) -> None:
        self.troubles = [*getattr(self, "troubles", []), "".join(traceback.format_exception(*error))]
        if not isinstance(test, unittest.TestCase):
            # The setup of a class or a module failed: none of its tests ran.
            self.count += 1
            self.failed += 1
            print(f"not ok {self.count} - {test}\n# " + "\n# ".join(self.troubles[-1].splitlines()), flush=True)

    def addFailure(self, test: Any, error: Any) -> None:
        self.addError(test, error)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self.say(test, note=f" # SKIP {reason}")
        self.skipped_now = True

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        if self.__dict__.pop("skipped_now", False):
            return
        self.say(test, "\n".join(self.troubles))


def main() -> int:
    sys.path[:0] = sorted({os.path.dirname(os.path.abspath(name)) for name in sys.argv[1:]} - {HERE})
    names = [os.path.basename(name).removesuffix(".py") for name in sys.argv[1:]]
    names = names or sorted(name[:-3] for name in os.listdir(HERE) if name.startswith("test_") and name.endswith(".py"))
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    print(f"1..{suite.countTestCases()}", flush=True)
    start = time.monotonic()
    result = TapResult()
    suite.run(result)
    print(f"# {result.count} tests, {result.failed} failed, {time.monotonic() - start:.1f} s")
    return 1 if result.failed or result.count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
