"""A terminal for programs that draw: a pseudo-terminal with a screen that another program's emulator keeps, keys, and a size that changes.

Knows nothing of Gyre.
"""

import errno
import fcntl
import os
import pty
import signal
import struct
import termios
import threading
import time

import pyte

#: Only what hangs takes longer, on a busy machine too.
WAIT_SECONDS_MAX = 600


class Terminal:
    """Runs a command on a terminal of its own."""

    def __init__(self, command, *, columns, rows, cwd, environment=()):
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._lock = threading.Lock()
        #: Everything that was written, escapes included.
        self.written = b""
        self.exit_code = None
        self._is_there = True
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            kept = {key: value for key, value in os.environ.items() if key not in ("CI", "NO_COLOR", "FORCE_COLOR")}
            os.execvpe(command[0], command, {**kept, "TERM": "xterm-256color", **dict(environment)})
        self.resize(columns, rows)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def resize(self, columns, rows):
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with self._lock:
            self.screen.resize(rows, columns)

    def type(self, keys):
        os.write(self._descriptor, keys.encode())

    def signal(self, number):
        os.kill(self.pid, number)

    def hang_up(self):
        """Takes the terminal away; what is written from then on is lost."""
        self._is_there = False
        os.close(self._descriptor)

    @property
    def text(self):
        with self._lock:
            return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, text):
        """Waits until the screen shows a text."""
        self._wait(lambda: text in self.text, lambda: f"{text!r} is not on the screen:\n{self.text}")

    def wait_until(self, holds):
        """Waits until something holds of the lines of the screen."""
        self._wait(lambda: holds(self.text.split("\n")), lambda: f"that is not on the screen:\n{self.text}")

    def wait_until_gone(self, text):
        self._wait(lambda: text not in self.text, lambda: f"{text!r} is still on the screen:\n{self.text}")

    def wait_for_end(self):
        """Waits for the end of the program; returns its exit code, or minus the signal that ended it."""
        self._wait(self._has_ended, lambda: f"the program has not ended:\n{self.text}")
        if self._is_there:
            self._reader.join(timeout=WAIT_SECONDS_MAX)
        return self.exit_code

    def kill(self):
        if not self._has_ended():
            os.kill(self.pid, signal.SIGKILL)
            self._wait(self._has_ended, lambda: "the program cannot be killed")

    def _has_ended(self):
        if self.exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                self.exit_code = os.waitstatus_to_exitcode(status)
        return self.exit_code is not None

    def _wait(self, holds, message):
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(message())
            time.sleep(0.02)

    def _read(self):
        while True:
            try:
                data = os.read(self._descriptor, 65536)
            except OSError as error:
                if error.errno in (errno.EIO, errno.EBADF):
                    return
                raise
            if not data:
                return
            with self._lock:
                self.written += data
                self._stream.feed(data)
