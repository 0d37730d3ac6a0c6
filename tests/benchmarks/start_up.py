"""How long `blueprint check specs/samc.yaml` takes beside `python -c "import torch"`.

    python tests/benchmarks/start_up.py [ROUNDS]

Both as processes of their own, in turns; the median of the ratios.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

SPEC = Path(__file__).parent.parent.parent / "specs" / "samc.yaml"
CHECK = [sys.executable, "-m", "blueprint", "check", str(SPEC)]
TORCH = [sys.executable, "-c", "import torch"]


def seconds(command: list[str]) -> float:
    """The wall time of a process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for command in (CHECK, TORCH):
        seconds(command)  # once unmeasured, so that both find their files in memory
    pairs = [(seconds(CHECK), seconds(TORCH)) for _ in range(rounds)]
    ratio = median(check / torch for check, torch in pairs)
    check, torch = (median(side) for side in zip(*pairs, strict=True))
    print(f"check {check:.2f} s, import torch {torch:.2f} s, median of {rounds} ratios {ratio:.2f}")


if __name__ == "__main__":
    main()
