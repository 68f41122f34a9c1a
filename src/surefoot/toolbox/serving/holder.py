"""A process without logic that holds listening sockets, and hands them to who may ask.

Run as a script (``python -I -S holder.py FD FD...``) with nothing but the interpreter in it: the
first descriptor is the Unix socket on which it is asked, the others are what it holds. Whoever
connects gets them all. It ends by a signal, and by nothing else.
"""

# `socket` would cost 1.3 MB more than the module below it that does the work.
import _socket
import sys

ASKED_SECONDS = 5.0


def main(asked: int, held: list[int]) -> None:
    """Serve for ever."""
    listener = _socket.socket(fileno=asked)
    rights = b"".join(fd.to_bytes(4, sys.byteorder) for fd in held)
    message = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)]
    while True:
        try:
            fd, _ = listener._accept()  # type: ignore[attr-defined] # noqa: SLF001 - see above
        except OSError:
            continue
        caller = _socket.socket(fileno=fd)
        try:
            caller.settimeout(ASKED_SECONDS)
            caller.sendmsg([len(held).to_bytes(1, "big")], message)
        except OSError:
            # Gone before it was answered.
            pass
        finally:
            caller.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(word) for word in sys.argv[2:]])
