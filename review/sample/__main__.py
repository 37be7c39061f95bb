"""python -m review.sample FOLDER: write the sample dataset as a native import folder."""

import sys
from pathlib import Path

from review.sample import write_sample

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Name the folder to write to: python -m review.sample FOLDER")
    write_sample(Path(sys.argv[1]))
