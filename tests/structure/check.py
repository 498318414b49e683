#!/usr/bin/env python3
"""The shape of the source, as docs/architecture.md and design/style.md have it, checked on every run of ctest.

usage: check.py TOP CHECK       CHECK: one of the functions named check_... below, without the prefix
       check.py --self-test     every check must find the fault planted for it

Each check yields "file:line: what is wrong"; any such line is a failure.
"""
import os
import re
import sys
import tempfile

# Who may include whom.  rules/ may see only core and base, and so on.
MAY_INCLUDE = {
    "base": {"base"},
    "os": {"os", "base"},
    "core": {"core", "base"},
    "rules": {"rules", "core", "base"},
    "config": {"config", "rules", "core", "base"},
    "net": {"net", "base"},
    "gateway": {"gateway", "net", "core", "base"},
    "store": {"store", "core", "os", "base"},
    "feed": {"feed", "net", "core", "base"},
    "tui": {"tui", "feed", "base"},
    "sim": {"sim", "core", "base"},
}
MAY_INCLUDE["app"] = {"app", *MAY_INCLUDE}
MAY_INCLUDE["trial"] = {"trial", *MAY_INCLUDE}
MAY_INCLUDE["ctl"] = {"ctl", *MAY_INCLUDE}
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70

# The pure core: no clock, no I/O, no chance, no double; allocation belongs to construction.
IMPURE = re.compile(
    r"\b(time|clock|clock_gettime|gettimeofday|localtime\w*|gmtime\w*|rand|random|getenv|printf|fprintf|puts|fputs|fopen|"
    r"open|read|write|uv_\w+|sqlite3_\w+|curl_\w+)\s*\(|\b(double|float)\b"
)
ALLOCATES = re.compile(r"\b(malloc|calloc|realloc|free|strdup)\s*\(")
CONSTRUCTION = re.compile(r"(^|_)(new|free|init|fini)($|_)")
WIRE_NAMES = re.compile(r'"[^"]*(Gateway(User|Quote|Trade|Depth|Logout)|/api/)')
WIRE_FOLDERS = {"gateway", "sim", "feed"}
POSIX_HEADERS = re.compile(
    r"#\s*include\s*<(unistd|pthread|poll|fcntl|dirent|dlfcn|pwd|grp|termios|syslog|netdb|strings|sched|spawn|glob|"
    r"sys/[\w/]+|netinet/[\w/]+|arpa/\w+|net/\w+|linux/[\w/]+)\.h>"
)
POSIX_FOLDERS = {"os", "sim"}
PLATFORM = re.compile(r"\b(_WIN32|_WIN64|WIN32|__MINGW32__|__MINGW64__|__CYGWIN__|_MSC_VER|__linux__|__unix__)\b|<windows\.h>")
THREADS = re.compile(r"\b(uv_thread_create\w*|uv_queue_work|CreateThread|_beginthread\w*|pthread_create|thrd_create)\b")
# Log, store's writer and alerts write what they are handed; the pool copies, hashes and reads; the simulation runs a world per thread; a service
# manager's thread only says what it was told.
THREAD_FILES = {
    "src/app/log.c", "src/store/writer.c", "src/app/alerts.c", "src/app/upkeep.c", "src/app/admin.c", "src/app/reload.c",
    "src/trial/simulate.c", "src/os/windows_service.c",
}
SETTINGS_FILES = {"src/config/settings.c", "src/config/settings.h", "src/config/check.c"}
UNFINISHED = re.compile(r"\b(TODO|FIXME)\b(?!\(#\d+\))")
REQUIREMENT = re.compile(r"R-[A-Z0-9]+-\d+[a-z]?")


def files(top, *folders, endings=(".c", ".h")):
    for folder in folders:
        for path, _, names in sorted(os.walk(os.path.join(top, folder))):
            for name in sorted(names):
                if name.endswith(endings):
                    full = os.path.join(path, name)
                    yield full, os.path.relpath(full, top)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def blank(match):
    return "".join(c if c == "\n" else " " for c in match.group(0))


COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)


def code(path, strings=True):
    """The text without comments, and without string literals if asked; lines keep their numbers."""
    text = read(path)
    if not strings:
        return COMMENT_OR_STRING.sub(blank, text)
    return COMMENT_OR_STRING.sub(lambda m: m.group(0) if m.group(0)[0] == '"' else blank(m), text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def folder_of(relative):
    return relative.split(os.sep)[1]


def functions(text):
    """(name, first line, last line) of each function definition: '{' and '}' alone in column 0 (.clang-format)."""
    name, start = "?", None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}"):
            if start is not None:
                yield name, start, number
            start = None
        elif start is None:
            found = re.match(r"(?:[A-Za-z_][\w \*]*[ \*])?(\w+)\(", line)
            if found:
                name = found.group(1)


