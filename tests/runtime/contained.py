"""``python -m tests.runtime.contained <command>``: run it as root is in a container that lets nobody make namespaces.

Root inside is root outside, with other users beside it, and with the capabilities that Docker leaves by default
(Docker Engine, "Runtime privilege and Linux capabilities").
"""

import ctypes
import os
import sys
from pathlib import Path

from chat33.runtime.unprivileged import CLONE_NEWUSER

PR_CAPBSET_DROP = 24
LAST_CAPABILITY = 40
DOCKER_LEAVES = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
"""The numbers of chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, net_raw,
sys_chroot, mknod, audit_write and setfcap (capability.h)."""


def main() -> None:
    """Become the command, contained; status 77 where this machine does not allow that much."""
    libc = ctypes.CDLL(None, use_errno=True)
    made, mapped = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        if libc.unshare(CLONE_NEWUSER) != 0:
            os._exit(77)
        os.write(made[1], b"1")
        os.read(mapped[0], 1)
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        for capability in set(range(LAST_CAPABILITY + 1)) - DOCKER_LEAVES:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        os.execv(sys.argv[1], sys.argv[1:])
    os.close(made[1])
    if os.read(made[0], 1):
        for kind in ("uid", "gid"):
            Path(f"/proc/{child}/{kind}_map").write_text("0 0 65536")
        os.write(mapped[1], b"1")
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
