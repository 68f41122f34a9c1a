"""Stands in for a MongoDB server, of which none is free to be shipped with Linux distributions.

Speaks as much of the wire protocol, as its documentation describes it, as the driver needs to be
used for real: OP_MSG with one body, a handshake, and answers that are always the same.
"""

from __future__ import annotations

import socketserver
import struct
import threading
import time

_HEAD = struct.Struct("<iiii")
_OP_MSG = 2013
_OP_REPLY = 1
_OP_QUERY = 2004
_BATCH = [{"_id": 1, "title": "kept apart"}, {"_id": 2, "title": "other"}]


def answer(command):
    """What the server says to one command."""
    verb = next(iter(command))
    if verb in {"hello", "isMaster", "ismaster"}:
        return {
            "isWritablePrimary": True, "ismaster": True, "minWireVersion": 0, "maxWireVersion": 21,
            "maxBsonObjectSize": 1 << 24, "maxMessageSizeBytes": 48_000_000, "readOnly": False,
            "maxWriteBatchSize": 100_000, "ok": 1.0,
        }  # fmt: skip
    time.sleep(0.005)
    if verb in {"find", "getMore"}:
        name = f"{command['$db']}.{command.get('collection', command[verb])}"
        batch, following = _BATCH, 7
        if verb == "getMore" or command.get("limit") == 1:
            batch, following = _BATCH[:1], 0
        key = "firstBatch" if verb == "find" else "nextBatch"
        return {"cursor": {key: batch, "id": following, "ns": name}, "ok": 1.0}
    if verb == "fail":
        return {"ok": 0.0, "errmsg": "on purpose", "code": 59, "codeName": "CommandNotFound"}
    return {"n": 1, "ok": 1.0}


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        import bson

        while head := self.rfile.read(_HEAD.size):
            length, number, _, kind = _HEAD.unpack(head)
            body = self.rfile.read(length - _HEAD.size)
            if kind == _OP_MSG:
                # Four bytes of flags, then the kind of the first section, then its document.
                size = struct.unpack_from("<i", body, 5)[0]
                said = bson.encode(answer(bson.decode(body[5 : 5 + size])))
                reply, told = _OP_MSG, struct.pack("<iB", 0, 0) + said
            else:
                assert kind == _OP_QUERY
                said = bson.encode(answer({"hello": 1}))
                reply, told = _OP_REPLY, struct.pack("<iqii", 8, 0, 0, 1) + said
            size = _HEAD.size + len(told)
            self.wfile.write(_HEAD.pack(size, 0, number, reply) + told)


class MongoStandIn(socketserver.ThreadingTCPServer):
    """Listens on a port of its own until it is left."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), _Conversation)
        self.port = port
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
        self._thread.join(10)