def check_include_direction(top):
    for full, relative in files(top, "src"):
        folder = folder_of(relative)
        allowed = MAY_INCLUDE.get(folder)
        text = code(full)
        for found in re.finditer(r'#\s*include\s*"([^"]+)"', text):
            target = found.group(1).split("/")[0]
            where = f"{relative}:{line_of(text, found.start())}"
            if "/" not in found.group(1) or ".." in found.group(1):
                yield f"{where}: includes are written from src/: {found.group(1)}"
            elif allowed is None:
                yield f"{where}: folder {folder} is in no layer: add it to MAY_INCLUDE and docs/architecture.md"
            elif target not in allowed:
                yield f"{where}: {folder} may not include {found.group(1)}"


def check_sizes(top):
    for full, relative in files(top, "src", "tests"):
        text = read(full)
        lines = text.count("\n")
        if lines > FILE_LINES_MAX:
            yield f"{relative}:1: {lines} lines, at most {FILE_LINES_MAX}"
        for name, first, last in functions(text):
            if last - first + 1 > FUNCTION_LINES_MAX:
                yield f"{relative}:{first}: {name}: {last - first + 1} lines, at most {FUNCTION_LINES_MAX}"


def check_pure_core(top):
    for full, relative in files(top, "src/core", "src/rules"):
        text = code(full, strings=False)
        for found in IMPURE.finditer(text):
            yield f"{relative}:{line_of(text, found.start())}: {found.group(0).strip()} in the pure core (R-ALL-4, style.md)"
        inside = list(functions(text))
        for found in ALLOCATES.finditer(text):
            line = line_of(text, found.start())
            name = next((n for n, first, last in inside if first <= line <= last), "?")
            if not CONSTRUCTION.search(name):
                yield f"{relative}:{line}: {name}() allocates after construction"


def check_wire_names(top):
    for full, relative in files(top, "src"):
        if folder_of(relative) in WIRE_FOLDERS:
            continue
        text = code(full)
        for found in WIRE_NAMES.finditer(text):
            yield f"{relative}:{line_of(text, found.start())}: wire name outside {', '.join(sorted(WIRE_FOLDERS))}: {found.group(0)}"


def check_posix(top):
    for full, relative in files(top, "src"):
        if folder_of(relative) in POSIX_FOLDERS:
            continue
        text = code(full)
        for found in POSIX_HEADERS.finditer(text):
            yield f"{relative}:{line_of(text, found.start())}: POSIX outside src/os: {found.group(0)}"


def check_platform(top):
    """A platform is a file of src/os the build picks, not an #ifdef (style.md); what compilers call Windows is no word for elsewhere."""
    for full, relative in files(top, "src", "tests", "bench"):
        if relative.startswith(os.path.join("src", "os") + os.sep) or relative.endswith("_windows.c"):
            continue
        text = code(full, strings=False)
        for found in PLATFORM.finditer(text):
            yield f"{relative}:{line_of(text, found.start())}: {found.group(0)} outside src/os"


def check_threads(top):
    """CC-01: one thread owns all trading state; whoever starts another says in docs/architecture.md what it does."""
    for full, relative in files(top, "src"):
        text = code(full, strings=False)
        for found in THREADS.finditer(text):
            if relative not in THREAD_FILES:
                yield f"{relative}:{line_of(text, found.start())}: {found.group(0)} outside of {', '.join(sorted(THREAD_FILES))} (CC-01)"


def check_settings(top):
    """BO-04: a key of daemon.yaml is used by somebody, or is one of settings_fixed[], of which people are told."""
    path = os.path.join(top, "src/config/settings.c")
    if not os.path.exists(path):
        return
    table = read(path)
    fixed = set(re.findall(r'"([\w.]+)"', re.search(r"settings_fixed\[\] = \{(.*?)\};", table, re.S).group(1)))
    used = "".join(code(full) for full, relative in files(top, "src") if relative not in SETTINGS_FILES)
    for found in re.finditer(r'(?:WHOLE|FLAG|TEXT|WORD|STEPS)\("([\w.]+)[^"]*",\s*([\w.]+),', table):
        if found.group(1) not in fixed and not re.search(r"(?:->|\.)" + re.escape(found.group(2)) + r"\b", used):
            yield f"src/config/settings.c:{line_of(table, found.start())}: {found.group(1)} is read and used by nobody"


def check_unfinished(top):
    for full, relative in files(top, "src", "tests"):
        text = read(full)
        for found in UNFINISHED.finditer(text):
            yield f"{relative}:{line_of(text, found.start())}: {found.group(0)} without an issue number"


