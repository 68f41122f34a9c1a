"""A deadline ends what waits too long, and not what the loop was too busy to read."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest

from surefoot.stores._async.deadline import Deadline


async def bounded(work, seconds):
    deadline = Deadline(seconds)
    try:
        return await work
    except asyncio.CancelledError:
        return "deadline" if deadline.is_why() else "somebody else"
    finally:
        deadline.cancel()


def test_it_ends_what_waits_too_long():
    async def work():
        answer = await bounded(asyncio.sleep(60), 0.01)
        # Nothing of it is left: the task goes on as if it had never been cancelled.
        await asyncio.sleep(0)
        return answer

    assert asyncio.run(work()) == "deadline"


def test_somebody_else_may_cancel_too():
    async def work():
        task = asyncio.create_task(bounded(asyncio.sleep(60), 60))
        await asyncio.sleep(0)
        task.cancel()
        return await task

    assert asyncio.run(work()) == "somebody else"


@pytest.mark.parametrize("loops", ["asyncio", "uvloop"])
def test_an_answer_that_came_while_the_loop_was_busy_counts(loops):
    uvloop = pytest.importorskip("uvloop")
    near, far = socket.socketpair()
    answered = threading.Event()

    def answer():
        far.recv(100)
        far.sendall(b"answer\n")
        answered.set()

    async def work():
        reader, writer = await asyncio.open_connection(sock=near)

        async def ask():
            writer.write(b"ask\n")
            return await reader.readline()

        asking = asyncio.create_task(bounded(ask(), 0.02))
        await asyncio.sleep(0)
        hold_up()
        answer = await asking
        writer.close()
        await writer.wait_closed()
        return answer

    def hold_up():
        assert answered.wait(20)
        time.sleep(0.05)

    thread = threading.Thread(target=answer)
    thread.start()
    factory = uvloop.new_event_loop if loops == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        assert runner.run(work()) == b"answer\n"
    thread.join()
    far.close()
