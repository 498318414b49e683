#!/usr/bin/env python3
"""Alerts of a real riskd, received: desktop, a command, four shapes of webhook, mail (S-27).

usage: alerts.py DIR-OF-PROGRAMS [show]

The receivers are here: HTTPS and SMTP over TLS with the rig's certificate, and a notify-send that writes down what it is told.
"""
import base64
import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

ACCOUNT, OTHER = 1001, 1002
ES = "CON.F.US.EP.U26"
PASSWORD = "mail-pass-4711"
SHAPES = ["json", "discord", "slack", "telegram"]


class Hooks:
    """POST /SHAPE/SECRET; a number of answers may be failures first."""

    def __init__(self, tls):
        self.got, self.failures = [], {}
        hooks = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                shape = self.path.split("/")[1]
                status = hooks.failures[shape].pop(0) if hooks.failures.get(shape) else 200
                hooks.got.append((shape, status, body))
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "1")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls["cert"], tls["key"])
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, shape, status=200):
        return [body for s, code, body in self.got if s == shape and code == status]


class Mails:
    """SMTP over TLS that takes one login and keeps each message."""

    def __init__(self, tls):
        self.messages = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(tls["cert"], tls["key"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            plain, _ = self.listener.accept()
            threading.Thread(target=self.talk, args=(plain,), daemon=True).start()

    def talk(self, plain):
        try:
            with self.context.wrap_socket(plain, server_side=True) as s, s.makefile("rwb") as f:
                self.session(f)
        except OSError:
            pass

    def session(self, f):
        receivers, login = [], None

        def say(text):
            f.write(text.encode() + b"\r\n")
            f.flush()

        say("220 test")
        for raw in f:
            line = raw.decode().rstrip("\r\n")
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                say("250-test\r\n250 AUTH PLAIN")
            elif verb == "AUTH":
                say("334 ")
                login = base64.b64decode(f.readline()).decode()
                say("235 ok")
            elif verb == "MAIL":
                receivers = []
                say("250 ok")
            elif verb == "RCPT":
                receivers.append(line)
                say("250 ok")
            elif verb == "DATA":
                say("354 go")
                lines = []
                for body in f:
                    if body == b".\r\n":
                        break
                    lines.append(body.decode())
                self.messages.append((login, receivers, "".join(lines)))
                say("250 kept")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")


def script(rig, name, output):
    path = rig.path(name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(f'#!/bin/sh\n{{ for a in "$@"; do printf "%s|" "$a"; done; env | tr "\\n" " "; echo; }} >> {output}\n')
    os.chmod(path, 0o755)
    return path


def lines_of(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines()


def configure(rig, hooks, mails):
    # rig.py writes secrets to files only; here they are part of daemon.yaml (0600), as a user would have it.
    with open(rig.path("daemon.yaml"), "a", encoding="utf-8") as f:
        f.write(f"alert:\n  ca_file: \"{rig.tls['ca']}\"\n  desktop: true\n  command: \"{script(rig, 'told', rig.path('told.txt'))}\"\n  webhooks:\n")
        for shape in SHAPES:
            f.write(f"    - {{ url: \"https://127.0.0.1:{hooks.port}/{shape}/secret-{shape}\", format: {shape}, chat: \"-100{ACCOUNT}\" }}\n")
        f.write(f"  email: {{ server: \"smtps://localhost:{mails.port}\", username: risk, password: {PASSWORD}, "
                "from: \"riskd@example.org\", to: \"me@example.org, coach@example.org\" }\n")
    os.mkdir(rig.path("bin"))
    script(rig, "bin/notify-send", rig.path("notified.txt"))
    os.environ["PATH"] = rig.path("bin") + ":" + os.environ["PATH"]
    os.environ["TOPSTEPX_API_KEY"] = "environment-key-0815"


def check_test_button(rig, hooks, mails):
    answer = subprocess.run([os.path.join(rig.programs, "riskctl"), "alert", "test", "--config", rig.directory],
                            capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0 and answer.stdout.count("delivered") == 7, answer.stdout + answer.stderr
    print(answer.stdout)
    assert [len(hooks.of(shape)) for shape in SHAPES] == [1, 1, 1, 1] and len(mails.messages) == 1
    hooks.failures["slack"] = [404]
    answer = subprocess.run([os.path.join(rig.programs, "riskctl"), "alert", "test", "--config", rig.directory],
                            capture_output=True, text=True, timeout=120)
    assert answer.returncode == 1 and "failed: answered 404" in answer.stdout and answer.stdout.count("delivered") == 6, answer.stdout
    hooks.got.clear()
    mails.messages.clear()
    os.remove(rig.path("notified.txt"))
    os.remove(rig.path("told.txt"))


def check_breach(rig, hooks, mails):
    hooks.failures["discord"] = [429] * 3  # It says when to come again; that is no refusal, however often.
    rig.start_riskd()
    rig.wait_ready()
    rig.buy(ACCOUNT, ES, 3)
    rigs.wait_for(lambda: all(len(hooks.of(shape)) >= 2 for shape in SHAPES) and len(mails.messages) >= 2
                  and len(lines_of(rig.path("notified.txt"))) >= 2 and len(lines_of(rig.path("told.txt"))) >= 2, 60, "breach and lockout everywhere")
    assert len(hooks.of("discord", 429)) == 3
    assert [b["kind"] for b in hooks.of("json")[:2]] == ["breach", "lockout"], hooks.of("json")
    first = hooks.of("json")[0]
    assert first["account_id"] == ACCOUNT and first["rule"] == 1 and first["level"] == "critical"
    rigs.wait_for(lambda: any(line.get("correlation") == first["incident"] for line in rig.log("enforcement.log")), 60, "the incident in the log")
    assert hooks.of("discord")[0]["content"].startswith(f"**Breach, account {ACCOUNT}, RULE-001**")
    assert hooks.of("slack")[0]["text"].startswith(f"*Breach, account {ACCOUNT}, RULE-001*")
    assert hooks.of("telegram")[0]["chat_id"] == f"-100{ACCOUNT}"
    login, receivers, message = mails.messages[0]
    assert login == f"\0risk\0{PASSWORD}" and len(receivers) == 2 and f"Subject: [risk] Breach, account {ACCOUNT}, RULE-001\r\n" in message, (login, receivers, message)
    assert lines_of(rig.path("notified.txt"))[0].startswith("--app-name=riskd|--urgency=critical|--|Breach, account"), lines_of(rig.path("notified.txt"))
    assert lines_of(rig.path("told.txt"))[0].startswith("breach|critical|Breach, account")
    assert "environment-key" not in "".join(lines_of(rig.path("told.txt"))), "a program got the key"
    return [f"{shape}: {json.dumps(hooks.of(shape)[0])}" for shape in SHAPES] + [
        "mail:\n" + message, "desktop: notify-send " + lines_of(rig.path("notified.txt"))[0].split("|PWD")[0].rsplit("|", 1)[0]]


def check_queue_survives(rig, hooks):
    """A webhook that is down, a daemon that dies: the next one delivers."""
    hooks.failures["json"] = [503] * 1000  # For as long as this daemon lives.
    hooks.got.clear()
    rig.buy(OTHER, ES, 3)
    rigs.wait_for(lambda: hooks.of("json", 503), 60, "a failed attempt")
    rigs.wait_for(lambda: any("json" not in line and "webhook" in line for line in lines_of(rig.path("state.db.alerts"))), 60, "the queue's file")
    waiting = lines_of(rig.path("state.db.alerts"))
    assert waiting and os.stat(rig.path("state.db.alerts")).st_mode & 0o077 == 0
    rig.riskd.kill()
    hooks.failures["json"] = []
    rig.start_riskd()
    rigs.wait_for(lambda: hooks.of("json"), 60, "delivery after the restart")
    rig.wait_ready()


def check_reload_and_metrics(rig):
    page = rig.get(f"http://127.0.0.1:{rig.status_port}/metrics")
    assert 'riskd_alerts_total{result="delivered"}' in page and "riskd_alerts_waiting" in page


def check_secrets(rig):
    """S-22, S-25: nothing that could be used shows in what is written."""
    assert rig.riskd.stop() == 0
    secrets = [PASSWORD, *(f"secret-{shape}" for shape in SHAPES), rig.api_key]
    for folder, _, names in os.walk(rig.directory):
        for name in names:
            if name in ("daemon.yaml", "api.key"):
                continue
            with open(os.path.join(folder, name), "rb") as f:
                data = f.read()
            for secret in secrets:
                assert secret.encode() not in data, f"{secret} in {name}"


def main():
    with rigs.Rig(sys.argv[1], [ACCOUNT, OTHER], ["max_contracts: { enabled: true, limit: 1, lockout_on_breach: true }"]) as rig:
        hooks, mails = Hooks(rig.tls), Mails(rig.tls)
        configure(rig, hooks, mails)
        check_test_button(rig, hooks, mails)
        captures = check_breach(rig, hooks, mails)
        check_queue_survives(rig, hooks)
        check_reload_and_metrics(rig)
        check_secrets(rig)
        if len(sys.argv) > 2:
            print("\n".join(captures))


if __name__ == "__main__":
    main()
