"""Generate RESULTS.md and results.svg from the results of a run."""

import json
import math
import os
from xml.sax.saxutils import escape

WIDTH = 1000
LABEL_WIDTH = 430
VALUE_WIDTH = 110
LINE = 18
GOOD, MISSED, GREY, DARK = "#2f7d4f", "#b3402a", "#bbbbbb", "#222222"


RESULTS = "results.json"


def read_results(directory):
    """Return the sections that were measured last; none if the file does not exist."""
    try:
        with open(os.path.join(directory, RESULTS)) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def write_report(sections, directory):
    os.makedirs(directory, exist_ok=True)
    for name, text in ((RESULTS, json.dumps(sections, indent=1, ensure_ascii=False) + "\n"),
        ("RESULTS.md", markdown(sections)),
                       ("results.svg", Drawing().draw(sections))):
        with open(os.path.join(directory, name), "w") as file:
            file.write(text)


def all_of(sections, kind):
    """Return the tables, bars or notes of all sections."""
    return [entry for section in sections.values() for entry in section.get(kind, [])]


def reached(bar):
    return bar["value"] >= bar["bar"] if bar["at_least"] else bar["value"] <= bar["bar"]


def figure(value):
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def markdown_table(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def summary(bars):
    """Return the worst figure of each section."""
    sections = {}
    for bar in bars:
        sections.setdefault(bar["section"], []).append(bar)
    rows = []
    for name, group in sections.items():
        worst = min(group, key=lambda bar: bar["value"]) if group[0]["at_least"] else max(group,
            key=lambda bar: bar["value"])
        missed = sum(not reached(bar) for bar in group)
        rows.append([name, ("at least " if worst["at_least"] else "at most ") + figure(worst["bar"]),
                     figure(worst["value"]), worst["label"], f"{len(group) - missed} of {len(group)}"])
    return rows


def runs_of(sections):
    """Return the runs that produced the sections, each with the names of its sections."""
    runs = []
    for name, section in sections.items():
        for run, names in runs:
            if run == section["run"]:
                names.append(name)
                break
        else:
            runs.append((section["run"], [name]))
    return runs


def runs_table(sections):
    """Describe when and how everything was measured, and which revision."""
    columns = ["sections", "commit", "date", "minutes", "load before", "rows, rounds", "command"]
    rows = []
    for run, names in runs_of(sections):
        machine = dict(run["machine"])
        rows.append([", ".join(names), run["commit"], run["date"], f"{run['minutes']:.0f}", machine["load before"],
                     machine["rows, rounds"], f"`{run['command']}`"])
    return markdown_table(columns, rows)


def machines_table(sections):
    """Describe the machines used; usually there is only one."""
    described = [[row for row in run["machine"] if row[0] not in ("load before", "rows, rounds")] for run,
        _ in runs_of(sections)]
    rows = [row for number, machine in enumerate(described) if machine not in described[:number] for row in machine]
    return markdown_table(["machine", ""], rows)


def markdown(sections):
    parts = ["# Measured\n",
             "Ratios are of one run: what is compared runs in turn, and every figure is a median of its rounds, a ratio the "
             "median of "
             "what the rounds gave.\n",
             runs_table(sections),
             machines_table(sections),
             "Both sides of every comparison have the same server, client (psql), role (ordinary: neither superuser nor "
             "owner) and "
             "rows; the tables have equal indexes (asserted); what is stored is compared with what the generator expects. "
             "There is a checkpoint before each timing and none in it. The client of the tables about functions is the "
             "function.\n",
             "![every figure against its bar](results.svg)\n",
             "## Every bar, and the worst figure under it\n",
             markdown_table(["what", "bar", "worst", "where", "reached"], summary(all_of(sections, "bars")))]
    parts += [note + "\n" for note in all_of(sections, "notes")]
    for table in all_of(sections, "tables"):
        parts += [f"## {table['title']}\n", table["text"] + "\n", markdown_table(table["columns"], table["rows"])]
    return "\n".join(parts)


class Drawing:
    """Three charts, one below the other; all axes logarithmic."""

    def __init__(self):
        self.parts = []
        self.y = 30

    def text(self, x, y, text, anchor="start", colour=DARK, size=12, weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}" '
                          f'font-weight="{weight}">{escape(text)}</text>')

    def line(self, x1, y1, x2, y2, colour=GREY, width=1, dash=""):
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
                          f'stroke-width="{width}"{dash}/>')

    def rectangle(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height}" fill="{colour}"/>')

    def title(self, text):
        self.text(10, self.y, text, size=15, weight="bold")
        self.y += 24

    @staticmethod
    def scale(low, high):
        """Return the position of a value on a logarithmic axis from low to high."""
        left, right = LABEL_WIDTH, WIDTH - VALUE_WIDTH

        def place(value):
            value = min(max(value, low), high)
            return left + (right - left) * math.log(value / low) / math.log(high / low)
        return place

    def bars(self, bars):
        self.title("Every figure against its bar: 1 is just reached, more is better (log scale)")
        low, high = 0.2, 20
        place = self.scale(low, high)
        top = self.y
        section = None
        order = list(dict.fromkeys(bar["section"] for bar in bars))
        for bar in sorted(bars, key=lambda bar: order.index(bar["section"])):
            if bar["section"] != section:
                section = bar["section"]
                self.y += LINE
                self.text(10, self.y - 4, section, weight="bold")
            times = bar["value"] / bar["bar"] if bar["at_least"] else bar["bar"] / max(bar["value"], 1e-9)
            start, end = sorted((place(1), place(times)))
            self.text(LABEL_WIDTH - 10, self.y + 13, bar["label"], "end")
            self.rectangle(start, self.y + 3, end - start, LINE - 6, GOOD if reached(bar) else MISSED)
            if bar["aim"]:
                aim = place(bar["aim"] / bar["bar"])
                self.line(aim, self.y + 1, aim, self.y + LINE - 1, DARK, 2)
            self.text(WIDTH - VALUE_WIDTH + 8, self.y + 13,
                      f"{figure(bar['value'])} ({'≥' if bar['at_least'] else '≤'} {bar['bar']:g})")
            self.y += LINE
        for tick in (0.2, 0.5, 1, 2, 5, 10, 20):
            self.line(place(tick), top, place(tick), self.y, DARK if tick == 1 else GREY, 1, "" if tick == 1 else "2,4")
            self.text(place(tick), self.y + 14, f"{tick:g}×", "middle")
        self.text(10, self.y + 14, "Short upright lines: what is aimed for.")
        self.y += 50

    def growth(self, points):
        self.title("µs a row by rows of the file, 5 % bad, random keys (both axes log)")
        bottom, top = self.y + 200, self.y
        sizes = [point[0] for point in points]
        costs = [cost for point in points for cost in point[1:]]
        place = self.scale(min(sizes), max(max(sizes), min(sizes) * 10))
        low, high = min(costs) / 1.5, max(costs) * 1.5

        def height(value):
            return bottom - (bottom - top) * math.log(value / low) / math.log(high / low)
        for cost in (1, 2, 5, 10, 20, 50, 100):
            if low <= cost <= high:
                self.line(LABEL_WIDTH, height(cost), WIDTH - VALUE_WIDTH, height(cost), dash="2,4")
                self.text(LABEL_WIDTH - 10, height(cost) + 4, f"{cost}", "end")
        for column, (colour, name) in enumerate(((GOOD, "intake"), (MISSED, "COPY with FK")), 1):
            path = " ".join(f"{place(point[0]):.1f},{height(point[column]):.1f}" for point in points)
            self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            self.text(WIDTH - VALUE_WIDTH + 8, height(points[-1][column]) + 4, name, colour=colour)
        for size in sizes:
            self.text(place(size), bottom + 16, f"{size:,}", "middle")
        self.y = bottom + 50

    def peers(self, peers):
        self.title("Rows a second by other ways, random keys, 5 % bad (log scale)")
        place = self.scale(100, 1_000_000)
        top = self.y
        for name, speed in peers:
            self.text(LABEL_WIDTH - 10, self.y + 13, name, "end")
            self.rectangle(LABEL_WIDTH, self.y + 3, place(speed) - LABEL_WIDTH, LINE - 6, GOOD)
            self.text(WIDTH - VALUE_WIDTH + 8, self.y + 13, f"{speed:,.0f}")
            self.y += LINE
        for tick in (100, 1000, 10_000, 100_000, 1_000_000):
            self.line(place(tick), top, place(tick), self.y, dash="2,4")
            self.text(place(tick), self.y + 14, f"{tick:,}", "middle")
        self.y += 40

    def draw(self, sections):
        self.bars(all_of(sections, "bars"))
        for name, chart in (("growth", self.growth), ("peers", self.peers)):
            points = all_of(sections, name)
            if points:
                chart(points)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.y}" viewBox="0 0 {WIDTH} {self.y}" '
                'font-family="sans-serif"><rect width="100%" height="100%" fill="white"/>\n' + "\n".join(self.parts) +
                "\n</svg>\n")
