"""The vectors of the repository."""

import json
import pathlib

FOLDER = pathlib.Path(__file__).parents[2] / "vectors"


def read(name):
    return json.loads((FOLDER / name).read_text())
