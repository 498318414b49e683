#!/usr/bin/env python3
"""A looser rule waits, whatever is tried: a reload, kill -9 and a restart with the looser file; a tighter one holds at once (issue 8).

usage: loosen.py DIR-OF-PROGRAMS
"""
import json
import os
import signal
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

ACCOUNT = 1001
ES = "CON.F.US.EP.U26"


def write_rules(rig, limit, loosen="", rules=True):
    text = (f"global: {{ loosen: {loosen} }}\n" if loosen else "") + "rules:\n"
    text += f"  max_contracts: {{ enabled: {'true' if rules else 'false'}, limit: {limit} }}\n"
    with open(rig.path("risk_config.yaml"), "w", encoding="utf-8") as file:
        file.write(text)


def size(rig):
    return sum(p["size"] for p in rig.books(ACCOUNT)["positions"])


def said(rig, words):
    return sum(words in line["msg"] for line in rig.log())


def reload(rig, words=None):
    """SIGHUP; then wait until riskd has said so, and @words if any."""
    before, told = said(rig, "reloaded, "), said(rig, words) if words else 0
    rig.riskd.process.send_signal(signal.SIGHUP)
    rigs.wait_for(lambda: said(rig, "reloaded, ") > before, 60, "the reload")
    if words:
        rigs.wait_for(lambda: said(rig, words) > told, 60, words)


def breach(rig, limit):
    """Buy one more than @limit: it is closed."""
    proven = said(rig, "close proven")
    rig.buy(ACCOUNT, ES, limit + 1)
    rigs.wait_for(lambda: said(rig, "close proven") > proven and size(rig) == 0, 60, f"{limit + 1} contracts to be closed")


def breached_limits(rig):
    rig.riskd.stop()
    with sqlite3.connect(rig.path("state.db")) as database:
        return [row[0] for row in database.execute("SELECT limit_value FROM enforcement_log WHERE kind = 'breach' ORDER BY id")]


def restart(rig):
    rig.riskd.kill()
    rig.start_riskd()
    rig.wait_ready()


def check_waits(programs):
    with rigs.Rig(programs, [ACCOUNT], ["max_contracts: { enabled: true, limit: 2 }"]) as rig:
        rig.start_riskd()
        rig.wait_ready()
        breach(rig, 2)
        write_rules(rig, 5, "immediate")  # The word that would let it through waits too.
        reload(rig, "max_contracts.limit")
        breach(rig, 2)
        restart(rig)  # kill -9, and the looser file is read at the start.
        breach(rig, 2)
        rig.riskd.kill()
        write_rules(rig, 9, rules=False)  # Edited while nobody watched.
        rig.start_riskd()
        rig.wait_ready()
        breach(rig, 2)
        write_rules(rig, 1)  # Tighter: at once, and nothing waits any more.
        reload(rig, "that waited are cancelled")
        breach(rig, 1)
        limits = breached_limits(rig)  # A kill right after a close may have taken a row with it.
        assert set(limits[:-1]) == {2} and limits[-1] == 1, limits
        with sqlite3.connect(rig.path("state.db")) as database:
            rows = " ".join(str(row) for row in database.execute("SELECT * FROM enforcement_log"))
        for words in ("loosened, waits until", "max_contracts.limit", "max_contracts is off", "global.loosen", "are cancelled"):
            assert words in rows, (words, rows)


def check_time_comes(programs):
    with rigs.Rig(programs, [ACCOUNT], []) as rig:
        write_rules(rig, 2, "delay:3s")
        rig.start_riskd()
        rig.wait_ready()
        write_rules(rig, 4, "delay:3s")
        reload(rig, "loosened, waits until")
        rigs.wait_for(lambda: said(rig, "that waited are in force"), 60, "the end of the delay")
        breach(rig, 4)
        assert breached_limits(rig) == [4], breached_limits(rig)


