"""riskd and risksim on loopback with TLS, for ./demo and tests/e2e: certificates, configuration, start, look, stop.

Everything lives in one directory, which goes with the rig.  Secrets are in files only.
"""
import datetime
import glob
import json
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request
import zoneinfo

USER = "trader"


def take_port():
    """A port no other rig takes while the socket with it is open: its namesake of UDP, which nobody else wants.

    Those of the kernel's own choice (32768 and up) are free when asked for and another program's a moment later: tests side by side met each other's riskd.
    """
    while True:
        port = random.randrange(20000, 32768)
        held = socket.socket(type=socket.SOCK_DGRAM)
        try:
            held.bind(("127.0.0.1", port))
            with socket.socket() as wanted:
                wanted.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                wanted.bind(("127.0.0.1", port))
            return port, held
        except OSError:
            held.close()


def wait_for(condition, seconds, what):
    """The first true value of condition(), asked every 20 ms."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


def far_reset():
    """When the days of a rig begin: as everywhere at 17:00 in Chicago, unless that is so near that a lockout would end while it is looked at."""
    return "05:00" if datetime.datetime.now(zoneinfo.ZoneInfo("America/Chicago")).hour == 16 else "17:00"


def make_certificates(directory, name="localhost"):
    """A CA of our own and a certificate for 127.0.0.1 and @name: riskd verifies both (TS-02)."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    with open(os.path.join(directory, "san.cnf"), "w", encoding="utf-8") as f:
        f.write(f"subjectAltName=IP:127.0.0.1,DNS:{name}\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=risk demo CA", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *key, "-subj", f"/CN={name}", "-keyout", "server.key", "-out", "server.csr")
    openssl(
        "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-days", "2", "-extfile", "san.cnf", "-out", "server.pem",
    )
    return {name: os.path.join(directory, file) for name, file in (("ca", "ca.pem"), ("key", "server.key"), ("cert", "server.pem"))}


