#!/usr/bin/env python3
"""riskctl rules set, disable and check with a real riskd: the file, the reload, and what is told of a looser rule (S-18, S-23).

usage: rules_set.py DIR-OF-PROGRAMS
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import rig as rigs

ACCOUNT = 1001
ES = "CON.F.US.EP.U26"
PASSWORD = "correct horse"
RULES = ["max_contracts: { enabled: true, limit: 2 } # Größe", "daily_realized_loss: { limit: -500 }"]


def riskctl(rig, *arguments, code=0):
    answer = subprocess.run([os.path.join(rig.programs, "riskctl"), *arguments, "--config", rig.directory], capture_output=True,
                            text=True, timeout=120, stdin=subprocess.DEVNULL, start_new_session=True)
    assert answer.returncode == code, f"{arguments}: exit {answer.returncode}: {answer.stdout} {answer.stderr}"
    return answer.stdout + answer.stderr


def alarms(rig):
    return [line["msg"] for line in rig.log() if "loosened" in line["msg"]]


def main():
    with rigs.Rig(sys.argv[1], [ACCOUNT], RULES) as rig:
        with open(rig.path("risk_config.yaml"), "a", encoding="utf-8") as file:
            file.write("global: { loosen: immediate }\n")
        rig.start_riskd()
        rig.wait_ready()
        with open(rig.path("good"), "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        os.chmod(rig.path("good"), 0o600)
        good = ["--password-file", rig.path("good")]
        riskctl(rig, "password", "--new-password-file", rig.path("good"))
        path = rig.path("risk_config.yaml")
        before = open(path, encoding="utf-8").read()
        riskctl(rig, "rules", "set", "max_contracts.limit", "1", *good, "--yes")  # Tighter: at once, and no alarm.
        assert open(path, encoding="utf-8").read() == before.replace("limit: 2", "limit: 1")
        assert not alarms(rig), alarms(rig)
        riskctl(rig, "rules", "set", "max_contracts.limit", "3", *good, "--yes")
        rigs.wait_for(lambda: any("max_contracts.limit" in text for text in alarms(rig)), 60, "the alarm of a looser limit")
        wrong = riskctl(rig, "rules", "set", "max_contracts.limit", "many", *good, "--yes", code=2)
        assert "nothing was changed" in wrong and open(path, encoding="utf-8").read() == before.replace("limit: 2", "limit: 3")
        assert "this one is max_contracts.limit" in riskctl(rig, "rules", "set", "RULE-001.limit", "2", code=2)
        assert "this one is daily_realized_loss" in riskctl(rig, "rules", "disable", "3", code=2)
        assert "there is no such rule" in riskctl(rig, "rules", "set", "RULE-099.limit", "2", code=2)
        riskctl(rig, "rules", "set", "max_contracts.mode", "shadow", *good, "--yes")
        rigs.wait_for(lambda: any("max_contracts only watches" in text for text in alarms(rig)), 60, "the alarm of a rule in shadow")
        rig.buy(ACCOUNT, ES, 4)
        rigs.wait_for(lambda: any("would have closed" in line["msg"] for line in rig.log()), 60, "what the rule would have done")
        assert sum(p["size"] for p in rig.books(ACCOUNT)["positions"]) == 4, rig.books(ACCOUNT)
        riskctl(rig, "rules", "disable", "daily_realized_loss", *good, "--yes")
        rigs.wait_for(lambda: any("daily_realized_loss is off" in text for text in alarms(rig)), 60, "the alarm of a rule that is off")
        assert "warning: account 1001: daily_realized_loss: does not act" in riskctl(rig, "check")
        riskctl(rig, "rules", "set", "max_contracts.limit", "2", "--account", str(ACCOUNT), *good, "--yes")  # Shown where it is then.
        own = f"accounts.{ACCOUNT}.max_contracts.limit: 2  # "
        assert own in riskctl(rig, "rules", "show", "max_contracts") and own in riskctl(rig, "rules", "show")
        assert "max_contracts" not in riskctl(rig, "rules", "show", "daily_realized_loss")
    print("rules_set: ok")


if __name__ == "__main__":
    main()
