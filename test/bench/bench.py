"""State shared by all sections: the run's options, its server, and its results."""

import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time

from data import build_generator
from server import Server


def wall(runs):
    """Median wall-clock time."""
    return statistics.median(run.wall for run in runs)


def cpu(runs):
    """Median CPU time of the backend, which a busy machine affects less."""
    return statistics.median(run.cpu for run in runs)


def times(runs, others, clock="wall"):
    """Ratio of two lists of runs: the median over the rounds, because the runs of a round share the machine's state."""
    return statistics.median(getattr(run, clock) / getattr(other, clock) for run, other in zip(runs, others))


def spread(runs, clock="wall"):
    """Noise: half the range, as a percentage of the median."""
    values = [getattr(run, clock) for run in runs]
    return 50 * (max(values) - min(values)) / statistics.median(values)


class Bench:
    def __init__(self, options):
        self.options = options
        self.inputs = tempfile.mkdtemp(prefix="onboard-bench-", dir=options.inputs)
        self.generator = None
        self.server = None
        self.large = None
        self.started = time.time()
        self.results = {"sections": {}}
        self.section = {}

    def __enter__(self):
        self.server = Server(self.options.install, self.options.directory, self.options.fsync)
        try:
            self.generator = build_generator(self.inputs)
            self.server.start()
            self.describe()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.server.stop()
        shutil.rmtree(self.inputs, ignore_errors=True)

    def describe(self):
        """Describe the machine and the server for the report."""
        with open("/proc/cpuinfo") as file:
            models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        self.results["machine"] = [
            ["cores", f"{os.cpu_count()}, {models[0] if models else os.uname().machine}"],
            ["memory", f"{memory:.0f} GB"],
            ["system", f"{os.uname().sysname} {os.uname().release}"],
            ["load before", " ".join(f"{load:.2f}" for load in os.getloadavg())],
            ["server", self.server.sql("SHOW server_version")],
            ["settings", ", ".join(f"{name} = {value}" for name, value in self.server.settings.items())],
            ["rows, rounds", f"{self.options.rows:,}, {self.options.rounds}"]]
        self.results["date"] = time.strftime("%Y-%m-%d")

    def begin(self, name):
        """Add subsequent results to this section."""
        self.log(f"section {name}")
        self.section = self.results["sections"][name] = {"tables": [], "bars": [], "notes": []}

    @staticmethod
    def now():
        return time.perf_counter()

    def log(self, text):
        print(f"[{time.time() - self.started:6.0f} s] {text}", flush=True)

    def note(self, text):
        self.log(text)
        self.section["notes"].append(text)
        self.save()

    def table(self, title, columns, rows, text=""):
        self.section["tables"].append({"title": title, "columns": columns, "rows": rows, "text": text})
        print(f"\n{title}")
        for row in [columns] + rows:
            print("  " + "  ".join(str(cell).rjust(10) for cell in row))
        print(flush=True)
        self.save()

    def bar(self, section, label, value, bar, aim=None, at_least=True):
        """Record a figure with a target: a minimum, or a maximum."""
        self.section["bars"].append({"section": section, "label": label, "value": value, "bar": bar, "aim": aim,
                                     "at_least": at_least})
        self.save()

    def save(self):
        self.results["minutes"] = (time.time() - self.started) / 60
        with open(os.path.join(self.options.directory, "results.json"), "w") as file:
            json.dump(self.results, file, indent=1)

    def interleave(self, rounds, runs):
        """Call each of runs (name: function that returns Seconds) in turn; return lists of Seconds by name."""
        seconds = {name: [] for name in runs}
        for turn in range(rounds):
            # A run may affect the next one, so each round has a different, but reproducible, order.
            for name in random.Random(turn).sample(list(runs), len(runs)):
                seconds[name].append(runs[name]())
        return seconds


def die(message):
    sys.exit(f"bench: {message}")
