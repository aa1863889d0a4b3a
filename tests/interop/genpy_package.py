"""Makes a Python package of .msg and .srv files, as catkin would: with ROS 1's own generators.

    python3 genpy_package.py PACKAGE FOLDER OUT OTHER=FOLDER ...

FOLDER has `msg` and `srv`, or one of them. The last arguments say where the .msg files of the packages are that these are
made of.
"""

import os
import sys

import genpy.generator
from genpy.generate_initpy import write_modules

GENERATORS = {
    "msg": lambda: genpy.generator.MsgGenerator().generate_messages,
    "srv": lambda: genpy.generator.SrvGenerator().generate_messages,
}


def main(package, folder, out, *others):
    search = dict(other.split("=") for other in others)
    search = {name: [path] for name, path in search.items()}
    search[package] = [os.path.join(folder, "msg")]
    failed = 0
    for kind, generator in GENERATORS.items():
        source = os.path.join(folder, kind)
        if not os.path.isdir(source):
            continue
        target = os.path.join(out, package, kind)
        os.makedirs(target)
        files = sorted(os.path.join(source, name) for name in os.listdir(source))
        failed = generator()(package, files, target, search) or failed
        write_modules(target)
    open(os.path.join(out, package, "__init__.py"), "w").close()
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
