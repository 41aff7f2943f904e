"""A run while it goes on: networks.arrow opens at any moment, a signal stops it soon and in good order, and what continues
it comes to the same bits as a run that nobody disturbed.
"""

import json
import os
import pathlib
import resource
import signal
import subprocess
import threading
import time
import unittest

import pyarrow.ipc

import gyre
import journal
import readers

#: Six seconds or so on two cores: long enough to be looked at and interrupted, in tasks of less than a second.
LONG = {
    "name": "long",
    "epochs": 150_000,
    "layers": [1, 8, 8, 1],
    "data": {"kind": "sine", "points": 16},
    "optimizer": {"kind": "adam", "learningRate": [0.01, 0.1]},
    "precision": ["float32", "float64"],
    "seeds": 12,
}
PLANNED = 48
#: Only what hangs takes longer, on a busy machine too.
HANG_SECONDS = 600


class Onlooker(threading.Thread):
    """Opens networks.arrow again and again until told to stop; keeps what it saw and what went wrong."""

    def __init__(self, file):
        super().__init__()
        self.file, self.row_counts, self.done_counts, self.errors, self.is_over = file, [], [], [], threading.Event()

    def run(self):
        while not self.is_over.wait(0.02):
            if not self.file.exists() and not self.row_counts:
                continue  # the run has not begun
            try:
                table = pyarrow.ipc.open_file(self.file.read_bytes()).read_all()
                table.validate(full=True)
                self.row_counts.append(table.num_rows)
                self.done_counts.append(table.num_rows - table["outcome"].null_count)
            except Exception as error:
                self.errors.append(error)


class Interruption(unittest.TestCase):
    def setUp(self):
        self.folder = gyre.scratch() / "interrupted"
        self.sweep = gyre.write_sweep(LONG, "long")
        self.command = ["node", str(gyre.MAIN), "run", str(self.sweep), "--out", str(self.folder), "--threads", "2", "--json"]

    def test_networks_open_while_a_run_goes_on_stops_and_continues(self):
        onlooker = Onlooker(self.folder / "networks.arrow")
        onlooker.start()
        try:
            before, after = self.run_and_interrupt()
            self.look_at_a_stopped_run()
            gyre.gyre(*self.command[2:])
        finally:
            onlooker.is_over.set()
            onlooker.join()
        self.assertEqual(onlooker.errors, [], "networks.arrow did not open")
        self.assertEqual(set(onlooker.row_counts), {PLANNED}, "rows of networks.arrow")
        self.assertGreater(len(set(onlooker.done_counts)), 1, "openings at different times")
        self.assertEqual(onlooker.done_counts, sorted(onlooker.done_counts), "networks done never become fewer")
        self.assertLess(after, before, "processor time from the signal to the end, and that before the signal")

        undisturbed = gyre.run_sweep(LONG, "undisturbed")
        self.assertEqual(gyre.fingerprint(self.folder), gyre.fingerprint(undisturbed))
        for table in ("epochs", "blocks"):
            self.assertTrue(same_rows(self.folder, undisturbed, table), f"{table} differ from those of an undisturbed run")

    def run_and_interrupt(self):
        """Starts the run, lets it commit and go on for a while, and sends SIGINT. Returns the processor time that it took
        before and after, which no other process of a busy machine changes."""
        with subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True) as run:
            notices = []
            while not notices or notices[-1]["kind"] != "committed":
                notices.append(json.loads(run.stdout.readline()))
            rest = threading.Thread(target=lambda: notices.extend(map(json.loads, run.stdout)))
            rest.start()  # a full pipe would hold the run up
            time.sleep(1)
            self.assertIsNone(run.poll(), "the run was over before it could be interrupted: make LONG longer")
            children = children_seconds()
            before = processor_seconds(run.pid)
            run.send_signal(signal.SIGINT)
            exit_code = run.wait(timeout=HANG_SECONDS)
            after = children_seconds() - children - before
            rest.join()
        self.assertEqual(exit_code, 130, "exit code after SIGINT")
        self.assertEqual((notices[-1]["kind"], notices[-1]["reason"]), ("ended", "stopped"))
        self.assertIn("stopping", [notice["kind"] for notice in notices])
        return before, after

    def look_at_a_stopped_run(self):
        """Some networks are done and the others null; every tool and `gyre show` say the same of them. All have rows as far as the
        journal says that they are trained."""
        results = readers.columns_by_tool(self.folder, "networks")
        done = results["pyarrow"]["outcome"][1]
        self.assertTrue(0 < done.sum() < PLANNED, f"{done.sum()} networks done")
        for tool, columns in results.items():
            self.assertTrue((columns["digest"][1] == done).all(), f"nulls by {tool}")
        shown = [network["outcome"] is not None for network in gyre.shown_networks(self.folder)]
        self.assertEqual(shown, done.tolist())
        reached = {}
        for commit in (record for record in journal.records(self.folder) if record["kind"] == "commit"):
            reached.update(dict.fromkeys(commit["results"]["network"].tolist(), LONG["epochs"]))
            if commit["unfinished"] is not None:
                reached.update(dict.fromkeys(commit["unfinished"]["network"].tolist(), commit["unfinished"]["epoch"]))
        finished = {network for network, epoch in reached.items() if epoch == LONG["epochs"]}
        self.assertEqual(finished, set(done.nonzero()[0].tolist()), "networks that the journal has as done")
        rows = readers.arrow_table(self.folder, "epochs").group_by("network").aggregate([("epoch", "max")])
        last_epochs = dict(zip(rows["network"].to_pylist(), rows["epoch_max"].to_pylist(), strict=True))
        every = 20
        self.assertEqual(
            last_epochs, {network: epoch // every * every for network, epoch in reached.items()}, "last epochs of networks with rows"
        )
        with self.assertRaisesRegex(AssertionError, "exit code 1\n.*networks are missing"):
            gyre.fingerprint(self.folder)


def processor_seconds(pid):
    """Processor time that a living process has taken, all its threads together."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="latin1").rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children_seconds():
    """Processor time of all children that have been waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def same_rows(folder, other, table):
    """Whether two runs have the same rows in a table, however they are spread over files."""
    a, b = (readers.arrow_table(run, table) for run in (folder, other))
    return a.schema == b.schema and all(
        (readers.canonical(a[name].to_numpy()) == readers.canonical(b[name].to_numpy())).all() for name in a.column_names
    )


if __name__ == "__main__":
    unittest.main()