def check_immediate(programs):
    with rigs.Rig(programs, [ACCOUNT], []) as rig:
        write_rules(rig, 2, "immediate")
        rig.start_riskd()
        rig.wait_ready()
        write_rules(rig, 4, "immediate")
        reload(rig, "loosened: account")
        breach(rig, 4)
        assert breached_limits(rig) == [4], breached_limits(rig)


def riskctl(rig, *words):
    answer = subprocess.run([os.path.join(rig.programs, "riskctl"), *words, "--config", rig.directory, "--json"], capture_output=True, text=True,
                            timeout=120, stdin=subprocess.DEVNULL, start_new_session=True)
    return answer.returncode, json.loads(answer.stdout)


def pending(rig):
    code, printed = riskctl(rig, "rules", "pending")
    assert code == 0, printed
    return printed["pending"]


def check_cancel(programs):
    """Announced, cancelled, cancelled still after a restart, asked for again."""
    with rigs.Rig(programs, [ACCOUNT], []) as rig:
        write_rules(rig, 2)
        rig.start_riskd()
        rig.wait_ready()
        assert pending(rig) is None
        assert riskctl(rig, "rules", "cancel")[0] == 1
        write_rules(rig, 5)
        reload(rig, "loosened, waits until")
        waits = pending(rig)
        assert waits["until"] and not waits["cancelled"] and waits["changes"] == ["account 1001: max_contracts.limit: 2 becomes 5"], waits
        code, printed = riskctl(rig, "rules", "cancel")
        assert code == 0 and "max_contracts.limit: 2 becomes 5" in printed["text"], printed
        assert pending(rig)["cancelled"] and pending(rig)["until"] is None
        restart(rig)
        assert pending(rig)["cancelled"]
        breach(rig, 2)
        assert riskctl(rig, "reload")[0] == 0  # Asked for again.
        assert not pending(rig)["cancelled"] and pending(rig)["until"]
        write_rules(rig, 2)
        reload(rig, "that waited are cancelled")
        assert pending(rig) is None
        breached_limits(rig)
        with sqlite3.connect(rig.path("state.db")) as database:
            rows = " ".join(str(row) for row in database.execute("SELECT * FROM enforcement_log"))
        for words in ("cancel by user", "loosened, cancelled: account 1001: max_contracts.limit: 2 becomes 5", "that waited are cancelled"):
            assert words in rows, (words, rows)


def write_accounts(rig, *rows):
    with open(rig.path("accounts.yaml"), "w", encoding="utf-8") as file:
        file.write("accounts:\n" + "".join(f"  - {{ account_id: {account}, username: {rigs.USER}{more} }}\n" for account, more in rows))


def watched(rig):
    return [account["account_id"] for account in rig.status()["accounts"]]


def check_accounts(programs):
    """An account that is paused, or taken out, is watched on; so is the day's end, and a holiday."""
    with rigs.Rig(programs, [ACCOUNT, ACCOUNT + 1], []) as rig:
        write_rules(rig, 1)
        key = f', api_key_file: "{rig.path("api.key")}"'
        rig.start_riskd()
        rig.wait_ready()
        write_accounts(rig, (ACCOUNT, key + ", enabled: false"), (ACCOUNT + 1, key))
        reload(rig, "account 1001 is watched no more")
        assert watched(rig) == [ACCOUNT, ACCOUNT + 1]
        restart(rig)
        assert watched(rig) == [ACCOUNT, ACCOUNT + 1]
        breach(rig, 1)
        write_accounts(rig, (ACCOUNT + 1, key))  # And out of the file, which has a login of the same user.
        restart(rig)
        assert watched(rig) == [ACCOUNT, ACCOUNT + 1]
        breach(rig, 1)
        daemon = open(rig.path("daemon.yaml"), encoding="utf-8").read()
        rig._write("daemon.yaml", daemon.replace(f'reset_time: "{rig.reset_time}"', 'reset_time: "18:00"') + "quotes: { blind_s: 60 }\n")
        reload(rig, "day.reset_time")
        assert any("day.reset_time" in change for change in pending(rig)["changes"]), pending(rig)
        assert any("quotes.blind_s: 30 becomes 60" in change for change in pending(rig)["changes"]), pending(rig)
        assert any("1001 is watched no more" in change for change in pending(rig)["changes"]), pending(rig)
        # The file that remembers is gone: told, whoever did it.
        rig.riskd.kill()
        os.unlink(rig.path("state.db.rules"))
        rig.start_riskd()
        rigs.wait_for(lambda: said(rig, "what was in force is not known"), 60, "the alarm")