class Program:
    """A child process whose output goes to a file."""

    def __init__(self, arguments, output, environment=None):
        self.output = output
        with open(output, "ab") as out:
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, **(environment or {})}, start_new_session=True,
            )

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        """kill -9, and wait."""
        if self.alive():
            self.process.send_signal(signal.SIGKILL)
        return self.process.wait(60)

    def stop(self, seconds=60):
        """SIGTERM, and wait; its exit status."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def tail(self, lines=15):
        with open(self.output, encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-lines:])


class Rig:
    """A directory with certificates, risksim and riskd in it.  Use as a context: nothing is left running or lying about."""

    host = "127.0.0.1"  # What riskd calls the gateway, ...
    certified = "localhost"  # ... and the gateway itself.

    def __init__(self, programs, accounts, rules, sim_options=(), daemon="", keep=None, users=1, own_keys=False, shim=None, log_level="debug"):
        """@users share the accounts, in turn (each has a rate window of its own; with @own_keys a key too, and nobody else's account); @shim is preloaded into riskd (bench/wire_shim.c)."""
        self.programs = programs
        self.accounts = accounts
        self.users = users
        self.own_keys = own_keys
        self.shim = shim
        self.log_level = log_level
        self.directory = tempfile.mkdtemp(prefix="risk-")
        self.keep = keep
        self.tls = make_certificates(self.directory, self.certified)
        self.context = ssl.create_default_context(cafile=self.tls["ca"])
        self.sim = self.riskd = None
        (self.sim_port, self.feed_port, self.status_port), self.held_ports = zip(*(take_port() for _ in range(3)))
        self.reset_time = far_reset()
        self.api_key = os.urandom(16).hex()
        self._write("api.key", self.api_key + "\n")
        for user in range(users if own_keys else 0):
            self.new_key(user)
        self.sim_options = list(sim_options)
        self._start_sim()
        self._write_configuration(rules, daemon)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        for program in (self.riskd, self.sim):
            if program is not None:
                program.kill()
        if kind is not None and kind is not KeyboardInterrupt:
            print(f"{kind.__name__}: {value}")
            for program in (self.riskd, self.sim):
                if program is not None:
                    print(f"--- {program.output}\n{program.tail()}")
        if self.keep:
            shutil.copytree(self.directory, self.keep, dirs_exist_ok=True)
        shutil.rmtree(self.directory, ignore_errors=True)
        for held in self.held_ports:
            held.close()

    def path(self, name):
        return os.path.join(self.directory, name)

    def _write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), 0o600)

    def _start_sim(self):
        arguments = [
            os.path.join(self.programs, "risksim"), "--cert", self.tls["cert"], "--key", self.tls["key"], "--ready-file", self.path("port"),
            "--port", str(self.sim_port), "--api-key-file", self.path("api.key"), *self.sim_options, *(["--user", USER] if self.users == 1 else []),
        ]
        for user in range(self.users if self.own_keys else 0):
            ids = ",".join(str(account) for i, account in enumerate(self.accounts) if i % self.users == user)
            arguments += ["--login", f"{self.user_of(user)}:{self.path(f'api{user}.key')}:{ids}"]
        for account in self.accounts:
            arguments += ["--account", f"{account}:SIM-{account}"]
        self.sim = Program(arguments, self.path("risksim.out"))
        wait_for(lambda: os.path.exists(self.path("port")) or not self.sim.alive(), 60, "risksim")
        if not self.sim.alive():
            raise RuntimeError("risksim ended: " + self.sim.tail())

    def restart_sim(self):
        """Another risksim in the place of the last one: its books are empty, its keys those in the files now."""
        self.sim.kill()
        os.remove(self.path("port"))
        self._start_sim()

    def _write_configuration(self, rules, daemon):
        here = f"{self.host}:{self.sim_port}"
        self._write("daemon.yaml", f"""\
api: {{ base_url: "https://{here}", ca_file: "{self.tls['ca']}" }}
hub: {{ user_url: "wss://{here}/hubs/user", market_url: "wss://{here}/hubs/market" }}
db: {{ path: "{self.path('state.db')}" }}
log: {{ directory: "{self.path('logs')}", level: {self.log_level} }}
feed: {{ port: {self.feed_port} }}
metrics: {{ port: {self.status_port} }}
day: {{ reset_time: "{self.reset_time}" }}
{daemon}""")
        self._write("accounts.yaml", "accounts:\n" + "".join(
            f"  - {{ account_id: {account}, username: {self.user_of(i)}, api_key_file: \"{self.key_file(i)}\" }}\n"
            for i, account in enumerate(self.accounts)))
        self._write("risk_config.yaml", "rules:\n" + "".join(f"  {rule}\n" for rule in rules))

    def user_of(self, i):
        return USER if self.users == 1 else f"{USER}{i % self.users}"

    def key_file(self, i):
        return self.path(f"api{i % self.users}.key" if self.own_keys else "api.key")

    def new_key(self, user, key=None):
        """Another key in the user's file, for riskd and for a risksim that is started later."""
        self._write(f"api{user}.key", (key or os.urandom(16).hex()) + "\n")

    def start_riskd(self, kill_at=None):
        environment = {"TMPDIR": self.directory} | ({"RISKD_TEST_KILL_AT": kill_at} if kill_at else {}) # Its locks go with it.
        if self.shim:
            environment |= {"LD_PRELOAD": self.shim, "WIRE_SHIM_OUT": self.path("shim.out")}
        self.riskd = Program(
            [os.path.join(self.programs, "riskd"), "--config", self.directory], self.path("riskd.out"), environment)
        return self.riskd

    def get(self, url):
        with urllib.request.urlopen(url, timeout=30, context=self.context if url.startswith("https") else None) as answer:
            return answer.read().decode()

    def ready(self):
        """Is riskd protecting?"""
        try:
            return self.get(f"http://127.0.0.1:{self.status_port}/readyz") == "protecting\n"
        except OSError:  # Nobody there, no answer in time, or another one than 200.
            return False

    def wait_ready(self, seconds=60):
        wait_for(lambda: self.ready() or not self.riskd.alive(), seconds, "riskd to protect")
        if not self.riskd.alive():
            raise RuntimeError("riskd ended")

    def status(self):
        return json.loads(self.get(f"http://127.0.0.1:{self.status_port}/status"))

    def ask(self, what, **body):
        """GET or, with a body, POST /sim/WHAT."""
        request = urllib.request.Request(f"https://127.0.0.1:{self.sim_port}/sim/{what}", headers={"Content-Type": "application/json"})
        if body:
            request.data = json.dumps(body).encode()
        with urllib.request.urlopen(request, timeout=30, context=self.context) as answer:
            return json.loads(answer.read())

    def books(self, account):
        return next(a for a in self.ask("books")["accounts"] if a["id"] == account)

    def buy(self, account, contract, size, **more):
        return self.ask("order", accountId=account, contractId=contract, type=2, side=0, size=size, **more)

    def log(self, name="daemon.log"):
        """Its lines up to now, oldest first: a day that ends (UTC) has begun another file, and the last line may be half written."""
        path = os.path.join(self.path("logs"), name)
        identity = lambda: os.stat(path).st_ino if os.path.exists(path) else None
        while True:
            newest, text = identity(), ""
            for file in [*sorted(glob.glob(path + ".*"), key=lambda old: -int(old.rsplit(".", 1)[1])), path]:
                try:
                    with open(file, encoding="utf-8") as f:
                        text += f.read()
                except FileNotFoundError:
                    pass  # Not there yet, or renamed meanwhile.
            if identity() == newest:
                return [json.loads(line) for line in text.split("\n")[:-1]]
