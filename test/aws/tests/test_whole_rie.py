"""The program under AWS's own runtime interface emulator, which is what Lambda's base images are tried with."""

import json
import os
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from whole import BOOTSTRAP, ENVIRONMENT, ROOT

PROGRAM = os.environ.get("ONBOARD_TEST_RIE") or os.path.join(ROOT, "build", "aws-lambda-rie")
PATH = "/2015-03-31/functions/function/invocations"
SECONDS = 15.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@unittest.skipUnless(os.access(PROGRAM, os.X_OK), "aws-lambda-rie is not there; test/aws/make_rie.sh builds it")
class RuntimeInterfaceEmulatorTest(unittest.TestCase):
    def start(self, *arguments: str, handler: str = "") -> None:
        self.port = free_port()
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.secret = os.path.join(self.folder, "secret")
        environment = {**ENVIRONMENT, "PATH": os.environ["PATH"], "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIAEMULATED",
                       "DATABASE_SECRET_FILE": self.secret, "DATABASE_FAILURES": "1000", "_HANDLER": handler}
        self.log = self.enterContext(open(os.path.join(self.folder, "log"), "w+", encoding="utf-8"))
        process = subprocess.Popen(
            [PROGRAM, "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}", "--runtime-api-address",
             f"127.0.0.1:{free_port()}", BOOTSTRAP, *arguments], env=environment, stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log, cwd="/")
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def invoke(self, event: object) -> dict[str, object]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{PATH}", json.dumps(event).encode())
        end = time.monotonic() + SECONDS
        while True:
            try:
                with urllib.request.urlopen(request, timeout=SECONDS) as reply:
                    answer: dict[str, object] = json.loads(reply.read())
                    return answer
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def test_it_is_initialised_invoked_again_and_again_and_its_errors_are_told(self) -> None:
        self.start("check")
        for content, code in (("not json", "SECRET_INVALID"), ("{}", "SECRET_INVALID"), (json.dumps({
                "host": "/nowhere", "dbname": "d", "username": "u", "password": "planted"}), "08001")):
            with self.subTest(code), open(self.secret, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                answer = self.invoke({})
                self.assertTrue(str(answer["errorMessage"]).startswith(f"{code}:"), answer)
                self.assertRegex(str(answer["errorType"]), r"^Function\.[A-Z][A-Za-z]+$")
        self.log.seek(0)
        self.assertNotIn("planted", self.log.read())


if __name__ == "__main__":
    unittest.main()
