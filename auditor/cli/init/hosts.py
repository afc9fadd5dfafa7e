"""What runs the audit every night: the units and the crontab of ``deploy/systemd``, with this installation's paths.

The shipped files hold as they stand for an installation in /opt/auditor; here their lines are written anew. How systemd
reads them: https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html and systemd.service (COMMAND
LINES); what cron does: crontab(5).
"""

from __future__ import annotations

import getpass
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from auditor.cli.paper import refuse
from auditor.resources import deploy_folder

STATE = Path("/var/lib/auditor")
"""Where the units of an audit that root keeps leave their nights."""
_HIDDEN = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108 - nothing is written there
"""What ``ProtectHome=`` and ``PrivateTmp=`` hide."""
HOST_FILES = tuple(
    map(Path, ("systemd/auditor.service", "systemd/auditor.timer", "systemd/auditor-failed@.service", "crontab"))
)
_SHIPPED_PYTHON, _SHIPPED_CONFIG, _SHIPPED_STATE = "/opt/auditor/bin/python", "/etc/auditor/config.yaml", str(STATE)


@dataclass(frozen=True)
class Host:
    """Where things lie, all of them absolute; ``user`` is empty for a user that systemd makes up.

    ``program`` are the folders that Python and the auditor are loaded from.
    """

    python: Path
    program: tuple[Path, ...]
    folder: Path
    state: Path
    user: str

    @property
    def made_up(self) -> bool:
        return not self.user

    @property
    def archive(self) -> str:
        """Where nights are kept, as the configuration names it: beside it, or where the made-up user may write."""
        return f"file:{self.state / 'archive'}" if self.made_up else "file:./archive"

    @property
    def hidden(self) -> list[Path]:
        """What has to be read, and is hidden from a service; nothing that lies in another of these."""
        needed = {each for each in (*self.program, self.folder) if any(map(each.is_relative_to, _HIDDEN))}
        return sorted(each for each in needed if not any(above in needed for above in each.parents))


def this_host(folder: Path) -> Host:
    """An audit in ``folder``, kept there as whoever asks; root's is kept in a folder that no person owns."""
    place, base, package = folder.absolute(), Path(sys.base_prefix), Path(__file__).parents[3]
    program = (Path(sys.prefix), base, base.resolve(), package.resolve())
    user = _user()
    root = user == "root"
    return Host(Path(sys.executable), program, place, STATE if root else place, "" if root else user)


def _user() -> str:
    """Whoever this process is; what the environment calls him may be somebody else, as under ``su``."""
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a number without a name, as in containers
        return str(os.geteuid())


def host_files(host: Host) -> Iterator[tuple[Path, str]]:
    """Each file by its name in the audit's folder. Raises SettingsRefused for paths that no unit file can name."""
    for path in (host.python, host.folder):
        if str(path) != str(path).strip() or re.search(r"[\x00-\x1f\x7f]", str(path)):
            raise refuse(str(path), "holds a character that no crontab can name: choose another folder")
    shipped = deploy_folder() / "systemd"
    fill = {"auditor.service": _service, "crontab": _crontab}
    for path in HOST_FILES:
        text = (shipped / path.name).read_text(encoding="utf-8")
        yield path, fill[path.name](text, host) if path.name in fill else text


def _service(text: str, host: Host) -> str:
    [command] = re.findall(r"^ExecStart=:(.*)$", text, re.MULTILINE)
    text = _with_line(text, "ExecStart", f"ExecStart=:{_command(command, host)}")
    text = _with_line(text, "EnvironmentFile", f"EnvironmentFile=-{_file_name(host.folder / 'environment')}")
    certificate = str(host.folder / "auditor.pem").replace("%", "%%")
    text = _with_line(text, "#LoadCredential", f"#LoadCredential=auditor.pem:{certificate}")
    if host.hidden:
        seen = " ".join(_word(each) for each in host.hidden if each != host.state)
        text = _with_line(text, "ProtectHome", "ProtectHome=tmpfs", *([f"BindReadOnlyPaths={seen}"] if seen else []))
    if host.user:
        text = _with_line(text, "DynamicUser", f"User={host.user}")
        text = _with_line(text, "StateDirectory", f"BindPaths={_word(host.state)}")
        text = _with_line(text, "StateDirectoryMode")
    return text


def _command(shipped: str, host: Host) -> str:
    """The shipped command with other paths. systemd takes no quotes in a program's own name: env does."""
    program = f"/usr/bin/env {_word(host.python)}" if re.search(r"[\"'\\]", str(host.python)) else _word(host.python)
    paths = {
        _SHIPPED_PYTHON: program,
        _SHIPPED_CONFIG: f"{_word(host.folder / 'config.yaml')} --rules {_word(host.folder / 'rules')}",
        f"{_SHIPPED_STATE}/report": _word(host.state / "report"),
    }
    return " ".join(paths.get(word, word) for word in shipped.split(" "))


def _crontab(text: str, host: Host) -> str:
    values = {
        "PYTHON": host.python,
        "CONFIG": host.folder / "config.yaml",
        "RULES": host.folder / "rules",
        "SECRETS": host.folder / "environment",
        "STATE": host.state,
    }
    for name, value in values.items():  # taken to the end of the line, quotes and percent signs too
        text = _with_line(text, name, f"{name}={value}")
    return _with_line(text, "MAILTO", f"MAILTO={host.user}") if host.user else text


def _with_line(text: str, key: str, *lines: str) -> str:
    """``text`` with these lines in the place of the one for ``key``. Raises ValueError where that is not one."""
    found = list(re.finditer(rf"^{key}=.*\n", text, re.MULTILINE))
    if len(found) != 1:
        raise ValueError(f"The shipped file has not one line for {key}.")
    return text[: found[0].start()] + "".join(f"{line}\n" for line in lines) + text[found[0].end() :]


def _word(path: Path) -> str:
    """A path as one word of a unit's line. After a colon in ExecStart a dollar sign is one like any other."""
    text = str(path).replace("%", "%%")
    if re.fullmatch(r"[\w@%+=/.,~-]+", text, re.ASCII):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _file_name(path: Path) -> str:
    """A path that fills a line of its own, where no quotes are known, but patterns of names are."""
    return re.sub(r"([*?\[\\])", r"\\\1", str(path).replace("%", "%%"))
