"""The selector of the event loop: sockets stand in a readiness queue of the host, as
timecraft/options.h has it, so that a wait costs what is ready; what cannot be in one (pipes, the
standard streams) is polled."""

import errno
import math
import select
import selectors
import socket
import struct

_LEVEL = 0x74696d65
_QUEUE, _WATCH, _READY = 128, 129, 130
_ADD, _REMOVE, _CHANGE = 1, 2, 3
_IN, _OUT = 1, 4
_WATCHED = struct.Struct("<IIIIQ")
_TOLD = struct.Struct("<IxxxxQ")
_ROOM = 64 * _TOLD.size  # getsockopt gives no more than 1,024 bytes


def _bits(events):
    return (events & selectors.EVENT_READ and _IN) | (events & selectors.EVENT_WRITE and _OUT)


class QueueSelector(selectors._BaseSelectorImpl):

    def __init__(self):
        super().__init__()
        self._queue = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._queue.setsockopt(_LEVEL, _QUEUE, 1)
        self._poll = select.poll()
        self._poll.register(self._queue.fileno(), select.POLLIN)
        self._polled = set()

    def _watch(self, how, fd, events=0):
        self._queue.setsockopt(_LEVEL, _WATCH, _WATCHED.pack(how, fd, _bits(events), 0, fd))

    def register(self, fileobj, events, data=None):
        key = super().register(fileobj, events, data)
        try:
            self._watch(_ADD, key.fd, events)
        except OSError as error:
            # No socket, or one that another selector has too.
            if error.errno not in (errno.EPERM, errno.EBUSY):
                super().unregister(fileobj)
                raise
            self._poll.register(key.fd, _bits(events))
            self._polled.add(key.fd)
        return key

    def unregister(self, fileobj):
        key = super().unregister(fileobj)
        try:
            if key.fd in self._polled:
                self._polled.discard(key.fd)
                self._poll.unregister(key.fd)
            else:
                self._watch(_REMOVE, key.fd)
        except OSError:
            pass  # it was closed before
        return key

    def modify(self, fileobj, events, data=None):
        key = self.get_key(fileobj)
        if events == key.events or key.fd in self._polled:
            return super().modify(fileobj, events, data)
        if not events or events & ~(selectors.EVENT_READ | selectors.EVENT_WRITE):
            raise ValueError(f"Invalid events: {events!r}")
        self._watch(_CHANGE, key.fd, events)
        key = key._replace(events=events, data=data)
        self._fd_to_key[key.fd] = key
        return key

    def select(self, timeout=None):
        if timeout is not None:
            timeout = max(0, math.ceil(timeout * 1e3))
        ready = []
        for fd, found in self._poll.poll(timeout):
            if fd != self._queue.fileno():
                self._note(ready, fd, found)
                continue
            for found, fd in _TOLD.iter_unpack(self._queue.getsockopt(_LEVEL, _READY, _ROOM)):
                self._note(ready, fd, found)
        return ready

    def _note(self, ready, fd, found):
        key = self._fd_to_key.get(fd)
        if key is None:
            return
        events = (found & ~_OUT and selectors.EVENT_READ) | (found & ~_IN and selectors.EVENT_WRITE)
        if events & key.events:
            ready.append((key, events & key.events))

    def close(self):
        self._queue.close()
        super().close()
