"""Fetches a page over and over, on a connection each: fetch_forever.py URL"""
import sys
import urllib.request

while True:
    with urllib.request.urlopen(sys.argv[1]) as answer:
        if not answer.read():
            sys.exit("an empty page")
