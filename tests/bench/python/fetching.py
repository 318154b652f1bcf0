"""Requests over one connection: fetching.py ADDRESS:PORT NAME PATH COUNT. Prints their CPU time."""
import http.client
import socket
import ssl
import sys
import time


def main(address, name, path, count):
    host, port = address.split(":")
    connection = http.client.HTTPSConnection(name, int(port), context=ssl.create_default_context())
    connection._create_connection = lambda _, *more: socket.create_connection((host, int(port)), *more)
    connection.request("GET", path)
    connection.getresponse().read()
    begin = time.process_time_ns()
    for _ in range(int(count)):
        connection.request("GET", path)
        connection.getresponse().read()
    print("cpu", time.process_time_ns() - begin)


main(*sys.argv[1:])
