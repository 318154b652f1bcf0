"""A page over TLS, with asyncio, until it is stopped: serving.py ADDRESS:PORT CERT KEY."""
import asyncio
import ssl
import sys

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\nHello from Python, TLS\n"


async def answer(reader, writer):
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(PAGE)
            await writer.drain()
    except (asyncio.IncompleteReadError, OSError):  # the client has gone, in whatever way
        writer.close()


async def main(address, *certificate_and_key):
    host, port = address.split(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate_and_key)
    server = await asyncio.start_server(answer, host, int(port), ssl=context)
    print("serving", flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
