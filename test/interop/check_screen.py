"""The dashboard on a real terminal: what stands on it, keys, sizes, and every road out of it, after which the terminal is as it was and the
run can be continued.
"""

import json
import re
import signal
import time
import unittest

import gyre
import terminal

ENTER = b"\x1b[?1049h"
LEAVE = b"\x1b[?25h\x1b[?1049l"

#: More than a minute on two cores, so that nothing that waits for a slow screen outlives it.
LONG = {
    "name": "on-screen",
    "epochs": 1_000_000,
    "layers": [[1, 8, 1], [1, 8, 8, 1]],
    "data": {"kind": "sine", "points": 16},
    "optimizer": {"kind": "adam", "learningRate": [0.01, 0.1], "beta2": [0.99, 0.9999]},
    "seeds": 12,
}
SHORT = {**LONG, "name": "short", "epochs": 2000, "seeds": 1}


class Screen(unittest.TestCase):
    def open(self, *arguments, columns=120, rows=40, environment=(), main=gyre.MAIN):
        command = ["node", str(main), *map(str, arguments)]
        opened = terminal.Terminal(command, columns=columns, rows=rows, cwd=gyre.scratch(), environment=environment)
        self.addCleanup(opened.kill)
        return opened

    def run_long(self, name, **options):
        self.folder = gyre.scratch() / f"screen-{name}"
        opened = self.open("run", gyre.write_sweep(LONG, "on-screen"), "--out", self.folder, "--threads", 2, **options)
        opened.wait_for("network-epochs/s")
        return opened

    def assert_restored(self, of):
        self.assertEqual(of.written.count(ENTER), 1, "entered the other screen")
        self.assertEqual(of.written.count(LEAVE), 1, "left it")

    def after(self, of):
        """What was written once the other screen was left."""
        return of.written.split(LEAVE)[-1].decode()

    def test_keys_sizes_pause_and_a_stop_that_is_confirmed(self):
        on = self.run_long("keys")
        on.wait_for("diverged by beta2 × learning_rate")
        on.type("m")
        on.wait_for("spiking by beta2 × learning_rate")
        on.type("x")
        on.wait_for("spiking by layers × learning_rate")
        on.type("?")
        on.wait_for("find a network by its number")
        on.type("\x1b")
        # Escape and a key that comes with it would be one key with Alt.
        on.wait_until_gone("find a network by its number")
        on.type("/95\r")
        on.wait_for("network 95  1-8-8-1 tanh sine")
        for columns, rows in [(80, 24), (60, 16), (200, 60), (120, 40)]:
            on.resize(columns, rows)
            # The title on the first line, the keys on the last but one, and nothing of the frame before between them or below.
            on.wait_until(lambda lines: "gyre  on-screen" in lines[0] and "? help" in lines[-2] and lines[-1] == "")
            self.assertEqual(on.text.count("? help"), 1, f"frames on the screen at {columns}×{rows}")
        on.resize(50, 12)
        on.wait_for("this terminal has 50×12")
        on.resize(80, 24)
        on.wait_for("› spiking by")
        on.wait_until_gone("this terminal has 50×12")
        on.type("\t")
        on.wait_for("› network 95")
        on.type("\t")
        on.wait_for("› events")
        on.type("p")
        on.wait_for("paused: the threads sleep")
        on.type("p")
        on.wait_until_gone("paused: the threads sleep")
        on.type("q")
        on.wait_for("stop the run?")
        on.type("j")
        on.wait_until_gone("stop the run?")
        on.type("qq")
        self.assertEqual(on.wait_for_end(), 130)
        self.assert_restored(on)
        self.assertIn("the same gyre run again continues where it stopped", self.after(on))
        self.assertFalse(b"\x1b[3J" in on.written, "what the terminal has scrolled away was wiped")

        gyre.gyre("run", gyre.write_sweep(LONG, "on-screen"), "--out", self.folder, "--plain")
        undisturbed = gyre.run_sweep(LONG, "screen-undisturbed")
        self.assertEqual(gyre.fingerprint(self.folder), gyre.fingerprint(undisturbed))

    def test_signals_and_control_c_leave_the_terminal_as_it_was(self):
        for name, number, code in [("SIGINT", signal.SIGINT, 130), ("SIGTERM", signal.SIGTERM, 143), ("SIGHUP", signal.SIGHUP, 129)]:
            with self.subTest(name):
                on = self.run_long(name.lower())
                on.signal(number)
                self.assertEqual(on.wait_for_end(), code)
                self.assert_restored(on)
        with self.subTest("Ctrl-C"):
            on = self.run_long("control-c")
            on.type("\x03")
            self.assertEqual(on.wait_for_end(), 130)
            self.assert_restored(on)

    def test_a_terminal_that_goes_away_stops_the_run_and_it_can_be_continued(self):
        for seconds in (0, 0.5, 1, 1.5):
            with self.subTest(f"{seconds} s after its first frame"):
                on = self.run_long(f"hung-up-{seconds}")
                time.sleep(seconds)
                on.hang_up()
                self.assertIn(on.wait_for_end(), (129, -signal.SIGHUP))
                self.assertIn("stopped", gyre.gyre("show", self.folder).split("\n")[0])

    def preload(self, name, code):
        """An environment in which each of Gyre's threads begins with some JavaScript, which may import the sources."""
        module = gyre.scratch() / f"{name}.mjs"
        module.write_text(code)
        settings = str(gyre.ROOT / "tsconfig.json")
        return {"NODE_OPTIONS": f"{gyre.TYPESCRIPT} --import={module}", "TSX_TSCONFIG_PATH": settings}.items()

    def test_a_screen_that_fails_gives_the_terminal_back_and_the_run_can_be_continued(self):
        code = f"""
            import {{ isMainThread }} from "node:worker_threads";
            if (isMainThread) {{
              const {{ Dashboard }} = await import({json.dumps((gyre.ROOT / "src" / "display" / "dashboard.ts").as_uri())});
              const lines = Dashboard.prototype.lines;
              let frames = 0;
              Dashboard.prototype.lines = function (size) {{
                if (++frames > 4) throw new Error("the fifth frame");
                return lines.call(this, size);
              }};
            }}
        """
        # The sources: in the build there is no module of the dashboard alone.
        main = gyre.ROOT / "src" / "main.ts"
        on = self.run_long("failing-screen", environment=self.preload("failing-screen", code), main=main)
        self.assertEqual(on.wait_for_end(), 1)
        self.assert_restored(on)
        self.assertIn("this is a defect of Gyre, please report it: Error: the fifth frame", self.after(on))
        self.assertIn("stopped", gyre.gyre("show", self.folder).split("\n")[0])

    def test_a_thread_that_ends_is_replaced_and_the_screen_goes_on(self):
        flag = gyre.scratch() / "thread-has-ended"
        code = f"""
            import {{ openSync }} from "node:fs";
            import {{ isMainThread }} from "node:worker_threads";
            const end = () => {{
              try {{ openSync({json.dumps(str(flag))}, "wx"); }} catch {{ return; }}
              process.exit(9);
            }};
            if (!isMainThread) setTimeout(end, 1500);
        """
        on = self.run_long("lost-thread", environment=self.preload("lost-thread", code))
        deadline = time.monotonic() + terminal.WAIT_SECONDS_MAX
        while not flag.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertTrue(flag.exists(), "no thread has ended")
        on.type("m")
        on.wait_for("spiking by")
        on.type("qq")
        self.assertEqual(on.wait_for_end(), 130)
        self.assert_restored(on)
        self.assertIn("stopped", gyre.gyre("show", self.folder).split("\n")[0])

    def test_a_run_that_is_done_stays_to_be_looked_at_until_q(self):
        folder = gyre.scratch() / "screen-done"
        sweep = gyre.write_sweep(SHORT, "short")
        on = self.open("run", sweep, "--out", folder)
        on.wait_for("elapsed   done")
        on.wait_for("q leave")
        on.type("\r")
        on.wait_for("loss, decades, all epochs")
        on.type("q")
        self.assertEqual(on.wait_for_end(), 0)
        self.assert_restored(on)
        self.assertRegex(self.after(on), r"fingerprint  [0-9a-f]{64}")

        left = self.open("run", sweep, "--out", gyre.scratch() / "screen-exit", "--exit")
        self.assertEqual(left.wait_for_end(), 0, "with --exit")
        self.assert_restored(left)

    def test_a_folder_cannot_speak_to_the_terminal_by_its_name(self):
        folder = gyre.scratch() / "screen-\x1b]0;title\x07\x9b2J\u202e"
        on = self.open("run", gyre.write_sweep(SHORT, "short"), "--out", folder, columns=200)
        on.wait_for("elapsed   done")
        on.wait_for("q leave")
        on.type("q")
        self.assertEqual(on.wait_for_end(), 0)
        self.assert_restored(on)
        for control in (b"\x1b]", b"\x07", "\x9b".encode(), "\u202e".encode()):
            self.assertNotIn(control, on.written)
        self.assertIn(r"screen-\u001b]0;title\u0007\u009b2J\u202e", on.written.decode())

    def test_two_watch_a_run_of_another_process_until_it_is_stopped(self):
        on = self.run_long("watched")
        watchers = [self.open("watch", self.folder) for _ in range(2)]
        for watcher in watchers:
            watcher.wait_for("threads –")
            watcher.wait_for("q leave")
        on.type("qq")
        self.assertEqual(on.wait_for_end(), 130)
        for watcher in watchers:
            watcher.wait_for("elapsed   stopped")
            watcher.type("q")
            self.assertEqual(watcher.wait_for_end(), 0)
            self.assert_restored(watcher)

    def test_no_colour_where_none_is_wanted(self):
        on = self.run_long("colourless", environment={"NO_COLOR": "1"}.items())
        on.wait_for("outcome")
        on.type("qq")
        on.wait_for_end()
        colours = re.findall(rb"\x1b\[(?:3[0-7]|9[0-7]|38;[0-9;]*)m", on.written)
        self.assertEqual(colours, [])


if __name__ == "__main__":
    unittest.main()
