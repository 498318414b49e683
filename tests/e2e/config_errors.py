#!/usr/bin/env python3
"""riskd --check names what is wrong with a configuration: file, line, column, key, found, expected (S-23, CF-02, R-ALL-16, R-ALL-17).

usage: config_errors.py RISKD
"""
import os
import subprocess
import sys
import tempfile
import unittest

RISKD = None

GOOD = {
    "daemon.yaml": "log: { level: info }\n",
    "accounts.yaml": "accounts:\n  - { account_id: 101, username: trader, api_key: not-a-secret-key }\n",
    "risk_config.yaml": "rules:\n  max_contracts: { enabled: true, limit: 5 }\n  symbol_blocks: { enabled: true, blocked_symbols: [RTY] }\n",
}


def check(environment=None, **changed):
    """Exit status and what riskd --check said about GOOD with some files changed (a_b for a.b)."""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in {**GOOD, **{k.replace("_yaml", ".yaml"): v for k, v in changed.items()}}.items():
            path = os.path.join(directory, name)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            os.chmod(path, 0o600)
        done = subprocess.run(
            [RISKD, "--config", directory, "--check"], capture_output=True, text=True, timeout=120,
            env={**os.environ, **(environment or {})},
        )
        return done.returncode, done.stdout, done.stderr.replace(directory + "/", "")


class ConfigErrors(unittest.TestCase):
    def wrong(self, expected, environment=None, **changed):
        """Refused, and some line of the report holds all of @expected."""
        status, out, report = check(environment, **changed)
        self.assertEqual(status, 2, report + out)
        lines = report.splitlines()
        self.assertTrue(any(all(word in line for word in expected) for line in lines), f"{expected} not in one line of:\n{report}")
        return report

    def test_good_set_passes(self):
        status, out, report = check()
        self.assertEqual((status, report), (0, ""))
        self.assertIn("1 account, 1 watched", out)

    def test_broken_yaml(self):
        self.wrong(["risk_config.yaml:3:4:", "flow mapping"], risk_config_yaml="rules:\n  max_contracts: { enabled: true, limit: 5\n  x: [\n")

    def test_unknown_key_with_suggestion(self):
        self.wrong(
            ["risk_config.yaml:2:20:", "rules.max_contracts.limt", "limit"],
            risk_config_yaml="rules:\n  max_contracts: { limt: 5 }\n",
        )

    def test_unknown_rule(self):
        self.wrong(["risk_config.yaml:2:3:", "max_contract", "max_contracts"], risk_config_yaml="rules:\n  max_contract: { limit: 5 }\n")

    def test_wrong_type(self):
        self.wrong(
            ["risk_config.yaml:2:27:", "rules.max_contracts.limit", "many"],
            risk_config_yaml="rules:\n  max_contracts: { limit: many }\n",
        )

    def test_missing_environment_variable(self):
        report = self.wrong(
            ["accounts.yaml:2:", "api_key", "RISKD_E2E_NO_SUCH_KEY"],
            accounts_yaml="accounts:\n  - { account_id: 101, username: trader, api_key: '${RISKD_E2E_NO_SUCH_KEY}' }\n",
        )
        self.assertEqual(len(report.strip().splitlines()), 1, report)

    def test_environment_variable_is_used(self):
        status, _, report = check(
            {"RISKD_E2E_KEY": "a-key-from-outside"},
            accounts_yaml="accounts:\n  - { account_id: 101, username: trader, api_key: '${RISKD_E2E_KEY}' }\n",
        )
        self.assertEqual((status, report), (0, ""))

    def test_all_problems_at_once(self):
        report = self.wrong(
            ["risk_config.yaml:2:27:", "many"],
            risk_config_yaml="rules:\n  max_contracts: { limit: many }\n  symbol_blocks: { blocked: [RTY] }\n",
            daemon_yaml="log: { level: loud }\n",
        )
        self.assertTrue(any("daemon.yaml:1:15:" in line and "loud" in line for line in report.splitlines()), report)
        self.assertTrue(any("symbol_blocks.blocked" in line for line in report.splitlines()), report)

    def test_secret_is_never_shown(self):
        secret = "sup3r-s3cret-k3y-value"
        for text in (f"api_key: [{secret}]", f"api_key: {secret}, api_key: {secret}", f"api_kee: {secret}"):
            _, out, report = check(accounts_yaml="accounts:\n  - { account_id: 101, username: trader, " + text + " }\n")
            self.assertNotIn(secret, out + report)

    def test_no_daemon_yaml(self):
        with tempfile.TemporaryDirectory() as directory:
            done = subprocess.run([RISKD, "--config", directory, "--check"], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 2)
        self.assertIn("daemon.yaml", done.stderr)


if __name__ == "__main__":
    RISKD = sys.argv.pop(1)
    unittest.main()
