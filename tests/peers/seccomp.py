"""``seccomp.py CALL,CALL,... COMMAND ...``: runs the command with EPERM as the answer to every other system call.

libseccomp is what systemd itself makes its filters with.
"""

from __future__ import annotations

import ctypes
import os
import sys

ALLOW, REFUSE = 0x7FFF0000, 0x00050001
"""SCMP_ACT_ALLOW and SCMP_ACT_ERRNO(EPERM)."""


def load(names: list[str]) -> None:
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(REFUSE)))
    for name in names:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # the others are none of this processor's
            library.seccomp_rule_add(context, ctypes.c_uint32(ALLOW), ctypes.c_int(number), ctypes.c_uint(0))
    if library.seccomp_load(context):
        raise SystemExit("the filter of system calls was not taken")


if __name__ == "__main__":
    load(sys.argv[1].split(","))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - this is what it is for
