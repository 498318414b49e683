#!/usr/bin/env python3
"""riskctl's menu in an 80x24 terminal (tmux): first run, an account added, the connection tested, a rule set, reload, seen in risktop, unlock with
a reason, the ledger (S-17, S-18; issue 8).

usage: admin_menu.py DIR-OF-PROGRAMS
"""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ACCOUNT, SECOND = 1001, 1002
ES = "CON.F.US.EP.U26"
PASSWORD = "correct horse"


class Terminal:
    """A tmux of its own with one program in it."""

    def __init__(self, directory):
        self.directory = directory
        self.starts = 0
        self.tmux = None

    def start(self, *command):
        """A server of its own each time: the last one may not have left its socket yet."""
        self.starts += 1
        self.tmux = ["tmux", "-S", os.path.join(self.directory, f"tmux{self.starts}"), "-f", "/dev/null"]
        subprocess.run([*self.tmux, "new-session", "-d", "-x", "80", "-y", "24", "env", "TERM=screen-256color", *command], check=True)
        subprocess.run([*self.tmux, "set-option", "-g", "remain-on-exit", "on"], check=True)

    def screen(self):
        return subprocess.run([*self.tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True).stdout

    def type(self, text):
        subprocess.run([*self.tmux, "send-keys", "-l", text], check=True)
        subprocess.run([*self.tmux, "send-keys", "Enter"], check=True)

    def see(self, *words, seconds=60):
        try:
            rigs.wait_for(lambda: all(word in self.screen() for word in words), seconds, f"{words}")
        except TimeoutError:
            print(self.screen())
            raise

    def go_on(self):
        """Enter, and then what the menu draws: until it does, the screen has the words of questions that were answered before."""
        self.type("")
        rigs.wait_for(lambda: (lambda shown: "Enter goes on" not in shown and "Your choice:" in shown)(self.screen()), 60, "the menu")

    def back(self):
        """From a menu to the first."""
        self.type("q")
        self.see("q  Quit", "Your choice:")

    def ended(self):
        """The program has left the pane. Asked of tmux, not read off the screen: it draws its "Pane is dead" only once it has collected the child, which it may never do."""
        return subprocess.run([*self.tmux, "list-panes", "-F", "#{pane_dead}"], capture_output=True, text=True, check=True).stdout.strip() == "1"

    def stop(self):
        if self.tmux:
            subprocess.run([*self.tmux, "kill-server"], check=False, capture_output=True)


def first_run(rig, terminal, home):
    terminal.start(os.path.join(rig.programs, "riskctl"), "init", "--config", home, "--templates", os.path.join(TOP, "config"), "--gateway",
                   f"https://127.0.0.1:{rig.sim_port}", "--ca-file", rig.tls["ca"])
    for question, answer in (("user name", rigs.USER), ("API key", rig.api_key), ("Account number", "PRAC-1"),
                             ("Account number", str(ACCOUNT)), ("Largest loss", "much"), ("Largest loss", ""),
                             ("New admin password", PASSWORD), ("Once more", PASSWORD)):
        terminal.see(question)
        terminal.type(answer)
    terminal.see("Before you trust it", "set up in", "ok    ")
    screen = terminal.screen()
    assert rig.api_key not in screen and PASSWORD not in screen, screen
    terminal.stop()


def add_account(rig, terminal, home):
    """Before riskd runs: another account of the same user, and a log-in that sees both."""
    terminal.start(os.path.join(rig.programs, "riskctl"), "--config", home)
    terminal.see("2  Accounts", "Your choice:")
    terminal.type("2")
    terminal.see("2  Add", "q  Back")
    terminal.type("2")
    for question, answer in (("Account number:", str(SECOND)), ("User name:", rigs.USER), ("File with the API key:", rig.path("api.key")),
                             ("Nickname", "second"), ("Admin password:", PASSWORD)):
        terminal.see(question)
        terminal.type(answer)
    terminal.see("Done; Enter goes on")
    terminal.go_on()
    terminal.type("1")
    terminal.see(str(ACCOUNT), str(SECOND), "second", "Done")
    terminal.go_on()
    terminal.back()
    terminal.type("5")
    terminal.see("ok    user hub", "ok    market hub", str(ACCOUNT), str(SECOND), "Done;")
    assert "FAIL" not in terminal.screen(), terminal.screen()
    terminal.go_on()
    terminal.type("q")
    rigs.wait_for(terminal.ended, 60, "the end of riskctl")
    terminal.stop()


def see_in_risktop(rig, words):
    """The rule as a trader sees it, in a terminal of his own."""
    directory = os.path.join(rig.directory, "top")
    os.makedirs(directory, exist_ok=True)
    terminal = Terminal(directory)
    try:
        terminal.start("LC_ALL=C.UTF-8", os.path.join(rig.programs, "risktop"), "--port", str(rig.feed_port), "--account", str(ACCOUNT), "--tab", "rules")
        terminal.see("Max contracts", words)
    finally:
        terminal.stop()


def lock(rig):
    rig.buy(ACCOUNT, ES, 9)
    rigs.wait_for(lambda: rig.status()["accounts"][0]["locked"], 60, "the lockout")


def set_limit_and_reload(terminal, limit):
    """From the question which key to set."""
    for question, answer in (("Key (", "max_contracts.limit"), ("New value:", limit), ("Admin password:", PASSWORD), ("[y/N]", "n")):
        terminal.see(question)
        terminal.type(answer)
    terminal.see("Enter goes on")
    terminal.go_on()
    terminal.type("4")
    terminal.see("Admin password:")
    terminal.type(PASSWORD)


def wait_and_cancel(rig, terminal):
    """A looser rule waits, the trader sees it, and it can be cancelled."""
    terminal.type("3")
    terminal.see("8  Cancel that", "Your choice:")
    terminal.type("3")
    set_limit_and_reload(terminal, "9")
    terminal.see("waits until", "Done")
    terminal.go_on()
    see_in_risktop(rig, "2 changes that give more room")
    terminal.type("7")
    terminal.see("max_contracts.limit: 4 becomes 9", "Done")
    terminal.go_on()
    terminal.type("8")
    terminal.see("cancelled; the files still say it", "Done")
    terminal.go_on()
    see_in_risktop(rig, "Cancelled: 2 changes")
    terminal.back()


def through_the_menu(rig, terminal, home):
    terminal.start(os.path.join(rig.programs, "riskctl"), "--config", home)
    terminal.see("1  Authentication", "9  Ledger and backup", "q  Quit", "Your choice:")
    assert all(len(line) <= 80 for line in terminal.screen().splitlines())
    terminal.type("6")
    terminal.see("NORMAL", "user hub LIVE", "Enter goes on")
    terminal.go_on()
    terminal.type("3")
    terminal.see("Reload: put", "q  Back")
    terminal.type("2")
    terminal.see("Rule (")
    terminal.type("max_contracts")
    terminal.see("rules.max_contracts.limit: 5", "Done")
    terminal.go_on()
    terminal.type("3")
    set_limit_and_reload(terminal, "4")
    terminal.see("Done")
    terminal.go_on()
    terminal.back()
    with open(os.path.join(home, "risk_config.yaml"), encoding="utf-8") as f:
        assert "    limit: 4\n" in f.read()
    rig.buy(ACCOUNT, ES, 1)
    see_in_risktop(rig, "1 of 4 contracts")
    wait_and_cancel(rig, terminal)
    lock(rig)
    terminal.type("7")
    for question, answer in (("Account number:", str(ACCOUNT)), ("Reason:", "talked it over"), ("Only of rule", ""), ("Admin password:", "wrong horse")):
        terminal.see(question)
        terminal.type(answer)
    terminal.see("wrong password", "Not done")
    terminal.go_on()
    terminal.type("7")
    for question, answer in (("Account number:", str(ACCOUNT)), ("Reason:", "talked it over"), ("Only of rule", ""), ("Admin password:", PASSWORD)):
        terminal.see(question)
        terminal.type(answer)
    terminal.see("lockouts ended", "Done")
    assert not rig.status()["accounts"][0]["locked"]
    terminal.go_on()
    terminal.type("9")
    terminal.see("Verify")
    terminal.type("1")
    terminal.see("talked it over", "Done")
    terminal.go_on()
    terminal.back()
    terminal.type("q")
    rigs.wait_for(terminal.ended, 60, "the end of riskctl")
    terminal.stop()


def main():
    if shutil.which("tmux") is None:
        print("no tmux")
        sys.exit(77)
    with rigs.Rig(sys.argv[1], [ACCOUNT, SECOND], ["max_contracts: { enabled: true, limit: 1 }"]) as rig:
        home, terminal = rig.path("home"), Terminal(rig.directory)
        try:
            first_run(rig, terminal, home)
            add_account(rig, terminal, home)
            daemon, rules = os.path.join(home, "daemon.yaml"), os.path.join(home, "risk_config.yaml")
            for path, changes in ((daemon, (("port: 8765", f"port: {rig.feed_port}"), ("port: 8766", f"port: {rig.status_port}"),
                                            ('reset_time: "17:00"', f'reset_time: "{rig.reset_time}"'))),
                                  (rules, (("lockout_on_breach: false", "lockout_on_breach: true"), ("unknown_symbol_action: block", "unknown_symbol_action: allow_unlimited")))):
                with open(path, encoding="utf-8") as f:
                    text = f.read()
                for old, new in changes:
                    assert old in text, old
                    text = text.replace(old, new, 1)
                with open(path, "w", encoding="utf-8") as f:
                    f.write(text)
            rig.riskd = rigs.Program([os.path.join(rig.programs, "riskd"), "--config", home], rig.path("riskd.out"))
            rig.wait_ready()
            through_the_menu(rig, terminal, home)
            assert rig.riskd.stop() == 0
        finally:
            terminal.stop()
    print("menu: ok")


if __name__ == "__main__":
    main()