def check_requirements(top):
    """Every requirement of the rulebook is cited in the code that meets it and in a test that shows it."""
    wanted = read(os.path.join(top, "tests/structure/requirements.txt")).split()
    for place, folders, endings in (
        ("src", ["src"], (".c", ".h")),
        ("tests", ["tests/unit", "tests/story", "tests/e2e", "tests/interop"], (".c", ".h", ".py", ".mjs", ".js")),
    ):
        cited = set()
        for full, _ in files(top, *folders, endings=endings):
            cited.update(REQUIREMENT.findall(read(full)))
        for requirement in wanted:
            if requirement not in cited:
                yield f"{place}: {requirement} is cited nowhere"


def check_named_tests(top):
    """Each test resilience.md 7 names in the groups of issue 4 exists as a cmocka test of that name (named_tests.txt)."""
    registered = set()
    for full, _ in files(top, "tests", endings=(".c",)):
        registered.update(re.findall(r"cmocka_unit_test\w*\(\s*(\w+)", read(full)))
    for number, line in enumerate(read(os.path.join(top, "tests/structure/named_tests.txt")).split("\n"), 1):
        name = line.split("#")[0].strip()
        if name and name not in registered:
            yield f"tests/structure/named_tests.txt:{number}: no cmocka test is called {name}"


def check_path(top):
    """Each function src/app/riskd.ld puts beside the others exists."""
    script = os.path.join(top, "src/app/riskd.ld")
    if not os.path.exists(script):
        return
    defined = set()
    for full, _ in files(top, "src", endings=(".c",)):
        defined.update(re.findall(r"^(\w+)\(", read(full), re.MULTILINE))
    for number, line in enumerate(read(script).split("\n"), 1):
        name = re.search(r"\*\(\.text\.(\w+) ", line)
        if name and name[1] not in defined:
            yield f"src/app/riskd.ld:{number}: there is no function {name[1]}"


CHECKS = {name[6:]: function for name, function in list(globals().items()) if name.startswith("check_")}

# One fault for each check, and clean code that must pass it.
PLANTED = {
    "platform": ("src/app/a.c", "#ifdef _WIN32\n#endif\n", "/* _WIN32 */\n"),
    "include_direction": ("src/core/a.c", '#include "gateway/decode.h"\n', '#include "base/json.h"\n'),
    "sizes": ("src/base/a.c", "void\na(void)\n{\n" + "    b();\n" * 69 + "}\n", "void\na(void)\n{\n" + "    b();\n" * 68 + "}\n"),
    "pure_core": ("src/rules/a.c", "void\na(void)\n{\n    p = malloc(1);\n}\n", "void\na_new(void)\n{\n    p = malloc(1); /* time() */\n}\n"),
    "wire_names": ("src/app/a.c", 'x = "GatewayUserTrade";\n', "/* GatewayUserTrade */\n"),
    "posix": ("src/net/a.c", "#include <sys/stat.h>\n", "#include <string.h>\n"),
    "threads": ("src/core/a.c", "uv_thread_create(&t, run, 0);\n", "/* uv_queue_work() */\n"),
    "settings": ("src/config/settings.c", 'settings_fixed[] = { "a.c" };\nWHOLE("a.b", a.b, 1)\n', 'settings_fixed[] = { "a.c" };\nWHOLE("a.c", a.c, 1)\n'),
    "unfinished": ("src/base/a.c", "/* TODO */\n", "/* TODO(#12) */\n"),
    "requirements": ("src/rules/a.c", "/* R-001-2 */\n", "/* R-001-1 */\n"),
    "path": ("src/app/riskd.ld", "    *(.text.a_go .text.a_go.*)\n", "SECTIONS {\n"),
    "named_tests": ("tests/story/a.c", "void hub_stops(void);\n", "    cmocka_unit_test(hub_stop),\n"),
}


def self_test():
    failed = 0
    for name, check in CHECKS.items():
        path, bad, good = PLANTED[name]
        for text, wanted in ((bad, True), (good, False)):
            with tempfile.TemporaryDirectory() as top:
                for file, content in ((path, text), ("tests/structure/requirements.txt", "R-001-1\n"), ("tests/structure/named_tests.txt", "hub_stop # x\n"), ("tests/unit/t.c", "/* R-001-1 */\n")):
                    os.makedirs(os.path.dirname(os.path.join(top, file)), exist_ok=True)
                    with open(os.path.join(top, file), "w", encoding="utf-8") as f:
                        f.write(content)
                found = list(check(top))
                if bool(found) != wanted:
                    print(f"self-test: {name} {'missed its fault' if wanted else 'complained: ' + found[0]}")
                    failed += 1
    return failed


def main():
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(1 if self_test() else 0)
    if len(sys.argv) != 3 or sys.argv[2] not in CHECKS:
        sys.exit(__doc__ + "checks: " + ", ".join(CHECKS))
    found = list(CHECKS[sys.argv[2]](sys.argv[1]))
    print("\n".join(found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
