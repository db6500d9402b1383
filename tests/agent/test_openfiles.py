from __future__ import annotations

import json
import subprocess
import sys

CODE = """
import json, os, resource
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
void = os.open(os.devnull, os.O_RDWR)
os.dup2(void, 4), os.dup2(void, 100), os.dup2(void, 200)
# What is open already may have a higher number than anything that is opened from now on.
resource.setrlimit(resource.RLIMIT_NOFILE, (50, most))
from kube9.agent.openfiles import close_above
close_above(4)
found = []
for number in range(300):
    try:
        os.fstat(number)
        found.append(number)
    except OSError:
        pass
print(json.dumps(found))
"""


def test_none_is_left_above():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=True)
    left = json.loads(done.stdout)
    assert set(left) <= {0, 1, 2, 3, 4}
    assert {1, 2, 4} <= set(left)
