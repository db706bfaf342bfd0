"""`openenv validate --url`: every criterion of openenv-core passes.

The server's address is the variable OMNIGUARD_URL.
"""

import json
import os
import subprocess
import sys
from pathlib import Path


def main():
    url = os.environ.get("OMNIGUARD_URL")
    if not url:
        sys.exit("FAILED: OMNIGUARD_URL is set")
    openenv = Path(sys.executable).with_name("openenv")
    run = subprocess.run([openenv, "validate", "--url", url], capture_output=True, text=True)
    try:
        criteria = json.loads(run.stdout)["criteria"]
    except (ValueError, KeyError):
        sys.exit(f"FAILED: no report\n{run.stdout}\n{run.stderr}")
    failed = [criterion["id"] for criterion in criteria if not criterion["passed"]]
    if failed or not criteria or run.returncode != 0:
        sys.exit(f"FAILED: {failed}\n{run.stdout}")
    print(f"ok: {len(criteria)} criteria of openenv-core pass")


if __name__ == "__main__":
    main()
