"""Fetches the pages of many servers at once, and tells how each answers.

    fetch_many.py [--ca FILE] HOST[:PORT][/PATH]...

The exit status is 0 if all were fetched.
"""

import argparse
import asyncio
import ssl
import sys
import time


async def fetch(url, context):
    """The first line and the length of what a server answers."""
    authority, slash, path = url.partition("/")
    host, _, port = authority.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port or 443), ssl=context)
    try:
        request = f"GET {slash or '/'}{path} HTTP/1.0\r\nHost: {authority}\r\n\r\n"
        writer.write(request.encode())
        await writer.drain()
        status = (await reader.readline()).decode("latin-1").strip()
        length = len(status) + 2
        while block := await reader.read(1 << 16):
            length += len(block)
        return status, length
    finally:
        writer.close()


async def report(url, context, seconds):
    begin = time.monotonic()
    try:
        status, length = await asyncio.wait_for(fetch(url, context), seconds)
    except (OSError, asyncio.TimeoutError) as error:
        print(f"{url}: {error or 'no answer in time'}", file=sys.stderr)
        return False
    print(f"{url}: {status}, {length} bytes in {time.monotonic() - begin:.2f} s")
    return True


async def main():
    parser = argparse.ArgumentParser(description="Fetches many pages at once.")
    parser.add_argument("--ca", help="a PEM file of certificates to trust, not the host's")
    parser.add_argument("--timeout", type=float, default=10, help="seconds for each page")
    parser.add_argument("urls", nargs="+", metavar="HOST[:PORT][/PATH]")
    arguments = parser.parse_args()
    context = ssl.create_default_context(cafile=arguments.ca)
    done = await asyncio.gather(*(report(url, context, arguments.timeout)
                                  for url in arguments.urls))
    return 0 if all(done) else 1


sys.exit(asyncio.run(main()))
