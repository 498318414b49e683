#!/usr/bin/env python3
"""risktop in tmux beside a real riskd and risksim (S-15, S-16).

usage: risktop.py PROGRAMS

Start, every tab, resize, a lockout's countdown, the daemon gone (database) and back, q; then --once, --json, exit codes, colours.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig  # noqa: E402

ACCOUNT = 101
RULES = ["max_contracts: { enabled: true, limit: 2, lockout_on_breach: true }", "daily_realized_loss: { enabled: true, limit: -500 }"]
CONTRACT = "CON.F.US.MNQ.U26"
PANES = {"1": "Loss budget", "2": "Trades", "3": "Working orders", "4": "Nearest", "5": "decision latency", "6": "Trading day", "7": "Active", "8": "Enforcements"}
SECONDS = 60


class Terminal:
    """One program in a tmux server of its own."""

    def __init__(self, directory, command, width=80, height=24, term="tmux-256color"):
        self.socket = os.path.join(directory, f"tmux-{width}-{os.urandom(3).hex()}")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), "-s", "t", f"env TERM={term} LC_ALL=C.UTF-8 {command}")

        self.server = self.tmux("display-message", "-p", "#{pid}").strip()

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *arguments], check=True, capture_output=True, text=True).stdout

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "t", *keys)

    def screen(self, *options):
        return self.tmux("capture-pane", "-p", *options, "-t", "t")

    def wait(self, *texts):
        """The screen once it shows all of them."""
        try:
            return rig.wait_for(lambda: (lambda s: s if all(re.search(t, s) for t in texts) else None)(self.screen()), SECONDS, texts)
        except TimeoutError:
            print(self.screen())
            raise

    def ended(self):
        """The program, and the server too, which has the program's words for its own command line."""
        try:
            with open(f"/proc/{self.server}/cmdline", "rb") as f:
                return not f.read()
        except OSError:
            return True

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, check=False)


def run(command, **environment):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, **environment}, check=False)


def look_at_tabs(terminal):
    for key, title in PANES.items():
        terminal.keys(key)
        terminal.wait(title)
    terminal.keys("Tab")
    terminal.wait(PANES["1"])
    terminal.keys("?")
    terminal.wait("Any key closes")
    terminal.keys("x")
    terminal.wait(PANES["1"])


def resize(terminal):
    terminal.tmux("resize-window", "-t", "t", "-x", "120", "-y", "40")
    terminal.wait("5 Connections", r"\A(.*\n){39}.*1-8, arrows: tabs")  # At the bottom, once it is drawn anew.
    terminal.tmux("resize-window", "-t", "t", "-x", "80", "-y", "24")
    terminal.wait("5 Conn ")


def countdown(terminal, demo):
    demo.buy(ACCOUNT, CONTRACT, 3)
    screen = terminal.wait("LOCKED: Max contracts", r"\d\d:\d\d:\d\d left")
    left = r"\d\d:\d\d:\d\d left"
    first = re.search(left, screen).group(0)
    rig.wait_for(lambda: any(shown != first for shown in re.findall(left, terminal.screen())), SECONDS, "the countdown to go on")
    terminal.keys("8")
    terminal.wait("Max contracts: holding 3 of 2", "proven", "flat in")


def lose_and_find(terminal, demo):
    terminal.keys("1")
    assert demo.riskd.stop() == 0
    terminal.wait("OFFLINE", "showing the database", "LOCKED: Max contracts", "next try in")
    demo.start_riskd()
    demo.wait_ready()
    screen = terminal.wait("● protecting", "LOCKED: Max contracts")
    assert "OFFLINE" not in screen, screen


def live(command):
    """What it prints with riskd there; it waits 1.5 s for riskd's first message, and not each machine has that by then."""
    return rig.wait_for(lambda: (lambda shown: shown if shown.returncode != 3 else None)(run(command)), SECONDS, command)


