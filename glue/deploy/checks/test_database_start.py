"""The database's instance starts, restarts, is replaced and restored; run by database_start.sh.

The tests of a class share one history, in the order of their names.
"""

import glob
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[3] / "test/aws/tests")]
sys.dont_write_bytecode = True

from instance import HANG_SECONDS, HOST, TREE, VOLUME_ID, Disk, Instance, Services, run  # noqa: E402
from stack import DATABASE_PARAMETERS, Stack  # noqa: E402
from transform import transformed_template  # noqa: E402
from user_data import script_of, user_data_of  # noqa: E402

CACHE = TREE / "build/deploy"
ARTIFACTS = "shop-artifacts"
BACKUPS = "shop-backups"
SECRETS = {"DatabaseSecret": "shop/functions", "AdministratorSecret": "shop/administrator",
           "OperatorSecret": "shop/operator", "BackupSecret": "shop/backups"}
LOGINS = {"shop/functions": "onboard_a", "shop/administrator": "onboard_administrator", "shop/operator": "onboard_operator"}
FILE = TREE / "test/data/VEND001_20260104_090000.csv"


def file_states(folder: Path) -> dict[str, tuple[int, str]]:
    """Return times and hashes of the files below a folder."""
    return {str(path): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
            for path in folder.rglob("*") if path.is_file()}


