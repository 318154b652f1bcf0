"""An HTTPS server: tells each client what the host negotiated with it.

    https_server.py [--port PORT] (--identity NAME | CERTIFICATE.pem KEY.pem)

With --identity the private key stays with the host, which got it as --identity=NAME=CERT,KEY.
"""

import argparse
import asyncio
import ssl

LONGEST_WAIT = 30  # seconds for a request


async def read_request(reader):
    """The target of a request (RFC 9112, 3), or None at the end of the connection."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), LONGEST_WAIT)
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    return target if method == "GET" else None


async def serve(reader, writer):
    name, version, bits = writer.get_extra_info("cipher")
    client = writer.get_extra_info("peername")[0]
    try:
        while target := await read_request(reader):
            body = f"{target} for {client}, by {version} with {name} ({bits} bits)\n".encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            writer.write(head + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.TimeoutError,
            ConnectionError, ValueError):
        pass  # it went, asks for nothing, or asks for what is no request
    finally:
        writer.close()


def make_context(arguments, parser):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if arguments.identity:
        context.load_named_identity(arguments.identity)
    elif arguments.files:
        context.load_cert_chain(*arguments.files)
    else:
        parser.error("the server needs a certificate: two files, or --identity")
    return context


async def main():
    parser = argparse.ArgumentParser(description="An HTTPS server.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--identity", metavar="NAME", help="an identity that the host holds")
    parser.add_argument("files", nargs="*", metavar="CERTIFICATE.pem KEY.pem")
    arguments = parser.parse_args()
    context = make_context(arguments, parser)
    server = await asyncio.start_server(serve, arguments.host, arguments.port, ssl=context)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"https://{host}:{port}/", flush=True)
    await server.serve_forever()


asyncio.run(main())
