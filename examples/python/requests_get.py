import requests

# does hTLS to example.com behind the scenes
requests.get("https://example.com")
