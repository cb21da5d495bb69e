"""Paths in the repository."""
import os

END_TO_END = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REPOSITORY = os.path.dirname(os.path.dirname(END_TO_END))
CONTESTANTS = os.path.join(END_TO_END, "contestants")
DIST = os.path.join(os.environ.get("CARGO_TARGET_DIR") or os.path.join(REPOSITORY, "target"), "dist")


def exe(name):
    """The path of a program that cargo built."""
    return os.path.join(DIST, name)


def beside(*parts):
    """The path of a file of a contestant."""
    return os.path.join(CONTESTANTS, *parts)