class DatabaseStart(unittest.TestCase):
    work: Path
    services: Services
    disks: list[Disk]
    image: list[Path]
    user_data: str
    output: str
    instance: Instance

    @classmethod
    def setUpClass(cls) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="onboard-instance-", dir=CACHE)
        cls.addClassCleanup(temporary.cleanup)
        cls.work = Path(temporary.name)
        # The user of the servers needs a way in.
        cls.work.chmod(0o755)
        cls.services = Services(cls.work, [ARTIFACTS, BACKUPS])
        cls.addClassCleanup(cls.services.close)
        packages = json.loads((CACHE / "packages.json").read_text())
        cls.services.s3.upload_file(packages["path"], ARTIFACTS, packages["prefix"] + "packages.tar")
        for name in SECRETS.values():
            cls.services.secrets.create_secret(Name=name)
        cls.services.secrets.put_secret_value(SecretId=SECRETS["BackupSecret"], SecretString="p" * 64)
        names = {"DataVolume": VOLUME_ID, "BackupBucket": BACKUPS, **SECRETS}
        stack = Stack(transformed_template("database"), {
            **DATABASE_PARAMETERS, "ArtifactBucket": ARTIFACTS, "PackagePrefix": packages["prefix"]}, "shop-database",
            {logical_id: {"Ref": name} for logical_id, name in names.items()})
        # The stand-ins answer at once or not at all.
        cls.user_data = script_of(user_data_of(stack)).replace("attempts=60", "attempts=1")
        cls.disks = []
        cls.addClassCleanup(cls.close_disks)
        cls.image = [CACHE / "bookworm"]
        cls.instance = cls.launch("installed", cls.new_disk())
        cls.addClassCleanup(lambda: cls.instance.end())
        cls.instance.run_user_data(cls.user_data)
        # Installing takes a while, so the others begin with what this one installed, but without any configuration.
        cls.image = [cls.work / "installed/upper", *cls.image]
        cls.replace("first", cls.disks[0])

    @classmethod
    def new_disk(cls) -> Disk:
        cls.disks.append(Disk(cls.work / f"disk{len(cls.disks)}"))
        return cls.disks[-1]

    @classmethod
    def close_disks(cls) -> None:
        for disk in cls.disks:
            disk.close()

    @classmethod
    def launch(cls, name: str, disk: Disk) -> Instance:
        return Instance(cls.work, name, cls.image, cls.services, disk)

    @classmethod
    def replace(cls, name: str, disk: Disk) -> None:
        """End the instance without a warning, and boot another."""
        cls.instance.end()
        cls.instance = cls.launch(name, disk)
        cls.output = cls.instance.run_user_data(cls.user_data) + cls.instance.start_database()

    def secret(self, name: str) -> dict[str, Any]:
        document = json.loads(self.services.secrets.get_secret_value(SecretId=name)["SecretString"])
        assert isinstance(document, dict)
        return document

    def connection(self, name: str, **changes: str) -> dict[str, str]:
        """Return the environment with which libpq connects as the secret says."""
        secret = self.secret(name)
        authority = self.work / "ca.crt"
        authority.write_text(secret["ca"])
        environment = {"PGHOST": secret["host"], "PGPORT": str(secret["port"]), "PGDATABASE": secret["dbname"],
                       "PGUSER": secret["username"], "PGPASSWORD": secret["password"], "PGSSLMODE": "verify-full",
                       "PGSSLROOTCERT": str(authority), "PATH": os.environ["PATH"], "HOME": str(self.work), "LC_ALL": "C.UTF-8"}
        return {**environment, **changes}

    def query(self, statement: str, **changes: str) -> str:
        return run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement,
                   env=self.connection(changes.pop("secret", SECRETS["DatabaseSecret"]), **changes)).strip()

    def test_01_every_secret_names_the_server_and_its_authority(self) -> None:
        for name, login in LOGINS.items():
            secret = self.secret(name)
            self.assertEqual((secret["host"], secret["port"], secret["dbname"], secret["username"]),
                             (HOST, 5432, "onboard", login))
            self.assertEqual(self.query("SELECT current_user", secret=name), login)
        self.assertEqual(self.secret("shop/functions")["alternate_username"], "onboard_b")

    def test_02_the_network_requires_tls_and_a_password(self) -> None:
        for changes in ({"PGSSLMODE": "disable"}, {"PGPASSWORD": "wrong"}, {"PGDATABASE": "postgres"}, {"PGUSER": "postgres"},
                        {"PGUSER": "onboard_b"}):
            with self.subTest(changes), self.assertRaises(AssertionError):
                self.query("SELECT 1", **changes)

    def test_03_the_handler_check_answers(self) -> None:
        secret = self.work / "secret"
        secret.write_text(self.services.secrets.get_secret_value(SecretId="shop/functions")["SecretString"])
        answer = run(sys.executable, TREE / "test/aws/runtime_api.py", "invoke", "--bootstrap", os.environ["ONBOARD_BOOTSTRAP"],
                     "--handler", "check", "--event", "-", "--environment", f"DATABASE_SECRET_FILE={secret}",
                     "--timeout", str(HANG_SECONDS), input="{}")
        self.assertEqual(json.loads(answer)["database"], "ok")

    def test_04_the_functions_login_loads_a_file(self) -> None:
        self.query("INSERT INTO onboard.vendors (vendor_id, vendor_name, email)"
                   " VALUES ('VEND001', 'One', 'one@example.com')", secret="shop/operator")
        subprocess.run([os.environ["ONBOARD_BIN"], "load", FILE, "--vendor", "VEND001", "--no-reports"], check=False,
                       capture_output=True, env=self.connection("shop/functions"), cwd=self.work)
        self.assertGreater(int(self.query("SELECT count(*) FROM onboard.products")), 0)

    def test_05_no_password_is_in_a_log(self) -> None:
        logs = self.output + "".join(Path(log).read_text() for log in glob.glob(f"{self.instance.root}/var/log/**/*.log",
                                                                                recursive=True))
        self.assertIn("the database is ready", logs)
        for name in LOGINS:
            self.assertNotIn(self.secret(name)["password"], logs)
        self.assertNotIn("p" * 64, logs)

    def test_06_the_instance_reports_its_state(self) -> None:
        total, free, certificate, backup = self.query(
            "SELECT total_bytes, free_bytes, certificate_seconds, backup_age_seconds FROM onboard_host.status").split("|")
        self.assertGreater(int(total), int(free))
        self.assertGreater(int(certificate), 300 * 86400)
        self.assertGreaterEqual(int(backup), 0)

    def test_07_a_second_start_changes_nothing(self) -> None:
        def state() -> tuple[Any, ...]:
            folder = self.instance.root
            return (file_states(folder / "etc/postgresql").keys(), self.instance.run("sha256sum", "/etc/pgbackrest.conf"),
                    self.instance.run("sh", "-c", "stat -c '%n %y' /srv/onboard/tls/ca.pem /srv/onboard/tls/server.pem"
                                                  " /srv/onboard/state/*"),
                    [self.services.secrets.describe_secret(SecretId=name)["VersionIdsToStages"] for name in SECRETS.values()],
                    self.instance.sql("SELECT md5(string_agg(a::text, ',' ORDER BY a::text)) FROM pg_authid a"),
                    self.instance.sql("SELECT count(*), max(oid) FROM pg_class"))

        before = state()
        self.assertEqual(self.instance.start_database().count("\n"), 1)
        self.assertEqual(state(), before)

    def test_08_a_new_instance_adopts_the_disk(self) -> None:
        products = self.query("SELECT count(*) FROM onboard.products")
        secrets = {name: self.secret(name) for name in LOGINS}
        self.replace("second", self.disks[0])
        self.assertNotIn("creating", self.output)
        self.assertEqual({name: self.secret(name) for name in LOGINS}, secrets)
        self.assertEqual(self.query("SELECT count(*) FROM onboard.products"), products)

    def test_09_a_newer_script_of_the_extension_is_applied(self) -> None:
        extensions = self.instance.root / "usr/share/postgresql/15/extension"
        (extensions / "onboard--1.0.0--1.0.1.sql").write_text("\n")
        control = extensions / "onboard.control"
        text = control.read_text()
        control.write_text(text.replace("'1.0.0'", "'1.0.1'"))
        self.instance.start_database()
        self.assertEqual(self.instance.sql("SELECT extversion FROM pg_extension WHERE extname = 'onboard'"), "1.0.1")
        # Later instances have only the real version.
        control.write_text(text)
        self.instance.sql("UPDATE pg_extension SET extversion = '1.0.0' WHERE extname = 'onboard'")

    def test_10_a_certificate_that_expires_soon_is_renewed(self) -> None:
        before = self.instance.run("openssl", "x509", "-noout", "-serial", "-in", "/srv/onboard/tls/server.pem")
        self.instance.run("sed", "-i", "s/^certificate_renew_days=.*/certificate_renew_days=398/",
                          "/usr/lib/onboard-database/certificate.sh")
        self.instance.start_database()
        after = self.instance.run("openssl", "x509", "-noout", "-serial", "-in", "/srv/onboard/tls/server.pem")
        self.assertNotEqual(before, after)
        self.instance.run("sed", "-i", "s/^certificate_renew_days=.*/certificate_renew_days=60/",
                          "/usr/lib/onboard-database/certificate.sh")
        # The authority is the same, so the secret is still good.
        self.assertEqual(self.query("SELECT 1"), "1")

    def test_11_the_daily_maintenance_takes_a_backup(self) -> None:
        self.instance.run("/usr/lib/onboard-database/maintenance.sh")
        info = json.loads(self.instance.run("runuser", "-u", "postgres", "--", "pgbackrest", "info", "--output=json"))
        self.assertEqual(info[0]["cipher"], "aes-256-cbc")
        self.assertEqual(len(info[0]["backup"]), 2)
        self.assertEqual(info[0]["status"]["message"], "ok")

    def test_12_the_database_is_restored_to_a_time(self) -> None:
        products = self.query("SELECT count(*) FROM onboard.products")
        time = self.instance.sql("SELECT clock_timestamp()")
        self.instance.sql("DELETE FROM onboard.products; SELECT pg_switch_wal()")
        # A later commit in the archive tells the server where the time ends.
        self.instance.sql("CREATE TABLE public.later(); SELECT pg_switch_wal()")
        self.instance.run("runuser", "-u", "postgres", "--", "pgbackrest", "--stanza=onboard", "check")
        self.instance.run("/usr/lib/onboard-database/restore.sh", time)
        self.assertEqual(self.query("SELECT count(*) FROM onboard.products"), products)
        self.assertEqual(self.instance.sql("SELECT to_regclass('public.later')"), "")

    def test_13_a_copy_is_restored_beside_the_database(self) -> None:
        self.instance.run("/usr/lib/onboard-database/restore.sh", "latest", "/srv/onboard/copy")
        self.assertIn("archive_mode", self.instance.run("cat", "/srv/onboard/copy/postgresql.auto.conf"))
        self.instance.run("rm", "-r", "/srv/onboard/copy")

    def test_14_a_password_of_the_secret_wins(self) -> None:
        secret = self.secret("shop/functions")
        secret.update(username="onboard_b", alternate_username="onboard_a", password="of-the-rotation")
        self.services.secrets.put_secret_value(SecretId="shop/functions", SecretString=json.dumps(secret))
        self.instance.start_database()
        self.assertEqual(self.query("SELECT current_user"), "onboard_b")

    def test_15_an_empty_disk_is_filled_from_the_backup(self) -> None:
        products = self.query("SELECT count(*) FROM onboard.products")
        self.instance.run("runuser", "-u", "postgres", "--", "pgbackrest", "--stanza=onboard", "check")
        self.replace("third", self.new_disk())
        self.assertIn("restoring the latest backup", self.output)
        self.assertEqual(self.query("SELECT count(*) FROM onboard.products"), products)

    def test_16_a_disk_with_something_else_is_left_alone(self) -> None:
        for name, command in {"a-file-system": "mkfs.ext4 -q -L somebody", "swap-space": "mkswap --quiet"}.items():
            with self.subTest(name):
                disk = self.new_disk()
                run(*command.split(), disk.device, input="")
                before = hashlib.sha256(disk.file.read_bytes()).digest()
                with self.assertRaisesRegex(AssertionError, "left alone"):
                    self.replace(f"with-{name}", disk)
                self.assertEqual(hashlib.sha256(disk.file.read_bytes()).digest(), before)

    def test_17_without_its_backups_an_empty_disk_stays_empty(self) -> None:
        self.services.secrets.put_secret_value(SecretId=SECRETS["BackupSecret"], SecretString="another")
        with self.assertRaisesRegex(AssertionError, "the backups cannot be listed"):
            self.replace("without-passphrase", self.new_disk())
        self.assertEqual(self.instance.run("find", "/srv/onboard", "-name", "pg_control"), "")

    def test_18_a_changed_package_set_is_refused(self) -> None:
        key = json.loads((CACHE / "packages.json").read_text())["prefix"] + "packages.tar"
        self.services.s3.put_object(Bucket=ARTIFACTS, Key=key, Body=b"something else")
        type(self).image = self.image[1:]
        with self.assertRaisesRegex(AssertionError, "did NOT match"):
            self.replace("changed", self.new_disk())


if __name__ == "__main__":
    from run import TapResult

    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(DatabaseStart)
    print(f"1..{suite.countTestCases()}")
    result = TapResult()
    suite.run(result)
    sys.exit(result.failed > 0)
