"""Test the handler rotate: two alternating logins, whatever is repeated or interrupted.

Run by test/tap/063_sweeper_rotate.pl, which starts the server.
"""

import itertools
import json
import os
import random
import threading
import unittest
import uuid
from typing import Any

from call_record import new_access_key
from handler_case import HandlerCase
from patience import HANG_SECONDS
from postgres import Refused, Session, can_log_in, query, server_log
from runtime_api import Function, FunctionSettings, Result

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
ADMIN = "planted-administrator-83f1"
FIRST = "planted-first-77d0"
counter = itertools.count(1)


def setUpModule() -> None:
    query(f"""SET password_encryption = 'scram-sha-256';
        CREATE ROLE rotator LOGIN CREATEROLE PASSWORD '{ADMIN}';
        CREATE ROLE shop_loader NOLOGIN;
        SELECT onboard_grant_loader('shop_loader');
        CREATE ROLE mighty LOGIN SUPERUSER PASSWORD '{FIRST}'""")


class RotateTest(HandlerCase):
    manager: Any

    @classmethod
    def make_resources(cls) -> None:
        """Only secrets are needed."""
        cls.manager = cls.clients["secretsmanager"]
        cls.manager.create_secret(Name="administrator", SecretString=cls.secret("rotator", ADMIN))

    @staticmethod
    def secret(username: str, password: str, **more: Any) -> str:
        with open(os.environ["ONBOARD_TEST_CA"], encoding="ascii") as file:
            ca = file.read()
        return json.dumps({"engine": "postgres", "host": os.environ["ONBOARD_TEST_HOST"], "port": int(os.environ["PGPORT"]),
                           "dbname": os.environ["PGDATABASE"], "username": username, "password": password, "ca": ca, **more})

    def setUp(self) -> None:
        self.user = f"user_{next(counter)}"
        self.other = f"{self.user}_clone"
        self.name = f"credentials/{self.user}"
        query(f"SET password_encryption = 'scram-sha-256'; CREATE ROLE {self.user} LOGIN PASSWORD '{FIRST}' "
            f"IN ROLE shop_loader")
        self.manager.create_secret(Name=self.name, SecretString=self.secret(self.user, FIRST))
        self.kill_after: float | None = None
        self.functions: list[Function] = []
        self.rotate = self.function("rotate", ROTATE_ADMIN_SECRET_ID="administrator")
        self.passwords = {ADMIN, FIRST}

    def tearDown(self) -> None:
        """Check that no part of a secret is in any log, neither ours nor the server's."""
        ours = "\n".join(line for function in self.functions for line in function.log.lines())
        for secret in (*self.passwords, "SCRAM-SHA-256", "BEGIN CERTIFICATE"):
            self.assertNotIn(secret, ours)
        # This test set the first two in plain statements.
        for password in self.passwords - {ADMIN, FIRST}:
            self.assertNotIn(password, server_log())

    def function(self, handler: str, concurrency: int = 1, **environment: str) -> Function:
        settings = FunctionSettings(handler, os.environ["ONBOARD_BOOTSTRAP"], handler, concurrency=concurrency)
        function = Function(settings, {
            "AWS_ACCESS_KEY_ID": new_access_key(handler), "AWS_SECRET_ACCESS_KEY": "emulated", "AWS_ENDPOINT_URL": self.proxy.url,
            "TMPDIR": os.environ["ONBOARD_TEST_FOLDER"], "DATABASE_SECRET_ID": self.name, "DATABASE_PAUSE_SECONDS": "0",
            **environment}, kill_after=lambda: self.kill_after)
        self.addCleanup(function.stop)
        self.functions.append(function)
        return function

    # Actions of Secrets Manager.

    def begin(self) -> str:
        """Begin a rotation with a version that is AWSPENDING and has no value yet; return its token."""
        token = str(uuid.uuid4())
        for version, stages in self.stages().items():
            if "AWSPENDING" in stages:
                self.manager.update_secret_version_stage(SecretId=self.name, VersionStage="AWSPENDING",
                    RemoveFromVersionId=version)
        # The emulator has no such function, and reports that once the version exists.
        with self.assertRaises(self.manager.exceptions.ResourceNotFoundException):
            self.manager.rotate_secret(SecretId=self.name, ClientRequestToken=token,
                RotationRules={"AutomaticallyAfterDays": 30},
                                       RotationLambdaARN="arn:aws:lambda:us-east-1:123456789012:function:rotate")
        self.assertEqual(self.stages()[token], ["AWSPENDING"])
        return token

    def stages(self) -> dict[str, list[str]]:
        stages: dict[str, list[str]] = self.manager.describe_secret(SecretId=self.name)["VersionIdsToStages"]
        return stages

    def step(self, step: str, token: str) -> Result:
        return self.rotate.invoke({"Step": step, "SecretId": self.name, "ClientRequestToken": token})

    def done(self, step: str, token: str, result: str = "done") -> None:
        answer = self.step(step, token)
        self.assertTrue(answer.ok, answer.error)
        self.assertEqual(answer.payload, {"step": step, "result": result})

    def refused(self, answer: Result, code: str, kind: str = "Function.InfrastructureError") -> None:
        self.assertFalse(answer.ok, answer.body)
        self.assertEqual(answer.error_type, kind)
        self.assertRegex(answer.error_message, rf"^{code}\b")

    def rotate_once(self) -> str:
        token = self.begin()
        for step in STEPS:
            self.done(step, token)
        return token

    def current(self, stage: str = "AWSCURRENT") -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.manager.get_secret_value(SecretId=self.name,
            VersionStage=stage)["SecretString"])
        self.passwords.add(value["password"])
        return value

    def assert_current_works(self, username: str) -> None:
        value = self.current()
        self.assertEqual(value["username"], username)
        self.assertTrue(can_log_in(value["username"], value["password"]))

    def log_in(self) -> Session:
        """Log in as the functions do: with the secret, reread once if the login is rejected."""
        for _ in range(2):
            value = self.current()
            session = Session(value["username"], value["password"])
            try:
                session.query("SELECT 1")
                return session
            except Refused as error:
                session.close()
                refusal = error
        raise refusal

    # Tests.

    def test_each_step_twice(self) -> None:
        before = self.current()
        token = self.begin()
        self.done("createSecret", token)
        pending = self.current("AWSPENDING")
        self.done("createSecret", token, "unchanged")
        self.assertEqual(self.current("AWSPENDING"), pending)
        self.assertEqual(pending, {**before, "username": self.other, "password": pending["password"]})
        self.assertRegex(pending["password"], "^[A-Za-z0-9]{40}$")
        self.refused(self.step("testSecret", token), "28P01")
        self.done("setSecret", token)
        self.done("setSecret", token)
        self.done("testSecret", token)
        self.done("testSecret", token)
        self.assert_current_works(self.user)
        self.done("finishSecret", token)
        self.assert_current_works(self.other)
        for step in STEPS:
            self.done(step, token, "unchanged")
        self.assertEqual(self.current(), pending)
        self.assertEqual(self.current("AWSPREVIOUS"), before)
        self.assertTrue(can_log_in(self.user, FIRST), "the previous login can still log in")

    def test_only_a_verifier_is_sent(self) -> None:
        self.rotate_once()
        stored = query(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{self.other}'")
        self.assertRegex(stored, r"^SCRAM-SHA-256\$4096:")
        self.assertIn(f"ALTER ROLE \"{self.other}\" PASSWORD 'SCRAM-SHA-256", server_log())
        self.assertNotIn(self.current()["password"], server_log())

    def test_other_login_is_created_alike_and_reused(self) -> None:
        self.rotate_once()
        groups = ("SELECT string_agg(g.rolname, ',') FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid "
                  "JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = '{}'")
        self.assertEqual(query(groups.format(self.other)), "shop_loader")
        first = self.current()["password"]
        self.rotate_once()
        self.assert_current_works(self.user)
        self.assertFalse(can_log_in(self.user, FIRST), "the first password is no longer valid")
        self.rotate_once()
        self.assert_current_works(self.other)
        self.assertFalse(can_log_in(self.other, first))

    def test_names_from_the_secret(self) -> None:
        other = f'Other "{self.user}'
        self.manager.put_secret_value(SecretId=self.name,
            SecretString=self.secret(self.user, FIRST, alternate_username=other))
        self.rotate_once()
        self.assert_current_works(other)
        self.assertEqual(self.current()["alternate_username"], self.user)
        self.rotate_once()
        self.assert_current_works(self.user)
        self.assertEqual(self.current()["alternate_username"], other)

    def test_invalid_rotations_are_rejected(self) -> None:
        event = "Function.InvalidEvent"
        current = self.manager.get_secret_value(SecretId=self.name)["VersionId"]
        wrong: Any
        for wrong in ({}, [], None, {"Step": "createSecret"},
            {"Step": 1, "SecretId": self.name, "ClientRequestToken": current},
                      {"Step": "dropSecret", "SecretId": self.name, "ClientRequestToken": current}):
            self.refused(self.rotate.invoke(wrong), "EVENT_INVALID", event)
        for step in STEPS:
            self.refused(self.step(step, str(uuid.uuid4())), "ROTATE_NOT_PENDING", event)
            self.done(step, current, "unchanged")
        missing = {"Step": "createSecret", "SecretId": "no/such/secret", "ClientRequestToken": current}
        self.refused(self.rotate.invoke(missing), "AWS_NOT_FOUND")
        token = self.manager.put_secret_value(SecretId=self.name, SecretString=self.secret(self.user, FIRST),
                                              VersionStages=["AWSPENDING"])["VersionId"]
        # Before it is configured for the first time, nothing says that rotation is not enabled.
        self.done("createSecret", token, "unchanged")
        newer = self.begin()
        self.refused(self.step("createSecret", token), "ROTATE_NOT_PENDING", event)
        for step in STEPS[1:]:
            self.refused(self.step(step, newer), "ROTATE_NO_VALUE")
        self.manager.cancel_rotate_secret(SecretId=self.name)
        self.refused(self.step("createSecret", newer), "ROTATE_NOT_PENDING", event)
        self.assert_current_works(self.user)

    def test_the_configuration_of_rotation_is_tested(self) -> None:
        """Secrets Manager calls testSecret with a copy of the current version, which it removes afterwards."""
        before = self.stages()
        token = self.begin()
        self.manager.put_secret_value(SecretId=self.name, SecretString=self.secret(self.user, FIRST),
                                      ClientRequestToken=token, VersionStages=["AWSPENDING"])
        self.done("testSecret", token)
        self.assertEqual({version: stages for version, stages in self.stages().items() if version != token}, before)
        self.assert_current_works(self.user)

    def test_a_secret_without_a_value(self) -> None:
        """Before the database's first start: nothing is changed, and the database's value still becomes current."""
        first = self.manager.get_secret_value(SecretId=self.name)["VersionId"]
        token = self.begin()
        self.manager.update_secret_version_stage(SecretId=self.name, VersionStage="AWSCURRENT", RemoveFromVersionId=first)
        for step in STEPS:
            self.refused(self.step(step, token), "ROTATE_NO_VALUE")
        self.assertEqual(self.stages()[token], ["AWSPENDING"])
        self.manager.put_secret_value(SecretId=self.name, SecretString=self.secret(self.user, FIRST))
        self.assert_current_works(self.user)
        for step in STEPS:
            self.done(step, token)
        self.assert_current_works(self.other)

    def test_logins_that_must_not_be_touched(self) -> None:
        plain = f"plain_{self.user}"
        query(f"CREATE ROLE {plain} LOGIN; CREATE ROLE no_{plain} NOLOGIN IN ROLE shop_loader; "
              f"CREATE ROLE {plain}_maker LOGIN CREATEDB IN ROLE shop_loader")
        for other in ("mighty", plain, f"no_{plain}", f"{plain}_maker", "shop_loader"):
            with self.subTest(other):
                self.manager.put_secret_value(SecretId=self.name,
                    SecretString=self.secret(self.user, FIRST, alternate_username=other))
                before = query(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{other}'")
                token = self.begin()
                self.done("createSecret", token)
                self.refused(self.step("setSecret", token), "ROTATE_UNFIT_ROLE")
                self.assertEqual(query(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{other}'"), before)
        query(f"REVOKE shop_loader FROM {self.user}")
        self.manager.put_secret_value(SecretId=self.name, SecretString=self.secret(self.user, FIRST))
        token = self.begin()
        self.done("createSecret", token)
        self.refused(self.step("setSecret", token), "ROTATE_NO_GROUP")
        self.assertEqual(query(f"SELECT count(*) FROM pg_roles WHERE rolname = '{self.other}'"), "0")

    def test_a_new_login_without_rights_never_becomes_current(self) -> None:
        token = self.begin()
        for step in STEPS[:2]:
            self.done(step, token)
        query(f"REVOKE shop_loader FROM {self.other}")
        self.refused(self.step("testSecret", token), "42501")
        query(f"ALTER ROLE {self.other} NOLOGIN")
        self.refused(self.step("testSecret", token), "28000")
        self.assert_current_works(self.user)

    def test_kills_at_any_point(self) -> None:
        """A kill at any moment leaves a working current secret, and the step can be repeated."""
        seed = int(os.environ.get("ONBOARD_SEED", random.randrange(1 << 30)))
        moments = random.Random(seed)
        print(f"# seed {seed}")
        names = itertools.cycle((self.other, self.user))
        working = self.user
        for _ in range(3):
            token = self.begin()
            for step in STEPS:
                for _ in range(6):
                    self.kill_after = moments.random() * 0.03
                    self.step(step, token)
                    if step != "finishSecret":
                        self.assert_current_works(working)
                    else:
                        # Read once: the killed step's call may still be moving the label.
                        current = self.current()
                        self.assertTrue(can_log_in(current["username"], current["password"]))
                self.kill_after = None
                answer = self.step(step, token)
                self.assertTrue(answer.ok, answer.error)
            working = next(names)
            self.assert_current_works(working)
        self.assertGreater(self.rotate.kills, 5)

    def test_sandboxes_are_not_disturbed(self) -> None:
        """The connection stays open; a new one uses the new login, at the latest when the old password is rejected."""
        check = self.function("check", SECRET_TTL_SECONDS="86400")
        backend = ("SELECT pid FROM pg_stat_activity WHERE application_name = 'onboard' "
                   f"AND usename IN ('{self.user}', '{self.other}')")
        terminate = backend.replace("pid", "pg_terminate_backend(pid)", 1)
        self.assertTrue(check.invoke({}).ok)
        first = query(backend)
        self.rotate_once()
        self.assertTrue(check.invoke({}).ok)
        self.assertEqual(query(backend), first)
        query(terminate)
        self.assertTrue(check.invoke({}).ok, "the cached login is still valid")
        self.rotate_once()
        query(terminate)
        self.assertTrue(check.invoke({}).ok, "its password was changed: the secret is reread")
        self.rotate_once()
        query(terminate)
        self.assertTrue(check.invoke({}).ok)

    def test_rotations_during_uploads(self) -> None:
        """Twenty uploads of thirty rows in three calls each, during two rotations: every call succeeds."""
        started, halfway = threading.Barrier(5), threading.Barrier(5)
        rotated, rotated_back = threading.Event(), threading.Event()
        failures: list[str] = []
        logins: set[str] = set()

        def ingest(session: Session, upload: str, call: int) -> None:
            rows = [{"row_number": number, "product": {
                "vendor_product_id": f"{upload}-{number}", "sku": f"{upload}-{number}", "product_name": "Lamp",
                "category": "Kitchen", "price": "9.99", "stock_quantity": "3"}}
                for number in range(call * 10 + 1, call * 10 + 11)]
            counts = session.query("SELECT count(*) FILTER (WHERE status = 'validated') FROM "
                                   f"onboard_ingest('{upload}', '{json.dumps(rows)}')")
            if counts != "10":
                failures.append(f"{upload}: {counts}")

        def work(worker: int) -> None:
            """Run five uploads on a connection made before the rotations, and later ones on new connections too."""
            try:
                old = self.enterContext(Session(self.user, FIRST))
                logins.add(old.query("SELECT session_user"))
                started.wait(HANG_SECONDS)
                for number in range(5):
                    upload = old.query(f"SELECT onboard_begin_upload('VEND001', 'f.csv', null, "
                        f"'{self.user}/{worker}/{number}', 30)")
                    ingest(old, upload, 0)
                    if number == 2:
                        rotated.wait(HANG_SECONDS)
                    with self.log_in() as fresh:
                        logins.add(fresh.query("SELECT session_user"))
                        ingest(fresh, upload, 1)
                    if number == 2:
                        halfway.wait(HANG_SECONDS)
                    if number == 4:
                        rotated_back.wait(HANG_SECONDS)
                    ingest(old, upload, 2)
            except (Refused, threading.BrokenBarrierError) as error:
                failures.append(str(error))
                started.abort()
                halfway.abort()

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        started.wait(HANG_SECONDS)
        self.rotate_once()
        rotated.set()
        halfway.wait(HANG_SECONDS)
        self.rotate_once()
        rotated_back.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(logins, {self.user, self.other})
        self.assertEqual(query("SELECT count(*), sum(valid_records) FROM onboard.upload_history "
                               f"WHERE status = 'completed' AND content_id LIKE '{self.user}/%'"), "20|600")


if __name__ == "__main__":
    unittest.main()
