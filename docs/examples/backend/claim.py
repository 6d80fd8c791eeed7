"""Claims one package of each client of a user: python claim.py URL USER, with the token in DIRECTORY_TOKEN."""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid


def claim(url: str, user: str, token: str, key: str) -> dict:
    """The answer of the directory. The same key returns the same packages for 24 hours: repeat it after a lost reply."""
    request = urllib.request.Request(
        f"{url}/v1/users/{urllib.parse.quote(user, safe='')}/claims",
        method="POST",
        data=json.dumps({"ciphersuites": [1]}).encode(),
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        },
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


if len(sys.argv) != 3 or "DIRECTORY_TOKEN" not in os.environ:
    sys.exit("usage: DIRECTORY_TOKEN=TOKEN python claim.py URL USER")
try:
    answer = claim(sys.argv[1], sys.argv[2], os.environ["DIRECTORY_TOKEN"], str(uuid.uuid4()))
    for client in answer["clients"]:
        print(client["client"], client["status"], client.get("key_package", "-"))
except urllib.error.HTTPError as error:
    problem = json.load(error)
    sys.exit(f"{problem['code']}: {problem['detail']}")
except urllib.error.URLError as error:
    sys.exit(f"no answer from {sys.argv[1]}: {error.reason}")
