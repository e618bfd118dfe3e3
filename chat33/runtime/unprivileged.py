"""``python -m chat33.runtime.unprivileged <uid> <gid> <account uid> <command>``: run a command as anyone but root.

PostgreSQL refuses to run as root, yet its files must stay in a data directory that may be closed to everyone else
(a home of mode 700). Two ways lead there on Linux:

- owner 0: a user namespace in which root's own number is shown as the account's. Outside, it stays root's process
  without any of root's capabilities; files keep root as their owner and no other account takes part
  (user_namespaces(7), "User and group ID mappings").
- any other owner: become that user, keeping of root's powers only the passage through closed directories
  (capabilities(7), CAP_DAC_OVERRIDE, raised as ambient so that it survives the exec). This is what is left inside
  containers, which refuse new namespaces.
"""

import ctypes
import os
import pwd
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chat33.runtime.errors import StartupError
from chat33.runtime.layout import ROOT

CLONE_NEWUSER = 0x10000000
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522

ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Owner:
    """Whom the files belong to and the process runs as; ``uid`` 0 is root inside a namespace."""

    uid: int
    gid: int
    account_uid: int
    account_gid: int

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        """``argv`` as a command that runs as this owner."""
        numbers = (self.uid, self.gid, self.account_uid, self.account_gid)
        return (sys.executable, "-m", "chat33.runtime.unprivileged", *map(str, numbers), *argv)


def owner_for(directory: Path) -> Owner | None:
    """As whom to run what keeps its files in ``directory``, made or not; None for an ordinary user, who just runs it.

    Gives a directory of root's to the account where namespaces are refused.
    Raises ``StartupError`` where root has no way to become anyone else.
    """
    if os.getuid() != 0:
        return None
    if not sys.platform.startswith("linux"):
        raise StartupError("PostgreSQL does not run as root: start Chat33 as an ordinary user or set DATABASE_URL.")
    account = _account()
    found = directory.stat() if directory.exists() else None
    if found is not None and found.st_uid != 0:
        return Owner(found.st_uid, found.st_gid, account.pw_uid, account.pw_gid)
    inside = Owner(0, 0, account.pw_uid, account.pw_gid)
    if _works(inside):
        return inside
    outside = Owner(account.pw_uid, account.pw_gid, account.pw_uid, account.pw_gid)
    if not _works(outside):
        raise StartupError(
            "PostgreSQL does not run as root, and root may not become another user here: "
            "start Chat33 as an ordinary user or set DATABASE_URL."
        )
    if found is not None:
        give(directory, outside)
    return outside


def give(directory: Path, owner: Owner) -> None:
    """Make ``owner`` the owner of a directory and all in it."""
    for path in (directory, *directory.rglob("*")):
        os.chown(path, owner.uid, owner.gid, follow_symlinks=False)


def _account() -> pwd.struct_passwd:
    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise StartupError("PostgreSQL does not run as root: start Chat33 as an ordinary user or set DATABASE_URL.")


def _works(owner: Owner) -> bool:
    command = owner.command((sys.executable, "-c", ""))
    return subprocess.run(command, capture_output=True, cwd=ROOT, check=False).returncode == 0


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def enter_namespace(*, account_uid: int, account_gid: int) -> None:
    """Be shown as the account while staying root's process without root's powers. Raises ``OSError`` if refused."""
    _check(ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{account_uid} 0 1")
    Path("/proc/self/gid_map").write_text(f"{account_gid} 0 1")


def become(*, uid: int, gid: int) -> None:
    """Become another user who may pass closed directories. Raises ``OSError`` if refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    kept = 1 << CAP_DAC_OVERRIDE
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    _check(libc.capset(header, struct.pack("=6I", kept, kept, kept, 0, 0, 0)))
    _check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0))


def main(argv: Sequence[str]) -> None:
    """Change who we are and become the command; ends with status 1 and the reason on stderr if refused."""
    uid, gid, account_uid, account_gid = map(int, argv[:4])
    try:
        if uid == 0:
            enter_namespace(account_uid=account_uid, account_gid=account_gid)
        else:
            become(uid=uid, gid=gid)
        os.execv(argv[4], list(argv[4:]))
    except OSError as error:
        sys.exit(f"cannot run {argv[4]} unprivileged: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
