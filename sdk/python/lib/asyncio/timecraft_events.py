"""The event loop of guests: TLS is the host's, and there is one thread.

- Transports with TLS are transports of plain sockets that wait for the host's handshake first.
- Nothing else than the loop can wake it up, so it needs no pair of sockets for that.
- What would go to the default executor's threads, such as getaddrinfo, is done at once, while the
  loop waits.
"""

import ssl
import sys

from . import base_events
from . import constants
from . import futures
from . import selector_events
from . import timecraft_selector
from . import transports
from . import unix_events

__all__ = ("EventLoop", "SelectorEventLoop")


class TimecraftEventLoop(unix_events._UnixSelectorEventLoop):

    _csock = None  # nobody to write to

    def __init__(self, selector=None):
        super().__init__(selector or timecraft_selector.QueueSelector())

    def _make_self_pipe(self):
        pass

    def _close_self_pipe(self):
        pass

    def run_in_executor(self, executor, func, *args):
        if executor is not None or self._default_executor is not None:
            return super().run_in_executor(executor, func, *args)
        self._check_closed()
        if self._debug:
            self._check_callback(func, "run_in_executor")
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except StopIteration as error:
            future.set_exception(RuntimeError(f"{func!r} raised {error!r}"))
        except Exception as error:
            future.set_exception(error)
        return future

    def _make_ssl_transport(self, rawsock, protocol, sslcontext, waiter=None, *,
                            server_side=False, server_hostname=None, extra=None, server=None,
                            ssl_handshake_timeout=None, ssl_shutdown_timeout=None):
        return _TlsTransport(self, rawsock, protocol, sslcontext, waiter, server_side,
                             server_hostname, extra, server, ssl_handshake_timeout)

    async def start_tls(self, transport, protocol, sslcontext, *, server_side=False,
                        server_hostname=None, ssl_handshake_timeout=None,
                        ssl_shutdown_timeout=None):
        if not isinstance(sslcontext, ssl.SSLContext):
            raise TypeError("sslcontext is expected to be an instance of ssl.SSLContext, "
                            f"got {sslcontext!r}")
        if not getattr(transport, "_start_tls_compatible", False):
            raise TypeError(f"transport {transport!r} is not supported by start_tls()")
        transport.pause_reading()
        await transport._make_empty_waiter()  # what was written before leaves in clear text
        transport._reset_empty_waiter()
        waiter = self.create_future()
        secure = _TlsTransport(self, transport._sock, protocol, sslcontext, waiter, server_side,
                               server_hostname, None, transport._server, ssl_handshake_timeout,
                               call_connection_made=False)
        _hand_over(transport)
        try:
            await waiter
        except BaseException:
            secure.close()
            raise
        return secure


def _hand_over(transport):
    """Makes a transport let go of its socket and its server, which another one has now."""
    transport._closing = True
    transport._conn_lost += 1
    if transport._server is not None:
        transport._server._detach(*[transport] if sys.version_info >= (3, 13) else [])
        transport._server = None
    transport._sock = None


class _TlsTransport(selector_events._SelectorSocketTransport):
    """A transport of a socket with TLS, which is clear text on this side of the host."""

    _start_tls_compatible = False
    _sendfile_compatible = constants._SendfileMode.FALLBACK

    def __init__(self, loop, sock, protocol, context, waiter, server_side, server_hostname, extra,
                 server, handshake_timeout, call_connection_made=True):
        self._read_ready_cb = None
        if sys.version_info >= (3, 12):
            self._write_ready = self._write_send
        # What _SelectorSocketTransport adds to its base, but for calling connection_made now.
        selector_events._SelectorTransport.__init__(self, loop, sock, protocol, extra, server)
        self._eof = self._paused = False
        self._empty_waiter = None
        base_events._set_nodelay(sock)

        if handshake_timeout is None:
            handshake_timeout = constants.SSL_HANDSHAKE_TIMEOUT
        elif handshake_timeout <= 0:
            raise ValueError("ssl_handshake_timeout should be a positive number, "
                             f"got {handshake_timeout}")
        if context is None:
            if server_side:
                raise ValueError("Server side SSL needs a valid SSLContext")
            context = ssl.create_default_context()
            context.check_hostname = bool(server_hostname)
        self._tls = ssl._Tls(sock, context, server_side, server_hostname or None)
        self._waiter = waiter
        self._call_connection_made = call_connection_made
        self._extra["sslcontext"] = context
        self._timer = loop.call_later(handshake_timeout, self._handshake_is_late, handshake_timeout)
        loop.call_soon(self._advance_handshake)

    def _advance_handshake(self):
        if self._timer is None:
            return
        try:
            self._tls.do_handshake(timeout=0)
        except ssl.SSLWantWriteError:
            self._loop._add_writer(self._sock_fd, self._advance_handshake)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._end_handshake(error)
        else:
            self._end_handshake(None)

    def _handshake_is_late(self, seconds):
        self._end_handshake(ConnectionAbortedError(
            f"SSL handshake is taking longer than {seconds} seconds: aborting the connection"))

    def _end_handshake(self, error):
        self._timer.cancel()
        self._timer = None
        self._loop._remove_writer(self._sock_fd)
        if error is not None:
            self._wake_up(error)
            self._protocol_connected = self._protocol_connected and not self._call_connection_made
            self._fatal_error(error, "SSL handshake failed")
            return
        self._extra.update(peercert=self._tls.getpeercert(), cipher=self._tls.cipher(),
                           compression=None, ssl_object=self._tls)
        if self._call_connection_made:
            self._loop.call_soon(self._protocol.connection_made, self)
        if not self._paused:
            self._loop.call_soon(self._add_reader, self._sock_fd, self._read_ready)
        self._loop.call_soon(self._wake_up, None)

    def _wake_up(self, error):
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            return
        if error is None:
            futures._set_result_unless_cancelled(waiter, None)
        else:
            waiter.set_exception(error)

    def _is_in_handshake(self):
        return self._timer is not None

    def close(self):
        if self._is_in_handshake() and not self._closing:
            self._end_handshake(ConnectionAbortedError("the transport was closed"))
        super().close()

    def _force_close(self, exc):
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._loop._remove_writer(self._sock_fd)
            self._wake_up(exc or ConnectionAbortedError("the transport was closed"))
        super()._force_close(exc)

    def resume_reading(self):
        if self._is_in_handshake():
            self._paused = False
        else:
            super().resume_reading()

    def _refuse_in_handshake(self):
        if self._is_in_handshake():
            raise RuntimeError("cannot write before the end of the handshake")

    def write(self, data):
        self._refuse_in_handshake()
        super().write(data)

    def writelines(self, list_of_data):
        self._refuse_in_handshake()
        super().writelines(list_of_data)

    def can_write_eof(self):
        """As with TLS elsewhere: some protocols can not do without hearing the other side."""
        return False

    def write_eof(self):
        raise NotImplementedError("write_eof() is not there with TLS")

    def _fatal_error(self, exc, message="Fatal error on transport"):
        if isinstance(exc, OSError):
            exc = ssl._explain(exc, self._sock)
        super()._fatal_error(exc, message)


unix_events._UnixDefaultEventLoopPolicy._loop_factory = TimecraftEventLoop
EventLoop = SelectorEventLoop = TimecraftEventLoop
