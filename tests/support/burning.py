"""What the views of the adapters' tests do."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor


def burn():
    end = time.thread_time() + 0.03
    while time.thread_time() < end:
        pass


def in_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def in_pool(work):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()
