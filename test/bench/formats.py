"""The formats of a file: what the command line needs to load the same rows as a workbook and as CSV."""

import csv
import os
import subprocess
import tempfile
import time
import zipfile
from xml.sax.saxutils import escape

from bench import cpu, spread, times, wall
from data import DataSet
from doors import load_command
from server import Seconds, check

ROWS = 100_000
SAMPLE_SECONDS = 0.01
# Columns that a spreadsheet stores as numbers.
NUMBERS = {"price", "compare_at_price", "stock_quantity", "weight_kg"}
TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PARTS = {
    "_rels/.rels": f"<Relationships><Relationship Id='d' Type='{TYPES}/officeDocument' Target='xl/workbook.xml'/>"
                   "</Relationships>",
    "xl/workbook.xml": "<workbook><sheets><sheet name='Products' sheetId='1' r:id='r1'/></sheets></workbook>",
    "xl/_rels/workbook.xml.rels": f"<Relationships><Relationship Id='r1' Type='{TYPES}/worksheet' Target='sheet.xml'/>"
                                  f"<Relationship Id='r2' Type='{TYPES}/sharedStrings' Target='strings.xml'/></Relationships>",
}


def is_number(text):
    return text.replace(".", "", 1).isdigit()


def write_workbook(source, path):
    """Write the rows of a CSV file as Excel does: texts as shared strings, with the place of each cell."""
    strings = {}
    with open(source, encoding="utf-8", newline="") as file, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        rows = csv.reader(file)
        header = next(rows)
        letters = [chr(ord("A") + column) for column in range(len(header))]
        for name, content in PARTS.items():
            archive.writestr(name, content)
        with archive.open("xl/sheet.xml", "w") as sheet:
            sheet.write(b"<worksheet><sheetData>")
            for number, row in enumerate([header, *rows], 1):
                cells = []
                for letter, name, text in zip(letters, header, row):
                    if name in NUMBERS and is_number(text):
                        cells.append(f'<c r="{letter}{number}"><v>{text}</v></c>')
                    elif text:
                        index = strings.setdefault(text, len(strings))
                        cells.append(f'<c r="{letter}{number}" t="s"><v>{index}</v></c>')
                sheet.write(f'<row r="{number}" spans="1:{len(header)}">{"".join(cells)}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
        with archive.open("xl/strings.xml", "w") as shared:
            shared.write(b"<sst>")
            for text in strings:
                shared.write(f"<si><t xml:space='preserve'>{escape(text)}</t></si>".encode())
            shared.write(b"</sst>")


def peak_memory(pid):
    """Return the peak memory of a running program in bytes.  That in its resource usage includes the fork of this one."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))
    except StopIteration:
        return 0  # it has ended


def wait_for(process):
    """Wait for a program; return its resource usage and its peak memory."""
    peak = 0
    while True:
        peak = max(peak, peak_memory(process.pid))
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid != 0:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage, peak
        time.sleep(SAMPLE_SECONDS)


def load(bench, data, path):
    """Load a file; return Seconds, with the program's processor time, and its peak memory in bytes."""
    server = bench.server
    server.reset()
    server.sql("CHECKPOINT")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        started = time.perf_counter()
        process = subprocess.Popen(load_command(bench, data, path), env=server.environment, cwd=bench.options.directory,
                                   stdout=output, stderr=subprocess.STDOUT)
        usage, peak = wait_for(process)
        seconds = Seconds(time.perf_counter() - started, usage.ru_utime + usage.ru_stime)
        output.seek(0)
        counts = server.sql("SELECT valid_records, error_records FROM onboard.upload_history")
        check(counts == f"{data.expected['valid']}|{data.expected['errors']}",
              f"the command line says {output.read()}; stored {counts}")
    return seconds, peak


def section(bench):
    rows = min(ROWS, bench.options.rows)
    peak = {}
    with DataSet(bench, rows, ("vendor_csv",), "random") as data:
        paths = {"csv": data.files["vendor_csv"], "xlsx": os.path.join(bench.inputs, "workbook.xlsx")}
        write_workbook(paths["csv"], paths["xlsx"])

        def load_as(name):
            seconds, peak[name] = load(bench, data, paths[name])
            return seconds

        seconds = bench.interleave(min(3, bench.options.rounds), {name: lambda name=name: load_as(name) for name in paths})
        sizes = {name: os.path.getsize(path) for name, path in paths.items()}
        os.unlink(paths["xlsx"])
    bench.bar("workbook, MB of memory", f"{rows:,} rows", peak["xlsx"] / 2**20, 64, at_least=False)
    bench.bar("workbook, processor time against CSV", f"{rows:,} rows", times(seconds["xlsx"], seconds["csv"], "cpu"), 4,
              at_least=False)
    bench.table(f"Formats: {rows:,} rows of 14 columns by the command line",
                ["format", "MB", "s", "cpu s", "x CSV", "MB of memory", "noise"],
                [[name, f"{sizes[name] / 2**20:.1f}", f"{wall(seconds[name]):.2f}", f"{cpu(seconds[name]):.2f}",
                  f"{times(seconds[name], seconds['csv'], 'cpu'):.2f}", f"{peak[name] / 2**20:.1f}",
                  f"± {spread(seconds[name], 'cpu'):.0f} %"] for name in paths],
                "cpu: processor time of the program alone, which a workbook may need 4 times as much of as the same rows in "
                "CSV; memory: its peak, at most 64 MB.")
