"""Build package.zip: the app, your configuration, the auditor, and the very dependencies of requirements.txt.

    python build.py [--output package.zip]

Any Python with pip will do, on any system: what is put in is meant for the function app's Linux and Python 3.13, and
the hash of each file is compared. Nothing is built or looked up in Azure. Beside config.yaml go exemptions.yaml and
your own rules in rules/, where they are there.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
APP = ("function_app.py", "host.json", ".funcignore", "config.yaml")
YOURS = ("exemptions.yaml", "rules")
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
TARGET = ["--python-version", "3.13", *(f"--platform={name}" for name in PLATFORMS)]
EXACTLY = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "--ignore-requires-python"]
"""The requirements are whole, and were settled for that Python: whether they fit the one that is here says nothing."""
LIBRARIES = Path(".python_packages", "lib", "site-packages")
"""Where the worker of Azure Functions looks for what was built elsewhere."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=HERE / "package.zip", metavar="FILE")
    output: Path = parser.parse_args().output
    if not (HERE / "config.yaml").is_file():
        sys.exit("There is no config.yaml here yet: copy config.example.yaml to config.yaml, and change what you need.")
    with tempfile.TemporaryDirectory() as scratch:
        package = Path(scratch, "package")
        fill(package, HERE)
        shutil.make_archive(str(output.with_suffix("")), "zip", package)
    sys.stdout.write(f"{output}: {output.stat().st_size / 1e6:.0f} MB\n")


def fill(package: Path, app: Path) -> None:
    """Put everything into the folder ``package``; the app's own files come from the folder ``app``."""
    package.mkdir(parents=True)
    for name in (*APP, *YOURS):
        if (app / name).is_dir():
            shutil.copytree(app / name, package / name)
        elif (app / name).is_file():
            shutil.copy2(app / name, package / name)
    libraries = package / LIBRARIES
    pip("install", "--target", libraries, *TARGET, *EXACTLY, "-r", HERE / "requirements.txt")
    pip("wheel", "--no-deps", "--wheel-dir", package / "wheel", CHECKOUT)
    [wheel] = (package / "wheel").glob("*.whl")
    shutil.unpack_archive(wheel, libraries, "zip")
    shutil.rmtree(package / "wheel")


def pip(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *map(str, arguments)], check=True)


if __name__ == "__main__":
    main()