def once(risktop, demo):
    shown = live([*risktop, "--once", "--tab", "rules"])
    assert shown.returncode == 0 and "Max contracts" in shown.stdout and "\x1b" not in shown.stdout, shown
    assert len(shown.stdout.splitlines()) == 24, shown.stdout
    plain = live([*risktop, "--once", "--ascii", "--size", "120x40"])
    assert plain.returncode == 0 and plain.stdout.isascii() and len(plain.stdout.splitlines()) == 40, plain
    state = live([*risktop, "--json"])
    assert state.returncode == 0 and json.loads(state.stdout)["data"]["accounts"][0]["account_id"] == ACCOUNT, state
    assert run([*risktop, "--tab", "nonsense"]).returncode == 2
    assert run([*risktop, "--frobnicate"]).returncode == 2
    demo.riskd.kill()  # The write-ahead log is left as it is.
    stored = run([*risktop, "--once"])
    assert stored.returncode == 3 and "LOCKED: Max contracts" in stored.stdout, stored
    stored = run([*risktop, "--json"])
    assert stored.returncode == 3 and json.loads(stored.stdout)["data"]["accounts"][0]["lockouts"], stored
    nothing = run([*risktop, "--once", "--db", demo.path("no.db")])
    assert nothing.returncode == 1 and nothing.stderr, nothing
    nothing = run(risktop, TERM="no-such-terminal")
    assert nothing.returncode == 1 and "TERM" in nothing.stderr, nothing


def colours(risktop, demo):
    """Colour numbers on the screen, for each way to have them."""
    command = " ".join(risktop)
    for options, term, expected in (
        ("", "tmux-256color", r"\x1b\[38;5;79m"), ("--color 16", "tmux-256color", r"\x1b\[32m"), ("", "screen", r"\x1b\[32m"),
        ("--color none", "tmux-256color", None),
        ("", "xterm-direct", r"\x1b\[38;2;86;194;166m"), ("--color 16", "xterm-direct", r"\x1b\[32m"),
    ):
        terminal = Terminal(demo.directory, f"{command} {options}", term=term)
        try:
            terminal.wait("protecting")
            if expected is None:
                screen = terminal.screen("-e")
                assert not re.search(r"\x1b\[[0-9;]*(3[0-7]|38;5)", screen), screen
            else:
                rig.wait_for(lambda: re.search(expected, terminal.screen("-e")), SECONDS, (options, term, expected))
        finally:
            terminal.close()
    terminal = Terminal(demo.directory, f"env NO_COLOR=1 {command}")
    try:
        terminal.wait("protecting")
        assert not re.search(r"\x1b\[[0-9;]*(3[0-7]|38;5)", terminal.screen("-e"))
    finally:
        terminal.close()


def processes_of(directory):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if directory.encode() in f.read():
                    found.append(pid)
        except OSError:
            pass  # It has ended meanwhile.
    return found


def demo_leaves_nothing(programs):
    """./demo opens risktop; q and Ctrl-C end all of it."""
    script = os.path.join(os.path.dirname(os.path.abspath(rig.__file__)), "demo.py")
    for key in ("q", "C-c"):
        with tempfile.TemporaryDirectory(prefix="demo-") as directory:
            rigs = os.path.join(directory, "rigs")
            os.mkdir(rigs)
            terminal = Terminal(directory, f"env TMPDIR={rigs} {sys.executable} {script} {programs}", width=120, height=40)
            try:
                terminal.wait("● protecting", "SIM-101", "Accounts")
                assert processes_of(rigs)
                terminal.keys(key)
                rig.wait_for(terminal.ended, SECONDS, f"./demo to end by {key}")
                assert not os.listdir(rigs) and not processes_of(rigs), (os.listdir(rigs), processes_of(rigs))
            finally:
                terminal.close()


def main():
    programs = sys.argv[1]
    with rig.Rig(programs, [ACCOUNT], RULES) as demo:
        demo.start_riskd()
        demo.wait_ready()
        risktop = [os.path.join(programs, "risktop"), "--port", str(demo.feed_port), "--db", demo.path("state.db"), "--notes", demo.path("notes")]
        terminal = Terminal(demo.directory, " ".join(risktop))
        try:
            terminal.wait("● protecting", "SIM-101", "Net today")
            look_at_tabs(terminal)
            resize(terminal)
            terminal.keys("c", "s", "l", "o", "w", "Enter")
            terminal.wait(r"in \d\d:\d\d")
            countdown(terminal, demo)
            lose_and_find(terminal, demo)
            terminal.keys("q")
            rig.wait_for(terminal.ended, SECONDS, "risktop to end")
            with open(demo.path("notes"), encoding="utf-8") as notes:
                assert re.fullmatch(r"\S+Z in slow\n", notes.read())
        finally:
            terminal.close()
        colours(risktop, demo)
        once(risktop, demo)
    demo_leaves_nothing(programs)
    print("risktop: well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
