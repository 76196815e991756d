"""Where what is kept of a run is found."""

from pathlib import Path


def kept(folder: Path, workspace: str = "T0", release: str = "shop-1", number: int = 1) -> Path:
    """Return the folder of the one run with a number, whenever it was asked for."""
    (found,) = (folder / "runs" / workspace / release).glob(f"{number}-*")
    return found
