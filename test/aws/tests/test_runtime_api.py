"""Test the emulated Runtime API, with a Python function that follows and breaks its rules on demand."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from typing import Any

import runtime_api
from patience import HANG_SECONDS, wait_until
from runtime_api import RESPONSE_LIMIT, Function, FunctionSettings, Sandbox

BOOTSTRAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "python_bootstrap.py")


class RuntimeApiTest(unittest.TestCase):
    def function(self, handler: str = "handler", environment: dict[str, str] | None = None,
                 kill_after: Any = lambda: None,
                 **settings: Any) -> Function:
        function = Function(FunctionSettings("tested", BOOTSTRAP, handler, **settings), environment or {},
                            kill_after=kill_after)
        self.addCleanup(function.stop)
        return function

    def statuses(self, function: Function) -> list[int]:
        self.assertTrue(function.log.wait_for(lambda line: "statuses" in line))
        return next(record["statuses"] for record in function.log.records() if "statuses" in record)

    def process_state(self, sandbox: Sandbox) -> str:
        with open(f"/proc/{sandbox.process.pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0]

    def test_an_event_is_answered(self) -> None:
        function = self.function(environment={"OWN": "value"}, timeout=20)
        before = time.time()
        result = function.invoke({"text": "ä"})
        self.assertTrue(result.ok, result.error)
        answer = result.payload
        self.assertEqual((answer["event"], answer["handler"], answer["count"]), ({"text": "ä"}, "handler", 1))
        self.assertTrue(before + 19 < int(answer["deadline"]) / 1000 < time.time() + 20)
        self.assertRegex(answer["trace"], r"^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$")
        self.assertEqual(answer["arn"], function.settings.arn)
        environment = answer["environment"]
        self.assertEqual((environment["OWN"], environment["_HANDLER"], environment["AWS_REGION"]),
                         ("value", "", "us-east-1"))
        self.assertNotIn("HOME", environment)

    def test_a_zip_file_has_its_handler_in_the_environment(self) -> None:
        self.assertEqual(self.function("named", image=False).invoke({}).payload["environment"]["_HANDLER"], "named")

    def test_the_process_is_kept_between_invocations(self) -> None:
        function = self.function()
        self.assertEqual([function.invoke({}).payload["count"] for _ in range(3)], [1, 2, 3])
        self.assertEqual(function.cold_starts, 1)
        function.recycle()
        self.assertEqual(function.invoke({}).payload["count"], 1)

    def test_an_error_is_reported(self) -> None:
        result = self.function().invoke({"do": "fail", "type": "Function.Broken"})
        self.assertEqual((result.ok, result.error_type, result.error_message),
                         (False, "Function.Broken", "failed"))

    def test_answers_out_of_order_are_rejected(self) -> None:
        function = self.function()
        result = function.invoke({"do": "wrong"})
        self.assertTrue(result.ok)
        # wrong id, next before an answer, answer, answer again, error after it, init error, no such path
        self.assertEqual(self.statuses(function), [400, 403, 202, 403, 403, 403, 404])
        self.assertTrue(function.invoke({}).ok)

    def test_an_answer_that_is_too_large_ends_the_invocation(self) -> None:
        function = self.function()
        result = function.invoke({"do": "large", "bytes": RESPONSE_LIMIT + 1})
        self.assertEqual(result.error_type, "Function.ResponseSizeTooLarge")
        self.assertEqual(self.statuses(function), [413, 403])
        self.assertEqual(len(function.invoke({"do": "large", "bytes": RESPONSE_LIMIT}).body), RESPONSE_LIMIT)

    def test_chunked_answer_is_read(self) -> None:
        self.assertEqual(self.function().invoke({"do": "chunked"}).payload, {"a": 1})

    def test_exited_process_is_replaced(self) -> None:
        function = self.function()
        for event, message in (({"do": "exit", "code": 7}, "exit status 7"),
                               ({"do": "exit", "code": 0}, "without providing"),
                               ({"do": "kill"}, "signal: kill")):
            with self.subTest(message):
                result = function.invoke(event)
                self.assertEqual(result.error_type, "Runtime.ExitError")
                self.assertIn(message, result.error_message)
                self.assertEqual(function.invoke({}).payload["count"], 1)

    def test_an_answer_counts_even_when_the_process_ends_after_it(self) -> None:
        function = self.function()
        self.assertEqual(function.invoke({"do": "exit-after-response"}).payload, "answered")
        self.assertEqual(function.invoke({}).payload["count"], 1)

    def test_timeout(self) -> None:
        function = self.function(timeout=0.4, grace=0.0)
        result = function.invoke({"do": "wait"})
        self.assertEqual(result.error_type, "Sandbox.Timedout")
        self.assertIn("0.40 seconds", result.error_message)
        function.settings.timeout = HANG_SECONDS
        self.assertEqual(function.invoke({}).payload["count"], 1)

    def test_function_that_does_not_start_in_time_is_killed(self) -> None:
        function = self.function("init-forever", init_timeout=0.4)
        result = function.invoke({})
        self.assertEqual((result.error_type, result.error_message), ("Sandbox.Timedout", "Error: Init timed out"))
        self.assertEqual(function.sandboxes(), [])

    def test_timeout_may_be_announced_but_not_enforced(self) -> None:
        function = self.function(timeout=-1.0)
        before = time.time()
        answer = function.invoke({}).payload
        self.assertLess(int(answer["deadline"]) / 1000, time.time())
        self.assertGreater(int(answer["deadline"]) / 1000, before - 2)

    def test_failures_to_start_are_reported(self) -> None:
        self.assertEqual(self.function("init-error").invoke({}).error_type, "Function.NoDatabase")
        result = self.function("init-exit").invoke({})
        self.assertEqual(result.error_type, "Runtime.ExitError")
        self.assertIn("exit status 3", result.error_message)

    def test_init_error_after_the_start_is_rejected(self) -> None:
        function = self.function("init-late-error")
        function.invoke({})
        self.assertTrue(function.log.wait_for(lambda line: line == "late init error: 403"))

    def test_a_process_is_killed_on_demand(self) -> None:
        delays = iter([0.2, None])
        function = self.function(kill_after=lambda: next(delays))
        self.assertEqual(function.invoke({"do": "wait"}).error_type, "Runtime.ExitError")
        self.assertEqual(function.invoke({}).payload["count"], 1)
        self.assertEqual(function.kills, 1)

    def test_sandboxes_are_frozen_between_invocations(self) -> None:
        function = self.function(freeze=True)
        for count in (1, 2):
            self.assertEqual(function.invoke({}).payload["count"], count)
            sandbox, = function.sandboxes()
            # A signal takes effect shortly after it was sent.
            wait_until(lambda process=sandbox: self.process_state(process) == "T", "it is stopped")

    def test_each_sandbox_has_one_invocation_at_a_time(self) -> None:
        function = self.function(concurrency=2)
        gate = os.path.join(self.enterContext(tempfile.TemporaryDirectory()), "open")
        threads = [threading.Thread(target=function.invoke, args=[{"do": "wait", "file": gate}]) for _ in range(4)]
        for thread in threads:
            thread.start()

        def waiting() -> int:
            return sum(record.get("do") == "wait" for record in function.log.records())

        wait_until(lambda: waiting() == 2, "two invocations")
        with open(gate, "x", encoding="ascii"):
            self.assertEqual((waiting(), function.cold_starts), (2, 2))
        for thread in threads:
            thread.join()
        self.assertEqual((function.cold_starts, function.invocations, function.errors), (2, 4, 0))

    def test_no_process_is_left(self) -> None:
        function = self.function()
        function.invoke({})
        sandbox, = function.sandboxes()
        self.assertGreater(sandbox.peak_memory(), 1024 * 1024)
        function.stop()
        self.assertFalse(os.path.exists(f"/proc/{sandbox.process.pid}"))

    def test_as_a_program(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            for event, code in (({"do": "echo", "x": 1}, 0), ({"do": "fail", "type": "Function.Broken"}, 1)):
                file.seek(0)
                file.truncate()
                json.dump(event, file)
                file.flush()
                run = subprocess.run([sys.executable, runtime_api.__file__, "invoke", "--bootstrap", BOOTSTRAP,
                                      "--handler", "h", "--event", file.name, "--environment", "OWN=1"],
                                     capture_output=True, text=True, timeout=HANG_SECONDS)
                self.assertEqual(run.returncode, code, run.stderr)
                answer = json.loads(run.stdout)
                self.assertEqual(answer.get("errorType"), "Function.Broken" if code else None)
                self.assertEqual(json.loads(run.stderr)["do"], event["do"])
                if code == 0:
                    self.assertEqual(answer["environment"]["OWN"], "1")
