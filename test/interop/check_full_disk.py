"""Disks that are full, at every size of the disk in pages and so in every kind of file of a run; in windows, exports and merged runs too; and one that may not
be written. What fails says which file and what to do with exit code 1, and what is run again with room ends as if nothing had been.

Disks are file systems in memory, mounted in a namespace of their own (`unshare`, of util-linux), so that nobody needs to be root.
"""

import os
import pathlib
import re
import subprocess
import sys
import unittest

import gyre

INSIDE = "GYRE_INSIDE_NAMESPACE"
PAGE = 4096
WORDS = r"^gyre: ({folder}\S*): no space left on the device \(free some space"

#: One group in several slices by the reference, with checkpoints and kept ones; it has rows in every table.
SWEEP = {
    "name": "full",
    "epochs": 2700,
    "layers": [1, 16, 1],
    "activation": "relu",
    "data": {"kind": "sine", "points": 64},
    "optimizer": {"kind": "adam", "learningRate": 0.1},
    "seeds": 4,
    "trace": {"epochs": {"every": 100}, "checkpoints": {"every": 1000}},
}
#: The kinds of files of a run, by what their paths match.
KINDS = {
    "run.json": r"/run\.json",
    "journal": r"/journal/\d+\.msgpack",
    "networks.arrow": r"/networks\.arrow",
    "epochs": r"/epochs/",
    "events": r"/events/",
    "blocks": r"/blocks/",
    "checkpoint": r"/checkpoints/\d+-\d",
    "kept checkpoint": r"/checkpoints/\d+-kept-",
}


def run(*arguments):
    """A process of gyre: its exit code and stderr."""
    command = ["node", str(gyre.MAIN), *map(str, arguments)]
    done = subprocess.run(command, cwd=gyre.scratch(), capture_output=True, text=True, timeout=600)
    return done.returncode, done.stderr


class Disk:
    """A file system of so many bytes, in memory, as a context."""

    def __init__(self, name, size):
        self.path = gyre.scratch() / name
        self.path.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self.path)], check=True)

    def resize(self, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.path)], check=True)

    def forbid_writing(self):
        subprocess.run(["mount", "-o", "remount,ro", str(self.path)], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", str(self.path)], check=True)


class Inside:
    """The checks themselves, in the namespace; `unittest` finds them where they are test cases."""

    def fails(self, arguments, folder):
        """Runs a command that must find its disk full. Returns the path that it names, below the disk."""
        code, words = run(*arguments)
        self.assertEqual(code, 1, words)
        self.assertNotRegex(words, r"\n\s+at ", "a stack trace")
        found = re.search(WORDS.format(folder=re.escape(str(folder))), words, re.MULTILINE)
        self.assertIsNotNone(found, words)
        return found[1].removeprefix(str(folder))

    def test_a_run_on_ever_larger_disks(self):
        sweep = gyre.write_sweep(SWEEP, "full")
        undisturbed = gyre.run_sweep(SWEEP, "roomy", threads=1)
        expected = gyre.fingerprint(undisturbed)
        failed, pages = {}, 1
        while True:
            with Disk("disk", pages * PAGE) as disk:
                folder = disk.path / "run"
                command = ("run", sweep, "--out", folder, "--threads", "1", "--plain", "--kernel", "reference")
                code, words = run(*command)
                if code == 0:
                    break
                self.assertNotRegex(words, r"\n\s+at ", "a stack trace")
                found = re.search(WORDS.format(folder=re.escape(str(disk.path))), words, re.MULTILINE)
                self.assertIsNotNone(found, f"{pages} pages: {words}")
                path = found[1].removeprefix(str(disk.path))
                # Where not even a lock can be made, nothing has begun: that is for the user to mend.
                self.assertEqual(code, 2 if re.fullmatch(r"/run(/lock.*)?", path) else 1, words)
                failed.setdefault(path, pages)
                disk.resize("64M")
                code, words = run(*command)
                self.assertEqual(code, 0, f"{pages} pages, continued: {words}")
                self.assertEqual(gyre.fingerprint(folder), expected, f"{pages} pages")
            pages += 1
        print(f"full up to {pages - 1} pages, in {failed}", file=sys.stderr)
        missing = [kind for kind, pattern in KINDS.items() if not any(re.search(pattern, path) for path in failed)]
        self.assertEqual(missing, [], f"kinds of files that never were the one to fail, of {failed}")

    def test_windows_exports_and_merged_runs(self):
        sweep = gyre.write_sweep(SWEEP, "full")
        shards = [gyre.scratch() / f"shard-{i}" for i in (1, 2)]
        for i, shard in enumerate(shards):
            self.assertEqual(run("run", sweep, "--shard", f"{i + 1}/2", "--out", shard, "--plain")[0], 0)
        with Disk("merged", 5 * PAGE) as disk:
            merge = ("merge", *shards, "--out", disk.path / "run")
            self.fails(merge, disk.path)
            disk.resize("64M")
            self.assertEqual(run(*merge)[0], 0)
            self.assertEqual(gyre.fingerprint(disk.path / "run"), gyre.fingerprint(gyre.run_sweep(SWEEP, "whole")))
            used = sum(path.stat().st_size for path in (disk.path / "run").rglob("*") if path.is_file())
            disk.resize(used // PAGE * PAGE + 30 * PAGE)
            replay = ("replay", disk.path / "run", "--network", "0", "--epochs", "1..2600")
            self.assertIn("/windows/", self.fails(replay, disk.path))
            disk.resize("64M")
            self.assertEqual(run(*replay)[0], 0)
            for form in ("parquet", "csv"):
                with Disk(f"exports-{form}", 4 * PAGE) as exports:
                    export = ("export", disk.path / "run", "--format", form, "--out", exports.path / "tables")
                    self.fails(export, exports.path)
                    exports.resize("64M")
                    subprocess.run(["rm", "-rf", str(exports.path / "tables")], check=True)
                    self.assertEqual(run(*export)[0], 0)

    def test_a_disk_that_may_not_be_written(self):
        sweep = gyre.write_sweep(SWEEP, "full")
        with Disk("read-only", "64M") as disk:
            command = ("run", sweep, "--out", disk.path / "run", "--plain")
            self.assertEqual(run(*command)[0], 0)
            before = gyre.fingerprint(disk.path / "run")
            disk.forbid_writing()
            for out in ("run", "other"):
                code, words = run("run", sweep, "--out", disk.path / out, "--plain")
                self.assertEqual(code, 2, words)
                self.assertRegex(words, r"^gyre: \S+: a read-only file system \(choose a folder you may write with --out\)\n$")
            for command in (("fingerprint",), ("show",), ("verify",)):
                self.assertEqual(run(*command, disk.path / "run"), (0, ""), command)
            self.assertEqual(gyre.fingerprint(disk.path / "run"), before)


if INSIDE in os.environ:

    class FullDisks(Inside, unittest.TestCase):
        """Disks that are full or may not be written."""

else:

    class FullDisks(unittest.TestCase):
        """Everything below in a namespace of its own."""

        def test_in_a_namespace(self):
            command = ["unshare", "--map-root-user", "--mount", sys.executable, str(pathlib.Path(__file__).resolve()), "-v"]
            done = subprocess.run(command, env={**os.environ, INSIDE: "1"}, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            print(done.stderr, file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