def check_delay_of_account(programs):
    """The time comes: a running riskd goes on watching, the next one does not."""
    with rigs.Rig(programs, [ACCOUNT, ACCOUNT + 1], []) as rig:
        write_rules(rig, 1, "delay:2s")
        key = f', api_key_file: "{rig.path("api.key")}"'
        rig.start_riskd()
        rig.wait_ready()
        write_accounts(rig, (ACCOUNT, key), (ACCOUNT + 1, key + ", enabled: false"))
        reload(rig, "account 1002 is watched no more")
        rigs.wait_for(lambda: said(rig, "that waited are in force"), 60, "the end of the delay")
        rigs.wait_for(lambda: said(rig, "account 1002 is watched until riskd starts anew"), 60, "the reload after it")
        assert watched(rig) == [ACCOUNT, ACCOUNT + 1]
        restart(rig)
        assert watched(rig) == [ACCOUNT]
        check_remove(rig)


def check_remove(rig):
    """What is in force is paused first: gone with its login, nothing could hold it back."""
    rig._write("accounts.yaml", f'''accounts:
  - account_id: {ACCOUNT}
    username: {rigs.USER}
    api_key_file: "{rig.path("api.key")}"
  - account_id: {ACCOUNT + 1}
    username: {rigs.USER}
    api_key_file: "{rig.path("api.key")}"
    enabled: false
''')
    code, printed = riskctl(rig, "account", "remove", str(ACCOUNT + 1))
    assert code == 0 and printed["text"].startswith("done"), printed  # Not in force: at once.
    rig._write("accounts.yaml", open(rig.path("accounts.yaml"), encoding="utf-8").read() +
               f'''  - account_id: {ACCOUNT + 2}
    username: {rigs.USER}
    api_key_file: "{rig.path("api.key")}"
''')
    code, printed = riskctl(rig, "account", "remove", str(ACCOUNT))
    assert code == 0 and printed["text"].startswith("paused first"), printed
    text = open(rig.path("accounts.yaml"), encoding="utf-8").read()
    assert f"account_id: {ACCOUNT}\n" in text and "enabled: false" in text, text
    code, printed = riskctl(rig, "account", "remove", str(ACCOUNT))
    assert code == 1 and "still watched" in printed["text"], printed


def check_users(programs):
    """Users in another order would send one account's orders through another's login."""
    with rigs.Rig(programs, [ACCOUNT, ACCOUNT + 1], [], users=2) as rig:
        write_rules(rig, 1)
        rig.start_riskd()
        rig.wait_ready()
        text = open(rig.path("accounts.yaml"), encoding="utf-8").read().splitlines()
        rig._write("accounts.yaml", "\n".join([text[0], text[2], text[1]]) + "\n")
        code, printed = riskctl(rig, "reload")
        assert code == 1 and "has moved or changed its user" in printed["text"], printed
        breach(rig, 1)


def main():
    check_cancel(sys.argv[1])
    check_accounts(sys.argv[1])
    check_delay_of_account(sys.argv[1])
    check_users(sys.argv[1])
    check_waits(sys.argv[1])
    check_time_comes(sys.argv[1])
    check_immediate(sys.argv[1])
    print("loosen: ok")


if __name__ == "__main__":
    main()
