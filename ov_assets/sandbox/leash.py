"""Run a command that the kernel ends when its parent dies: `python leash.py PARENT SIGNAL USER COMMAND…`.

An exec wrapper rather than a `preexec_fn`: `PR_SET_PDEATHSIG` is cleared when the user changes, so it must
be set after that and right before the exec. It imports nothing of the project, so that it starts in 15 ms.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def die_with_parent(parent: int, signum: int) -> None:
    """Have the kernel send `signum` when `parent` dies, even if that has just happened."""
    prctl(PR_SET_PDEATHSIG, signum)
    if os.getppid() != parent:
        os.kill(os.getpid(), signum)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, instead of init."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def become(user: str) -> None:
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def command(argv: list[str], *, signum: int = signal.SIGKILL, user: str | None = None) -> list[str]:
    """`argv` on a leash held by this process; call it in the thread that starts the child."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(signum)), user or "-", *argv]


def main() -> None:
    parent, signum, user, *argv = sys.argv[1:]
    if user != "-":
        become(user)
    for ignored in (signal.SIGINT, signal.SIGQUIT):  # by the shell that put the supervisor in the background
        signal.signal(ignored, signal.SIG_DFL)
    die_with_parent(int(parent), int(signum))
    os.execvp(argv[0], argv)  # noqa: S606


if __name__ == "__main__":
    main()
