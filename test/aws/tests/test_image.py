"""Test the container image of the functions: that it is reproducible, its contents, and vendors' files in it, confined
as on Lambda."""

import glob
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import unittest
from functools import lru_cache

# As a module: the test loader would run its classes a second time.
import test_whole_files
from image_root import CONFINE, Layout, why_not
from whole import BOOTSTRAP, ROOT

MAKE_IMAGE = os.path.join(ROOT, "glue", "deploy", "image", "make_image.py")
BUILD = os.environ.get("BUILD", f"/tmp/onboard-unit-{os.getuid()}")
SIZE_LIMIT = 25_000_000
CACHE_MAGIC = (0x20010324).to_bytes(4, sys.byteorder)
LIBRARY_FOLDERS = ("usr/lib/", "usr/lib64/")


def make_image(output: str, **environment: str) -> str:
    """Make the image of the installed program; return its digest."""
    subprocess.run([MAKE_IMAGE, "--program", BOOTSTRAP, "--output", output], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "SOURCE_DATE_EPOCH": "1767225600", **environment})
    with open(os.path.join(output, "digest"), encoding="ascii") as file:
        return file.read().strip()


class Made:
    """The image, made once for all tests."""

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="onboard-image-")
        self.folder = self._temporary.name
        self.output = os.path.join(self.folder, "made")
        self.digest = make_image(self.output)
        self.layout = Layout(os.path.join(self.output, "oci"))
        self.program = self.layout.unpack(self.folder)
        self.root = os.path.join(self.folder, "root")

    def close(self) -> None:
        self._temporary.cleanup()

    def run(self, *command: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a program in the image, confined."""
        return subprocess.run([CONFINE, self.root, *command], check=False, capture_output=True, text=True, input=given)

    def borrow(self, program: str) -> str:
        """Copy a program of this system to where it can be run in the image, with the image's libraries."""
        return shutil.copy(program, os.path.join(self.folder, os.path.basename(program)))


@lru_cache(maxsize=None)
def made() -> Made:
    image = Made()
    unittest.addModuleCleanup(image.close)
    return image


def file_digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def owner_of_files() -> dict[str, tuple[str, str]]:
    """Return name and version of the package that each file below a lib folder belongs to."""
    shown = subprocess.run(["dpkg-query", "--show", "--showformat=${binary:Package} ${Package} ${Version}\\n"],
                           check=True, capture_output=True, text=True).stdout
    packages = {owner: (name, version) for owner, name, version in map(str.split, shown.splitlines())}
    found = subprocess.run(["dpkg-query", "--search", "/lib*/*", "/usr/lib*/*"], check=True, capture_output=True,
                           text=True).stdout
    lines = (line.rpartition(": ") for line in found.splitlines())
    # Folders belong to several packages, whose names are separated by commas.
    return {path: packages[owner] for owner, _, path in lines if owner in packages}


class ImageTest(unittest.TestCase):
    def setUp(self) -> None:
        self.image = made()

    def test_it_is_reproducible(self) -> None:
        with tempfile.TemporaryDirectory(prefix="onboard-image-") as folder:
            previous = os.umask(0o077)
            try:
                digest = make_image(os.path.join(folder, "other", "place"), TZ="Asia/Tokyo", LC_ALL="C", HOME="/")
            finally:
                os.umask(previous)
            self.assertEqual(digest, self.image.digest)
            for name in ("onboard.tar", "sbom.spdx.json"):
                self.assertEqual(file_digest(os.path.join(folder, "other", "place", name)),
                                 file_digest(os.path.join(self.image.output, name)))

    def test_one_manifest_of_a_small_image(self) -> None:
        layout = self.image.layout
        entry, = layout.index["manifests"]
        self.assertEqual(entry["digest"], self.image.digest)
        self.assertEqual(entry["mediaType"], "application/vnd.oci.image.manifest.v1+json")
        self.assertLess(sum(layer["size"] for layer in layout.manifest["layers"]), SIZE_LIMIT)
        for descriptor in [entry, layout.manifest["config"], *layout.manifest["layers"]]:
            content = layout.blob(descriptor)
            self.assertEqual((f"sha256:{hashlib.sha256(content).hexdigest()}", len(content)),
                             (descriptor["digest"], descriptor["size"]))
        with tarfile.open(os.path.join(self.image.output, "onboard.tar")) as archive:
            for member in archive:
                file = archive.extractfile(member)
                assert file is not None
                self.assertEqual(file.read(), layout.read(member.name))

    def test_its_configuration_and_labels(self) -> None:
        configuration = self.image.layout.configuration
        machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
        self.assertEqual((configuration["os"], configuration["architecture"]), ("linux", machine))
        labels = configuration["config"].pop("Labels")
        self.assertEqual(configuration["config"], {"Entrypoint": ["/var/task/bootstrap"], "Cmd": ["check"],
                                                   "User": "993:990", "WorkingDir": "/var/task"})
        with open(os.path.join(ROOT, "META.json"), encoding="utf-8") as file:
            meta = json.load(file)
        prefix = "org.opencontainers.image."
        self.assertEqual((labels[prefix + "version"], labels[prefix + "licenses"], labels[prefix + "created"]),
                         (meta["version"], "PostgreSQL", "2026-01-01T00:00:00Z"))
        self.assertEqual(configuration["created"], "2026-01-01T00:00:00Z")
        self.assertEqual(self.image.layout.manifest["annotations"], labels)

    def test_its_program_is_the_installed_one(self) -> None:
        self.assertEqual(file_digest(os.path.join(self.image.root, "var", "task", "bootstrap")), file_digest(BOOTSTRAP))

    def test_its_files_are_readable_and_only_tmp_is_writable(self) -> None:
        for member in self.image.layout.members():
            with self.subTest(path=member.name):
                self.assertEqual((member.uid, member.gid, member.mtime), (0, 0, 0))
                if member.issym():
                    continue
                wanted = 0o1777 if member.name == "tmp" else 0o755 if member.isdir() else member.mode & 0o755 | 0o444
                self.assertEqual(stat.S_IMODE(member.mode), wanted)

    def test_the_bill_lists_the_package_of_every_file(self) -> None:
        with open(os.path.join(self.image.output, "sbom.spdx.json"), encoding="utf-8") as file:
            bill = json.load(file)
        self.assertEqual(file_digest(os.path.join(self.image.root, "usr/share/doc/onboard/sbom.spdx.json")),
                         file_digest(os.path.join(self.image.output, "sbom.spdx.json")))
        versions = {package["name"]: package["versionInfo"] for package in bill["packages"]}
        owners = owner_of_files()
        for member in self.image.layout.members():
            if not member.isfile() or not member.name.startswith(LIBRARY_FOLDERS) or member.name.endswith(".cache"):
                continue
            path = os.path.join("/", member.name)
            name, version = owners.get(path) or owners[path.removeprefix("/usr")]
            self.assertEqual(versions.get(name), version, path)
            with open(os.path.join(self.image.root, "var/lib/dpkg/status.d", name), encoding="utf-8") as file:
                self.assertIn(f"\nVersion: {version}\n", file.read())
            self.assertTrue(os.path.exists(os.path.join(self.image.root, "usr/share/doc", name, "copyright")), name)

    def test_the_bill_is_connected(self) -> None:
        with open(os.path.join(self.image.output, "sbom.spdx.json"), encoding="utf-8") as file:
            bill = json.load(file)
        self.assertEqual((bill["spdxVersion"], bill["dataLicense"]), ("SPDX-2.3", "CC0-1.0"))
        names = [package["SPDXID"] for package in bill["packages"]]
        self.assertEqual(len(names), len(set(names)))
        image, *contained = names
        self.assertEqual([(line["spdxElementId"], line["relationshipType"], line["relatedSpdxElement"])
                          for line in bill["relationships"]],
                         [("SPDXRef-DOCUMENT", "DESCRIBES", image), *((image, "CONTAINS", name) for name in contained)])
        # Where Debian states a package's licence by name, the bill does.
        licences = {package["name"]: package["licenseDeclared"] for package in bill["packages"]}
        self.assertEqual((licences["onboard"], licences["libpq5"], licences["libcurl4"]),
                         ("PostgreSQL", "PostgreSQL", "curl"))


@unittest.skipIf(why_not(), why_not())
class ConfinedTest(unittest.TestCase):
    """The image is all that a confined program sees."""

    def setUp(self) -> None:
        self.image = made()

    def test_its_program_starts(self) -> None:
        shown = self.image.run("/var/task/bootstrap", "--version")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        refused = self.image.run("/var/task/bootstrap", "check")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("AWS_LAMBDA_RUNTIME_API", refused.stdout)

    def test_it_is_confined(self) -> None:
        cat = self.image.borrow("/usr/bin/cat")
        status = self.image.run(cat, "/proc/self/status").stdout
        for line in ("Uid:\t993\t993\t993\t993", "Gid:\t990\t990\t990\t990", "CapEff:\t0000000000000000",
                     "CapPrm:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"):
            self.assertIn(f"{line}\n", status)
        touch = self.image.borrow("/usr/bin/touch")
        for place in ("/x", "/var/task/x", "/etc/x", "/usr/lib/x"):
            self.assertIn("Read-only file system", self.image.run(touch, place).stderr)
        self.assertEqual(self.image.run(touch, os.path.join(self.image.folder, "x")).returncode, 0)
        self.assertIn("No such file", self.image.run(cat, "/usr/bin/cat").stderr)

    def test_it_finds_names(self) -> None:
        getent = self.image.borrow("/usr/bin/getent")
        self.assertIn("127.0.0.1", self.image.run(getent, "ahostsv4", "localhost").stdout)
        self.assertEqual(self.image.run(getent, "passwd", "993").stdout.partition(":")[0], "onboard")

    def test_it_decodes_every_encoding_as_this_system_does(self) -> None:
        os.makedirs(BUILD, exist_ok=True)
        # Another test may build there concurrently.
        subprocess.run(["flock", f"{BUILD}/lock", "make", "-s", "-C", f"{ROOT}/test/unit", "decode_driver", "CC=gcc",
                        f"BUILD={BUILD}"], check=True)
        driver = self.image.borrow(f"{BUILD}/gcc/decode_driver")
        sample = os.path.join(self.image.folder, "sample")
        with open(sample, "wb") as file:
            file.write(b"sku,price\n" + bytes(range(256)) * 2)
        listed = subprocess.run(["iconv", "--list"], check=True, capture_output=True, text=True).stdout
        names = listed.replace("/", " ").split()
        self.assertGreater(len(names), 1000)
        given = "\n".join(names) + "\n"
        with open(glob.glob(f"{self.image.root}/usr/lib/*/gconv/gconv-modules.cache")[0], "rb") as file:
            self.assertEqual(file.read(4), CACHE_MAGIC, "iconv would read its text files instead")
        here = subprocess.run([driver, sample], check=True, capture_output=True, text=True, input=given).stdout
        self.assertEqual(self.image.run(driver, sample, given=given).stdout, here)
        # Names that iconv lists may be unusable by themselves; those that vendors use are not.
        decoded = dict(line.split("\t") for line in here.splitlines())
        for name in ("UTF-16", "UTF-16LE", "UTF-16BE", "WINDOWS-1252", "ISO-8859-1", "ISO-8859-15", "MACINTOSH", "CP850",
                     "SHIFT_JIS", "GB18030", "BIG5", "EUC-KR", "KOI8-R", "ISO-2022-JP"):
            self.assertNotIn("UNSUPPORTED", decoded[name])


@unittest.skipIf(why_not(), why_not())
class SamplesInImageTest(test_whole_files.SamplesTest):
    """Functions in the image and the command line outside produce the same result from every sample."""

    @property
    def bootstrap(self) -> str:  # type: ignore[override]
        return made().program


if __name__ == "__main__":
    unittest.main()
