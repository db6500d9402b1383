from __future__ import annotations

import io
import zipfile
from pathlib import Path

import kube9.agent


def agent_zip() -> bytes:
    folder = Path(kube9.agent.__file__).parent
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*.py")):
            archive.writestr(zipfile.ZipInfo(f"kube9/agent/{path.relative_to(folder)}"), path.read_bytes())
        archive.writestr(zipfile.ZipInfo("kube9/__init__.py"), b"")
        archive.writestr(
            zipfile.ZipInfo("__main__.py"), b"import time\nprint('agent', flush=True)\nwhile True: time.sleep(60)\n"
        )
    return buffer.getvalue()
