"""Write the generated parts of the documentation anew; with the word `pictures`, take its pictures instead."""

import asyncio
import sys

from tests.docs.generate import generated, markdown_files
from tests.docs.parts import PARTS
from tests.docs.pictures import take_pictures


def write() -> None:
    """Bring every page up to date."""
    for file in markdown_files():
        page = file.read_text()
        if (new := generated(page, PARTS)) != page:
            file.write_text(new)
            print(f"{file.name} is new.")


if __name__ == "__main__":
    asyncio.run(take_pictures()) if "pictures" in sys.argv[1:] else write()
